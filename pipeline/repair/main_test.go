package repair

import (
	"bytes"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// std reads the standard packages from the export data of the installed toolchain.
var std = sync.OnceValues(func() (types.Importer, error) {
	packages := []string{"bytes", "encoding/json", "errors", "fmt", "sort", "strconv", "strings"}
	out, err := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}}\t{{.Export}}"}, packages...)...).Output()
	if err != nil {
		return nil, err
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), "\t")
		files[path] = file
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(files[path])
	}), nil
})

func testImporter(t testing.TB) types.Importer {
	t.Helper()
	imp, err := std()
	if err != nil {
		t.Fatalf("go list -export: %v", err)
	}
	return imp
}

// runAll compiles programs natively, as packages of one, and runs each on its inputs, in
// a process of its own: what a program keeps from call to call must not matter.
func runAll(t *testing.T, sources []string, inputs [][]string) (outputs [][]string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	var imports, table strings.Builder
	for i, s := range sources {
		write(fmt.Sprintf("p%d/tool.go", i), s)
		fmt.Fprintf(&imports, "\tp%d \"traced/p%d\"\n", i, i)
		fmt.Fprintf(&table, "\t\"%d\": p%d.Run,\n", i, i)
	}
	write("go.mod", "module traced\n\ngo 1.26\n")
	write("main.go", "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n"+imports.String()+")\n\nvar table = map[string]func([]byte) ([]byte, error){\n"+table.String()+
		"}\n\nfunc main() {\n\tout, err := table[os.Args[1]]([]byte(os.Args[2]))\n\tif err != nil {\n\t\tfmt.Fprintln(os.Stderr, err)\n\t\tos.Exit(1)\n\t}\n\tos.Stdout.Write(out)\n}\n")
	program := filepath.Join(dir, "traced")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir, build.Env = dir, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i := range sources {
		var of []string
		for _, input := range inputs[i] {
			var errs bytes.Buffer
			cmd := exec.CommandContext(t.Context(), program, fmt.Sprint(i), input)
			cmd.Stderr = &errs
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("program %d on %q: %v\n%.2000s", i, input, err, &errs)
			}
			of = append(of, string(out))
		}
		outputs = append(outputs, of)
	}
	return outputs
}
