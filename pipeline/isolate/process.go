package isolate

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"toolgen/pipeline/confine"
)

// process is a running process of a kind. One goroutine uses it at a time; kill may be
// called beside.
type process struct {
	cmd    *exec.Cmd
	wire   wire
	in     *os.File
	ours   []*os.File // our ends of its pipes
	stderr *tail
	has    []*attachment // what it has loaded, the latest last
	tenant string        // whose jobs it does
	gone   bool          // it has been waited for
	ended  error         // what Wait said

	mu     sync.Mutex
	killed string // why it was killed; "" if it was not
	over   bool   // it has been waited for, so its id may be another's
}

// startWait bounds how long a process may take to be ready.
const startWait = 2 * time.Minute

// start starts a process and waits until it is ready.
func (p *Pool) start(ctx context.Context) (*process, error) {
	var theirs, ours []*os.File
	closeAll := func(list []*os.File) {
		for _, f := range list {
			f.Close()
		}
	}
	for i := range 3 { // what it is asked, what it answers, its lifeline
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(theirs)
			closeAll(ours)
			return nil, fmt.Errorf("isolate: %w", err)
		}
		if i == 1 {
			r, w = w, r
		}
		theirs, ours = append(theirs, r), append(ours, w)
	}
	t, err := newTransfer()
	if err != nil {
		closeAll(theirs)
		closeAll(ours)
		return nil, err
	}
	proc := &process{in: ours[0], wire: wire{bufio.NewReaderSize(ours[1], inline), ours[0], t}, ours: ours, stderr: &tail{}}
	cmd := exec.Command(confine.Self())
	cmd.Args[0] = "toolgen: " + p.kind
	cmd.Env = append([]string{
		workerVariable + "=" + p.kind,
		"TZ=", // without a file
		"GOTRACEBACK=single",
		"LC_ALL=C",
	}, p.cfg.Env...)
	cmd.Dir = "/"
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = theirs[0], theirs[1], proc.stderr, append(theirs[2:], t.file)
	cmd.WaitDelay = time.Second
	proc.cmd = cmd
	err = confine.Start(cmd, p.cfg.Policy)
	closeAll(theirs)
	if err != nil {
		closeAll(ours)
		t.close()
		return nil, fmt.Errorf("isolate: a process for %s does not start: %w", p.kind, err)
	}
	// When memory runs out, these go first: a job is tried again, this process is not.
	os.WriteFile("/proc/"+strconv.Itoa(cmd.Process.Pid)+"/oom_score_adj", []byte("900"), 0)
	setup, err := json.Marshal(p.cfg.Setup)
	if err == nil {
		_, _, err = proc.exchange(ctx, first{Policy: p.cfg.Policy, Has: confine.Probe(), Setup: setup}, p.cfg.Blob, limits{wall: startWait})
	}
	if err != nil {
		proc.end()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("isolate: a process for %s is not ready: %w", p.kind, err)
	}
	return proc, nil
}

// limits bound an exchange.
type limits struct {
	wall    time.Duration
	maxBlob int64
}

// exchange sends a message and waits for the answer. It fails with a *death if the process
// dies or does not answer in time, and with ctx.Err(); then the process is gone.
func (p *process) exchange(ctx context.Context, message any, blob []byte, l limits) (json.RawMessage, []byte, error) {
	timer := time.AfterFunc(l.wall, func() { p.kill(fmt.Sprintf("killed by the wall clock after %v", l.wall)) })
	defer timer.Stop()
	stop := context.AfterFunc(ctx, func() { p.kill("called off") })
	defer stop()
	err := p.wire.write(message, blob)
	var resp response
	var out []byte
	if err == nil {
		out, err = p.wire.read(&resp, l.maxBlob)
	}
	if err == nil {
		if resp.Error != "" {
			return nil, nil, &jobError{resp.Error}
		}
		if len(out) > inline {
			out = bytes.Clone(out) // out of the process's reach
		}
		return resp.Header, out, nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.EPIPE) {
		p.kill(unanswered)
	} else {
		p.kill(fmt.Sprintf("its answer makes no sense: %v", err))
	}
	reason := p.reason()
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	return nil, nil, &death{reason}
}

// jobError is what a handler answered.
type jobError struct{ text string }

func (e *jobError) Error() string { return e.text }

// kill ends the process and all that it has started. The first reason counts, unless the
// process had ended by itself.
func (p *process) kill(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed == "" {
		p.killed = why
	}
	if !p.over {
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}

func (p *process) wasKilled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed != ""
}

// reason waits for the process to end and says why it did.
func (p *process) reason() string {
	err := p.wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return "exit status 0"
	case errors.As(err, &exit) && exit.Exited():
		return strings.TrimSpace(fmt.Sprintf("exit status %d: %s", exit.ExitCode(), p.stderr.firstLine()))
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL:
		return strings.TrimSuffix(strings.TrimSpace(exit.String()+": "+p.stderr.firstLine()), ":")
	case p.killed == unanswered:
		return "signal: killed" // by somebody else
	}
	return p.killed
}

const unanswered = "it ended without an answer"

// wait closes our ends and waits for the process to be gone; again, it says the same.
func (p *process) wait() error {
	if p.gone {
		return p.ended
	}
	p.in.Close()
	p.ended, p.gone = p.cmd.Wait(), true
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	for _, f := range p.ours {
		f.Close()
	}
	p.wire.t.close()
	return p.ended
}

// end kills the process, if it is not gone, and waits for that.
func (p *process) end() {
	p.kill("no longer needed")
	p.wait()
}

// resident is the process's memory in bytes, as the kernel counts what is in use.
func (p *process) resident() int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// tail keeps the beginning of what is written to it, where a runtime says what was wrong.
type tail struct {
	mu   sync.Mutex
	text []byte
}

var _ io.Writer = (*tail)(nil)

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b[:min(len(b), 4<<10-len(t.text))]...)
	return len(b), nil
}

// firstLine returns the first line that is not empty.
func (t *tail) firstLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range strings.Lines(string(t.text)) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}
