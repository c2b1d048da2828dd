package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"toolgen/datasets"
)

// The kinds of incomparability that a user may allow.
const (
	KindToolchain = "toolchain"
	KindTask      = "task"
	KindFuel      = "fuel"
	KindSemantics = "semantics"
)

// Kinds lists what may be allowed.
var Kinds = []string{KindToolchain, KindTask, KindFuel, KindSemantics}

// KindMachine is wall-clock time of different machines. Nothing allows that.
const KindMachine = "machine"

// Incomparability is why a difference between two experiments would mean nothing.
type Incomparability struct {
	Kind     string `json:"kind"`
	What     string `json:"what"`
	Base     string `json:"base"`      // what the base was made with
	New      string `json:"new"`       // what the other was made with
	BaseName string `json:"base_name"` // the sides
	NewName  string `json:"new_name"`
	Hint     string `json:"hint"` // how to get two that can be compared
}

func (i *Incomparability) String() string {
	return fmt.Sprintf("%s differs: %s has %s, %s has %s; %s", i.What, i.BaseName, i.Base, i.NewName, i.New, i.Hint)
}

// IncomparableError is the first reason, and how many more there are.
type IncomparableError struct{ Reasons []Incomparability }

func (e *IncomparableError) Error() string {
	lines := []string{"not comparable"}
	for i := range e.Reasons {
		lines = append(lines, e.Reasons[i].String())
	}
	return strings.Join(lines, "\n  ")
}

// incomparable returns why two experiments cannot be compared, but for what is allowed.
func incomparable(base, other *Experiment, allow []string) []Incomparability {
	var out []Incomparability
	differ := func(kind, what, a, b, hint string) {
		if a == b || slices.Contains(allow, kind) {
			return
		}
		out = append(out, Incomparability{
			Kind: kind, What: what, Base: a, New: b, BaseName: base.Name, NewName: other.Name,
			Hint: hint + ", or compare all the same with --allow " + kind,
		})
	}
	a, b := &base.Identity, &other.Identity
	again := "run both manifests with the same version of toolgen"
	differ(KindSemantics, "the semantics", "number "+strconv.Itoa(a.Semantics), "number "+strconv.Itoa(b.Semantics), again)
	differ(KindToolchain, "the Go toolchain", a.Toolchain.Go, b.Toolchain.Go, fmt.Sprintf(
		"run both manifests with one of them on PATH (`go install golang.org/dl/%s@latest && %[1]s download` gets that of %s)", a.Toolchain.Go, base.Name))
	differ(KindToolchain, "wasmtime", a.Toolchain.Wasmtime, b.Toolchain.Wasmtime, again)
	differ(KindToolchain, "the sandbox's settings", a.Toolchain.Settings, b.Toolchain.Settings, again)
	differ(KindFuel, "the fuel model", strconv.Quote(a.FuelModel), strconv.Quote(b.FuelModel), again)
	differ(KindFuel, "fuel_per_ms", strconv.FormatInt(base.settings.fuelPerMS, 10), strconv.FormatInt(other.settings.fuelPerMS, 10), "give both manifests the same")
	for _, spec := range playedSpecs(base, other) {
		differ(KindTask, "the task "+spec, "digest "+a.Specs[spec].TaskDigest, "digest "+b.Specs[spec].TaskDigest,
			"run both manifests with the same folder of the spec (inputs/specs of either run holds its own: `toolgen run MANIFEST --specs RUN/inputs/specs`)")
	}
	return out
}

// playedSpecs are the specs that both experiments have points of.
func playedSpecs(a, b *Experiment) []string {
	var out []string
	for _, s := range a.scopes() {
		if len(b.specPoints(s[0])) > 0 && !slices.Contains(out, s[0]) {
			out = append(out, s[0])
		}
	}
	return out
}

// specPoints are the points of a spec and of its styles.
func (x *Experiment) specPoints(spec string) []Point {
	from := slices.IndexFunc(x.Points, func(p Point) bool { return p.Spec == spec })
	if from < 0 {
		return nil
	}
	to := from
	for to < len(x.Points) && x.Points[to].Spec == spec {
		to++
	}
	return x.Points[from:to]
}

// Difference is what two experiments do not have in common, and may differ in.
type Difference struct {
	New   string  `json:"new"` // the other side
	What  string  `json:"what"`
	Base  *string `json:"base"` // null: it is not there
	Value *string `json:"value"`
}

// differences lists in what manifests, styles and other inputs differ; seeds are left out.
func differences(base, other *Experiment) []Difference {
	a, b := flatten(base.Identity), flatten(other.Identity)
	var out []Difference
	for _, what := range slices.Sorted(maps.Keys(union(a, b))) {
		x, inBase := a[what]
		y, inOther := b[what]
		if inBase && inOther && x == y {
			continue
		}
		d := Difference{New: other.Name, What: what}
		if inBase {
			d.Base = &x
		}
		if inOther {
			d.Value = &y
		}
		out = append(out, d)
	}
	return out
}

func union(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// flatten brings what may differ to one value a line. Of specs it has the digest of
// their styles alone: the task is compared, and other files follow from both.
func flatten(id datasets.Identity) map[string]string {
	out := map[string]string{}
	dec := json.NewDecoder(bytes.NewReader(id.Manifest))
	dec.UseNumber()
	var manifest map[string]any
	if dec.Decode(&manifest) == nil { // readSettings has read it
		delete(manifest, "seeds")
		flattenInto(out, "manifest", manifest)
	}
	// any order: each has a key of its own
	for spec, d := range id.Specs {
		out["specs."+spec+".styles"] = shortDigest(d.StylesDigest)
	}
	// any order: each has a key of its own
	for name, sum := range id.Inputs {
		if !strings.HasPrefix(name, "specs/") {
			out["inputs."+name] = shortDigest(sum)
		}
	}
	return out
}

func shortDigest(s string) string { return s[:min(len(s), 12)] }

func flattenInto(out map[string]string, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		// any order: each has a key of its own
		for k, m := range v {
			flattenInto(out, path+"."+k, m)
		}
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			text, err := json.Marshal(e)
			if err != nil {
				panic(err) // it was JSON a moment ago
			}
			parts[i] = string(text)
		}
		out[path] = "[" + strings.Join(parts, ", ") + "]"
	case string:
		out[path] = v
	case nil:
		out[path] = "null"
	default:
		out[path] = fmt.Sprint(v)
	}
}

// number is a number as people write it.
func number(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
