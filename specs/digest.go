package specs

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// Digest is the SHA-256, in hex, of every file of the spec.
func (s *Spec) Digest() string {
	return digest("toolgen spec 1", nil, s.Files, func(string) bool { return true })
}

// TaskDigest is the SHA-256, in hex, of what the task is: spec.json without its styles,
// the sizes of the suite in force in place of its own, the reference, the generator, the
// checker and the written cases. Results are comparable only where it agrees; styles may
// differ, they are what is compared. Layout and spelling of spec.json do not count.
func (s *Spec) TaskDigest(sizes SuiteSizes) string {
	task := s.document()
	delete(task, "styles")
	delete(task, "$schema")
	task["suite"] = map[string]any{
		"search": sizes.Search, "validate": sizes.Validate, "holdout": sizes.Holdout,
		"sizes": append([]int{}, sizes.Sizes...), // none and nil are the same
	}
	return digest("toolgen task 1", task, s.Files, func(name string) bool {
		return name != "spec.json" && !strings.HasPrefix(name, "styles/")
	})
}

// StylesDigest is the SHA-256, in hex, of the styles: their part of spec.json, in order,
// and their templates.
func (s *Spec) StylesDigest() string {
	styles, _ := s.document()["styles"].(map[string]any)
	list := []any{}
	for _, style := range s.Styles {
		list = append(list, map[string]any{"name": style.Name, "style": styles[style.Name]})
	}
	return digest("toolgen styles 1", list, s.Files, func(name string) bool {
		return strings.HasPrefix(name, "styles/")
	})
}

// document returns spec.json as plain values, numbers in their one spelling.
func (s *Spec) document() map[string]any {
	data, _ := s.file("spec.json")
	root := parseJSON(data, func(int, string, ...any) {})
	if root == nil || root.kind != object {
		return map[string]any{} // a Spec that was put together by hand
	}
	return root.plain(nil).(map[string]any)
}

// digest hashes a domain, a value as canonical JSON (keys sorted, no space), and the
// files that are wanted, each framed by its length.
func digest(domain string, value any, files []File, want func(name string) bool) string {
	h := sha256.New()
	frame := func(data []byte) {
		fmt.Fprintf(h, "%d:", len(data))
		h.Write(data)
	}
	frame([]byte(domain))
	text, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("specs: %v", err)) // only values that came from JSON get here
	}
	frame(text)
	for _, f := range files {
		if want(f.Name) {
			frame([]byte(f.Name))
			frame(f.Data)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
