package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// An Agent answers requests.
type Agent interface {
	// Name is what the manifest calls the agent.
	Name() string
	// Identity is who that is. It is part of the key of every exchange.
	Identity() Identity
	// Ask asks. The error is a *Failure, an *UnreachableError or the context's.
	Ask(context.Context, Request) (*Response, error)
}

// Identity is who an agent is; exactly one field is set. Secrets are no part of it.
type Identity struct {
	Exec   []string `json:"exec,omitempty"`   // a program and its arguments
	OpenAI *Server  `json:"openai,omitempty"` // a model of a server
}

// Server is a model of a server that speaks the OpenAI chat completions API.
type Server struct {
	BaseURL string `json:"base_url"`
	Model   string `json:"model"`
}

// Exec is an agent that is a program. It gets one request on stdin, and one response
// is expected on stdout, whatever the program says on stderr.
//
// The program runs with the rights of its user: it is the user's choice, and only what
// it writes is distrusted. It sees no environment but PATH, HOME, LANG and Env, so that
// what it answers depends on little else than what it is asked.
type Exec struct {
	Called  string        // the agent's name
	Argv    []string      // a program and its arguments; a program without a slash is looked for in PATH
	Dir     string        // where it runs, and what a relative program is relative to; "": here
	Env     []string      // names of further environment variables that it gets
	Timeout time.Duration // for one answer; 0: 10 minutes
}

var _ Agent = (*Exec)(nil)

const (
	defaultTimeout = 10 * time.Minute
	killGrace      = 2 * time.Second // for the pipes of an ended program to be read to their end
	maxStderr      = 8 << 10         // bytes kept, the last ones
)

func (a *Exec) Name() string       { return a.Called }
func (a *Exec) Identity() Identity { return Identity{Exec: a.Argv} }

// Causes for ending a program.
var (
	errSlow  = errors.New("too slow")
	errFlood = errors.New("too large")
)

// Ask runs the program once.
func (a *Exec) Ask(ctx context.Context, r Request) (*Response, error) {
	request, err := r.Encode()
	if err != nil {
		return nil, err
	}
	cannot := func(msg string, err error) (*Response, error) {
		return nil, &UnreachableError{Agent: a.Called, Msg: msg, Err: err}
	}
	if len(a.Argv) == 0 {
		return cannot("it has no program", nil)
	}
	env, hidden, err := a.environment()
	if err != nil {
		return cannot(err.Error(), nil)
	}
	program, err := a.program()
	if err != nil {
		return cannot(fmt.Sprintf("its program %q does not start", a.Argv[0]), err)
	}
	timeout := a.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	limited, cancelTimeout := context.WithTimeoutCause(ctx, timeout, errSlow)
	defer cancelTimeout()
	limited, cancel := context.WithCancelCause(limited)
	defer cancel(nil)

	cmd := exec.CommandContext(limited, program, a.Argv[1:]...)
	cmd.Args[0] = a.Argv[0]
	cmd.Dir, cmd.Env = a.Dir, env
	cmd.Stdin = bytes.NewReader(append(request, '\n'))
	stdout := &capped{limit: maxAnswer, full: func() { cancel(errFlood) }}
	stderr := &tail{limit: maxStderr}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	// An agent may start processes of its own: all of them go when it must go, and what
	// it leaves behind when it ends goes as well.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	killGroup := func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.Cancel = killGroup
	cmd.WaitDelay = killGrace
	if err := cmd.Start(); err != nil {
		return cannot(fmt.Sprintf("its program %q does not start", a.Argv[0]), err)
	}
	err = cmd.Wait()
	killGroup() // nobody is left, usually
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well, and a process that it left behind held its pipes
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	failed := func(kind, format string, args ...any) (*Response, error) {
		reason := fmt.Sprintf(format, args...)
		if said := ending(hidden.hide(stderr.String())); said != "" {
			reason += "; it said on stderr: " + said
		}
		return nil, &Failure{Agent: a.Called, Kind: kind, Reason: reason}
	}
	switch cause := context.Cause(limited); {
	case cause == errFlood:
		return failed(TooLarge, "it wrote more than %d bytes", maxAnswer)
	case cause == errSlow && err != nil:
		return failed(TooSlow, "it did not answer within %v", timeout)
	case err != nil:
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return cannot("the exchange with its program broke off", err)
		}
		return failed(Exited, "its program ended with %v", err)
	}
	response, failure := decodeResponse(stdout.kept, hidden)
	if failure != nil {
		return failed(failure.Kind, "%s", failure.Reason)
	}
	return response, nil
}

// program finds the program to run, as the shell would in Dir.
func (a *Exec) program() (string, error) {
	if name := a.Argv[0]; strings.ContainsRune(name, filepath.Separator) {
		// Made absolute, since what a relative path is relative to depends on the system.
		return filepath.Abs(joinUnlessAbs(a.Dir, name))
	}
	path, err := exec.LookPath(a.Argv[0])
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

func joinUnlessAbs(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// environment is what the program sees. The values of Env may be secret.
func (a *Exec) environment() (env []string, hidden secrets, err error) {
	for _, name := range []string{"PATH", "HOME", "LANG"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	for _, name := range a.Env {
		value, ok := os.LookupEnv(name)
		if !ok {
			return nil, nil, fmt.Errorf("the manifest passes it the environment variable %s, which is not set", name)
		}
		env = append(env, name+"="+value)
		hidden = append(hidden, struct{ value, name string }{value, name})
	}
	return env, hidden, nil
}

// capped keeps what is written to it, up to a limit, and says when it is full. The
// buffer is not embedded: its ReadFrom, which io.Copy prefers, knows no limit.
type capped struct {
	kept  []byte
	limit int
	full  func()
}

func (c *capped) Write(p []byte) (int, error) {
	n := min(len(p), c.limit-len(c.kept))
	c.kept = append(c.kept, p[:n]...)
	if n < len(p) {
		c.full()
	}
	return len(p), nil
}

// tail keeps the last bytes that are written to it: what a program says last is why it ends.
type tail struct {
	kept  []byte
	limit int
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if n := len(t.kept); n > t.limit {
		t.kept = append(t.kept[:0], t.kept[n-t.limit:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(t.kept) }
