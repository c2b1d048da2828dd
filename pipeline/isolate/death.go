// Package isolate runs jobs in processes of their own, each under restrictions of its
// own: the gate, go build, the engine's compiler, and every guest.
package isolate

import "fmt"

// DeathError reports that a job ended without an answer, twice, the second time alone on
// the machine, while a control job in a new process succeeded: the fault is the job's and
// not the machine's. Which jobs die depends on the machine all the same (its speed, its
// memory), so a death never becomes a row; see the experiment's set-aside candidates.
// Use errors.As.
type DeathError struct {
	Job    string // what kind of job: "inspect", "build", "compile" or "call"
	Reason string // of the second death: killed by the wall clock after 1m0s, signal: killed, out of memory, ...
}

func (e *DeathError) Error() string {
	return fmt.Sprintf("%s: the process ended twice without an answer (%s), and a control job succeeded", e.Job, e.Reason)
}
