package adapt

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"go/types"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// fit says why the arguments of a case are none of the function's, or why what is wanted
// is nothing that the function can return. Then the case would tell nothing of it: the
// search would go by a case that nobody can pass.
func (t *Tool) fit(c *testCase) error {
	for i, arg := range c.Args {
		if err := (fitter{t: t}).whole(t.params[i], arg); err != nil {
			return fmt.Errorf("argument %d: %w", i+1, err)
		}
	}
	if c.Error {
		if !t.fails {
			return errors.New(`"error": true, and the function returns no error`)
		}
		return nil
	}
	results, what := t.results, "result"
	if len(results) == 0 && !t.fails {
		results, what = t.params, "argument" // afterwards
	}
	f := fitter{t: t, written: true}
	switch {
	case len(results) == 0:
		if string(bytes.TrimSpace(c.Want)) != "null" {
			return fmt.Errorf("want of a function that returns nothing but an error: want null, have %s", describe(c.Want))
		}
	case len(t.results) == 1:
		if t.empty[0] != "" && string(c.Want) == "null" {
			return nil
		}
		if err := f.whole(results[0], c.Want); err != nil {
			return fmt.Errorf("want: %w", err)
		}
	default:
		var list []json.RawMessage
		if json.Unmarshal(c.Want, &list) != nil || len(list) != len(results) || list == nil {
			return fmt.Errorf("want: want an array of the %d %ss, have %s", len(results), what, describe(c.Want))
		}
		for i, v := range list {
			if len(t.results) > 0 && t.empty[i] != "" && string(v) == "null" {
				continue
			}
			if err := f.whole(results[i], v); err != nil {
				return fmt.Errorf("want, %s %d: %w", what, i+1, err)
			}
		}
	}
	return nil
}

// fitter holds JSON against types as encoding/json reads them, and stricter: null is no
// number, an array has as many elements as its type, and a struct has no field that its
// type has not.
type fitter struct {
	t       *Tool
	written bool // as encoding/json writes them
}

// misfit is a part of a value that does not fit.
type misfit struct{ path, msg string }

// whole checks a value.
func (f fitter) whole(t types.Type, v json.RawMessage) error {
	bad := f.check(t, v, "")
	if bad == nil {
		return nil
	}
	if strings.Count(bad.path, "[")+strings.Count(bad.path, ".") == 1 && uniform(v) && bad.path == "[0]" && strings.HasPrefix(bad.msg, "want ") {
		return fmt.Errorf("want %s, have %s", f.name(t), describe(v)) // all of it is something else
	}
	if bad.path == "" {
		return errors.New(bad.msg)
	}
	return fmt.Errorf("at %s: %s", strings.TrimPrefix(bad.path, "."), bad.msg)
}

func (f fitter) name(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p == f.t.scope {
			return ""
		}
		return p.Name()
	})
}

func (f fitter) check(t types.Type, v json.RawMessage, path string) *misfit {
	v = bytes.TrimSpace(v)
	no := func() *misfit { return &misfit{path, "want " + f.name(t) + ", have " + describe(v)} }
	null := string(v) == "null"
	if method(t, "MarshalJSON") || method(t, "UnmarshalJSON") {
		return nil // it writes itself
	}
	if _, pointer := t.Underlying().(*types.Pointer); !pointer && (method(t, "MarshalText") || method(t, "UnmarshalText")) {
		if v[0] != '"' && !(null && types.IsInterface(t)) {
			return no()
		}
		return nil
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		if null {
			return nil
		}
		return f.check(u.Elem(), v, path)
	case *types.Basic:
		if !f.basic(t, u, v) {
			return no()
		}
	case *types.Slice:
		if b, ok := u.Elem().Underlying().(*types.Basic); ok && b.Kind() == types.Uint8 && (f.written || v[0] == '"') {
			var text string
			if null {
				return nil
			}
			if json.Unmarshal(v, &text) != nil {
				return &misfit{path, "want " + f.name(t) + ", a string in base64, have " + describe(v)}
			}
			if _, err := base64.StdEncoding.DecodeString(text); err != nil {
				return &misfit{path, "want " + f.name(t) + ", a string in base64, have another string"}
			}
			return nil
		}
		if null {
			return nil
		}
		return f.elements(u.Elem(), v, path, -1, no)
	case *types.Array:
		return f.elements(u.Elem(), v, path, int(u.Len()), no)
	case *types.Map:
		if null {
			return nil
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(v, &object) != nil {
			return no()
		}
		for _, key := range slices.Sorted(maps.Keys(object)) {
			at := path + "[" + strconv.Quote(key) + "]"
			if b, ok := u.Key().Underlying().(*types.Basic); ok && b.Info()&types.IsInteger != 0 && !method(u.Key(), "UnmarshalText") && !isInteger(b, key) {
				return &misfit{at, "want a key of type " + f.name(u.Key())}
			}
			if bad := f.check(u.Elem(), object[key], at); bad != nil {
				return bad
			}
		}
	case *types.Struct:
		if null && !f.written {
			return no()
		}
		return f.structure(t, u, v, path, no)
	}
	return nil // an interface takes anything
}

func (f fitter) elements(elem types.Type, v json.RawMessage, path string, n int, no func() *misfit) *misfit {
	var list []json.RawMessage
	if json.Unmarshal(v, &list) != nil || list == nil {
		return no()
	}
	if n >= 0 && len(list) != n {
		return &misfit{path, fmt.Sprintf("want an array of length %d, have %d", n, len(list))}
	}
	for i, e := range list {
		if bad := f.check(elem, e, fmt.Sprintf("%s[%d]", path, i)); bad != nil {
			return bad
		}
	}
	return nil
}

// basic holds a value against a basic type.
func (f fitter) basic(t types.Type, u *types.Basic, v json.RawMessage) bool {
	switch {
	case u.Info()&types.IsBoolean != 0:
		return string(v) == "true" || string(v) == "false"
	case u.Info()&types.IsString != 0:
		if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "encoding/json" && named.Obj().Name() == "Number" && number(v) {
			return true
		}
		return v[0] == '"'
	case !number(v):
		return false
	case u.Info()&types.IsInteger != 0:
		if f.written { // 2.0 is 2 when answers are compared
			if x, err := strconv.ParseFloat(string(v), 64); err == nil && x == float64(int64(x)) && strings.ContainsAny(string(v), ".eE") {
				return true
			}
		}
		return isInteger(u, string(v))
	}
	bits := 64
	if u.Kind() == types.Float32 {
		bits = 32
	}
	_, err := strconv.ParseFloat(string(v), bits)
	return err == nil
}

func number(v json.RawMessage) bool { return v[0] == '-' || '0' <= v[0] && v[0] <= '9' }

// isInteger reports whether a text is an integer of a type.
func isInteger(u *types.Basic, text string) bool {
	bits := 8 * int(sizes.Sizeof(u))
	if u.Info()&types.IsUnsigned != 0 {
		_, err := strconv.ParseUint(text, 10, bits)
		return err == nil
	}
	_, err := strconv.ParseInt(text, 10, bits)
	return err == nil
}

// structure holds an object against a struct.
func (f fitter) structure(t types.Type, u *types.Struct, v json.RawMessage, path string, no func() *misfit) *misfit {
	var object map[string]json.RawMessage
	if json.Unmarshal(v, &object) != nil || object == nil {
		return no()
	}
	fields := map[string]jsonField{}
	jsonFields(u, fields, nil)
	names := slices.Sorted(maps.Keys(fields))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		name := key
		if _, ok := fields[name]; !ok && !f.written {
			// Any case will do for reading.
			if i := slices.IndexFunc(names, func(n string) bool { return strings.EqualFold(n, key) }); i >= 0 {
				name = names[i]
			}
		}
		field, ok := fields[name]
		if !ok {
			have := "it has none"
			if len(names) > 0 {
				have = "it has " + strings.Join(names, ", ")
			}
			return &misfit{path, fmt.Sprintf("%s has no field %q in JSON; %s", f.name(t), key, have)}
		}
		if field.quoted || field.typ == nil {
			continue
		}
		if bad := f.check(field.typ, object[key], path+"."+name); bad != nil {
			return bad
		}
	}
	for _, name := range names {
		if _, ok := object[name]; !ok && f.written && !fields[name].optional {
			return &misfit{path, fmt.Sprintf("%s always has the field %q in JSON, and it is missing", f.name(t), name)}
		}
	}
	return nil
}

// jsonField is a field as encoding/json sees it.
type jsonField struct {
	typ      types.Type // nil: which of several it is depends on their depth
	optional bool       // it may be left out of what is written
	quoted   bool       // in a string
}

// jsonFields collects the fields of a struct and of those embedded in it.
func jsonFields(u *types.Struct, fields map[string]jsonField, within []*types.Struct) {
	if slices.Contains(within, u) {
		return
	}
	within = append(slices.Clone(within), u)
	var embedded []*types.Struct
	var behind []bool // a pointer, which may be nil
	for i := range u.NumFields() {
		v := u.Field(i)
		tag := reflect.StructTag(u.Tag(i)).Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if tag == "-" {
			continue
		}
		inner := v.Type()
		p, pointer := inner.Underlying().(*types.Pointer)
		if pointer {
			inner = p.Elem()
		}
		if s, ok := inner.Underlying().(*types.Struct); ok && v.Embedded() && name == "" {
			embedded, behind = append(embedded, s), append(behind, pointer)
			continue
		}
		if !v.Exported() {
			continue
		}
		if name == "" {
			name = v.Name()
		}
		list := strings.Split(options, ",")
		fields[name] = jsonField{
			typ: v.Type(), quoted: slices.Contains(list, "string"),
			optional: slices.Contains(list, "omitempty") || slices.Contains(list, "omitzero"),
		}
	}
	for i, s := range embedded {
		more := map[string]jsonField{}
		jsonFields(s, more, within)
		for name, field := range more { // any order: each by itself
			if _, ok := fields[name]; ok {
				fields[name] = jsonField{optional: true}
				continue
			}
			field.optional = field.optional || behind[i]
			fields[name] = field
		}
	}
}

// describe says what a value is, in a few words.
func describe(v json.RawMessage) string {
	v = bytes.TrimSpace(v)
	if len(v) == 0 {
		return "nothing"
	}
	switch v[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(v, &list) == nil && len(list) > 0 && uniform(v) {
			return "array of " + describeMany(list[0])
		}
		return "array"
	}
	if len(v) < 30 {
		return "number " + string(v)
	}
	return "number"
}

func describeMany(v json.RawMessage) string {
	switch kind(v) {
	case 'n':
		return "nulls"
	case '0':
		return "numbers"
	}
	return describe(v) + "s"
}

// kind tells values by what they are: the first byte, of numbers 0, of booleans t.
func kind(v json.RawMessage) byte {
	switch c := bytes.TrimSpace(v)[0]; {
	case c == 'f':
		return 't'
	case number(json.RawMessage{c}):
		return '0'
	default:
		return c
	}
}

// uniform reports whether a value is an array of one kind of values.
func uniform(v json.RawMessage) bool {
	var list []json.RawMessage
	if json.Unmarshal(v, &list) != nil || len(list) == 0 {
		return false
	}
	return !slices.ContainsFunc(list, func(e json.RawMessage) bool { return kind(e) != kind(list[0]) })
}
