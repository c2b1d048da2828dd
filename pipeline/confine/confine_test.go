package confine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// task is what a process of these tests is to do, in TOOLGEN_CONFINE_TASK.
type task struct {
	Policy Policy
	Has    Status
	Enter  bool
	Dir    string // of the test
	Port   int    // somebody listens there
	Parent int
	Do     []string // names of attempts
}

const taskVariable = "TOOLGEN_CONFINE_TASK"

func TestMain(m *testing.M) {
	Tried()
	if text := os.Getenv(taskVariable); text != "" {
		perform(text)
	}
	os.Exit(m.Run())
}

// attempts are what a process should not be able to do, but the last.
var attempts = map[string]func(t task) error{
	"open":   func(task) error { return open("/etc/passwd", unix.O_RDONLY) },
	"create": func(t task) error { return open(filepath.Join(t.Dir, "made"), unix.O_CREAT|unix.O_WRONLY) },
	"write":  func(t task) error { return open(filepath.Join(t.Dir, "there"), unix.O_WRONLY|unix.O_TRUNC) },
	"remove": func(t task) error { return unix.Unlink(filepath.Join(t.Dir, "removable")) },
	"list":   func(task) error { return open("/", unix.O_RDONLY|unix.O_DIRECTORY) },
	"exec": func(task) error {
		_, err := syscall.ForkExec("/bin/true", []string{"true"}, nil)
		return err
	},
	"tcp": func(t task) error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		return unix.Connect(fd, &unix.SockaddrInet4{Port: t.Port, Addr: [4]byte{127, 0, 0, 1}})
	},
	"udp": func(task) error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		if err != nil {
			return err
		}
		return unix.Sendto(fd, []byte("x"), 0, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}})
	},
	"abstract": func(t task) error {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		return unix.Connect(fd, &unix.SockaddrUnix{Name: "@toolgen-confine-" + strconv.Itoa(t.Parent)})
	},
	"signal":  func(t task) error { return unix.Kill(t.Parent, 0) },
	"memory":  func(t task) error { return readMemory(t.Parent) },
	"ptrace":  func(t task) error { return unix.PtraceSeize(t.Parent) },
	"environ": func(t task) error { return open("/proc/"+strconv.Itoa(t.Parent)+"/environ", unix.O_RDONLY) },
	"userns": func(task) error {
		// Of a process with several threads the kernel wants this of a child.
		_, err := syscall.ForkExec(Self(), []string{"x"}, &syscall.ProcAttr{Env: []string{tryVariable + "=1"}, Sys: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}})
		return err
	},
	"io_uring": func(task) error {
		var params [120]byte
		_, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(pointer(params[:])), 0)
		return errnoErr(errno)
	},
	"limits": func(task) error {
		return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 0, Max: 0})
	},
	"threads": func(task) error {
		done := make(chan int)
		for range 8 {
			go func() {
				runtime.LockOSThread() // and so a thread of its own, which ends with it
				done <- len(make([]byte, 1<<20))
			}()
		}
		for range 8 {
			<-done
		}
		time.Sleep(time.Millisecond)
		return nil
	},
}

func open(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o600)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func errnoErr(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

// perform is what a process of these tests does.
func perform(text string) {
	var t task
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		fmt.Println("task:", err)
		os.Exit(1)
	}
	if t.Enter {
		if err := Enter(t.Policy, t.Has); err != nil {
			fmt.Println("enter:", err)
			os.Exit(1)
		}
	}
	for _, name := range t.Do {
		if name == "bomb" {
			var held [][]byte
			for range 8 {
				b := make([]byte, 64<<20)
				for i := 0; i < len(b); i += 4096 {
					b[i] = 1
				}
				held = append(held, b)
			}
			fmt.Println("bomb: ok", len(held))
			continue
		}
		err := attempts[name](t)
		if err == nil {
			fmt.Println(name + ": ok")
		} else {
			fmt.Printf("%s: %v\n", name, err)
		}
	}
	os.Exit(0)
}

// under performs attempts in a process and returns what came of each.
func under(t *testing.T, p Policy, has Status, enter bool, names ...string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	os.Chmod(dir, 0o777)
	for _, name := range []string{"there", "removable"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	abstract, err := net.Listen("unix", "@toolgen-confine-"+strconv.Itoa(os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	defer abstract.Close()
	text, err := json.Marshal(task{p, has, enter, dir, listener.Addr().(*net.TCPAddr).Port, os.Getpid(), names})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(Self())
	cmd.Env = []string{taskVariable + "=" + string(text), "TZ=", "GOTRACEBACK=none"}
	var out bytes.Buffer
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = w, w
	err = start(cmd, p, has)
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(&out, r)
	werr := cmd.Wait()
	got := map[string]string{}
	for line := range strings.Lines(out.String()) {
		if name, what, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && (slices.Contains(names, name) || name == "enter") {
			got[name] = what
		}
	}
	if len(got) != len(names) {
		t.Logf("%v: %s", werr, &out)
	}
	return got
}

var (
	all       = []string{"open", "create", "write", "remove", "list", "exec", "tcp", "udp", "abstract", "signal", "memory", "ptrace", "environ", "userns", "io_uring", "threads"}
	forbidden = all[:len(all)-1]
)

// want holds what came of attempts against what may be: "ok", or an error.
func want(t *testing.T, what string, got map[string]string, refused ...string) {
	t.Helper()
	for _, name := range all {
		if ok := got[name] == "ok"; ok == slices.Contains(refused, name) {
			t.Errorf("%s: %s: %q", what, name, got[name])
		}
	}
}

// TestRefused tries everything under each restriction by itself, under none, where all of
// it succeeds, and under all of them.
func TestRefused(t *testing.T) {
	has := Probe()
	t.Logf("this machine: %+v", has)
	if !has.Complete() {
		t.Skipf("this machine lacks %s", strings.Join(has.Missing(), ", "))
	}
	none := under(t, Policy{}, Status{}, true, all...)
	for _, name := range all {
		// Who is not root may not look into a process that it did not start, and some systems
		// have no io_uring and no namespaces for users.
		if none[name] != "ok" && !slices.Contains([]string{"io_uring", "memory", "ptrace", "userns", "environ"}, name) {
			t.Errorf("without restrictions: %s: %q: this test would show nothing", name, none[name])
		}
	}
	landlock := under(t, Policy{}, Status{NoNewPrivs: true, Landlock: has.Landlock}, true, all...)
	for _, name := range []string{"open", "create", "write", "remove", "list", "exec", "tcp", "abstract", "signal", "environ"} {
		if landlock[name] == "ok" {
			t.Errorf("Landlock alone: %s succeeds", name)
		}
	}
	seccomp := under(t, Policy{}, Status{NoNewPrivs: true, Seccomp: true}, true, all...)
	for _, name := range forbidden {
		if name != "signal" && seccomp[name] == "ok" { // tgkill is all that is left of signals
			t.Errorf("seccomp alone: %s succeeds", name)
		}
	}
	if seccomp["signal"] == "ok" {
		t.Error("seccomp alone: signal succeeds")
	}
	namespaces := under(t, Policy{}, Status{NoNewPrivs: true, Namespaces: true}, true, all...)
	for _, name := range []string{"tcp", "udp", "abstract", "signal"} {
		if namespaces[name] == "ok" {
			t.Errorf("namespaces alone: %s succeeds", name)
		}
	}
	want(t, "all restrictions", under(t, Policy{}, has, true, all...), forbidden...)

	// Before Enter: what a process could do that is not told its policy.
	first := under(t, Policy{}, has, false, all...)
	for _, name := range []string{"open", "create", "write", "remove", "list", "exec", "tcp", "udp", "abstract", "signal", "memory", "ptrace", "environ", "io_uring"} {
		if first[name] == "ok" {
			t.Errorf("the first stage alone: %s succeeds", name)
		}
	}
}

// TestBuilding: what may start programs may do so from the folders of its policy, and
// write to those that it names.
func TestBuilding(t *testing.T) {
	has := Probe()
	if !has.Complete() {
		t.Skipf("this machine lacks %s", strings.Join(has.Missing(), ", "))
	}
	dir := t.TempDir()
	os.Chmod(dir, 0o777)
	p := Policy{Exec: true, Execute: []string{"/bin", "/usr/bin"}, ReadWrite: []string{dir}}
	got := under(t, p, has, true, all...)
	want(t, "a policy with exec", got, "open", "create", "write", "remove", "list", "tcp", "udp", "abstract", "signal", "memory", "ptrace", "environ", "userns", "io_uring")
	if got["exec"] != "ok" {
		t.Errorf("exec: %q", got["exec"])
	}
}

// TestData: memory beyond the limit ends the process, and address space alone does not.
func TestData(t *testing.T) {
	has := Probe()
	if got := under(t, Policy{DataBytes: 256 << 20}, has, true, "bomb"); got["bomb"] != "" {
		t.Errorf("512 MiB of 256: %q", got["bomb"])
	}
	if got := under(t, Policy{DataBytes: 2 << 30}, has, true, "bomb"); !strings.HasPrefix(got["bomb"], "ok") {
		t.Errorf("512 MiB of 2048: %q", got["bomb"])
	}
}

// TestAsNobody runs the tests above without the rights of root.
func TestAsNobody(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("we are not root")
	}
	dir := t.TempDir()
	for d := dir; strings.HasPrefix(d, os.TempDir()) && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	exe := filepath.Join(dir, "confine.test")
	data, err := os.ReadFile(Self())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(exe, data, 0o755); err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(dir, "work")
	if err := errors.Join(os.Mkdir(work, 0o777), os.Chmod(work, 0o777)); err != nil {
		t.Fatal(err)
	}
	const nobody = 65534
	cmd := exec.Command(exe, "-test.run=^(TestRefused|TestBuilding|TestData)$", "-test.v")
	cmd.Env = []string{"TMPDIR=" + work, "PATH=/bin:/usr/bin"}
	cmd.Dir = work
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("as nobody: %v\n%s", err, out)
	} else if n := strings.Count(string(out), "--- PASS"); n != 3 && !strings.Contains(string(out), "this machine lacks") {
		t.Errorf("as nobody %d of 3 tests ran:\n%s", n, out)
	}
}
