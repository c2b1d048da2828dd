package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func (p *program) completionCommand() *cli.Command {
	return &cli.Command{
		Name: "completion", Usage: "a script that completes commands and flags: bash, zsh or fish", ArgsUsage: "SHELL",
		Description: `source <(toolgen completion bash)
source <(toolgen completion zsh)
toolgen completion fish > ~/.config/fish/completions/toolgen.fish`,
		Action: p.completion,
	}
}

func (p *program) completion(c *cli.Context) error {
	args, err := arguments(c)
	if err != nil {
		return err
	}
	var script string
	switch args[0] {
	case "bash":
		script = bashScript(c.App)
	case "zsh":
		// zsh runs scripts of bash.
		script = "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n" + bashScript(c.App)
	case "fish":
		script = fishScript(c.App)
	default:
		return usagef("there is no completion for %q%s", args[0], suggest(args[0], []string{"bash", "zsh", "fish"}))
	}
	p.printf("%s", script)
	return nil
}

// bashScript completes the words of the command that stands on the line so far: its
// subcommands, or its flags; else files.
func bashScript(app *cli.App) string {
	var cases strings.Builder
	walk(app, func(path []*cli.Command, _ []cli.Flag) {
		words := completionFlags(app, path)
		if path == nil {
			words = slices.Concat(commandNames(app.Commands), []string{"help"}, words)
		} else {
			words = slices.Concat(commandNames(path[len(path)-1].Subcommands), words)
		}
		fmt.Fprintf(&cases, "    '%s') words='%s' ;;\n", strings.Join(commandNames(path), " "), strings.Join(words, " "))
	})
	var known []string
	walk(app, func(path []*cli.Command, _ []cli.Flag) {
		if path != nil {
			known = append(known, "'"+strings.Join(commandNames(path), " ")+"'")
		}
	})
	return `_toolgen() {
  local cur=${COMP_WORDS[COMP_CWORD]} at='' next words i
  for ((i = 1; i < COMP_CWORD; i++)); do
    next="${at:+$at }${COMP_WORDS[i]}"
    case $next in
    ` + strings.Join(known, "|") + `) at=$next ;;
    esac
  done
  case $at in
` + cases.String() + `  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ $cur != -* && -n $at ]]; then
    COMPREPLY+=($(compgen -f -- "$cur"))
  fi
}
complete -o filenames -F _toolgen toolgen
`
}

func fishScript(app *cli.App) string {
	var out strings.Builder
	quote := func(s string) string {
		return "'" + strings.ReplaceAll(strings.ReplaceAll(s, `\`, `\\`), "'", `\'`) + "'"
	}
	flag := func(condition string, f cli.Flag) {
		fmt.Fprintf(&out, "complete -c toolgen%s", condition)
		for _, n := range f.Names() {
			if len(n) == 1 {
				fmt.Fprintf(&out, " -s %s", n)
			} else {
				fmt.Fprintf(&out, " -l %s", n)
			}
		}
		if takesValue(f) {
			out.WriteString(" -r")
		}
		fmt.Fprintf(&out, " -d %s\n", quote(flagHelp(f)[1]))
	}
	for _, f := range app.Flags {
		flag("", f)
	}
	walk(app, func(path []*cli.Command, flags []cli.Flag) {
		if path == nil {
			return
		}
		c := path[len(path)-1]
		condition := "__fish_use_subcommand"
		if len(path) > 1 {
			condition = "__fish_seen_subcommand_from " + path[0].Name
		}
		fmt.Fprintf(&out, "complete -c toolgen -n %s -a %s -d %s\n", quote(condition), c.Name, quote(c.Usage))
		var seen []string
		for _, part := range path {
			seen = append(seen, "__fish_seen_subcommand_from "+part.Name)
		}
		for _, f := range flags {
			flag(" -n "+quote(strings.Join(seen, "; and ")), f)
		}
	})
	return out.String()
}

// completionFlags are the flags of a command and those that every command has.
func completionFlags(app *cli.App, path []*cli.Command) []string {
	flags := app.Flags
	if len(path) > 0 {
		flags = slices.Concat(path[len(path)-1].Flags, flags)
	}
	out := []string{"--help"}
	for _, f := range flags {
		for _, n := range f.Names() {
			out = append(out, dashed(n))
		}
	}
	return out
}
