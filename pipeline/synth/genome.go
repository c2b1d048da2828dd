package synth

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"toolgen/specs"
)

// Genome is what the search varies. It has either a Style with all its
// parameters, or a Base.
type Genome struct {
	Style  string         `json:"style,omitempty"`  // name of a style of the spec; "" if the edits start from Base
	Params map[string]any `json:"params,omitempty"` // every parameter of the style: int64, float64, bool or string
	Base   string         `json:"base,omitempty"`   // source of an entrant or of a repaired candidate
	Edits  []Edit         `json:"edits,omitempty"`  // applied one after another
}

// Clone returns a copy that shares nothing with g.
func (g Genome) Clone() Genome {
	g.Params = maps.Clone(g.Params)
	g.Edits = slices.Clone(g.Edits)
	return g
}

// Equal reports whether the genomes are the same, parameter types included.
func (g Genome) Equal(other Genome) bool {
	return g.Style == other.Style && g.Base == other.Base &&
		slices.Equal(g.Edits, other.Edits) && maps.Equal(g.Params, other.Params)
}

// Encode returns the genome as canonical JSON: keys sorted or in the order of the
// struct, no spaces, nothing escaped for HTML. Equal genomes have equal bytes. It
// fails only if a parameter cannot be written, such as NaN.
func (g Genome) Encode() ([]byte, error) { return encode(g) }

// EncodeParams returns parameters as canonical JSON, an object with sorted keys.
func EncodeParams(params map[string]any) ([]byte, error) {
	if params == nil {
		params = map[string]any{}
	}
	return encode(params)
}

// EncodeEdits returns edits as canonical JSON, an array.
func EncodeEdits(edits []Edit) ([]byte, error) {
	if edits == nil {
		edits = []Edit{}
	}
	return encode(edits)
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("synth: encode: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// DecodeGenome reads what Encode wrote. The spec's styles say which type each
// parameter has, since JSON does not tell 4 from 4.0; the genome is valid for the
// spec, or there is an error.
func DecodeGenome(spec *specs.Spec, data []byte) (Genome, error) {
	var g Genome
	if err := decode(data, &g); err != nil {
		return Genome{}, fmt.Errorf("synth: genome: %w", err)
	}
	if g.Style != "" {
		style, err := styleOf(spec, g.Style)
		if err != nil {
			return Genome{}, err
		}
		if g.Params == nil {
			g.Params = map[string]any{}
		}
		if err := typeParams(style, g.Params); err != nil {
			return Genome{}, err
		}
	}
	if err := checkShape(spec, g); err != nil {
		return Genome{}, err
	}
	return g, nil
}

// DecodeParams reads what EncodeParams wrote, under a style's declarations.
func DecodeParams(style *specs.Style, data []byte) (map[string]any, error) {
	params := map[string]any{}
	if err := decode(data, &params); err != nil {
		return nil, fmt.Errorf("synth: parameters of style %q: %w", style.Name, err)
	}
	if err := typeParams(style, params); err != nil {
		return nil, err
	}
	if err := ValidateParams(style, params); err != nil {
		return nil, err
	}
	return params, nil
}

// decode reads one JSON value that has no unknown keys and leaves numbers as written.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("more than one JSON value")
	}
	return nil
}

// typeParams turns numbers as written into the type that the style declares.
func typeParams(style *specs.Style, params map[string]any) error {
	for i := range style.Params {
		p := &style.Params[i]
		n, ok := params[p.Name].(json.Number)
		if !ok {
			continue
		}
		switch p.Type {
		case specs.ParamInt:
			v, err := strconv.ParseInt(n.String(), 10, 64)
			if err != nil {
				return paramError(style, p.Name, "%s is no integer", n)
			}
			params[p.Name] = v
		case specs.ParamFloat:
			v, err := strconv.ParseFloat(n.String(), 64)
			if err != nil || math.IsInf(v, 0) {
				return paramError(style, p.Name, "%s is no number", n)
			}
			params[p.Name] = v
		}
	}
	return nil
}

// checkShape reports what is wrong with a genome apart from its edits, which only
// applying them can tell.
func checkShape(spec *specs.Spec, g Genome) error {
	switch {
	case g.Style == "" && g.Base == "":
		return fmt.Errorf("synth: genome has neither a style nor a base, expected one")
	case g.Style != "" && g.Base != "":
		return fmt.Errorf("synth: genome has both style %q and a base, expected one", g.Style)
	case g.Style == "" && len(g.Params) > 0:
		return fmt.Errorf("synth: genome has parameters but no style")
	case g.Style == "":
		return nil
	}
	style, err := styleOf(spec, g.Style)
	if err != nil {
		return err
	}
	return ValidateParams(style, g.Params)
}

// ID returns the id of a candidate: the SHA-256 of the spec's id and the source,
// each framed by its length, in lower-case hex.
func ID(specID, source string) string {
	h := sha256.New()
	fmt.Fprintf(h, "toolgen candidate\n%d:%s%d:", len(specID), specID, len(source))
	io.WriteString(h, source)
	return hex.EncodeToString(h.Sum(nil))
}
