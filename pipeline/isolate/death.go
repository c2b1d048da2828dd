package isolate

import (
	"errors"
	"fmt"
)

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

// death is that of one process.
type death struct{ reason string }

func (d *death) Error() string { return d.reason }

func isDeath(err error) (*death, bool) { return errors.AsType[*death](err) }

// Died says whether an error is that a job died, by its own fault.
func Died(err error) (*DeathError, bool) { return errors.AsType[*DeathError](err) }
