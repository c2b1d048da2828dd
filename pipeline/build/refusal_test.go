package build

import (
	"context"
	"errors"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"toolgen/pipeline/isolate"
)

// What a compiler says of a source is a refusal; that it was killed, or got no memory, time
// or disk, is none, whatever the exit code of the go command.
func TestRefusals(t *testing.T) {
	for stderr, want := range map[string]bool{ // any order: each on its own
		"# toolgen.guest/c001\nc001/tool.go:7:1: stack frame too large (>1GB): 8192 MB locals\n":                                 true,
		"# toolgen.guest/c001\nc001/tool.go:7:1: constant \"out of memory, signal: killed, no space left\" overflows int\n":      true,
		"package toolgen.guest\n\timports toolgen.guest/c000: build constraints exclude all Go files in /x/build-1/src/c000\n":   true,
		"# toolgen.guest/c001\nc001/tool.go:7:1: internal compiler error: panic\n\tout of memory\n":                              true,
		"# toolgen.guest\nlink: text section too large\n":                                                                        true,
		"toolgen.guest/c001: /goroot/pkg/tool/linux_amd64/compile: signal: killed\n":                                             false,
		"# toolgen.guest/c001\nfatal error: runtime: out of memory\n\nruntime stack:\n":                                          false,
		"# toolgen.guest/c001\nruntime: failed to create new OS thread (have 5 already; errno=11)\n":                             false,
		"# toolgen.guest/c001\nc001/tool.go:7:1: stack frame too large\ncompile: writing output: write: no space left on device": false,
		"go: fork/exec /goroot/pkg/tool/linux_amd64/compile: resource temporarily unavailable\n":                                 false,
	} {
		err := commandRefusal([]string{"x"}, &commandError{Verb: "build", Text: "exit status 1", Exited: true, Stderr: stderr})
		if _, refused := errors.AsType[*BuildError](err); refused != want {
			t.Errorf("%q: a refusal is %t, want %t", stderr, refused, want)
		}
	}
	killed := exec.Command("/bin/sh", "-c", "kill -9 $$").Run()
	for _, err := range []error{killed, syscall.ENOSPC, errors.New("more output than is kept")} {
		how := failure(goJob{Args: []string{"build"}}, err)
		how.Stderr = "c001/tool.go:7:1: declared and not used\n"
		if _, refused := errors.AsType[*BuildError](commandRefusal(nil, how)); refused {
			t.Errorf("%v is taken for a refusal", err)
		}
	}
	if _, refused := errors.AsType[*BuildError](commandRefusal(nil, context.DeadlineExceeded)); refused {
		t.Error("a deadline is taken for a refusal")
	}
	for message, want := range map[string]bool{ // any order: each on its own
		"sandbox: compile: function body too large":                              true,
		"sandbox: compile: failed to mmap: Cannot allocate memory (os error 12)": false,
	} {
		if _, refused := errors.AsType[*BuildError](engineRefusal(nil, &isolate.RefusedError{Text: message})); refused != want {
			t.Errorf("%s: a refusal is %t, want %t", message, refused, want)
		}
	}
}

// The text of a refusal is the same wherever, and as whichever unit of a batch, the source
// was built.
func TestSaid(t *testing.T) {
	said := func(stderr string) string {
		return (&BuildError{Err: &commandError{Verb: "build", Stderr: stderr}}).Said()
	}
	const want = "tool.go:7:1: stack frame too large (>1GB): 8192 MB locals"
	for _, stderr := range []string{
		"# toolgen.guest/c000\nc000/tool.go:7:1: stack frame too large (>1GB): 8192 MB locals\n",
		"# toolgen.guest/c031\n./c031/tool.go:7:1: stack frame too large (>1GB): 8192 MB locals\n",
		"# toolgen.guest/tool\ntool/tool.go:7:1: stack frame too large (>1GB): 8192 MB locals\n\ngoroutine 12 [running]:\nmain.f(0xc000123)\n",
	} {
		if got := said(stderr); got != want {
			t.Errorf("%q: %q, want %q", stderr, got, want)
		}
	}
	for stderr, want := range map[string]string{ // any order: each on its own
		"package toolgen.guest\n\timports toolgen.guest/c000: build constraints exclude all Go files in /var/x/build-123/src/c000\n": "package toolgen.guest; imports toolgen.guest/c000: build constraints exclude all Go files in c000",
		"compile: at 0xc00001: bad\n": "compile: at 0x...: bad",
		"":                            "it did not say why",
	} {
		if got := said(stderr); got != want {
			t.Errorf("%q: %q, want %q", stderr, got, want)
		}
	}
	if got := said(strings.Repeat("x", 10*maxMessage)); len(got) > maxMessage {
		t.Errorf("%d bytes", len(got))
	}
}

// Blame finds exactly those that fail alone, whoever they are, and in few tries.
func TestBlame(t *testing.T) {
	bad, full := errors.New("bad"), errors.New("the disk is full")
	fault := func(err error) bool { return err == bad }
	for n := 1; n <= BatchSize; n++ {
		for pattern := range 16 {
			guilty := map[int]error{}
			for i := range n {
				if (i*7+pattern)%16 == 0 || pattern == 15 && i%2 == 0 {
					guilty[i] = bad
				}
			}
			if len(guilty) == 0 {
				continue
			}
			tries := 0
			found, err := Blame(n, bad, fault, func(indices []int) error {
				tries++
				if !slices.IsSorted(indices) {
					t.Errorf("%v is not in order", indices)
				}
				for _, i := range indices {
					if guilty[i] != nil {
						return bad
					}
				}
				return nil
			})
			if err != nil || !reflect.DeepEqual(found, guilty) || tries > blameTries {
				t.Errorf("%d units: %v, %v after %d tries, want %v", n, found, err, tries, guilty)
			}
		}
	}
	// It is the sum that fails: nobody is to blame.
	found, err := Blame(8, bad, fault, func(indices []int) error {
		if len(indices) > 4 {
			return bad
		}
		return nil
	})
	if err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
	if _, err := Blame(8, bad, fault, func([]int) error { return full }); err != full {
		t.Errorf("%v: a machine's failure is not told", err)
	}
	tries := 0
	if _, err := Blame(1<<20, bad, fault, func([]int) error { tries++; return bad }); err != nil || tries > blameTries {
		t.Errorf("%d tries, %v", tries, err)
	}
}
