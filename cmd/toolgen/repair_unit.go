package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/renameio/v2"
	"github.com/urfave/cli/v2"

	"toolgen/experiment"
)

func (p *program) repairUnitCommand() *cli.Command {
	folders := append(watchFolderFlags(), specsFlag(), outFlag("`DIR` to write the units to, instead of printing them: ~/.config/systemd/user"))
	return &cli.Command{
		Name: "unit", Usage: "systemd user units that watch a queue: service or timer",
		Description: `toolgen repair unit service --queue queue > ~/.config/systemd/user/toolgen-repair.service
toolgen repair unit service --queue queue --specs ./specs --out ~/.config/systemd/user
toolgen repair unit timer --queue queue --out ~/.config/systemd/user`,
		Subcommands: []*cli.Command{
			{
				Name: "service", Usage: "a service that watches all the time",
				Description: "toolgen repair unit service --queue queue --out ~/.config/systemd/user\nsystemctl --user enable --now toolgen-repair.service",
				Flags:       folders, Action: func(c *cli.Context) error { return p.repairUnit(c, serviceUnits) },
			},
			{
				Name: "timer", Usage: "a timer that works on what is there every five minutes",
				Description: "toolgen repair unit timer --queue queue --out ~/.config/systemd/user\nsystemctl --user enable --now toolgen-repair-once.timer",
				Flags:       folders, Action: func(c *cli.Context) error { return p.repairUnit(c, timerUnits) },
			},
		},
	}
}

// unit is a systemd unit file.
type unit struct{ name, content string }

func (p *program) repairUnit(c *cli.Context, units func(watchCommandLine) []unit) error {
	queue, err := queueOf(c)
	if err != nil {
		return err
	}
	dirs, err := specDirs(c)
	if err != nil {
		return err
	}
	line := watchCommandLine{specs: make([]string, len(dirs)), path: os.Getenv("PATH"), cache: os.Getenv("TOOLGEN_CACHE")}
	if line.program, err = os.Executable(); err != nil {
		return &experiment.MachineError{Msg: "it is not known where this program lies", Err: err}
	}
	// A service begins in another folder.
	type folder struct {
		to   *string
		flag string
		path string
	}
	folders := []folder{{&line.queue, "--queue", queue}, {&line.challengers, "--challengers", c.String("challengers")}, {&line.logs, "--logs", c.String("logs")}, {&line.cache, "TOOLGEN_CACHE", line.cache}}
	for i, dir := range dirs {
		folders = append(folders, folder{&line.specs[i], "--specs", dir})
	}
	for _, dir := range folders {
		if dir.path == "" {
			continue
		}
		if *dir.to, err = filepath.Abs(dir.path); err != nil {
			return err
		}
		if err := unitText(*dir.to); err != nil {
			return usagef("%s %q: %v", dir.flag, dir.path, err)
		}
	}
	if unitText(line.program) != nil || strings.ContainsAny(line.program, `"'\`) {
		// systemd refuses quotes and backslashes here however they are written.
		return usagef("this program lies at %q, a path that systemd does not accept", line.program)
	}
	if unitText(line.path) != nil {
		return usagef("PATH is %q, which a unit cannot hold", line.path)
	}
	list := units(line)
	if out := c.String("out"); out != "" {
		return p.writeUnits(out, list)
	}
	for i, u := range list {
		if i > 0 {
			p.printf("\n")
		}
		p.printf("# %s\n%s", u.name, u.content)
	}
	return nil
}

// writeUnits writes units into a folder. A unit that is there already and says something
// else may have been changed by hand; it stays.
func (p *program) writeUnits(dir string, list []unit) error {
	for _, u := range list {
		path := filepath.Join(dir, u.name)
		there, err := os.ReadFile(path)
		switch {
		case err == nil && !bytes.Equal(there, []byte(u.content)):
			return usagef("%s is there already and differs; remove it first", path)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return inputError(err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return inputError(err)
	}
	last := ""
	for _, u := range list {
		last = filepath.Join(dir, u.name)
		if err := renameio.WriteFile(last, []byte(u.content), 0o644); err != nil {
			return &experiment.MachineError{Msg: "the unit cannot be written", Err: err}
		}
		p.printf("%s\n", last)
	}
	p.printf("\nNext:\n  systemctl --user daemon-reload\n  systemctl --user enable --now %s\n  loginctl enable-linger\n", filepath.Base(last))
	return nil
}

// unitText says what a unit file cannot hold: it is read line by line, as UTF-8.
func unitText(s string) error {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return errors.New("control characters, or no UTF-8, which a unit cannot hold")
	}
	return nil
}

// watchCommandLine is what a unit has to say.
type watchCommandLine struct {
	program, queue, challengers, logs string // absolute; "": the default
	specs                             []string
	path, cache                       string // of the environment; a service has another one
}

// exec is the value of ExecStart=.
func (l watchCommandLine) exec(more ...string) string {
	// systemd expands variables in arguments, and not in the program's path.
	words := []string{quoteUnit(l.program), "repair", "watch"}
	flags := [][2]string{{"--queue=", l.queue}, {"--challengers=", l.challengers}, {"--logs=", l.logs}}
	for _, dir := range l.specs {
		flags = append(flags, [2]string{"--specs=", dir})
	}
	for _, f := range flags {
		if f[1] != "" {
			words = append(words, strings.ReplaceAll(quoteUnit(f[0]+f[1]), "$", "$$"))
		}
	}
	return strings.Join(append(words, more...), " ")
}

// environment holds the lines that keep what the user's shell has, and a user's services
// do not: where the Go toolchain and the cache are.
func (l watchCommandLine) environment() string {
	var b strings.Builder
	for _, v := range [][2]string{{"PATH=", l.path}, {"TOOLGEN_CACHE=", l.cache}} {
		if v[1] != "" {
			fmt.Fprintf(&b, "Environment=%s\n", quoteUnit(v[0]+v[1]))
		}
	}
	return b.String()
}

// quoteUnit makes a word of a unit file. Per cent signs would be specifiers.
func quoteUnit(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`).Replace(s) + `"`
}

// hardening is what works without rights: options that need a namespace of their own
// (PrivateTmp=, ProtectSystem=) fail where users may not make one.
const hardening = `# As little as the lab needs. The sandbox compiles to machine code, so there is no
# MemoryDenyWriteExecute=; nothing of it speaks to a network.
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX
SystemCallArchitectures=native
Nice=10
OOMPolicy=continue
`

// crashing has Go end a crash (a panic, a fatal error, SIGQUIT) by SIGABRT: its exit code
// would be 2, which of ours says that the command line is wrong, and the service would
// not be started again. What crashed is in the journal; a core besides would fill disks.
const crashing = `Environment=GOTRACEBACK=crash
LimitCORE=0
`

// stopping lets the watcher itself put its job back; a unit that is stopped has not failed.
const stopping = `KillMode=mixed
TimeoutStopSec=90
`

func serviceUnits(l watchCommandLine) []unit {
	return []unit{{"toolgen-repair.service", `[Unit]
Description=ToolGen repair lab: watches a queue of handoffs

[Service]
Type=exec
ExecStart=` + l.exec() + "\n" + l.environment() + crashing + stopping + `SuccessExitStatus=130 143
Restart=on-failure
RestartSec=10
RestartPreventExitStatus=2
` + hardening + `
[Install]
WantedBy=default.target
`}}
}

// timerUnits are a timer and what it starts. Exit code 1 says that a candidate was not
// repaired, which is no failure of the service.
func timerUnits(l watchCommandLine) []unit {
	return []unit{
		{"toolgen-repair-once.service", `[Unit]
Description=ToolGen repair lab: works on what lies in a queue of handoffs

[Service]
Type=oneshot
ExecStart=` + l.exec("--once") + "\n" + l.environment() + crashing + stopping + `SuccessExitStatus=1 130 143
` + hardening},
		{"toolgen-repair-once.timer", `[Unit]
Description=ToolGen repair lab: looks into a queue of handoffs

[Timer]
OnActiveSec=10s
OnUnitInactiveSec=5min
Unit=toolgen-repair-once.service

[Install]
WantedBy=timers.target
`},
	}
}
