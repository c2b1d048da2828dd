package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"toolgen/experiment"
)

// program is toolgen with its streams.
type program struct {
	in       io.Reader
	out, err io.Writer
	terminal bool // out is one
	quiet    bool
	colour   bool // of out
	log      *slog.Logger
	logJSON  bool
	left     string // what is left of the command when it is interrupted; "": nothing is said
}

// run is the program. It returns the exit code and never exits by itself, but for a
// second signal.
func run(args []string, in io.Reader, out, errw io.Writer) (code int) {
	answer := &answerWriter{to: out}
	p := &program{in: in, out: answer, err: errw, terminal: isTerminal(out)}
	p.setLog("text", slog.LevelInfo)
	defer func() {
		// Go would end with 2, which says that the user is at fault.
		if defect := recover(); defect != nil {
			p.complain(fmt.Errorf("this is a defect of toolgen: %v\n%s", defect, debug.Stack()))
			code = exitMachine
		}
	}()
	app := p.app()
	ctx, stop := withSignals(context.Background())
	defer stop()
	r, err := understand(app, args)
	switch {
	case err != nil:
	case r.help || r.path == nil:
		p.help(app, r.path)
	default:
		err = app.RunContext(ctx, r.argv)
	}
	if answer.err != nil && (err == nil || errors.Is(err, errBadNews) || errors.Is(err, errInconclusive) || errors.Is(err, answer.err)) {
		err = &experiment.MachineError{Msg: "the answer cannot be written", Err: answer.err}
	}
	return p.end(ctx, err)
}

// answerWriter remembers the first error, so that commands need not ask at every line
// whether a full disk has cut their answer short.
type answerWriter struct {
	to  io.Writer
	err error
}

func (w *answerWriter) Write(b []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	n, err := w.to.Write(b)
	w.err = err
	return n, err
}

// app describes the program. What urfave/cli would do by itself is switched off: it
// exits at errors, writes help where it likes, and adds commands.
func (p *program) app() *cli.App {
	app := &cli.App{
		Name:                      "toolgen",
		Usage:                     "reproducible tournaments of generated tools",
		Writer:                    p.out,
		ErrWriter:                 p.err,
		HideHelp:                  true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              flagError,
		Before:                    p.before,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no progress on stderr, and of the log only warnings"},
			&cli.StringFlag{Name: "log-format", Value: "text", Usage: "`FORMAT` of the log on stderr: text or json"},
			&cli.StringFlag{Name: "log-level", Value: "info", Usage: "least `LEVEL` that is logged: debug, info, warn or error"},
			&cli.BoolFlag{Name: "no-color", Usage: "no colour, as with NO_COLOR in the environment"},
		},
		Commands: []*cli.Command{
			p.runCommand(), p.planCommand(), p.verifyCommand(), p.listCommand(), p.showCommand(), p.replayCommand(),
			p.leaderboardCommand(), p.paretoCommand(), p.stabilityCommand(), p.handoffsCommand(), p.trendsCommand(),
			p.benchCommand(), p.compareCommand(), p.plotCommand(), p.reportCommand(), p.exportCommand(),
			p.bundleCommand(), p.sbomCommand(), p.harnessCommand(), p.repairCommand(),
			p.specCommand(), p.manifestCommand(),
			p.cacheCommand(), p.doctorCommand(), p.completionCommand(), p.versionCommand(),
		},
	}
	walk(app, func(path []*cli.Command, _ []cli.Flag) {
		if path != nil {
			c := path[len(path)-1]
			c.HideHelp, c.HideHelpCommand, c.OnUsageError = true, true, flagError
		}
	})
	return app
}

func flagError(_ *cli.Context, err error, _ bool) error { return usagef("%v", err) }

// before takes over the flags that every command has.
func (p *program) before(c *cli.Context) error {
	p.quiet = c.Bool("quiet")
	p.colour = !c.Bool("no-color") && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && p.terminal
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.String("log-level"))); err != nil {
		return usagef("--log-level %s: expected debug, info, warn or error", c.String("log-level"))
	}
	if p.quiet {
		level = max(level, slog.LevelWarn)
	}
	format := c.String("log-format")
	if format != "text" && format != "json" {
		return usagef("--log-format %s: expected text or json", format)
	}
	p.setLog(format, level)
	return nil
}

func (p *program) setLog(format string, level slog.Level) {
	p.logJSON = format == "json"
	opt := &slog.HandlerOptions{Level: level}
	if p.logJSON {
		p.log = slog.New(slog.NewJSONHandler(p.err, opt))
	} else {
		p.log = slog.New(slog.NewTextHandler(p.err, opt))
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// green and red are words with a colour on a terminal.
func (p *program) green(s string) string { return p.paint("32", s) }
func (p *program) red(s string) string   { return p.paint("31", s) }

func (p *program) paint(code, s string) string {
	if !p.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *program) printf(format string, args ...any) { fmt.Fprintf(p.out, format, args...) }

// notef writes a message to stderr, unless it is to be quiet.
func (p *program) notef(format string, args ...any) {
	if !p.quiet {
		fmt.Fprintf(p.err, format, args...)
	}
}

// Flags that several commands have.

func machineFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "jobs", Aliases: []string{"j"}, Usage: "how many builds and measurements run at once, `N`; default: one per CPU"},
		&cli.StringFlag{Name: "cache", Usage: "`DIR` of the cache; default: $TOOLGEN_CACHE, or toolgen below the user's cache folder"},
	}
}

func noCacheFlag() cli.Flag {
	return &cli.BoolFlag{Name: "no-cache", Usage: "neither read nor write the cache"}
}

func specsFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "specs", Usage: "`DIR` of specs, or of one spec, that goes before those that ship; may be repeated"}
}

func outFlag(usage string) cli.Flag {
	return &cli.StringFlag{Name: "out", Aliases: []string{"o"}, Usage: usage}
}

// open sets the machine up as the flags say.
func (p *program) open(c *cli.Context) (*experiment.Env, error) {
	jobs, err := optionalInteger(c, "jobs", 1, 1024)
	if err != nil {
		return nil, err
	}
	opt := experiment.EnvOptions{CacheDir: c.String("cache"), NoCache: c.Bool("no-cache")}
	if jobs != nil {
		opt.Jobs = int(*jobs)
	}
	p.left = afterInterrupt(commandPath(c), opt.NoCache)
	return experiment.Open(c.Context, opt)
}

// maxSeed is the largest number that every reader of a run keeps exactly.
const maxSeed = 1<<53 - 1

// integer reads a flag that is a plain whole number.
func integer(c *cli.Context, name string, otherwise, from, to int64) (int64, error) {
	n, err := optionalInteger(c, name, from, to)
	if err != nil || n == nil {
		return otherwise, err
	}
	return *n, nil
}

// optionalInteger is nil if the flag was not given.
func optionalInteger(c *cli.Context, name string, from, to int64) (*int64, error) {
	if !c.IsSet(name) {
		return nil, nil
	}
	n, ok := plainInteger(c.String(name))
	if !ok || n < from || n > to {
		return nil, usagef("--%s %s: expected a whole number from %d to %d, in plain digits", name, c.String(name), from, to)
	}
	return &n, nil
}

// plainInteger accepts digits and nothing else: 1e3 and 0x10 are no seeds.
func plainInteger(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// arguments are those of a command that takes exactly the named ones; a name that
// ends in "..." stands for one or more, one in brackets for one or none.
func arguments(c *cli.Context) ([]string, error) {
	names := strings.Fields(c.Command.ArgsUsage)
	args := c.Args().Slice()
	for i, n := range names {
		if i < len(args) || n[0] == '[' {
			continue
		}
		return nil, usagef("%s needs %s; see `toolgen %s --help`", commandPath(c), withArticle(n), commandPath(c))
	}
	many := len(names) > 0 && strings.HasSuffix(names[len(names)-1], "...")
	if len(args) > len(names) && !many {
		what := orList(names)
		if what == "" {
			what = "no arguments"
		}
		return nil, usagef("unexpected argument %q: %s takes %s", args[len(names)], commandPath(c), what)
	}
	if slices.Contains(args, "") {
		return nil, usagef("an argument of %s is empty", commandPath(c))
	}
	return args, nil
}

func withArticle(name string) string {
	name = strings.TrimSuffix(name, "...")
	if strings.Contains("AEIO", name[:1]) {
		return "an " + name
	}
	return "a " + name
}

func commandPath(c *cli.Context) string {
	return strings.TrimPrefix(c.Command.HelpName, "toolgen ")
}
