package main

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"toolgen/analysis/compare"
)

// TestCompareKeysAreDocumented: every key of the JSON stands in docs/compare.md, as does
// every key of a gate and every metric beyond the columns.
func TestCompareKeysAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "compare.md"))
	if err != nil {
		t.Fatal(err)
	}
	words := strings.FieldsFunc(string(page), func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	var keys []string
	jsonKeys(reflect.TypeFor[compare.Result](), &keys)
	keys = append(keys, compare.FlakeRate, compare.RepairRate, compare.Hypervolume, compare.BestFitness, compare.EpochsToBest)
	keys = append(keys, compare.Kinds...)
	if len(keys) < 60 {
		t.Fatalf("only %d keys", len(keys))
	}
	for _, k := range keys {
		if !slices.Contains(words, k) {
			t.Errorf("docs/compare.md does not say %s", k)
		}
	}
}

// jsonKeys collects the keys of a type and of all below it.
func jsonKeys(t reflect.Type, keys *[]string) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		jsonKeys(t.Elem(), keys)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.Anonymous {
				*keys = append(*keys, f.Tag.Get("json"))
			}
			jsonKeys(f.Type, keys)
		}
	}
}

func TestShortNames(t *testing.T) {
	for _, c := range []struct{ paths, want string }{
		{"runs/a runs/b", "a b"},
		{"runs/a/ old/a base.json", "runs/a old/a base.json"},
		{"a a", "a a"},
		{"./a", "a"},
	} {
		if got := strings.Join(shortNames(strings.Fields(c.paths)), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.paths, got, c.want)
		}
	}
}
