package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// awkward is a path that has all that a unit file gives a meaning to.
const awkward = "/q u/100%h/$HOME/${HOME}/\"x\"/'y'/back\\slash/é;#"

// unquote reads a line of words as systemd.syntax(7) and systemd.service(5) have it:
// quotes, backslashes, specifiers, variables. It knows as much as quoteUnit may use.
func unquote(t *testing.T, line string) []string {
	t.Helper()
	var words []string
	for line != "" {
		if line[0] == ' ' {
			line = line[1:]
			continue
		}
		var word strings.Builder
		quoted := line[0] == '"'
		if quoted {
			line = line[1:]
		}
		for closed := false; !closed; {
			if line == "" {
				if quoted {
					t.Fatal("a quote is not closed")
				}
				break
			}
			c := line[0]
			line = line[1:]
			switch {
			case quoted && c == '"':
				if line != "" && line[0] != ' ' {
					t.Fatalf("%q follows a closing quote", line)
				}
				closed = true
			case !quoted && c == ' ':
				closed = true
			case c == '\\', c == '%', c == '$' && len(words) > 0:
				if line == "" || line[0] != c && !(c == '\\' && line[0] == '"') {
					t.Fatalf("%q stands before %q", c, line)
				}
				word.WriteByte(line[0])
				line = line[1:]
			default:
				word.WriteByte(c)
			}
		}
		words = append(words, word.String())
	}
	return words
}

func TestUnitQuoting(t *testing.T) {
	l := watchCommandLine{program: "/opt/tool gen/100%/$x/toolgen", queue: awkward, challengers: "/c", logs: awkward + "/l", specs: []string{"/s", awkward}, path: "/bin:/usr/bin", cache: "/c 100%"}
	got := unquote(t, l.exec("--once"))
	want := []string{l.program, "repair", "watch", "--queue=" + awkward, "--challengers=/c", "--logs=" + awkward + "/l", "--specs=/s", "--specs=" + awkward, "--once"}
	if !slices.Equal(got, want) {
		t.Errorf("words %q\nwant  %q", got, want)
	}
	if want := "Environment=\"PATH=/bin:/usr/bin\"\nEnvironment=\"TOOLGEN_CACHE=/c 100%%\"\n"; l.environment() != want {
		t.Errorf("environment %q, want %q", l.environment(), want)
	}
}

func TestUnitRefusesWhatItCannotHold(t *testing.T) {
	for _, queue := range []string{"new\nline", "esc\x1b", "no\xffutf8"} {
		var out, errs bytes.Buffer
		code := run([]string{"toolgen", "repair", "unit", "service", "--queue", queue}, strings.NewReader(""), &out, &errs)
		if code != exitUsage || out.Len() > 0 || !strings.Contains(errs.String(), "a unit cannot hold") {
			t.Errorf("%q: exit %d, %s%s", queue, code, &out, &errs)
		}
	}
}

// crash is a program that ends as only Go ends programs.
func crash(how string) {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		panic(err)
	}
	switch how {
	case "panic":
		go func() { panic("a defect") }()
	case "fatal":
		go func() { new(sync.Mutex).Unlock() }()
	case "quit":
		if err := syscall.Kill(os.Getpid(), syscall.SIGQUIT); err != nil {
			panic(err)
		}
	}
	time.Sleep(time.Minute)
}

// TestCrashIsNoUsageError has programs crash with the environment of the units: systemd
// must not take that for the exit code that ends a service for good.
func TestCrashIsNoUsageError(t *testing.T) {
	program, err := exec.LookPath("toolgen-crash")
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range []unit{serviceUnits(watchCommandLine{})[0], timerUnits(watchCommandLine{})[0]} {
		var env []string
		for line := range strings.Lines(u.content) {
			if v, ok := strings.CutPrefix(line, "Environment="); ok {
				env = append(env, strings.TrimSpace(v))
			}
		}
		for _, how := range []string{"panic", "fatal", "quit"} {
			cmd := exec.Command(program, how)
			cmd.Args[0] = "toolgen-crash"
			cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOTRACEBACK=") }), env...)
			out, err := cmd.CombinedOutput()
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGABRT {
				t.Errorf("%s, %s: %v, want SIGABRT", u.name, how, err)
			}
			if !strings.Contains(string(out), "goroutine ") {
				t.Errorf("%s, %s: there is no trace:\n%s", u.name, how, out)
			}
		}
	}
}

// TestUnitsVerify has systemd itself read the units.
func TestUnitsVerify(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze: ", err)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "tool gen 100% $x", "toolgen")
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	l := watchCommandLine{program: program, queue: awkward, challengers: awkward + "c", logs: awkward + "l", specs: []string{awkward}, path: os.Getenv("PATH"), cache: awkward}
	verify := func(units []unit) (string, error) {
		folder, err := os.MkdirTemp(dir, "units")
		if err != nil {
			t.Fatal(err)
		}
		var files []string
		for _, u := range units {
			files = append(files, filepath.Join(folder, u.name))
			if err := os.WriteFile(files[len(files)-1], []byte(u.content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(analyze, append([]string{"--user", "--man=no", "verify"}, files...)...)
		cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+dir, "SYSTEMD_LOG_COLOR=0")
		out, err := cmd.CombinedOutput()
		// Units of this machine that ours depend on may have faults of their own.
		ours := slices.DeleteFunc(strings.Split(string(out), "\n"), func(l string) bool { return !strings.Contains(l, "toolgen-repair") })
		return strings.Join(ours, "\n"), err
	}
	for name, units := range map[string][]unit{"service": serviceUnits(l), "timer": timerUnits(l)} {
		if out, err := verify(units); err != nil || out != "" {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	// It does look: at the program's path, and at each key.
	moved := l
	moved.program += "2"
	if out, err := verify(serviceUnits(moved)); err == nil || !strings.Contains(out, "toolgen2") {
		t.Errorf("a program that is not there: %v\n%s", err, out)
	}
	wrong := serviceUnits(l)
	wrong[0].content = strings.Replace(wrong[0].content, "Restart=", "Restrat=", 1)
	if out, _ := verify(wrong); !strings.Contains(out, "Restrat") {
		t.Errorf("an unknown key: %s", out)
	}
}
