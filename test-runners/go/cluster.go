// Package fenceposttest starts a fencepost cluster for each test, with faults at exact points. It needs the standard
// library alone.
package fenceposttest

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const beforeEach = "before each test"

// Options say what a cluster is made of. The zero value is one broker without topics.
type Options struct {
	// Program to start, instead of that of the environment variable FENCEPOST, or of `fencepost` on the path.
	Program string
	// Brokers is how many; 0 means 1.
	Brokers int
	// Topics to begin with, and their partitions.
	Topics map[string]int
	// Config has broker settings by Kafka's names.
	Config map[string]string
	// Faults is a plan from the start, in TOML.
	Faults string
	// Args are any other options of `fencepost serve`.
	Args []string
	// AllowUnfired says that a fault may never fire.
	AllowUnfired bool
}

// Fault says what became of a fault.
type Fault struct {
	Name string `json:"name"`
	// Matched is how many requests it matched.
	Matched int64 `json:"matched"`
	// Fired is how often it fired.
	Fired int64 `json:"fired"`
	// AsExpected is whether it fired as often as it is to: once or more, or as its plan says by `fires`.
	AsExpected bool `json:"as_expected"`
	// Summary says how often it fired, in words.
	Summary string `json:"summary"`
}

// Cluster is a cluster of brokers. Its methods fail the test at once when something is refused, so that they are to be
// called by the test's own goroutine.
type Cluster struct {
	t            testing.TB
	process      *process
	allowUnfired bool
}

// Start starts a cluster and waits until it is ready. It ends with the test, which fails then if a fault never fired.
// If the test failed, what fencepost wrote to stderr is logged.
func Start(t testing.TB, options Options) *Cluster {
	t.Helper()
	program := options.Program
	for _, other := range []string{os.Getenv("FENCEPOST"), "fencepost"} {
		if program == "" {
			program = other
		}
	}
	args := []string{"serve", "--port", "0", "--control-port", "0", "--brokers", strconv.Itoa(max(options.Brokers, 1))}
	for _, name := range slices.Sorted(maps.Keys(options.Topics)) {
		args = append(args, "--topic", fmt.Sprintf("%s:%d", name, options.Topics[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(options.Config)) {
		args = append(args, "--config", name+"="+options.Config[name])
	}
	process, err := start(program, append(args, options.Args...))
	if err != nil {
		t.Fatal(err)
	}
	cluster := &Cluster{t, process, options.AllowUnfired}
	t.Cleanup(func() {
		cluster.verifyUnlessFailed()
		if err := process.stop(); err != nil {
			t.Error(err)
		} else {
			process.tell(t)
		}
	})
	if options.Faults != "" {
		cluster.AddFaults(options.Faults)
	}
	return cluster
}

// Share has a test use a cluster that was started for a test around it, usually the parent of several subtests. After
// the test it is again as it was before: give each test clients of its own.
func (c *Cluster) Share(t testing.TB) *Cluster {
	t.Helper()
	shared := &Cluster{t, c.process, c.allowUnfired}
	shared.Snapshot(beforeEach)
	t.Cleanup(func() {
		shared.verifyUnlessFailed()
		shared.process.tell(t)
		shared.Reset(beforeEach)
	})
	return shared
}

// BootstrapServers are the addresses of all brokers, as clients want them.
func (c *Cluster) BootstrapServers() []string {
	return strings.Split(c.process.bootstrap, ",")
}

// Control is the URL of the control API.
func (c *Cluster) Control() string {
	return c.process.control
}

// Stderr is the last of what fencepost wrote to stderr.
func (c *Cluster) Stderr() string {
	return c.process.stderr.String()
}

// Verify is an error if a fault never fired, or not as often as its `fires` says.
func (c *Cluster) Verify() error {
	var faults []Fault
	if err := c.process.ask("GET", "/faults", nil, &faults); err != nil {
		return err
	}
	var unmet []string
	for _, fault := range faults {
		if !fault.AsExpected {
			unmet = append(unmet, fmt.Sprintf("fault `%s`: %s", fault.Name, fault.Summary))
		}
	}
	if unmet != nil {
		return errors.New(strings.Join(unmet, "; "))
	}
	return nil
}

func (c *Cluster) verifyUnlessFailed() {
	if c.t.Failed() || c.t.Skipped() || c.allowUnfired {
		return
	}
	if err := c.Verify(); err != nil {
		c.t.Error(err)
	}
}

// Hit waits until a fault has fired, for 10 seconds at most.
func (c *Cluster) Hit(name string) Fault {
	c.t.Helper()
	return c.HitTimes(name, 1, 10*time.Second)
}
