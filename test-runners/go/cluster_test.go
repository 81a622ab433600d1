package fenceposttest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

const (
	lost  = "[[fault]]\nname = \"lost\"\non = \"EndTxn\"\ndo = \"disconnect\"\n"
	never = "fault `lost`: never fired, matched nothing"
)

// recorder is a test whose outcome is looked at.
type recorder struct {
	testing.TB
	cleanups []func()
	told     []string
	failed   bool
}

func (r *recorder) Helper()             {}
func (r *recorder) Failed() bool        { return r.failed }
func (r *recorder) Skipped() bool       { return false }
func (r *recorder) Cleanup(then func()) { r.cleanups = append(r.cleanups, then) }

func (r *recorder) Logf(format string, args ...any) {
	r.told = append(r.told, fmt.Sprintf(format, args...))
}

func (r *recorder) Error(args ...any) {
	r.failed = true
	r.told = append(r.told, fmt.Sprint(args...))
}

func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	runtime.Goexit()
}

// outcome runs a test as `go test` would.
func outcome(test func(t testing.TB)) *recorder {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := len(r.cleanups) - 1; i >= 0; i-- {
				r.cleanups[i]()
			}
		}()
		test(r)
	}()
	<-done
	return r
}

func (r *recorder) expect(t *testing.T, failed bool, told ...string) {
	t.Helper()
	all := strings.Join(r.told, "\n")
	for _, part := range told {
		if !strings.Contains(all, part) {
			t.Errorf("`%s` is not in: %s", part, all)
		}
	}
	if r.failed != failed {
		t.Errorf("failed: %v, %s", r.failed, all)
	}
}

func TestAFaultThatNeverFiredFailsTheTest(t *testing.T) {
	outcome(func(t testing.TB) { Start(t, Options{}).AddFaults(lost) }).expect(t, true, never)
}

func TestOneThatIsNeverToFireDoesNot(t *testing.T) {
	outcome(func(t testing.TB) { Start(t, Options{Faults: lost + "fires = 0\n"}) }).expect(t, false)
}

func TestItMayBeAllowedNotToFire(t *testing.T) {
	outcome(func(t testing.TB) { Start(t, Options{Faults: lost, AllowUnfired: true}) }).expect(t, false)
}

func TestASharedClusterIsResetAfterEachTest(t *testing.T) {
	cluster := Start(t, Options{Brokers: 3})
	outcome(func(t testing.TB) {
		shared := cluster.Share(t)
		shared.Crash(1)
		shared.AddFaults(lost)
	}).expect(t, true, never)
	if faults := cluster.Faults(); len(faults) != 0 {
		t.Errorf("%+v", faults)
	}
	if brokers := string(cluster.Ask("GET", "/brokers", nil)); strings.Contains(brokers, `"down"`) {
		t.Error(brokers)
	}
}

func TestWhatIsRefusedSaysWhy(t *testing.T) {
	outcome(func(t testing.TB) {
		Start(t, Options{}).AddFaults("[[fault]]\non = \"EndTx\"\ndo = \"lose\"\n")
	}).expect(t, true, "POST /faults: 422", "did you mean `EndTxn`?")
}

func TestABadOptionIsToldWithStderr(t *testing.T) {
	outcome(func(t testing.TB) {
		Start(t, Options{Config: map[string]string{"no.such.setting": "1"}})
	}).expect(t, true, "fencepost is not ready: it ended", "no.such.setting")
}

func TestAProgramThatIsNotThereIsTold(t *testing.T) {
	outcome(func(t testing.TB) { Start(t, Options{Program: "./no-such-program"}) }).
		expect(t, true, "cannot start `./no-such-program`", "environment variable FENCEPOST")
}

func TestAProcessThatEndedEarlyIsTold(t *testing.T) {
	outcome(func(t testing.TB) {
		cluster := Start(t, Options{Faults: lost, AllowUnfired: true})
		cluster.process.kill()
		cluster.Faults()
	}).expect(t, true, "fencepost ended: signal: killed", "before it was told to")
}
