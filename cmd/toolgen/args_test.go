package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func testProgram() (*program, *cli.App) {
	p := &program{in: strings.NewReader(""), out: io.Discard, err: io.Discard}
	return p, p.app()
}

func TestUnderstand(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"run m.yaml", "run -- m.yaml"},
		{"run m.yaml -o d --force", "run --o d --force -- m.yaml"},
		{"-o d run --force m.yaml", "run --o d --force -- m.yaml"},
		{"run -j4 m.yaml", "run --j=4 -- m.yaml"},
		{"run -j 4 m.yaml", "run --j 4 -- m.yaml"},
		{"run --jobs=4 m.yaml", "run --jobs=4 -- m.yaml"},
		{"run m.yaml --set a=b,c=d --set e=f", "run --set a=b,c=d --set e=f -- m.yaml"},
		{"run m.yaml --set a=--force", "run --set a=--force -- m.yaml"},
		{"run m.yaml --seed -1", "run --seed -1 -- m.yaml"},
		{"run -q m.yaml --no-color", "--q --no-color run -- m.yaml"},
		{"leaderboard a b --top 3 c", "leaderboard --top 3 -- a b c"},
		{"leaderboard a -- --top 3", "leaderboard -- a --top 3"},
		{"leaderboard -- run", "leaderboard -- run"},
		{"--dir d spec new x", "spec new --dir d -- x"},
		{"spec --dir d new x", "spec new --dir d -- x"},
		{"harness --source - --spec s --out o", "harness --source - --spec s --out o --"},
		{"manifest import -", "manifest import -- -"},
		{"version", "version --"},
		{"--version", "version --"},
		{"run run", "run -- run"}, // a manifest may be called like a command
	} {
		_, app := testProgram()
		r, err := understand(app, append([]string{"toolgen"}, strings.Fields(test.line)...))
		if err != nil {
			t.Errorf("%s: %v", test.line, err)
			continue
		}
		if got := strings.Join(r.argv, " "); got != "toolgen "+test.want {
			t.Errorf("%s:\ngot  %s\nwant toolgen %s", test.line, got, test.want)
		}
	}
}

// In whatever order flags and arguments stand, the command is the same.
func TestOrderHasNoSay(t *testing.T) {
	parts := [][]string{{"run"}, {"m.yaml"}, {"-o", "d"}, {"--force"}, {"-q"}, {"--seed=4"}}
	var want []string
	var permute func(done [][]string, rest [][]string)
	permute = func(done, rest [][]string) {
		if len(rest) == 0 {
			line := append([]string{"toolgen"}, slices.Concat(done...)...)
			if slices.Index(line, "m.yaml") < slices.Index(line, "run") {
				return // the command is the first word
			}
			_, app := testProgram()
			r, err := understand(app, line)
			if err != nil {
				t.Fatalf("%v: %v", line, err)
			}
			got := slices.Sorted(slices.Values(r.argv))
			if want == nil {
				want = got
			}
			if !slices.Equal(got, want) || r.name() != "run" || r.argv[len(r.argv)-1] != "m.yaml" {
				t.Fatalf("%v: %v, want %v", line, got, want)
			}
			return
		}
		for i := range rest {
			permute(append(slices.Clone(done), rest[i]), slices.Concat(rest[:i], rest[i+1:]))
		}
	}
	permute(nil, parts)
}

// understand reads argv before it knows the command, so a name must have one meaning.
// What it hands on, urfave/cli must know.
func TestFlagsAgree(t *testing.T) {
	_, app := testProgram()
	meaning := map[string]string{}
	walk(app, func(path []*cli.Command, flags []cli.Flag) {
		seen := map[string]bool{}
		for _, f := range flags {
			for _, n := range f.Names() {
				takes := map[bool]string{true: "a value", false: "no value"}[takesValue(f)]
				if was := meaning[n]; was != "" && was != takes {
					t.Errorf("%s takes %s in %v, and %s elsewhere", dashed(n), takes, commandNames(path), was)
				}
				meaning[n] = takes
				if seen[n] || path != nil && hasFlag(app.Flags, n) {
					t.Errorf("%s stands twice in %v", dashed(n), commandNames(path))
				}
				seen[n] = true
			}
		}
	})
	for _, n := range []string{"help", "h", "version"} {
		if meaning[n] != "" {
			t.Errorf("%s belongs to understand", dashed(n))
		}
	}
}

// Every command that answers with data takes --format, and every one has an example
// that begins with its own name.
func TestCommandsAreComplete(t *testing.T) {
	without := []string{"completion", "repair", "repair watch", "repair unit", "repair unit service", "repair unit timer", "spec", "spec new", "manifest", "manifest new", "manifest schema", "manifest import", "cache"}
	_, app := testProgram()
	walk(app, func(path []*cli.Command, flags []cli.Flag) {
		if path == nil {
			return
		}
		name := strings.Join(commandNames(path), " ")
		if hasFlag(flags, "format") == slices.Contains(without, name) {
			t.Errorf("%s: --format is there: %t", name, hasFlag(flags, "format"))
		}
		c := path[len(path)-1]
		if !strings.Contains(c.Description, "toolgen "+name) {
			t.Errorf("%s has no example", name)
		}
		if c.Usage == "" || strings.HasSuffix(c.Usage, ".") {
			t.Errorf("%s: usage %q", name, c.Usage)
		}
	})
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{
		"runs/a-1.b": "runs/a-1.b", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "-x;y": "'-x;y'", "ü": "'ü'",
	} {
		if got := shellQuote(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}

func TestPlainInteger(t *testing.T) {
	for in, want := range map[string]int64{"0": 0, "7": 7, "9007199254740991": 1<<53 - 1} {
		if n, ok := plainInteger(in); !ok || n != want {
			t.Errorf("%s: %d %t", in, n, ok)
		}
	}
	for _, bad := range []string{"", "-1", "+1", "1e3", "0x10", "1_000", "007", " 1", "1.0", "18446744073709551616", "١"} {
		if n, ok := plainInteger(bad); ok {
			t.Errorf("%q is taken for %d", bad, n)
		}
	}
}
