package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

const appExamples = `toolgen run quickstart              play a small tournament that ships with toolgen
toolgen leaderboard runs/NAME       who won
toolgen verify runs/NAME            execute it again and compare every row
toolgen manifest new my-experiment  begin an experiment of your own
toolgen doctor                      what is missing on this machine`

// help describes the program, a command or a subcommand. Examples come first: most
// people want to do what somebody has done before.
func (p *program) help(app *cli.App, path []*cli.Command) {
	var out strings.Builder
	name, usage, examples := "toolgen", app.Usage, appExamples
	commands, flags := app.Commands, app.Flags
	if len(path) > 0 {
		c := path[len(path)-1]
		name += " " + strings.Join(commandNames(path), " ")
		usage, examples, commands, flags = c.Usage, c.Description, c.Subcommands, c.Flags
		name = strings.TrimSpace(name + " " + c.ArgsUsage)
	}
	fmt.Fprintf(&out, "%s - %s\n", name, usage)
	if examples != "" {
		fmt.Fprintf(&out, "\nExamples:\n  %s\n", strings.ReplaceAll(examples, "\n", "\n  "))
	}
	if len(commands) > 0 {
		out.WriteString("\nCommands:\n")
		var rows [][2]string
		for _, c := range commands {
			rows = append(rows, [2]string{strings.TrimSpace(c.Name + " " + c.ArgsUsage), c.Usage})
		}
		writeColumns(&out, rows)
	}
	if len(flags) > 0 {
		out.WriteString("\nFlags (they may stand anywhere):\n")
		var rows [][2]string
		for _, f := range flags {
			rows = append(rows, flagHelp(f))
		}
		writeColumns(&out, rows)
	}
	if len(path) == 0 {
		out.WriteString("\n`toolgen help COMMAND` says more. Exit codes: 0 done; 1 bad news; 2 wrong usage or input; 3 this machine\n" +
			"lacks something; 5 not comparable; 130, 143 interrupted.\n")
	} else {
		out.WriteString("\n`toolgen help` lists the flags that every command has.\n")
	}
	fmt.Fprint(p.out, out.String())
}

// flagHelp is a flag and what it is for. The word in backquotes names its value.
func flagHelp(f cli.Flag) [2]string {
	names := f.Names()
	short, long := "", dashed(names[0])
	for _, n := range names[1:] {
		if len(n) == 1 {
			short = "-" + n + ", "
		}
	}
	d := f.(cli.DocGenerationFlag)
	usage := d.GetUsage()
	if before, rest, ok := strings.Cut(usage, "`"); ok {
		value, after, _ := strings.Cut(rest, "`")
		long += " " + value
		usage = before + value + after
	}
	if v := d.GetDefaultText(); takesValue(f) && v != "" && v != `""` && v != "[]" {
		usage += " (default " + strings.Trim(v, `"`) + ")"
	}
	return [2]string{short + long, usage}
}

func writeColumns(out *strings.Builder, rows [][2]string) {
	width := 0
	for _, r := range rows {
		width = max(width, len(r[0]))
	}
	for _, r := range rows {
		fmt.Fprintf(out, "  %-*s  %s\n", width, r[0], r[1])
	}
}
