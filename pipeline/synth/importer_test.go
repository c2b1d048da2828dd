package synth

import (
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// stdImporter reads the standard packages from the export data of the installed
// toolchain.
var stdImporter = sync.OnceValues(func() (types.Importer, error) {
	packages := []string{"bufio", "bytes", "cmp", "container/heap", "encoding/binary", "encoding/csv", "encoding/json", "errors", "fmt", "hash/fnv", "io", "iter", "maps",
		"math", "math/big", "math/bits", "math/rand/v2", "regexp", "slices", "sort", "strconv", "strings", "unicode", "unicode/utf8", "unicode/utf16", "index/suffixarray"}
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
	imp, err := stdImporter()
	if err != nil {
		t.Fatalf("go list -export: %v", err)
	}
	return imp
}

// lockedImporter makes an importer safe for concurrent use.
type lockedImporter struct {
	mu  sync.Mutex
	imp types.Importer
}

func (l *lockedImporter) Import(path string) (*types.Package, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.imp.Import(path)
}
