package confine

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	llsyscall "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Start starts a command under the first stage of a policy. The command must be this
// program ([Self]), which must call Enter.
//
// The restrictions are those of a thread, and a process inherits the restrictions of the
// thread that starts it. So they are set on a thread that is locked to a goroutine, which
// starts the process and returns without unlocking it: the runtime then ends the thread.
func Start(cmd *exec.Cmd, p Policy) error {
	return start(cmd, p, Probe())
}

func start(cmd *exec.Cmd, p Policy, has Status) error {
	if !tried.Load() {
		return errors.New("confine: this program does not call confine.Tried when it begins, so it would not know itself when it is started again")
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	// A group of its own: a Ctrl-C at the terminal is for this process to deal with, and
	// what the process has started is killed with it.
	cmd.SysProcAttr.Setpgid = true
	if has.Namespaces {
		// Without a mapping of users every file belongs to nobody in there, but access to
		// it is still decided by who we are outside.
		cmd.SysProcAttr.Cloneflags = namespaces
	}
	failed := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked
		if err := restrict(p, has); err != nil {
			failed <- fmt.Errorf("confine: %w", err)
			return
		}
		failed <- cmd.Start()
	}()
	return <-failed
}

const namespaces = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS

// Self is the path by which this very program is started again, whatever became of the
// file that it was started from.
func Self() string { return "/proc/self/exe" }

// restrict sets the first stage on the calling thread, for good.
func restrict(p Policy, has Status) error {
	if has.NoNewPrivs {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("no new privileges: %w", err)
		}
	}
	if has.Landlock > 0 {
		fd, flags, err := landlock.V7.BestEffort().NewRulesetFD(rules(p)...)
		if err != nil {
			return fmt.Errorf("landlock: %w", err)
		}
		if fd >= 0 {
			err = llsyscall.LandlockRestrictSelf(fd, flags)
			unix.Close(fd)
			if err != nil {
				return fmt.Errorf("landlock: %w", err)
			}
		}
	}
	if has.Seccomp {
		if err := loadFilter(firstFilter(), false); err != nil {
			return fmt.Errorf("seccomp: %w", err)
		}
	}
	return nil
}

// rules are what Landlock leaves open: this program and its libraries, /dev/null, and what
// the policy names.
func rules(p Policy) []landlock.Rule {
	list := []landlock.Rule{
		landlock.ROFiles(slices.Concat([]string{Self(), "/etc/ld.so.cache"}, libraries())...).IgnoreIfMissing(),
		landlock.RWFiles("/dev/null").IgnoreIfMissing(),
	}
	if p.Exec { // what is started may need other libraries
		list = append(list, landlock.RODirs("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64").IgnoreIfMissing())
	}
	for _, path := range p.Execute {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			list = append(list, landlock.ROFiles(path))
		} else {
			list = append(list, landlock.RODirs(path))
		}
	}
	if len(p.ReadWrite) > 0 {
		list = append(list, landlock.PathAccess(readWrite, p.ReadWrite...).WithRefer())
	}
	return list
}

// readWrite is all that may be done in a folder, without devices and sockets.
const readWrite = llsyscall.AccessFSExecute | llsyscall.AccessFSWriteFile | llsyscall.AccessFSReadFile | llsyscall.AccessFSReadDir |
	llsyscall.AccessFSRemoveDir | llsyscall.AccessFSRemoveFile | llsyscall.AccessFSMakeDir | llsyscall.AccessFSMakeReg |
	llsyscall.AccessFSMakeFifo | llsyscall.AccessFSMakeSym | llsyscall.AccessFSTruncate

// libraries are the files that this program is mapped from, the loader's among them.
var libraries = sync.OnceValue(func() []string {
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil
	}
	defer f.Close()
	var list []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if i := strings.IndexByte(lines.Text(), '/'); i >= 0 {
			if path := lines.Text()[i:]; !slices.Contains(list, path) {
				list = append(list, path)
			}
		}
	}
	return list
})

// Probe finds out which restrictions this machine has, once: by trying them on a process.
var Probe = sync.OnceValue(func() Status {
	var s Status
	var why []string
	note := func(what string, err error) {
		if err != nil {
			why = append(why, what+": "+err.Error())
		}
	}
	s.NoNewPrivs = true // since Linux 3.5
	abi, err := llsyscall.LandlockGetABIVersion()
	note("Landlock", err)
	s.Landlock = max(abi, 0)
	for _, step := range []struct {
		what string
		with Status
		set  func()
	}{
		{"Landlock", Status{NoNewPrivs: true, Landlock: s.Landlock}, func() { s.Landlock = 0 }},
		{"seccomp", Status{NoNewPrivs: true, Seccomp: true}, func() { s.Seccomp = false }},
		{"namespaces", Status{NoNewPrivs: true, Namespaces: true}, func() { s.Namespaces = false }},
	} {
		err := try(step.with)
		note(step.what, err)
		switch step.what {
		case "seccomp":
			s.Seccomp = err == nil
		case "namespaces":
			s.Namespaces = err == nil
		}
		if err != nil {
			step.set()
		}
	}
	// Each by itself may do and all together not.
	if err := try(s); err != nil {
		note("together", err)
		s.Namespaces = false
		if try(s) != nil {
			s.Seccomp, s.Landlock = false, 0
		}
	}
	s.Why = strings.Join(why, "; ")
	return s
})

// try starts this program under restrictions; told so by tryVariable it ends at once.
func try(has Status) error {
	cmd := exec.Command(Self())
	cmd.Env = []string{tryVariable + "=1"}
	if err := start(cmd, Policy{}, has); err != nil {
		return err
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == tryExit {
		return nil
	}
	if err == nil {
		err = errors.New("the program does not call confine.Tried")
	}
	return err
}

var tried atomic.Bool

const (
	tryVariable = "TOOLGEN_CONFINE_TRY"
	tryExit     = 77
)

// Tried ends a process that Probe has started. A program that starts processes calls it
// before anything else.
func Tried() {
	tried.Store(true)
	if os.Getenv(tryVariable) != "" {
		os.Exit(tryExit)
	}
}
