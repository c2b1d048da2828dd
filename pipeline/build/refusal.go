package build

import (
	"errors"
	"path"
	"regexp"
	"strings"

	"toolgen/pipeline/isolate"
)

// A source that the gate accepts and that does not compile all the same is refused: by
// the go command (too large a frame, say) or by the engine. That is a property of the
// source, and becomes a verdict; so it must never be mistaken for a compiler that was
// killed or had no memory, no disk or no time, which says nothing of the source.

// RuleCompile is the rule of what the gate accepts and the compiler refuses.
const RuleCompile = "compile"

// commandRefusal makes a *BuildError of an error of goBuild that is a refusal. Any other
// error it returns as it is.
func commandRefusal(units []string, err error) error {
	if failed, ok := errors.AsType[*commandError](err); ok && !failed.machine() {
		return &BuildError{units, err}
	}
	return err
}

// engineRefusal is the same of an error of the engine's compiler.
func engineRefusal(units []string, err error) error {
	if _, refused := errors.AsType[*isolate.RefusedError](err); !refused || starved(err.Error()) {
		return err
	}
	return &BuildError{units, err}
}

// Said is what the compiler or the engine said, in at most maxMessage bytes. It is a
// function of the units of the build: without paths of this machine, numbers of packages,
// addresses and whatever else a compiler prints when it breaks down.
func (e *BuildError) Said() string {
	text := e.Err.Error()
	if failed, ok := errors.AsType[*commandError](e.Err); ok {
		text = failed.Stderr
	}
	var said []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "goroutine ") || len(said) == saidLines {
			break // a breakdown's stack differs from time to time
		}
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		line = guestPath.ReplaceAllString(line, "")
		line = absolutePath.ReplaceAllStringFunc(line, path.Base)
		said = append(said, address.ReplaceAllString(line, "0x..."))
	}
	if said == nil {
		return "it did not say why"
	}
	return bound(strings.Join(said, "; "))
}

// saidLines is how many lines of a compiler are quoted: there is one to a mistake, and the
// first one tells most.
const saidLines = 5

var (
	guestPath    = regexp.MustCompile(`(?:\./|` + regexp.QuoteMeta(guestModule) + `/)*\b(?:c\d{3}|g\d+|tool)/`)
	absolutePath = regexp.MustCompile(`(?:/[^\s:/]+){2,}`)
	address      = regexp.MustCompile(`0x[0-9a-f]+`)
)

// starvation is how programs say that they were killed, or were not given what they
// needed. The go command passes on what its compilers say and exits with 1, as it does
// for a mistake in a source.
var starvation = []string{
	"signal: ", "out of memory", "cannot allocate", "os error 12", "no space left", "quota exceeded", "too many open files",
	"resource temporarily unavailable", "input/output error", "file too large", "failed to create new os thread", "text file busy",
}

// starved says whether a program's messages are about what the machine lacks. Those with a
// position are about a source, and may quote it.
func starved(messages string) bool {
	for line := range strings.Lines(messages) {
		if position.MatchString(line) || strings.HasPrefix(line, "\t") {
			continue
		}
		line = strings.ToLower(line)
		for _, phrase := range starvation {
			if strings.Contains(line, phrase) {
				return true
			}
		}
	}
	return false
}

var position = regexp.MustCompile(`^(?:\./)?(?:c\d{3}|g\d+|tool)/[^\s:]+\.go:\d+`)
