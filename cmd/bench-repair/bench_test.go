package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"toolgen/pipeline/faults"
)

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--faults", "-1"}, "--faults -1: expected 0 to 10000"},
		{[]string{"--patches", "0"}, "--patches 0: expected 1 or more"},
		{[]string{"--localizer", "magic"}, "magic"},
		{[]string{"--seed", "-1"}, "--seed -1"},
		{[]string{"--jobs", "-1"}, "--jobs -1"},
		{[]string{"corpus"}, `unexpected argument "corpus"`},
		{[]string{"--nonsense"}, "-nonsense"},
	} {
		var out, errw bytes.Buffer
		if code := run(tt.args, &out, &errw); code != exitUsage || !strings.Contains(errw.String(), tt.want) || out.Len() > 0 {
			t.Errorf("%q: exit code %d and %q, want 2 and a word about %q", tt.args, code, errw.String(), tt.want)
		}
	}
}

// Families take turns, and within a family the programs; what is wanted beyond what
// there is is not made up.
func TestPick(t *testing.T) {
	var all []*subject
	add := func(style, family string, n int) {
		for i := range n {
			all = append(all, &subject{ID: fmt.Sprintf("%s %s %d", family, style, i), Spec: "s", Style: style, Family: family})
		}
	}
	add("a", faults.Variable, 4)
	add("a", faults.TwoFaults, 1)
	add("b", faults.Variable, 1)
	add("b", faults.Call, 2)
	ids := func(list []*subject) string {
		var s []string
		for _, x := range list {
			s = append(s, x.ID)
		}
		return strings.Join(s, "; ")
	}
	const want = "variable a 0; call b 0; two faults a 0; variable b 0; call b 1; variable a 1; variable a 2; variable a 3"
	if got := ids(pick(all, 100)); got != want {
		t.Errorf("all: %s\nwant %s", got, want)
	}
	if got := ids(pick(all, 4)); got != "variable a 0; call b 0; two faults a 0; variable b 0" {
		t.Errorf("four: %s", got)
	}
}

// The benchmark as a whole, on the smallest program of the corpus: it is repaired and
// right, and the fault that is replayed is the one that was asked for.
func TestReplay(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs programs")
	}
	args := []string{"--faults", "0", "--corpus", "../../pipeline/faults/testdata/corpus", "--spec", "bit_count"}
	var out, errw bytes.Buffer
	if code := run(append(args, "--replay", "corpus/bit_count"), &out, &errw); code != exitOK {
		t.Fatalf("exit code %d: %s", code, errw.String())
	}
	for _, want := range []string{"-\tfor n > 0 {\n+\tfor n > 1 {", "\nrepaired (wrong_output), ", "Correct by held-out cases: true"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	out.Reset()
	errw.Reset()
	if code := run(append(args, "--replay", "corpus/other"), &out, &errw); code != exitUsage || !strings.Contains(errw.String(), "--list lists them") {
		t.Errorf("an unknown fault: exit code %d, %s", code, errw.String())
	}
}
