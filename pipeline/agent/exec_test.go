package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestExecAnswers(t *testing.T) {
	r, err := program("good").Ask(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	if r.Source != goodSource || r.Notes != "repair of upper, 2 failing, seed 7" || r.Usage == nil || *r.Usage != (Usage{"test-1", 12, 34}) {
		t.Errorf("%+v", r)
	}
	if r, err := program("deaf").Ask(t.Context(), request()); err != nil || r.Source != goodSource {
		t.Errorf("a program that reads nothing: %v", err)
	}
	if r, err := program("longnotes").Ask(t.Context(), request()); err != nil || len(r.Notes) != maxNotes {
		t.Errorf("long notes: %v, want them cut at %d bytes", err, maxNotes)
	}
}

// TestExecFailures are all the ways in which a program gives no answer. Each is the
// agent's failure, says what it did, and names the agent.
func TestExecFailures(t *testing.T) {
	for _, tc := range []struct{ mode, kind, want string }{
		{"exit", Exited, "exit status 3; it said on stderr: Traceback;   no module named  [31mantigravity"},
		{"killed", Exited, "killed"},
		{"silent", NoResponse, "wrote nothing to stdout"},
		{"garbage", NoResponse, "is no JSON object"},
		{"garbage", NoResponse, "Sure! Here is the tool"},
		{"array", NoResponse, "is no JSON object"},
		{"two", NoResponse, "more than one answer"},
		{"trailing", NoResponse, "more than one answer"},
		{"protocol2", WrongProtocol, "in protocol 2, expected 1"},
		{"noprotocol", WrongProtocol, "names no protocol, expected 1"},
		{"unknown", NoResponse, `unknown field "sorce"`},
		{"nosource", NoSource, "without a source: this cannot be repaired"},
		{"latin1", NoResponse, "no UTF-8"},
		{"flood", TooLarge, "more than 8388608 bytes"},
		{"tokens", NoResponse, "-1 and 0 tokens"},
	} {
		t.Run(tc.mode, func(t *testing.T) {
			t.Parallel()
			r, err := program(tc.mode).Ask(t.Context(), request())
			failure, ok := errors.AsType[*Failure](err)
			if !ok || r != nil {
				t.Fatalf("%v, %v; want a failure", r, err)
			}
			if failure.Kind != tc.kind || failure.Agent != "mine" || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "agent mine ") {
				t.Errorf("%s: %v; want %s and %q", failure.Kind, err, tc.kind, tc.want)
			}
			if !slices.Contains(failureKinds, failure.Kind) {
				t.Errorf("kind %q cannot be read back from a cassette", failure.Kind)
			}
		})
	}
}

// TestExecTooSlow kills a program with a child that holds its pipes.
func TestExecTooSlow(t *testing.T) {
	a := program("slowchildren")
	a.Timeout = 500 * time.Millisecond
	_, err := a.Ask(t.Context(), request())
	failure, ok := errors.AsType[*Failure](err)
	if !ok || failure.Kind != TooSlow || !strings.Contains(failure.Reason, "within 500ms") {
		t.Fatalf("%v, want a failure by time", err)
	}
	_, pid, ok := strings.Cut(failure.Reason, "child ")
	if !ok { // the machine is so busy that the child was not started yet
		t.Skipf("no child in %q", failure.Reason)
	}
	gone(t, pid)
}

// TestExecLeavesNobodyBehind takes the answer of a program that ends and leaves a child
// which holds its pipes.
func TestExecLeavesNobodyBehind(t *testing.T) {
	r, err := program("children").Ask(t.Context(), request())
	if err != nil || r.Source != goodSource {
		t.Fatal(r, err)
	}
	gone(t, r.Notes)
}

// gone waits until a process has ended. One whose parent is gone may stay behind as a
// zombie where nobody collects them.
func gone(t *testing.T, pid string) {
	t.Helper()
	if _, err := strconv.Atoi(pid); err != nil || runtime.GOOS != "linux" {
		t.Skip("no /proc to look at: ", pid)
	}
	for range 1000 {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %s is still there", pid)
}

func TestExecCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := program("hang").Ask(ctx, request()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that it was cancelled: nobody has failed", err)
	}
}

// TestExecSeesLittle holds the environment against the list.
func TestExecSeesLittle(t *testing.T) {
	t.Setenv("AGENT_TEST_TOKEN", "kangaroo-12345")
	t.Setenv("AGENT_TEST_OTHER", "platypus-12345")
	t.Setenv("LANG", "C.UTF-8")
	a := program("environment")
	a.Env = []string{"AGENT_TEST_TOKEN"}
	r, err := a.Ask(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(r.Notes) {
		name, _, _ := strings.Cut(line, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"AGENT_TEST_TOKEN", "HOME", "LANG", "PATH"}; !slices.Equal(names, want) {
		t.Errorf("it sees %v, want %v", names, want)
	}
	if strings.Contains(r.Notes, "kangaroo") {
		t.Error("what may be a secret stands in the notes")
	}
}

// TestExecHidesSecrets lets a program print a token that it was given as it dies.
func TestExecHidesSecrets(t *testing.T) {
	t.Setenv("AGENT_TEST_TOKEN", "kangaroo-12345")
	a := program("leak")
	a.Env = []string{"AGENT_TEST_TOKEN"}
	_, err := a.Ask(t.Context(), request())
	if err == nil || strings.Contains(err.Error(), "kangaroo") || !strings.Contains(err.Error(), "token [AGENT_TEST_TOKEN]") {
		t.Errorf("%v, want the name in the token's place", err)
	}
	if len(err.Error()) > 1000 {
		t.Errorf("the message is %d bytes long", len(err.Error()))
	}
}

// TestExecThatCannotStart are errors of the machine, which no cassette may keep.
func TestExecThatCannotStart(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "plain.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		a    Exec
		want string
	}{
		{"not in PATH", Exec{Argv: []string{"toolgen-no-such-agent"}}, "toolgen-no-such-agent"},
		{"no such file", Exec{Argv: []string{"./agent"}, Dir: dir}, "no such file"},
		{"not executable", Exec{Argv: []string{"./plain.sh"}, Dir: dir}, "permission denied"},
		{"no folder", Exec{Argv: []string{"/bin/sh"}, Dir: filepath.Join(dir, "none")}, "no such file"},
		{"no program", Exec{}, "no program"},
		{"variable", Exec{Argv: []string{"/bin/sh"}, Env: []string{"AGENT_TEST_UNSET"}}, "AGENT_TEST_UNSET, which is not set"},
	} {
		tc.a.Called = "mine"
		_, err := tc.a.Ask(t.Context(), request())
		if _, ok := errors.AsType[*UnreachableError](err); !ok || !strings.Contains(err.Error(), tc.want) || !strings.HasPrefix(err.Error(), "agent mine cannot be asked: ") {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.want)
		}
	}
}

// TestExecRunsBesideTheManifest starts a script by a relative path.
func TestExecRunsBesideTheManifest(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\nexec %s agent=folder\n", os.Args[0])
	if err := os.WriteFile(filepath.Join(dir, "mine.sh"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	a := Exec{Called: "mine", Argv: []string{"./mine.sh"}, Dir: dir}
	r, err := a.Ask(t.Context(), request())
	if err != nil || r.Notes != dir {
		t.Errorf("%v, %v; want it to run in %s", r, err, dir)
	}
}
