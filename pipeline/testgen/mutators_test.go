package testgen

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"toolgen/fuzzing"
	"toolgen/seed"
	"toolgen/specs"
)

// damage says, for each mutator, whether out is in damaged as the name promises.
var damage = map[string]func(in, out []byte) bool{
	"empty":            func(_, out []byte) bool { return len(out) == 0 },
	"no_final_newline": func(in, out []byte) bool { return bytes.HasPrefix(in, out) && !endsLine(out) && endsLine(in) },
	"invalid_utf8":     func(_, out []byte) bool { return !utf8.Valid(out) },
	"nul_bytes":        func(in, out []byte) bool { return bytes.Count(out, []byte{0}) > bytes.Count(in, []byte{0}) },
	"long_line": func(in, out []byte) bool {
		return longest(out) > 64<<10 && len(out) > len(in) && bytes.Count(out, []byte("\n")) == bytes.Count(in, []byte("\n"))+1
	},
	"truncated": func(in, out []byte) bool { return len(out) < len(in) && bytes.HasPrefix(in, out) },
	"deep_nesting": func(in, out []byte) bool {
		n := (len(out) - len(in)) / 2
		return n >= 64 && bytes.HasPrefix(out, bytes.Repeat([]byte("["), n)) &&
			bytes.HasSuffix(out, bytes.Repeat([]byte("]"), n)) && bytes.Equal(out[n:len(out)-n], in)
	},
	"huge_number": func(_, out []byte) bool {
		return slices.ContainsFunc(hugeNumbers, func(n string) bool { return bytes.Contains(out, []byte(n)) })
	},
}

func endsLine(b []byte) bool {
	return bytes.HasSuffix(b, []byte("\n")) || bytes.HasSuffix(b, []byte("\r"))
}

func longest(b []byte) int {
	n := 0
	for line := range bytes.SplitSeq(b, []byte("\n")) {
		n = max(n, len(line))
	}
	return n
}

// checkMutators applies every mutator to an input, and holds the result against
// what the name promises. It returns the names of those that found nothing to damage.
func checkMutators(t *testing.T, sd int64, in []byte) (idle []string) {
	t.Helper()
	for _, name := range specs.Mutators {
		rng, again := seed.Derive(sd, "test", name), seed.Derive(sd, "test", name)
		before := bytes.Clone(in)
		out, ok := mutate(name, rng, in)
		if !bytes.Equal(in, before) {
			t.Fatalf("%s, seed %d: changed the input itself", name, sd)
		}
		other, ok2 := mutate(name, again, in)
		if !bytes.Equal(out, other) || ok != ok2 || rng.Uint64() != again.Uint64() {
			t.Errorf("%s, seed %d: two calls differ, or draw differently, on %.80q", name, sd, in)
		}
		if len(out) > 0 && len(in) > 0 {
			out[0] ^= 1
			if !bytes.Equal(in, before) {
				t.Fatalf("%s, seed %d: the result shares memory with the input", name, sd)
			}
			out[0] ^= 1
		}
		switch {
		case !ok:
			idle = append(idle, name)
		case !damage[name](in, out):
			t.Errorf("%s, seed %d: %.80q is no damaged %.80q", name, sd, out, in)
		case name != "empty" && bytes.Equal(in, out):
			t.Errorf("%s, seed %d: nothing is damaged in %.80q", name, sd, in)
		}
	}
	return idle
}

func TestMutators(t *testing.T) {
	for name := range damage {
		if !slices.Contains(specs.Mutators, name) {
			t.Errorf("%s is no mutator", name)
		}
	}
	for _, tt := range []struct {
		in   string
		idle string // mutators that have nothing to damage
	}{
		{"", "no_final_newline truncated"},
		{"\n", ""},
		{"a", "no_final_newline"},
		{"a\nb\r\n\n", ""},
		{"1 2\n30 40\n", ""},
		{`{"a": [1, 2.5e3, -7]}`, "no_final_newline"},
		{"\xff\x00\xed\xa0\x80", "no_final_newline"},
		{"žluťoučký kůň\n", ""},
		{strings.Repeat("12345 67890\n", 1<<16), ""},
		{strings.Repeat("\n", 1<<16), ""},
	} {
		for sd := range max(2, 20-int64(len(tt.in)/1000)) {
			if got := strings.Join(checkMutators(t, sd, []byte(tt.in)), " "); got != tt.idle {
				t.Errorf("nothing to damage in %.40q for %q, want %q", tt.in, got, tt.idle)
			}
		}
	}
	// nil is an empty input.
	if got := checkMutators(t, 1, nil); len(got) != 2 {
		t.Errorf("nothing to damage in nil for %q", got)
	}
}

// TestMutatorsVary: damage that were the same under every seed would find little.
func TestMutatorsVary(t *testing.T) {
	in := []byte("1 2\n30 40\n500 600\n")
	for _, name := range specs.Mutators {
		outs := map[string]bool{}
		for sd := range int64(50) {
			out, _ := mutate(name, seed.Derive(sd, "test"), in)
			outs[string(out)] = true
		}
		want := 3
		if name == "empty" || name == "no_final_newline" {
			want = 1
		}
		if len(outs) < want {
			t.Errorf("%s: %d different results under 50 seeds, want %d at least", name, len(outs), want)
		}
	}
}

func TestUnknownMutatorPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an unknown mutator was applied")
		}
	}()
	mutate("no_such", seed.Derive(1, "test"), nil)
}

func FuzzMutate(f *testing.F) {
	fuzzing.Briefly(f)
	for _, in := range []string{"", "a\n", "\r\n", "12 34\n", "[1,[2]]", "\xe2\x82", "\xe2\x82\xac", "9223372036854775808", strings.Repeat("9", 100)} {
		f.Add(int64(1), []byte(in))
	}
	f.Add(int64(107), []byte("00\x93t00000000000000")) // a bad piece makes it good
	f.Fuzz(func(t *testing.T, sd int64, in []byte) { checkMutators(t, sd, in) })
}
