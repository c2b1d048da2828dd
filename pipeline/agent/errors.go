package agent

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kinds of failures. They are written to cassettes, so they never change.
const (
	Exited        = "exited"         // the program ended with an error, or was killed
	TooSlow       = "too_slow"       // the program did not end in its time
	TooLarge      = "too_large"      // it wrote more than an answer may hold
	NoResponse    = "no_response"    // what it wrote is no response
	WrongProtocol = "wrong_protocol" // it answers in another protocol
	NoSource      = "no_source"      // there is no source in its answer
	Declined      = "declined"       // the model does not want to, or the server's filter does not
	CutShort      = "cut_short"      // the answer ends before the source does
	TooLong       = "too_long"       // the request does not fit into the model
)

var failureKinds = []string{Exited, TooSlow, TooLarge, NoResponse, WrongProtocol, NoSource, Declined, CutShort, TooLong}

// Failure is an exchange in which an agent gave no usable answer. It is data: it is
// recorded, and a rerun sees the same failure.
type Failure struct {
	Agent  string `json:"-"`
	Kind   string `json:"kind"`
	Reason string `json:"reason"` // what it did, in words that do not name the agent
}

func (e *Failure) Error() string {
	return fmt.Sprintf("agent %s gave no usable answer: %s", e.Agent, e.Reason)
}

// UnreachableError says that an agent could not be asked at all. Nothing is recorded.
type UnreachableError struct {
	Agent string
	Msg   string
	Err   error // may be nil; it holds no key
}

func (e *UnreachableError) Error() string {
	s := fmt.Sprintf("agent %s cannot be asked: %s", e.Agent, e.Msg)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// MissingError says that the cassette has no answer and that nobody may be asked.
type MissingError struct {
	Agent string
	Task  Task
	Spec  string
	Key   string
	Dir   string // the cassette; "": the inputs of a run
}

func (e *MissingError) Error() string {
	if e.Dir == "" {
		return fmt.Sprintf("the run's inputs lack an answer of agent %s (task %s, spec %s): inputs/cassettes/%s", e.Agent, e.Task, e.Spec, FileName(e.Key))
	}
	return fmt.Sprintf("the cassette %s lacks an answer of agent %s (task %s, spec %s, %s); `toolgen run --ask` asks the agent and records what it says",
		e.Dir, e.Agent, e.Task, e.Spec, FileName(e.Key))
}

// CassetteError says that a file of a cassette is not what it claims to be, or that it
// cannot be read.
type CassetteError struct {
	Path string
	Msg  string
	Err  error // may be nil
}

func (e *CassetteError) Error() string {
	s := fmt.Sprintf("cassette: %s: %s", e.Path, e.Msg)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *CassetteError) Unwrap() error { return e.Err }

// maxExcerpt is how much of what somebody wrote a message quotes, in bytes.
const maxExcerpt = 600

// excerpt makes a text fit to be quoted in a message: one line, printable, short.
func excerpt(s string) string {
	s = oneLine(s)
	if len(s) > maxExcerpt {
		s = strings.ToValidUTF8(s[:maxExcerpt], "") + "..."
	}
	return s
}

// ending is excerpt for a text whose end says most.
func ending(s string) string {
	s = oneLine(s)
	if len(s) > maxExcerpt {
		s = "..." + strings.ToValidUTF8(s[len(s)-maxExcerpt:], "")
	}
	return s
}

func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

// secrets are texts that must not be seen by anybody: not in a message, not in a file.
// Each stands with the name that takes its place.
type secrets []struct{ value, name string }

// minSecret is how long a secret is at least. What is shorter is no secret, and
// replacing it would spoil innocent text.
const minSecret = 8

func (s secrets) hide(text string) string {
	for _, x := range s {
		if len(x.value) >= minSecret {
			text = strings.ReplaceAll(text, x.value, "["+x.name+"]")
		}
	}
	return text
}
