package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"toolgen/analysis/compare"
	"toolgen/datasets"
	"toolgen/experiment"
	"toolgen/experiment/manifests"
	"toolgen/pipeline/agent"
	"toolgen/pipeline/build"
	"toolgen/pipeline/synth"
	"toolgen/pipeline/testgen"
	"toolgen/specs"
)

// Exit codes. They are a contract: scripts and CI jobs rely on them.
const (
	exitOK            = 0
	exitBadNews       = 1   // the answer is bad news: a difference, a failed check
	exitUsage         = 2   // usage, manifest or spec error, or input that cannot be read
	exitMachine       = 3   // this machine lacks something, or an internal error
	exitInconclusive  = 4   // too few samples to tell; never reads as a pass
	exitIncomparable  = 5   // another toolchain, fuel model, semantics or task, or a machine that cannot do it
	exitInterrupted   = 130 // by SIGINT
	exitTerminated    = 143 // by SIGTERM
	exitSignalledFrom = 128 // plus the signal's number
)

// errBadNews ends a command whose answer is bad news. The answer has been printed, so
// nothing is said about it.
var errBadNews = errors.New("the answer is bad news")

// errInconclusive ends a command whose answer is that there is too little to tell. The
// answer has been printed.
var errInconclusive = errors.New("there is too little to tell")

// usageError is a command line that makes no sense.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

// exitCode maps an error to the code that the program ends with. If several apply, the
// first of 2, 3, 5, 1, 4 wins. What is in no category is an internal error.
func exitCode(err error) int {
	switch {
	case err == nil:
		return exitOK
	case isUsage(err):
		return exitUsage
	case is[*experiment.MachineError](err), is[*build.ToolchainError](err):
		return exitMachine
	case is[*experiment.IncomparableError](err), is[*compare.IncomparableError](err):
		return exitIncomparable
	case errors.Is(err, errBadNews), is[*experiment.DiedError](err):
		return exitBadNews
	case errors.Is(err, errInconclusive):
		return exitInconclusive
	}
	return exitMachine
}

// isUsage says whether an error is about what the user gave.
func isUsage(err error) bool {
	return is[*usageError](err) || is[*experiment.UsageError](err) ||
		is[*manifests.Error](err) || is[*specs.Error](err) || is[*synth.TemplateError](err) || is[*testgen.SpecError](err) ||
		is[*datasets.FileError](err) || is[*datasets.LockError](err) ||
		is[*agent.MissingError](err) || is[*agent.CassetteError](err) ||
		is[*compare.SavedError](err) || is[*compare.GatesError](err)
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// interrupted is why the context of a program ended that was sent a signal.
type interrupted struct{ signal syscall.Signal }

func (e *interrupted) Error() string { return "interrupted" }

// afterInterrupt says what an interrupted command that works with the cache has left.
func afterInterrupt(command string, noCache bool) string {
	switch {
	case command == "repair watch":
		return "a job that was not finished waits in the queue again, and is begun anew"
	case command == "repair run":
		return "a search that was not finished is not kept, and running again begins it anew"
	case noCache:
		return "nothing is kept without the cache, and running again begins anew"
	}
	return "what was done stays in the cache, and running again goes on from there"
}

// withSignals returns a context that ends at the first SIGINT or SIGTERM. The second
// one ends the program at once.
func withSignals(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		first := true
		for {
			select {
			case <-done:
				return
			case s := <-signals:
				number := s.(syscall.Signal)
				if !first {
					os.Exit(exitSignalledFrom + int(number))
				}
				first = false
				cancel(&interrupted{number})
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}

// end says what went wrong, and returns the exit code.
func (p *program) end(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	if stopped, ok := errors.AsType[*interrupted](context.Cause(ctx)); ok {
		said := error(stopped)
		if p.left != "" {
			said = fmt.Errorf("%w; %s", stopped, p.left)
		}
		p.complain(said)
		return exitSignalledFrom + int(stopped.signal)
	}
	code := exitCode(err)
	if errors.Is(err, errBadNews) || errors.Is(err, errInconclusive) {
		return code // it was said
	}
	p.complain(err)
	return code
}

// complain writes a message to stderr, as a line of the log if that is JSON.
func (p *program) complain(err error) {
	if p.logJSON {
		p.log.Error(err.Error())
		return
	}
	fmt.Fprintf(p.err, "toolgen: %v\n", err)
}
