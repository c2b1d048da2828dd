package build

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"toolgen/pipeline/isolate"
)

// testDir is a folder that stays from one test run to the next: a cold build cache
// costs ten seconds.
func testDir(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		return t.TempDir()
	}
	return filepath.Join(cache, "toolgen-test")
}

func TestMain(m *testing.M) {
	Main()
	code := m.Run()
	if shared.builder != nil {
		shared.builder.Close()
	}
	os.Exit(code)
}

var shared struct {
	once    sync.Once
	builder *Builder
	err     error
}

// open returns a builder without a store, which all tests share.
func open(t testing.TB) *Builder {
	t.Helper()
	shared.once.Do(func() {
		shared.builder, shared.err = Open(context.Background(), Config{Dir: testDir(t), Host: isolate.NewHost(2)})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.builder
}

// withStore is a copy of b with a store and flights of its own.
func withStore(b *Builder, s Store) *Builder {
	return &Builder{
		dir: b.dir, store: s, host: b.host, engine: b.engine, goPool: b.goPool, gatePool: b.gatePool,
		observe: b.observe, toolchain: b.toolchain, packages: b.packages,
	}
}

// memory is a Store that counts.
type memory struct {
	mu   sync.Mutex
	data map[string][]byte
	puts int
	err  error // of Put
}

func (m *memory) Get(key string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.data[key]
	return data, ok
}

func (m *memory) Put(key string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	if m.data == nil {
		m.data = map[string][]byte{}
	}
	m.data[key] = data
	m.puts++
	return nil
}

// tool makes a file tool.go of the rest of a package tool.
func tool(body string) []File {
	return []File{{Name: "tool.go", Data: []byte("package tool\n" + body)}}
}

const run = "func Run(input []byte) ([]byte, error) { return input, nil }\n"

// unit inspects files, which must be accepted.
func unit(t testing.TB, b *Builder, id string, role Role, files []File) Unit {
	t.Helper()
	r := inspect(b.packages, role, files)
	if r.Verdict != "" {
		t.Fatalf("unit %s: %s: %v", id, r.Verdict, r.Problems)
	}
	return Unit{ID: id, Role: role, Files: files, Report: r}
}
