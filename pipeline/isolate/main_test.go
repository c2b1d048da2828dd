package isolate

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"toolgen/pipeline/confine"
)

// orphanVariable makes this binary a parent that is killed, see TestParentDies.
const orphanVariable = "TOOLGEN_ISOLATE_ORPHAN"

func TestMain(m *testing.M) {
	Main(Compile, Guest, hostile)
	if os.Getenv(orphanVariable) != "" {
		parent()
	}
	os.Exit(m.Run())
}

// hostile is a kind of process that does as it is told.
var hostile = Kind{Name: "hostile", Open: func(setup json.RawMessage, _ []byte) (Handler, error) {
	if string(setup) == `"unready"` {
		os.Exit(3)
	}
	jobs := 0
	return func(op string, header json.RawMessage, blob []byte) (any, []byte, error) {
		jobs++
		switch op {
		case "echo":
			return json.RawMessage(header), blob, nil
		case "count":
			return jobs, nil, nil
		case "sleep":
			var ms int
			if err := json.Unmarshal(header, &ms); err != nil {
				return nil, nil, err
			}
			time.Sleep(time.Duration(ms) * time.Millisecond)
			return "slept", nil, nil
		case "refuse":
			return nil, nil, fmt.Errorf("I will not")
		case "exit":
			fmt.Fprintln(os.Stderr, "something went wrong in here")
			os.Exit(3)
		case "panic":
			panic("a defect")
		case "garbage":
			os.Stdout.WriteString("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")
			select {}
		case "spin":
			for {
				runtime.Gosched()
			}
		case "bomb":
			var held [][]byte
			for {
				b := make([]byte, 16<<20)
				for i := 0; i < len(b); i += 4096 {
					b[i] = 1
				}
				held = append(held, b)
				runtime.KeepAlive(held)
			}
		}
		return nil, nil, fmt.Errorf("isolate: no %q", op)
	}, nil
}}

// pool makes a pool of hostile processes on a host of its own.
func pool(t testing.TB, jobs int, cfg PoolConfig) *Pool {
	t.Helper()
	cfg.Job = "job"
	cfg.Policy.DataBytes = max(cfg.Policy.DataBytes, 4<<30)
	if cfg.Control.Op == "" {
		cfg.Control = Job{Op: "echo", Wall: time.Minute}
	}
	p := NewHost(jobs).NewPool(hostile, cfg)
	t.Cleanup(p.Close)
	return p
}

// parent starts a process that has a long job, says which one, and waits to be killed.
func parent() {
	p := NewHost(1).NewPool(hostile, PoolConfig{Job: "job", Policy: confine.Policy{}, Control: Job{Op: "echo", Wall: time.Minute}})
	go func() {
		for {
			p.mu.Lock()
			for proc := range p.busy { // any order: there is one
				fmt.Println(proc.cmd.Process.Pid)
			}
			p.mu.Unlock()
			time.Sleep(10 * time.Millisecond)
		}
	}()
	p.Do(contextOfParent, Job{Op: "spin", Wall: time.Hour}, nil)
	os.Exit(1)
}
