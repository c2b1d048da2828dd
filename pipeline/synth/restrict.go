package synth

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"toolgen/specs"
)

// checker holds a template against the restrictions: an allow-list of nodes,
// fields and functions. Whatever it does not know it refuses.
type checker struct {
	t *styleTemplate
}

func (c *checker) refuse(n parse.Node, format string, args ...any) error {
	return c.t.errorAt(int(n.Position()), format, args...)
}

// list checks the nodes of a list; root says whether dot is still the data that
// the template was given, and not the element of an enclosing range or with.
func (c *checker) list(list *parse.ListNode, root bool) error {
	if list == nil {
		return nil
	}
	for _, n := range list.Nodes {
		if err := c.node(n, root); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) node(n parse.Node, root bool) error {
	switch n := n.(type) {
	case *parse.TextNode, *parse.CommentNode:
		return nil
	case *parse.ActionNode:
		return c.pipe(n.Pipe, root)
	case *parse.IfNode:
		return c.branch(&n.BranchNode, root, root)
	case *parse.WithNode:
		return c.branch(&n.BranchNode, root, false)
	case *parse.RangeNode:
		if err := c.loop(n); err != nil {
			return err
		}
		return c.branch(&n.BranchNode, root, false)
	case *parse.TemplateNode:
		return c.refuse(n, "template and block are not allowed in a style")
	}
	return c.refuse(n, "%s is not allowed in a style, expected text, actions, if, with or range", n)
}

func (c *checker) branch(b *parse.BranchNode, root, body bool) error {
	if err := c.pipe(b.Pipe, root); err != nil {
		return err
	}
	if err := c.list(b.List, body); err != nil {
		return err
	}
	return c.list(b.ElseList, root)
}

// loop allows {{range .Params.n}} and {{range $i := $.Params.n}} over integers only.
func (c *checker) loop(n *parse.RangeNode) error {
	const expected = "expected range over an integer parameter, such as {{range $i := .Params.n}}"
	if len(n.Pipe.Cmds) == 1 && len(n.Pipe.Cmds[0].Args) == 1 {
		path, _ := fieldPath(n.Pipe.Cmds[0].Args[0])
		if len(path) == 2 && path[0] == "Params" {
			if p := c.param(path[1]); p == nil || p.Type == specs.ParamInt {
				return nil // an unknown parameter is reported with the pipeline
			}
		}
	}
	return c.refuse(n.Pipe, "range over %s is not allowed in a style, %s", n.Pipe, expected)
}

func (c *checker) param(name string) *specs.Param {
	for i := range c.t.style.Params {
		if c.t.style.Params[i].Name == name {
			return &c.t.style.Params[i]
		}
	}
	return nil
}

// fieldPath returns the names of .A.B or $.A.B, and whether it begins at dot.
func fieldPath(n parse.Node) (path []string, dot bool) {
	switch n := n.(type) {
	case *parse.FieldNode:
		return n.Ident, true
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return n.Ident[1:], false
		}
	}
	return nil, false
}

func (c *checker) pipe(p *parse.PipeNode, root bool) error {
	nodes := 0
	return c.pipeline(p, root, &nodes)
}

func (c *checker) pipeline(p *parse.PipeNode, root bool, nodes *int) error {
	for _, cmd := range p.Cmds {
		for _, arg := range cmd.Args {
			if *nodes++; *nodes > maxPipeline {
				return c.refuse(p, "a pipeline of more than %d operands, expected fewer", maxPipeline)
			}
			if err := c.operand(arg, root, nodes); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) operand(n parse.Node, root bool, nodes *int) error {
	switch n := n.(type) {
	case *parse.BoolNode, *parse.NumberNode, *parse.StringNode, *parse.NilNode:
		return nil
	case *parse.DotNode:
		if root {
			return c.refuse(n, "dot as a value, expected .Params.<name> or .Spec.<field>")
		}
		return nil
	case *parse.PipeNode:
		return c.pipeline(n, root, nodes)
	case *parse.IdentifierNode:
		if _, ok := templateFuncs[n.Ident]; !ok && !slices.Contains(builtinFuncs, n.Ident) {
			return c.refuse(n, "function %q is not allowed in a style, expected one of: %s", n.Ident, strings.Join(allFuncs(), ", "))
		}
		return nil
	case *parse.VariableNode:
		if n.Ident[0] != "$" && len(n.Ident) == 1 {
			return nil
		}
	}
	path, dot := fieldPath(n)
	if len(path) == 2 && dot && !root {
		return c.refuse(n, "%s inside range or with, where dot is the element, expected $%s", n, n)
	}
	if len(path) == 2 && path[0] == "Params" {
		if c.param(path[1]) == nil {
			names := []string{}
			for _, p := range c.t.style.Params {
				names = append(names, p.Name)
			}
			return c.refuse(n, "style %q has no parameter %q, expected one of: %s", c.t.style.Name, path[1], strings.Join(names, ", "))
		}
		c.t.reads[path[1]] = true
		return nil
	}
	if len(path) == 2 && path[0] == "Spec" {
		if _, ok := reflect.TypeFor[TemplateSpec]().FieldByName(path[1]); !ok {
			return c.refuse(n, ".Spec has no field %q, expected one of: %s", path[1], strings.Join(specFields(), ", "))
		}
		return nil
	}
	return c.refuse(n, "%s is not allowed in a style, expected .Params.<name>, .Spec.<field>, a variable, a literal or a function", n)
}

func specFields() []string {
	var names []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[TemplateSpec]()) {
		names = append(names, f.Name)
	}
	return names
}

// builtinFuncs are the functions of text/template that a style may call as they are.
var builtinFuncs = []string{"and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len"}

// templateFuncs are the other functions of a style. Each is cheap whatever its
// arguments are, and what it returns is bounded.
var templateFuncs = template.FuncMap{
	"add":    func(a, b any) (any, error) { return arithmetic("add", a, b) },
	"sub":    func(a, b any) (any, error) { return arithmetic("sub", a, b) },
	"mul":    func(a, b any) (any, error) { return arithmetic("mul", a, b) },
	"div":    func(a, b any) (any, error) { return arithmetic("div", a, b) },
	"mod":    func(a, b any) (any, error) { return arithmetic("mod", a, b) },
	"min":    func(a, b any) (any, error) { return arithmetic("min", a, b) },
	"max":    func(a, b any) (any, error) { return arithmetic("max", a, b) },
	"print":  func(args ...any) (string, error) { return bounded(args, fmt.Sprint) },
	"printf": printf,
	"quote": func(s string) (string, error) {
		return bounded([]any{s}, func(...any) string { return strconv.Quote(s) })
	},
}

func allFuncs() []string {
	names := slices.AppendSeq(slices.Clone(builtinFuncs), maps.Keys(templateFuncs))
	slices.Sort(names)
	return names
}

// arithmetic works on integers, or on floats if one operand is a float.
func arithmetic(op string, a, b any) (any, error) {
	x, xf, err := number(op, a)
	if err != nil {
		return nil, err
	}
	y, yf, err := number(op, b)
	if err != nil {
		return nil, err
	}
	_, aFloat := a.(float64)
	_, bFloat := b.(float64)
	if aFloat || bFloat {
		var r float64
		switch op {
		case "add":
			r = xf + yf
		case "sub":
			r = xf - yf
		case "mul":
			r = xf * yf
		case "div":
			r = xf / yf
		case "mod":
			r = math.Mod(xf, yf)
		case "min":
			r = min(xf, yf)
		case "max":
			r = max(xf, yf)
		}
		if math.IsNaN(r) || math.IsInf(r, 0) {
			return nil, fmt.Errorf("%s of %v and %v is no number", op, a, b)
		}
		return r, nil
	}
	if y == 0 && (op == "div" || op == "mod") {
		return nil, fmt.Errorf("%s of %v by zero", op, a)
	}
	switch op {
	case "add":
		return x + y, nil
	case "sub":
		return x - y, nil
	case "mul":
		return x * y, nil
	case "div":
		return x / y, nil
	case "mod":
		return x % y, nil
	case "min":
		return min(x, y), nil
	}
	return max(x, y), nil
}

func number(op string, v any) (int64, float64, error) {
	switch v := v.(type) {
	case int:
		return int64(v), float64(v), nil
	case int64:
		return v, float64(v), nil
	case float64:
		return 0, v, nil
	}
	return 0, 0, fmt.Errorf("%s of %v, expected a number", op, v)
}

// bounded formats arguments whose strings are not too long to begin with.
func bounded(args []any, f func(...any) string) (string, error) {
	size := 0
	for _, a := range args {
		switch a := a.(type) {
		case string:
			size += len(a)
		case nil, bool, int, int64, float64:
		default:
			return "", fmt.Errorf("a value of type %T, expected a parameter or a field of .Spec", a)
		}
	}
	if size > maxString {
		return "", fmt.Errorf("%d bytes of text, expected at most %d", size, maxString)
	}
	s := f(args...)
	if len(s) > maxString {
		return "", fmt.Errorf("%d bytes of text, expected at most %d", len(s), maxString)
	}
	return s, nil
}

// printf is fmt.Sprintf without widths that depend on an argument or exceed 99,
// and without more verbs than there are arguments.
func printf(format string, args ...any) (string, error) {
	verbs := 0
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		verbs++
		digits := 0
		for i++; i < len(format) && strings.IndexByte("+-# 0123456789.*[]", format[i]) >= 0; i++ {
			switch b := format[i]; {
			case b == '*' || b == '[' || b == ']':
				return "", fmt.Errorf("printf %q: widths and operands from arguments are not allowed", format)
			case b < '0' || b > '9':
				digits = 0
			default:
				if digits++; digits > 2 {
					return "", fmt.Errorf("printf %q: a width or precision above 99 is not allowed", format)
				}
			}
		}
		if i < len(format) && format[i] == '%' {
			verbs--
		}
	}
	if verbs != len(args) {
		return "", fmt.Errorf("printf %q: %d verbs for %d operands", format, verbs, len(args))
	}
	return bounded(append([]any{format}, args...), func(...any) string { return fmt.Sprintf(format, args...) })
}
