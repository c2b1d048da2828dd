package isolate

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"toolgen/pipeline/confine"
)

// Kind is a kind of process: what this program becomes when it is started again for it.
type Kind struct {
	Name string // "gate", "go", "compile" or "guest"

	// Open prepares the process, by what its pool says of it. It runs in the process, which
	// is restricted already.
	Open func(setup json.RawMessage, blob []byte) (Handler, error)
}

// Handler does one job in a process. An error is an answer to the job; whatever else goes
// wrong ends the process.
//
// The bytes that it is given are good until it returns.
type Handler func(op string, header json.RawMessage, blob []byte) (answer any, out []byte, err error)

// first is the message that a process is started with; its bytes are the pool's.
type first struct {
	Policy confine.Policy
	Has    confine.Status
	Setup  json.RawMessage
}

// request is what a process is asked.
type request struct {
	Op     string
	Header json.RawMessage
}

// response is what it answers.
type response struct {
	Error  string `json:",omitempty"`
	Header json.RawMessage
}

// workerVariable names the kind that a process is to be.
const workerVariable = "TOOLGEN_WORKER"

// Main makes this process what it was started for, and does not return, if it is one of
// those that a pool has started. Every program, and every test binary, that opens a Host
// calls it before anything else.
func Main(kinds ...Kind) {
	confine.Tried()
	name, ok := os.LookupEnv(workerVariable)
	if !ok {
		return
	}
	os.Unsetenv(workerVariable)
	go endWithParent()
	for _, k := range kinds {
		if k.Name == name {
			err := k.serve(os.Stdin, os.Stdout)
			if errors.Is(err, io.EOF) {
				os.Exit(0) // nobody asks any more
			}
			fmt.Fprintln(os.Stderr, err)
			os.Exit(workerFailed)
		}
	}
	fmt.Fprintf(os.Stderr, "isolate: there is no kind of process %q\n", name)
	os.Exit(workerFailed)
}

const (
	workerFailed = 78
	lifeline     = 3 // the file by which a process sees the end of its parent
	transferFile = 4
)

func (k Kind) serve(in io.Reader, out io.Writer) error {
	var f first
	c := &wire{bufio.NewReaderSize(in, inline), out, openTransfer(transferFile)}
	blob, err := c.read(&f, math.MaxInt64)
	if err != nil {
		return err
	}
	blob = bytes.Clone(blob) // it is good for longer than the transfer file has it
	if err := confine.Enter(f.Policy, f.Has); err != nil {
		return err
	}
	handle, err := k.Open(f.Setup, blob)
	if err != nil {
		return err
	}
	if err := c.write(response{}, nil); err != nil {
		return err
	}
	for {
		var q request
		if blob, err = c.read(&q, math.MaxInt64); err != nil {
			return err
		}
		answer, blob, err := handle(q.Op, q.Header, blob)
		var resp response
		if err != nil {
			resp.Error = bound(err.Error())
		} else if resp.Header, err = json.Marshal(answer); err != nil {
			return err
		}
		if err := c.write(resp, blob); err != nil {
			return err
		}
	}
}

// endWithParent ends this process when the one that has started it is gone, whatever is
// being done: nothing outlives its run.
func endWithParent() {
	alive := os.NewFile(lifeline, "lifeline")
	alive.Read(make([]byte, 1)) // nobody ever writes
	os.Exit(0)
}

// bound cuts a message to what a header holds.
func bound(s string) string {
	const most = 64 << 10
	if len(s) > most {
		s = s[:most]
	}
	return s
}
