package isolate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"toolgen/pipeline/confine"
)

var contextOfParent = context.Background()

func echo(text string) Job { return Job{Op: "echo", Header: text, Wall: time.Minute, MaxBlob: 1 << 30} }

func TestDo(t *testing.T) {
	p := pool(t, 2, PoolConfig{})
	for _, size := range []int{0, 1, 64 << 10, 5 << 20} {
		job := echo(strings.Repeat("header", 100))
		job.Blob = []byte(strings.Repeat("x", size))
		var header string
		out, err := p.Do(t.Context(), job, &header)
		if err != nil || header != job.Header || string(out) != string(job.Blob) {
			t.Errorf("%d bytes: %d bytes, header %.20q, %v", size, len(out), header, err)
		}
	}
	if _, err := p.Do(t.Context(), Job{Op: "refuse", Wall: time.Minute}, nil); err == nil {
		t.Error("a refusal is no error")
	} else if text, ok := IsAnswer(err); !ok || text != "I will not" {
		t.Errorf("a refusal: %v", err)
	}
	// A process is kept for many jobs.
	var n int
	if _, err := p.Do(t.Context(), Job{Op: "count", Wall: time.Minute}, &n); err != nil || n != 6 {
		t.Errorf("job %d of its process, %v; want the sixth", n, err)
	}
}

// TestDeath: every way in which a process may end without an answer costs its own job and
// no other.
func TestDeath(t *testing.T) {
	for _, tt := range []struct {
		job    Job
		reason string
	}{
		{Job{Op: "exit", Wall: time.Minute}, "exit status 3: something went wrong in here"},
		{Job{Op: "panic", Wall: time.Minute}, "exit status 2: panic: a defect"},
		{Job{Op: "garbage", Wall: time.Minute}, "its answer makes no sense: isolate: a message of 4294967295 and 9223372036854775807 bytes: want at most 1048576 and 0"},
		{Job{Op: "spin", Wall: 200 * time.Millisecond}, "killed by the wall clock after 200ms"},
		{Job{Op: "bomb", Wall: time.Minute, Memory: 256 << 20}, "out of memory: more than 256 MiB"},
		{Job{Op: "echo", Blob: make([]byte, 100), Wall: time.Minute, MaxBlob: 99}, "its answer makes no sense: isolate: a message of 15 and 100 bytes: want at most 1048576 and 99"},
	} {
		t.Run(tt.job.Op, func(t *testing.T) {
			p := pool(t, 3, PoolConfig{})
			var wg sync.WaitGroup
			for i := range 2 {
				wg.Go(func() {
					for k := range 50 {
						var got string
						want := fmt.Sprintf("%d.%d", i, k)
						if _, err := p.Do(t.Context(), echo(want), &got); err != nil || got != want {
							t.Errorf("a job beside it: %q, %v", got, err)
						}
					}
				})
			}
			_, err := p.Do(t.Context(), tt.job, nil)
			wg.Wait()
			var dead *DeathError
			if !errors.As(err, &dead) || dead.Job != "job" || dead.Reason != tt.reason {
				t.Errorf("error %v, want a death of %q", err, tt.reason)
			}
			if _, err := p.Do(t.Context(), echo("after"), nil); err != nil {
				t.Errorf("after it: %v", err)
			}
		})
	}
}

// TestDataLimit: the kernel's limit ends a process that the watchdog is too slow for.
func TestDataLimit(t *testing.T) {
	p := NewHost(1).NewPool(hostile, PoolConfig{Job: "job", Policy: confine.Policy{DataBytes: 256 << 20}, Control: Job{Op: "echo", Wall: time.Minute}})
	defer p.Close()
	_, err := p.Do(t.Context(), Job{Op: "bomb", Wall: time.Minute}, nil)
	if dead, ok := errors.AsType[*DeathError](err); !ok || !strings.Contains(dead.Reason, "out of memory") && !strings.Contains(dead.Reason, "memory") {
		t.Errorf("error %v", err)
	}
}

// TestMachineAtFault: if the control job fails as well, it is not the job.
func TestMachineAtFault(t *testing.T) {
	p := pool(t, 1, PoolConfig{Control: Job{Op: "exit", Wall: time.Minute}})
	_, err := p.Do(t.Context(), Job{Op: "exit", Wall: time.Minute}, nil)
	if _, dead := errors.AsType[*DeathError](err); dead || err == nil || !strings.Contains(err.Error(), "this machine is at fault") {
		t.Errorf("error %v", err)
	}
	unready := pool(t, 1, PoolConfig{Setup: "unready"})
	_, err = unready.Do(t.Context(), echo("x"), nil)
	if _, dead := errors.AsType[*DeathError](err); dead || err == nil || !strings.Contains(err.Error(), "is not ready") {
		t.Errorf("a process that does not start: %v", err)
	}
}

// busyPids are the processes that work.
func busyPids(p *Pool) []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var pids []int
	for proc := range p.busy { // any order: a test
		pids = append(pids, proc.cmd.Process.Pid)
	}
	return pids
}

func waitBusy(t *testing.T, p *Pool) int {
	t.Helper()
	for {
		if pids := busyPids(p); len(pids) > 0 {
			return pids[0]
		}
		if t.Context().Err() != nil {
			t.Fatal(t.Context().Err())
		}
		time.Sleep(time.Millisecond)
	}
}

// TestKilledOnce: a job whose process somebody kills is done all the same.
func TestKilledOnce(t *testing.T) {
	p := pool(t, 1, PoolConfig{})
	done := make(chan error, 1)
	go func() {
		var got string
		_, err := p.Do(t.Context(), Job{Op: "sleep", Header: 500, Wall: time.Minute}, &got)
		if err == nil && got != "slept" {
			err = fmt.Errorf("answer %q", got)
		}
		done <- err
	}()
	syscall.Kill(waitBusy(t, p), syscall.SIGKILL)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestCalledOff: when the context ends the process is killed, at once.
func TestCalledOff(t *testing.T) {
	p := pool(t, 1, PoolConfig{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := p.Do(ctx, Job{Op: "spin", Wall: time.Hour}, nil)
		done <- err
	}()
	pid := waitBusy(t, p)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if running(pid) {
		t.Error("the process still runs")
	}
	if _, err := p.Do(t.Context(), echo("after"), nil); err != nil {
		t.Error(err)
	}
}

func running(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// TestParentDies: no process outlives the one that has started it, whatever it is at.
func TestParentDies(t *testing.T) {
	cmd := exec.Command(confine.Self())
	cmd.Env = append(os.Environ(), orphanVariable+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if !running(pid) {
		t.Fatalf("process %d does not run", pid)
	}
	cmd.Process.Kill()
	cmd.Wait()
	for running(pid) { // the test's own deadline ends this if it must
		time.Sleep(time.Millisecond)
	}
}

// TestClose leaves no process.
func TestClose(t *testing.T) {
	p := NewHost(2).NewPool(hostile, PoolConfig{Job: "job", Control: Job{Op: "echo"}})
	if _, err := p.Do(t.Context(), echo("x"), nil); err != nil {
		t.Fatal(err)
	}
	pid := p.idle[0].cmd.Process.Pid
	p.Close()
	if running(pid) {
		t.Error("the process still runs")
	}
}
