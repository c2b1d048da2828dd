package build

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"toolgen/pipeline/isolate"
	"toolgen/pipeline/sandbox"
)

var testLimits = sandbox.Limits{
	Fuel:        1e10,
	FuelPerMS:   1e7,
	MemoryBytes: 128 << 20,
	OutputBytes: 1 << 20,
	Wall:        time.Minute,
}

func call(t *testing.T, m *isolate.Module, index int, input []byte) sandbox.Result {
	t.Helper()
	r, err := m.Call(context.Background(), sandbox.Call{Index: uint32(index), Input: input, Entropy: 7, Limits: testLimits})
	if err != nil {
		t.Fatal(err)
	}
	r.Wall = 0
	return r
}

// distinct is a candidate that allocates enough to be collected often, so that its
// fuel shows what its neighbours leave in memory.
const distinct = `
import "strings"

func Run(input []byte) ([]byte, error) {
	seen := map[string]bool{}
	var kept []string
	for _, l := range strings.Split(string(input), "\n") {
		if !seen[l] {
			seen[l] = true
			kept = append(kept, l)
		}
	}
	return []byte(strings.Join(kept, "\n")), nil
}
`

func lines(n int) []byte {
	return []byte(repeat(n, func(i int) string { return fmt.Sprintf("line %d\n", i*i%(n/2+1)) }))
}

// One batch with all four roles: each answers by its wire form. It is compiled
// although the store holds, under its key, what no engine can load; and then loaded
// from the store.
func TestModuleRolesAndStore(t *testing.T) {
	shared := open(t)
	store := &memory{}
	b := withStore(shared, store)
	batch := Plan([]Unit{
		unit(t, b, "distinct", Tool, tool(distinct)),
		unit(t, b, "reference", Reference, []File{{"reference.go", []byte(`package reference

import "errors"

func Run(input []byte) ([]byte, error) {
	if cap(input) != len(input) {
		return nil, errors.New("the input has room to grow")
	}
	if len(input) == 0 {
		return nil, nil
	}
	if input[0] == 'e' {
		return []byte("ignored"), errors.New("answered with " + string(input))
	}
	return input[:0], nil
}
`)}}),
		unit(t, b, "generate", Generate, []File{{"generate.go", []byte(`package generate

import "strconv"

func Generate(seed uint64, size int) []byte {
	return strconv.AppendInt(strconv.AppendUint(nil, seed, 10), int64(size), 10)
}
`)}}),
		unit(t, b, "check", Check, []File{{"check.go", []byte(`package check

import (
	"errors"
	"math"
)

func Check(input, output []byte) (float64, error) {
	switch string(input) {
	case "nan":
		return math.NaN(), nil
	case "wrong":
		return 1, errors.New("wrong: " + string(output))
	}
	_ = append(input, "overwritten"...)
	return float64(len(input)) + float64(len(output))/1000, nil
}
`)}}),
	})
	if len(batch) != 1 {
		t.Fatalf("%d batches", len(batch))
	}
	garbage := []byte("no module")
	sum := sha256.Sum256(garbage)
	store.Put(b.key("module", guestSources(batch[0]), sandbox.Settings(), runtime.GOOS, runtime.GOARCH), append(sum[:], garbage...))
	puts := store.puts
	m, err := b.Module(context.Background(), batch[0])
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if store.puts != puts+1 {
		t.Errorf("%d modules were kept, want one", store.puts-puts)
	}

	tests := []struct {
		unit    int
		input   []byte
		outcome sandbox.Outcome
		output  string // or the message
	}{
		{0, []byte("a\nb\na"), sandbox.OK, "a\nb"},
		{0, nil, sandbox.OK, ""},
		{1, nil, sandbox.OK, ""},
		{1, []byte("x"), sandbox.OK, ""},
		{1, []byte("e!"), sandbox.ToolError, "answered with e!"},
		{2, EncodeGenerate(math.MaxUint64, -5), sandbox.OK, "18446744073709551615-5"},
		{3, EncodeCheck([]byte("wrong"), []byte("answer")), sandbox.ToolError, "wrong: answer"},
		{4, nil, sandbox.Trap, ""},
	}
	for _, test := range tests {
		r := call(t, m, test.unit, test.input)
		got := string(r.Output)
		if r.Outcome != sandbox.OK {
			got = r.Message
		}
		if r.Outcome != test.outcome || (test.outcome != sandbox.Trap && got != test.output) {
			t.Errorf("unit %d of %q: %s %q, want %s %q", test.unit, test.input, r.Outcome, got, test.outcome, test.output)
		}
	}
	for _, score := range []struct {
		input, output string
		want          float64
	}{{"", "", 0}, {"abc", "xy", 3.002}, {"nan", "", math.NaN()}} {
		r := call(t, m, 3, EncodeCheck([]byte(score.input), []byte(score.output)))
		got, err := DecodeScore(r.Output)
		if err != nil || got != score.want && !(math.IsNaN(got) && math.IsNaN(score.want)) {
			t.Errorf("check of %q: %v, %v, want %v", score.input, got, err, score.want)
		}
	}
	if _, err := DecodeScore([]byte("short")); err == nil {
		t.Error("a score of 5 bytes was decoded")
	}

	again, err := b.Module(context.Background(), batch[0])
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if store.puts != puts+1 {
		t.Errorf("a module in the store was compiled again")
	}
	input := lines(20_000)
	first := call(t, m, 0, input)
	if second := call(t, again, 0, input); !reflect.DeepEqual(first, second) {
		t.Errorf("compiled: %+v\nloaded: %+v", first, second)
	}

	// Other neighbours, among them one that uses the large maps of package unicode,
	// which the linker drops where nobody does. Nothing of the measured call moves.
	neighbours := []Unit{
		unit(t, b, "tables", Tool, tool("import \"unicode\"\nfunc Run(input []byte) ([]byte, error) { n := len(input); for _, t := range unicode.Categories { n += len(t.R16) }; for _, t := range unicode.Scripts { n += len(t.R16) }; return make([]byte, n), nil }\n")),
		unit(t, b, "distinct", Tool, tool(distinct)),
		unit(t, b, "sort", Tool, tool("import (\n\"math\"\n\"slices\"\n\"strconv\"\n)\nfunc Run(input []byte) ([]byte, error) { s := slices.Sorted(slices.Values(input)); return strconv.AppendFloat(s, math.Sqrt(2), 'g', -1, 64), nil }\n")),
	}
	other, err := b.Module(context.Background(), Plan(neighbours)[0])
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	moved := call(t, other, 1, input)
	if moved.Fuel != first.Fuel || moved.PeakMemoryBytes != first.PeakMemoryBytes {
		t.Errorf("among other neighbours fuel is %d and memory %d, want %d and %d", moved.Fuel, moved.PeakMemoryBytes, first.Fuel, first.PeakMemoryBytes)
	}
}

// Empty has the import set it is asked for, does nothing, and costs what
// initialization costs any unit of that set that does nothing.
func TestEmpty(t *testing.T) {
	b := withStore(open(t), &memory{})
	set := unit(t, b, "x", Tool, tool(run)).Report.ImportSet
	m, err := b.Empty(context.Background(), set)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if r := call(t, m, 0, []byte("abc")); r.Outcome != sandbox.OK || len(r.Output) != 0 || r.InitFuel <= 0 {
		t.Errorf("%+v", r)
	}
	for _, bad := range [][]string{{"net/http"}, {"bufio\"; import \"os"}} {
		if _, err := b.Empty(context.Background(), bad); err == nil {
			t.Errorf("import set %q was accepted", bad)
		}
	}
}

// The bytes of a build depend on its sources alone: not on the folder, not on the
// machine's paths, not on what was built before.
func TestBuildsAreReproducible(t *testing.T) {
	b := open(t)
	cache := b.dir + "/go-build"
	var wasm [2][]byte
	batch := Plan([]Unit{
		unit(t, b, "a", Tool, tool(distinct)),
		unit(t, b, "b", Tool, []File{{"x.go", []byte("package tool\nfunc f() { panic(\"x\") }\n")}, {"y.go", []byte("package tool\n" + run)}}),
	})[0]
	for i := range wasm {
		// Another folder, with the same build cache behind it: what is common to all
		// builds need not be compiled again, the units are.
		dir := filepath.Join(t.TempDir(), strings.Repeat("deeper/", 5*i))
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(cache, filepath.Join(dir, "go-build")); err != nil {
			t.Fatal(err)
		}
		elsewhere := withStore(b, nil)
		elsewhere.dir = dir
		var err error
		if wasm[i], err = elsewhere.goBuild(context.Background(), guestSources(batch), "c-shared"); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(wasm[0], wasm[1]) {
		t.Error("the same batch built in two folders differs")
	}
	for _, leak := range []string{b.dir, b.toolchain.goroot, "build-"} {
		if bytes.Contains(wasm[0], []byte(leak)) {
			t.Errorf("the module names %s", leak)
		}
	}
}

// A command is kept and built once for all who want it at the same time; what the
// store holds is used only if it is what was put there.
func TestCommandStore(t *testing.T) {
	store := &memory{}
	b := withStore(open(t), store)
	files := tool("// TestCommandStore\n" + run)
	var wg sync.WaitGroup
	var got [4][]byte
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = b.Command(context.Background(), files); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range got {
		if !bytes.HasPrefix(got[i], []byte("\x00asm")) || !bytes.Equal(got[i], got[0]) {
			t.Errorf("caller %d got other bytes, or no module", i)
		}
	}
	puts := store.puts
	for key, data := range store.data {
		store.data[key] = append(bytes.Clone(data[:len(data)-1]), data[len(data)-1]^1)
	}
	again, err := b.Command(context.Background(), files)
	if err != nil || !bytes.Equal(again, got[0]) {
		t.Errorf("after damage: other bytes, or error %v", err)
	}
	if store.puts != puts+1 {
		t.Errorf("a damaged command was not built anew")
	}
	if again, err = b.Command(context.Background(), files); err != nil || store.puts != puts+1 || !bytes.Equal(again, got[0]) {
		t.Errorf("a sound command was built anew, or error %v", err)
	}

	full := withStore(b, &memory{err: &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}})
	if _, err := full.Command(context.Background(), files); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full store: %v, want ENOSPC", err)
	}
	if _, err := b.Command(context.Background(), tool("import \"os\"\n"+run)); err == nil || !strings.Contains(err.Error(), `"os" is not allowed`) {
		t.Errorf("a refused source: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.Command(ctx, tool("// called off\n"+run)); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

// The command's main package, compiled for this machine, is a filter.
func TestCommandFilters(t *testing.T) {
	b := open(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":       "module " + guestModule + "\n\ngo 1.26\n",
		"main.go":      commandMain,
		"tool/tool.go": "package tool\n\nimport \"errors\"\n\nfunc Run(input []byte) ([]byte, error) {\n\tif len(input) == 0 {\n\t\treturn []byte(\"x\"), errors.New(\"no input\")\n\t}\n\treturn append(input, '!'), nil\n}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	exe := filepath.Join(dir, "command")
	build := exec.Command(filepath.Join(b.toolchain.goroot, "bin", "go"), "build", "-o", exe, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, test := range []struct {
		in, out, err string
		status       int
	}{{"abc", "abc!", "", 0}, {"", "", "no input\n", 1}} {
		cmd := exec.Command(exe)
		cmd.Stdin = strings.NewReader(test.in)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		cmd.Run()
		if out.String() != test.out || errs.String() != test.err || cmd.ProcessState.ExitCode() != test.status {
			t.Errorf("of %q: %q, %q, status %d; want %q, %q, %d", test.in, &out, &errs, cmd.ProcessState.ExitCode(), test.out, test.err, test.status)
		}
	}
}

// What Plan would not make is refused before anything is compiled.
func TestModuleRefusesOtherBatches(t *testing.T) {
	b := open(t)
	a, fmts, alone := unit(t, b, "a", Tool, tool(run)), unit(t, b, "f", Tool, tool("import _ \"fmt\"\n"+run)), unit(t, b, "v", Tool, tool("var x int\n"+run))
	swapped := a
	swapped.Files = tool("import _ \"os\"\n" + run)
	refused := a
	refused.Report = inspect(b.packages, Tool, swapped.Files)
	batch := func(units ...Unit) Batch { return Batch{Units: units, Hash: hashUnits(units)} }
	tests := []struct {
		name  string
		batch Batch
		want  string
	}{
		{"empty", Batch{}, "a batch of 0 units"},
		{"too large", batch(slices.Repeat([]Unit{a}, BatchSize+1)...), "a batch of 33 units"},
		{"no report", Batch{Units: []Unit{{ID: "n"}}}, "unit n: want a Report"},
		{"files that were not inspected", batch(swapped), "unit a: want a Report"},
		{"refused files", batch(refused), "unit a: want a Report"},
		{"two import sets", batch(a, fmts), "units a and f of one batch have different import sets"},
		{"not alone", batch(a, alone), "unit v must be compiled alone"},
		{"another hash", Batch{Units: []Unit{a}, Hash: "00"}, `the batch of a has hash "00"`},
	}
	for _, test := range tests {
		if _, err := b.Module(context.Background(), test.batch); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
	}
}

// A source that the gate accepts and the compiler does not is a defect of the gate.
// It is told from its neighbours.
func TestBuildErrorNamesCulprit(t *testing.T) {
	b := open(t)
	good, bad := unit(t, b, "good", Tool, tool(run)), unit(t, b, "bad", Tool, tool("// bad\n"+run))
	bad.Files = tool("func Run() { undefined() }\n")
	bad.Report = &Report{ImportSet: good.Report.ImportSet, source: hashSource(Tool, bad.Files)}
	_, err := b.Module(context.Background(), Plan([]Unit{good, bad, good})[0])
	var failed *BuildError
	if !errors.As(err, &failed) || !reflect.DeepEqual(failed.Units, []string{"bad"}) || !strings.Contains(err.Error(), "undefined") {
		t.Errorf("error %v, want a *BuildError of bad", err)
	}
	three := Batch{Units: []Unit{{ID: "x"}, {ID: "y"}, {ID: "z"}}}
	for stderr, want := range map[string]string{
		"# toolgen.guest/c001\n./c001/tool.go:7:1: stack frame too large\n":                       "y",
		"# toolgen.guest/c002\ncompile: signal: killed\n# toolgen.guest/c000\nc000/a.go:1:1: x\n": "x z",
		"c002/tool.go:1:1: expected 'package'\n":                                                  "z",
		"# toolgen.guest\nlink: too many symbols\n":                                               "x y z",
		"signal: killed": "x y z",
		"# toolgen.guest/c009\nc0011/x.go:1: mentions c001 and toolgen.guest/c001 within a message\n": "x y z",
	} {
		if got := strings.Join(three.culprits(stderr), " "); got != want {
			t.Errorf("culprits of %q: %s, want %s", stderr, got, want)
		}
	}
}
