package datasets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"toolgen/fuzzing"
)

func lock(t testing.TB) *Lock {
	t.Helper()
	hash := strings.Repeat("fedcba9876543210", 4)
	tables := make(map[string]TableInfo)
	for i, s := range Schemas() {
		if s.Locked() {
			tables[s.Name] = TableInfo{Rows: int64(i), RowsSHA256: hash, FileSHA256: hash}
		}
	}
	l, err := NewLock(identity(), Platform{GOOS: "linux", GOARCH: "amd64"}, tables)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func marshal(t testing.TB, l *Lock) string {
	t.Helper()
	b, err := l.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLockIsFrozen(t *testing.T) { golden(t, "lock.json", marshal(t, lock(t))) }

func TestLockRoundTrip(t *testing.T) {
	l := lock(t)
	text := marshal(t, l)
	got, err := ParseLock([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if again := marshal(t, got); again != text {
		t.Errorf("another lock comes back:\n%s", again)
	}
	if got.RunID != l.RunID || !reflect.DeepEqual(got.Tables, l.Tables) || got.Platform != l.Platform ||
		!reflect.DeepEqual(got.Identity.Specs, l.Identity.Specs) || !reflect.DeepEqual(got.Identity.Seeds, l.Identity.Seeds) {
		t.Errorf("got %+v", got)
	}
	// White space is nobody's business.
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil {
		t.Fatal(err)
	}
	if got, err := ParseLock(compact.Bytes()); err != nil || got.RunID != l.RunID {
		t.Errorf("compact: %v", err)
	}
}

func TestRunIDIsOfTheContents(t *testing.T) {
	id := identity()
	base, err := id.RunID()
	if err != nil {
		t.Fatal(err)
	}
	experiment, err := id.ExperimentID()
	if err != nil {
		t.Fatal(err)
	}
	if base == experiment {
		t.Error("run and experiment have one id")
	}

	// The same numbers and keys, written otherwise.
	id.Manifest = json.RawMessage(`{ "epochs": 41.0, "weights": {"a": 1, "b": 0.4, "c": 0.000000001}, "seeds": [1, 2], "name": "base\u003cline\u003e" }`)
	if got, _ := id.RunID(); got != base {
		t.Error("the id depends on how the manifest is written")
	}

	for name, change := range map[string]func(*Identity){
		"semantics": func(id *Identity) { id.Semantics = 2 },
		"manifest":  func(id *Identity) { id.Manifest = json.RawMessage(`{"name":"other"}`) },
		"inputs":    func(id *Identity) { id.Inputs = nil },
		"specs": func(id *Identity) {
			id.Specs = map[string]SpecDigests{"json_flatten": {"x", "y"}, "text_deduplicate": {"x", "y"}}
		},
		"go":        func(id *Identity) { id.Toolchain.Go = "go1.27.0" },
		"wasmtime":  func(id *Identity) { id.Toolchain.Wasmtime = "v45.0.0" },
		"settings":  func(id *Identity) { id.Toolchain.Settings = "fuel" },
		"fuelmodel": func(id *Identity) { id.FuelModel = "instructions" },
	} {
		id := identity()
		change(&id)
		run, err := id.RunID()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if exp, _ := id.ExperimentID(); run == base || exp == experiment {
			t.Errorf("%s: a change leaves run %v or experiment %v as it was", name, run == base, exp == experiment)
		}
	}

	// Another seed: another run of one experiment, though the manifest lists seeds too.
	id = identity()
	id.Seeds = []int64{7}
	id.Manifest = bytes.Replace(id.Manifest, []byte(`"seeds":[1,2]`), []byte(`"seeds":[7]`), 1)
	if run, _ := id.RunID(); run == base {
		t.Error("the seeds do not count")
	}
	if exp, _ := id.ExperimentID(); exp != experiment {
		t.Error("runs that differ only in seed are two experiments")
	}
}

func TestIdentityMustBeComplete(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Identity)
		path   string
	}{
		"semantics":       {func(id *Identity) { id.Semantics = 0 }, "identity.semantics"},
		"manifest array":  {func(id *Identity) { id.Manifest = json.RawMessage(`[]`) }, "identity.manifest"},
		"no manifest":     {func(id *Identity) { id.Manifest = nil }, "identity.manifest"},
		"no seeds":        {func(id *Identity) { id.Seeds = []int64{} }, "identity.seeds"},
		"seeds unsorted":  {func(id *Identity) { id.Seeds = []int64{2, 1} }, "identity.seeds[1]"},
		"seed twice":      {func(id *Identity) { id.Seeds = []int64{1, 1} }, "identity.seeds[1]"},
		"seed negative":   {func(id *Identity) { id.Seeds = []int64{-1} }, "identity.seeds[0]"},
		"seed beyond":     {func(id *Identity) { id.Seeds = []int64{1 << 53} }, "identity.seeds[0]"},
		"input no digest": {func(id *Identity) { id.Inputs = map[string]string{"a": "abc"} }, "identity.inputs.a"},
		"no go":           {func(id *Identity) { id.Toolchain.Go = "" }, "identity.toolchain.go"},
		"no fuel model":   {func(id *Identity) { id.FuelModel = "" }, "identity.fuel_model"},
		"schema missing":  {func(id *Identity) { id.Schemas = map[string]int{"cases": 1} }, "identity.schemas"},
		"schema unknown":  {func(id *Identity) { id.Schemas = map[string]int{"plants": 1} }, "identity.schemas.plants"},
	} {
		id := identity()
		c.change(&id)
		_, err := id.Canonical()
		var le *LockError
		if !errors.As(err, &le) || le.Path != c.path {
			t.Errorf("%s: got %v, want an error at %s", name, err, c.path)
		}
	}
	id := identity()
	id.Manifest = json.RawMessage(`{"a":1,"a":2}`)
	if _, err := id.RunID(); err == nil {
		t.Error("a manifest with a key twice is accepted")
	}
}

// Every edit of the identity breaks the run_id; every edit of the form is named with
// its place.
func TestEditedLocks(t *testing.T) {
	text := marshal(t, lock(t))
	for name, c := range map[string]struct {
		old, new string
		at       string // what the place must point at in the edited text
		want     string
	}{
		"seed added":      {"\"seeds\": [\n      1,\n      2\n    ]", "\"seeds\": [1,2,3]", `"`, "the lock was edited"},
		"epochs":          {`"epochs": 41`, `"epochs": 42`, `"`, "the lock was edited"},
		"toolchain":       {`"go1.26.8"`, `"go1.26.9"`, `"`, "the lock was edited"},
		"run_id":          {`"run_id": "`, `"run_id": "0`, `"0`, "no SHA-256"},
		"unknown key":     {`"lock": 1,`, "\"lock\": 1,\n  \"locked\": true,", `"locked"`, "unknown key"},
		"case of a key":   {`"lock": 1,`, `"Lock": 1,`, `"Lock"`, "unknown key"},
		"unknown deep":    {`"goos": "linux"`, `"goos": "linux", "cpu": "x"`, `"cpu"`, "unknown key"},
		"duplicate":       {`"lock": 1,`, `"lock": 1, "lock": 1,`, `"lock": 1,` + "\n", `duplicate key "lock"`},
		"duplicate deep":  {`"epochs": 41`, `"epochs": 41, "epochs": 41`, `"epochs": 41,` + "\n", `duplicate key "epochs"`},
		"missing key":     {`"goos": "linux"`, ``, ``, ""},
		"wrong type":      {`"goos": "linux"`, `"goos": 1`, `1` + "\n", "platform.goos: is a number, want a string"},
		"null":            {`"goos": "linux"`, `"goos": null`, `null`, "is null"},
		"fraction":        {`"lock": 1,`, `"lock": 1.0,`, `1.0`, "want an integer"},
		"negative rows":   {`"rows": 0,`, `"rows": -1,`, `-1`, "want an integer from 0"},
		"version 0":       {`"lock": 1,`, `"lock": 0,`, `0,`, "want an integer from 1"},
		"table missing":   {`"sboms": {`, `"sbom": {`, `"sbom"`, "unknown key"},
		"upper-case hex":  {`"file_sha256": "fed`, `"file_sha256": "FED`, `"FED`, "no SHA-256"},
		"trailing":        {"}\n}\n", "}\n}\n{}", "{}", "after top-level value"},
		"cut":             {"}\n}\n", "", "", "unexpected end"},
		"no JSON":         {`"lock": 1,`, `"lock": one,`, `one`, "invalid character"},
		"not UTF-8":       {`"linux"`, "\"\xff\"", "\xff", "not UTF-8"},
		"schema too old":  {`"cases": 1`, `"cases": 0`, `0,`, "want an integer from 1"},
		"newer":           {`"lock": 1,`, `"lock": 2, "more": true,`, `2, "more"`, "newer ToolGen"},
		"newer schema":    {`"cases": 1`, `"cases": 2`, `2,`, "newer ToolGen"},
		"negative rows 2": {`"rows": 1,`, `"rows": 1e0,`, `1e0`, "want an integer"},
	} {
		t.Run(name, func(t *testing.T) {
			edited := strings.Replace(text, c.old, c.new, 1)
			if edited == text {
				t.Fatalf("the lock has no %s", c.old)
			}
			_, err := ReadLock("lock.json", []byte(edited))
			var le *LockError
			if !errors.As(err, &le) || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "lock.json:") {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if newer := strings.HasPrefix(name, "newer"); errors.Is(err, ErrNewer) != newer || errors.Is(err, ErrLock) == newer {
				t.Errorf("%v is newer %v, invalid %v", err, errors.Is(err, ErrNewer), errors.Is(err, ErrLock))
			}
			lines := strings.SplitAfter(edited, "\n")
			if le.Line < 1 || le.Line > len(lines) {
				t.Fatalf("%v: there is no line %d", err, le.Line)
			}
			if rest := strings.Join(lines[le.Line-1:], "")[le.Column-1:]; !strings.HasPrefix(rest, c.at) {
				t.Errorf("%v points at %.30q, want %q", err, rest, c.at)
			}
		})
	}
	// What stands outside the identity may change without the id: another platform.
	if _, err := ParseLock([]byte(strings.Replace(text, `"linux"`, `"darwin"`, 1))); err != nil {
		t.Errorf("another platform: %v", err)
	}
}

func TestCanonicalJSON(t *testing.T) {
	for in, want := range map[string]string{
		` { "b" : 1 , "a" : [ true , null , "x" ] } `:          `{"a":[true,null,"x"],"b":1}`,
		`{"é":1,"z":2,"Z":3}`:                                  `{"Z":3,"z":2,"é":1}`,
		`"<&>\u003c\/\n\u2028"`:                                `"<&><\/\n\u2028"`,
		`[1.0, 0.40, 1e2, -0.0, -0, 1e-7, 123456789012345678]`: `[1,0.4,100,0,0,1e-7,123456789012345678]`,
		`[1e300, 9007199254740993.0]`:                          `[1e+300,9007199254740992]`,
		`{}`:                                                   `{}`,
	} {
		n, err := parseJSON([]byte(in))
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		got, err := n.appendCanonical(nil)
		want = strings.ReplaceAll(want, `\/`, `/`)
		if err != nil || string(got) != want {
			t.Errorf("%s: got %s, %v; want %s", in, got, err, want)
		}
		// A canonical form is its own.
		n, err = parseJSON(got)
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := n.appendCanonical(nil); !bytes.Equal(again, got) {
			t.Errorf("%s: canonical form of %s is %s", in, got, again)
		}
	}
	for _, bad := range []string{``, `{`, `[1,]`, `{"a":1,"a":1}`, `1 2`, `nul`, strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1)} {
		if _, err := parseJSON([]byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	if n, err := parseJSON([]byte(`1e999`)); err == nil {
		if _, err := n.appendCanonical(nil); err == nil {
			t.Error("1e999 is accepted")
		}
	}
}

// A lock that is accepted is the lock that it marshals to.
func FuzzLock(f *testing.F) {
	fuzzing.Briefly(f)
	text := marshal(f, lock(f))
	f.Add([]byte(text))
	for _, s := range []string{"", "{}", "[", `{"lock":1}`, strings.Repeat("[", 100), text[:len(text)/2]} {
		f.Add([]byte(s))
	}
	for i := range 20 {
		f.Add([]byte(strings.Replace(text, `"epochs": 41`, fmt.Sprintf(`"epochs": %d, "x": [%s]`, i, strings.Repeat("1,", i)+"1"), 1)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := ParseLock(data)
		if err != nil {
			var le *LockError
			if !errors.As(err, &le) {
				t.Fatalf("%T: %v", err, err)
			}
			if lines := bytes.Count(data, []byte("\n")) + 1; le.Line < 1 || le.Line > lines || le.Column < 1 {
				t.Fatalf("%v: place outside the text", err)
			}
			return
		}
		b, err := l.Marshal()
		if err != nil {
			t.Fatalf("accepted, but does not marshal: %v", err)
		}
		again, err := ParseLock(b)
		if err != nil || again.RunID != l.RunID || !reflect.DeepEqual(again.Tables, l.Tables) {
			t.Fatalf("another lock comes back: %v", err)
		}
	})
}
