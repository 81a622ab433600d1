package fenceposttest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	readyWithin   = 20 * time.Second
	stopWithin    = 10 * time.Second
	requestWithin = 40 * time.Second
	stderrBytes   = 16 * 1024
)

var ready = regexp.MustCompile(`^fencepost ready bootstrap\.servers=(\S+) control=(\S+)$`)

// process is a fencepost that serves.
type process struct {
	command   *exec.Cmd
	output    io.Closer
	stderr    *tail
	ended     chan struct{}
	http      http.Client
	bootstrap string
	control   string
}

func start(program string, args []string) (*process, error) {
	p := &process{
		command: exec.Command(program, args...), stderr: &tail{}, ended: make(chan struct{}),
		// The control API is on this machine: no proxy leads there.
		http: http.Client{Timeout: requestWithin, Transport: &http.Transport{Proxy: nil}},
	}
	p.command.Stderr = p.stderr
	// A program that started others does not keep the test waiting for what they may still write.
	p.command.WaitDelay = time.Second
	output, err := p.command.StdoutPipe()
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("cannot start `%s`: %w; name the program in Options.Program or in the environment "+
			"variable FENCEPOST", program, err)
	}
	p.output = output
	first := make(chan string, 1)
	go func() {
		lines := bufio.NewReader(output)
		line, _ := lines.ReadString('\n')
		first <- strings.TrimSuffix(line, "\n")
		_, _ = io.Copy(io.Discard, lines)
		// The exit code is asked for in stop.
		_ = p.command.Wait()
		close(p.ended)
	}()
	var line string
	select {
	case line = <-first:
	case <-time.After(readyWithin):
		line = fmt.Sprintf("nothing was printed within %v", readyWithin)
	}
	if line == "" {
		line = "it ended"
	}
	found := ready.FindStringSubmatch(line)
	if found == nil {
		p.kill()
		return nil, fmt.Errorf("fencepost is not ready: %s\n%s", line, p.stderr)
	}
	p.bootstrap, p.control = found[1], found[2]
	return p, nil
}

func (p *process) ask(method, path string, body, answer any) error {
	content, contentType := []byte(nil), "application/json"
	var err error
	switch body := body.(type) {
	case nil:
	case string:
		content, contentType = []byte(body), "application/toml"
	default:
		if content, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequest(method, p.control+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	request.Header.Set("content-type", contentType)
	response, err := p.http.Do(request)
	if err != nil {
		return fmt.Errorf("%w; %s\n%s", err, p.state(), p.stderr)
	}
	defer response.Body.Close()
	told, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %d %s", method, path, response.StatusCode, told)
	}
	return json.Unmarshal(told, answer)
}

// stop ends the process, which must have lived until now and must end well.
func (p *process) stop() error {
	early := ""
	select {
	case <-p.ended:
		early = "before it was told to, "
	default:
		_ = p.command.Process.Signal(syscall.SIGTERM)
	}
	select {
	case <-p.ended:
	case <-time.After(stopWithin):
		p.kill()
		return fmt.Errorf("fencepost did not end within %v\n%s", stopWithin, p.stderr)
	}
	if state := p.command.ProcessState; early != "" || !state.Success() {
		return fmt.Errorf("fencepost ended: %s%v\n%s", early, state, p.stderr)
	}
	return nil
}

func (p *process) kill() {
	_ = p.command.Process.Kill()
	_ = p.output.Close()
	<-p.ended
}

func (p *process) state() string {
	select {
	case <-p.ended:
		return fmt.Sprintf("fencepost ended: %v", p.command.ProcessState)
	default:
		return "fencepost runs"
	}
}

// tell logs stderr if the test has failed.
func (p *process) tell(t testing.TB) {
	if told := p.stderr.String(); t.Failed() && told != "" {
		t.Logf("fencepost's stderr:\n%s", told)
	}
}

// tail keeps the last bytes that are written to it.
type tail struct {
	mutex sync.Mutex
	bytes []byte
}

func (t *tail) Write(more []byte) (int, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.bytes = append(t.bytes, more...)
	t.bytes = t.bytes[max(0, len(t.bytes)-stderrBytes):]
	return len(more), nil
}

func (t *tail) String() string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return string(t.bytes)
}
