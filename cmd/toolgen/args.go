package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/urfave/cli/v2"
)

// request is a command line that was understood.
type request struct {
	argv []string       // as urfave/cli wants it: flags before what they belong to
	path []*cli.Command // the command and its subcommand; nil for toolgen alone
	help bool
}

// understand reads argv. urfave/cli stops looking for flags at the first argument that
// is none, and silently takes the rest for arguments; here flags may stand anywhere,
// before the command too. "--" ends them.
//
// A flag's name has one meaning in the whole program as to whether it takes a value, so
// that argv can be read before it is known which command it is for.
func understand(app *cli.App, argv []string) (*request, error) {
	type given struct {
		name string // without dashes, as the user wrote it
		args []string
	}
	var flags []given
	var words, positional []string
	var unknown []string
	all := flagTable(app)
	r := &request{}
	for rest := argv[1:]; len(rest) > 0; {
		arg := rest[0]
		rest = rest[1:]
		if arg == "--" {
			positional = rest
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			words = append(words, arg)
			continue
		}
		name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		takes, known := all[name]
		if !known && !strings.HasPrefix(arg, "--") && len(arg) > 2 {
			// -j4: a letter and its value in one word.
			if t, ok := all[arg[1:2]]; ok && t {
				name, value, hasValue, takes, known = arg[1:2], arg[2:], true, true, true
			}
		}
		switch {
		case name == "help" || name == "h":
			r.help = true
		case name == "version":
			words = append([]string{"version"}, words...)
		case !known:
			unknown = append(unknown, arg)
		case takes && !hasValue:
			if len(rest) == 0 {
				return nil, usagef("%s needs a value", arg)
			}
			if next := strings.TrimLeft(rest[0], "-"); next != rest[0] && isFlag(all, next) {
				return nil, usagef("%s needs a value, and the flag %s follows", arg, rest[0])
			}
			flags = append(flags, given{name, []string{"--" + name, rest[0]}})
			rest = rest[1:]
		case hasValue:
			flags = append(flags, given{name, []string{"--" + name + "=" + value}})
		default:
			flags = append(flags, given{name, []string{"--" + name}})
		}
	}
	if len(words) > 0 && words[0] == "help" {
		r.help = true
		words = words[1:]
	}
	words, err := r.find(app, words)
	if err != nil && len(unknown) == 0 {
		return nil, err
	}
	if len(unknown) > 0 {
		return nil, r.unknownFlag(app, unknown[0])
	}
	var global, own []string
	for _, f := range flags {
		switch {
		case r.has(f.name):
			own = append(own, f.args...)
		case hasFlag(app.Flags, f.name):
			global = append(global, f.args...)
		case r.help:
		case r.path == nil:
			return nil, usagef("--%s needs a command before it can say anything; `toolgen help` lists them", f.name)
		default:
			return nil, usagef("%s is no flag of %s; it belongs to %s", dashed(f.name), r.name(), strings.Join(owners(app, f.name), ", "))
		}
	}
	r.argv = append([]string{argv[0]}, global...)
	for _, c := range r.path {
		r.argv = append(r.argv, c.Name)
	}
	r.argv = append(append(append(r.argv, own...), "--"), append(words, positional...)...)
	return r, nil
}

// find takes the command and its subcommand off the words.
func (r *request) find(app *cli.App, words []string) ([]string, error) {
	for commands := app.Commands; len(commands) > 0; {
		if len(words) == 0 {
			if r.path != nil && !r.help {
				return nil, usagef("toolgen %s needs to be told what to do: %s", r.name(), orList(commandNames(commands)))
			}
			return words, nil
		}
		i := slices.IndexFunc(commands, func(c *cli.Command) bool { return c.HasName(words[0]) })
		if i < 0 {
			return nil, r.unknownCommand(commands, words[0])
		}
		r.path = append(r.path, commands[i])
		commands, words = commands[i].Subcommands, words[1:]
	}
	return words, nil
}

func (r *request) unknownCommand(commands []*cli.Command, word string) error {
	what := "command"
	if r.path != nil {
		what = "command of " + r.name()
	}
	return usagef("%q is no %s%s", word, what, suggest(word, commandNames(commands)))
}

func (r *request) unknownFlag(app *cli.App, arg string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	var known []string
	for _, f := range slices.Concat(r.flags(), app.Flags) {
		for _, n := range f.Names() {
			known = append(known, dashed(n))
		}
	}
	if r.path == nil {
		for n := range flagTable(app) {
			known = append(known, dashed(n))
		}
	}
	slices.Sort(known)
	of := "toolgen"
	if r.path != nil {
		of = r.name()
	}
	s := suggestNear(dashed(name), slices.Compact(known))
	if s == "" {
		s = fmt.Sprintf("; `%s --help` lists its flags", strings.TrimSpace("toolgen "+strings.TrimPrefix(of, "toolgen")))
	}
	return usagef("%s is no flag of %s%s", arg, of, s)
}

func (r *request) name() string { return strings.Join(commandNames(r.path), " ") }

func (r *request) flags() []cli.Flag {
	if len(r.path) == 0 {
		return nil
	}
	return r.path[len(r.path)-1].Flags
}

func (r *request) has(name string) bool { return hasFlag(r.flags(), name) }

func hasFlag(flags []cli.Flag, name string) bool {
	return slices.ContainsFunc(flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
}

func isFlag(all map[string]bool, arg string) bool {
	name, _, _ := strings.Cut(arg, "=")
	_, ok := all[name]
	return ok
}

// flagTable says of every flag of the program whether it takes a value.
func flagTable(app *cli.App) map[string]bool {
	table := map[string]bool{}
	walk(app, func(_ []*cli.Command, flags []cli.Flag) {
		for _, f := range flags {
			for _, n := range f.Names() {
				table[n] = takesValue(f)
			}
		}
	})
	return table
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// owners names the commands that have a flag.
func owners(app *cli.App, name string) []string {
	var out []string
	walk(app, func(path []*cli.Command, flags []cli.Flag) {
		if path != nil && hasFlag(flags, name) {
			out = append(out, strings.Join(commandNames(path), " "))
		}
	})
	return out
}

// walk visits the program itself, all commands and their subcommands.
func walk(app *cli.App, visit func(path []*cli.Command, flags []cli.Flag)) {
	visit(nil, app.Flags)
	var below func(path, commands []*cli.Command)
	below = func(path, commands []*cli.Command) {
		for _, c := range commands {
			p := append(slices.Clone(path), c)
			visit(p, c.Flags)
			below(p, c.Subcommands)
		}
	}
	below(nil, app.Commands)
}

func commandNames(commands []*cli.Command) []string {
	names := make([]string, len(commands))
	for i, c := range commands {
		names[i] = c.Name
	}
	return names
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// suggest ends a message about an unknown word: the likely one if any is near, or all
// of them.
func suggest(word string, known []string) string {
	if s := suggestNear(word, known); s != "" {
		return s
	}
	return "; expected " + orList(known)
}

func suggestNear(word string, known []string) string {
	best, distance := "", 1+max(1, (2+len(strings.TrimLeft(word, "-")))/3)
	for _, k := range known {
		d := levenshtein.ComputeDistance(word, k)
		if d == 2 && swapped(word, k) {
			d = 1 // one slip of the fingers, though two edits
		}
		if d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %s?", best)
}

// swapped says whether two words are the same but for two neighbouring letters.
func swapped(a, b string) bool {
	for i := 0; len(a) == len(b) && i+1 < len(a); i++ {
		if a[i] != b[i] {
			return a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		}
	}
	return false
}

// orList joins words: a, b or c.
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
