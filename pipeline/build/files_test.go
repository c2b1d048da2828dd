package build

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestReadFiles(t *testing.T) {
	write := func(t *testing.T, dir, name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name  string
		setup func(t *testing.T, dir string)
		want  string // names of files read, or of the error the beginning after the folder's name
	}{
		{"one", func(t *testing.T, dir string) {}, "tool.go"},
		{"sorted, without what is no part of the program", func(t *testing.T, dir string) {
			write(t, dir, "z.go", "package tool\n")
			write(t, dir, "a.go", "package tool\n")
			write(t, dir, "tool_test.go", "package tool\n")
			write(t, dir, "go.mod", "module x\n")
			write(t, dir, "README.md", "\n")
			os.Mkdir(filepath.Join(dir, "sub"), 0o777)
			write(t, dir, "sub/x.s", "\n")
		}, "a.go tool.go z.go"},
		{"symbolic link", func(t *testing.T, dir string) {
			if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link.go")); err != nil {
				t.Fatal(err)
			}
		}, "link.go: a symbolic link"},
		{"link to a sound file", func(t *testing.T, dir string) {
			if err := os.Symlink("tool.go", filepath.Join(dir, "link.go")); err != nil {
				t.Fatal(err)
			}
		}, "link.go: a symbolic link"},
		{"pipe", func(t *testing.T, dir string) {
			if err := syscall.Mkfifo(filepath.Join(dir, "pipe.go"), 0o666); err != nil {
				t.Fatal(err)
			}
		}, "pipe.go: neither link nor regular file"},
		{"folder", func(t *testing.T, dir string) {
			if err := os.Mkdir(filepath.Join(dir, "dir.go"), 0o777); err != nil {
				t.Fatal(err)
			}
		}, "dir.go: neither link nor regular file"},
		{"assembly", func(t *testing.T, dir string) { write(t, dir, "add_wasm.s", "") }, "add_wasm.s: a source in another language"},
		{"object file", func(t *testing.T, dir string) { write(t, dir, "x.syso", "") }, "x.syso: a source in another language"},
		{"two at once", func(t *testing.T, dir string) { write(t, dir, "x.c", ""); write(t, dir, "a.h", "") }, "a.h: a source in another language, or an object file: want Go files only (file); x.c:"},
		{"too much", func(t *testing.T, dir string) { write(t, dir, "x.go", strings.Repeat("x", maxSourceBytes)) }, "x.go: the Go files up to this one have more than"},
		{"too many", func(t *testing.T, dir string) {
			for _, c := range "abcdefghijklmnop" {
				write(t, dir, string(c)+".go", "")
			}
		}, "tool.go: the folder has more than"},
		{"none", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "tool.go")) }, "the folder has no Go files"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "tool.go", "package tool\n")
			test.setup(t, dir)
			files, err := ReadFiles(dir)
			if err != nil {
				var source *SourceError
				if !errors.As(err, &source) || !strings.HasPrefix(err.Error(), dir+": "+test.want) {
					t.Fatalf("error %v, want a *SourceError %q", err, test.want)
				}
				return
			}
			var names []string
			for _, f := range files {
				names = append(names, f.Name)
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Fatalf("read %s, want %s", got, test.want)
			}
		})
	}
	if _, err := ReadFiles(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent folder: %v", err)
	}
}
