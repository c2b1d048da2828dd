package confine

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// Filters name what is allowed and refuse the rest with EPERM: what a future kernel adds,
// and the system calls of other architectures, which a list of what is refused would let
// pass.

// refused is what no process of ours needs, by what it is for.
var refused = strings.Fields(`
	socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg
	getsockname getpeername getsockopt setsockopt shutdown
	ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_getfd perf_event_open
	unshare setns mount umount2 pivot_root chroot mount_setattr move_mount open_tree open_tree_attr fsopen fsconfig fsmount fspick
	bpf io_uring_setup io_uring_enter io_uring_register userfaultfd
	keyctl add_key request_key
	kexec_load kexec_file_load init_module finit_module delete_module reboot swapon swapoff acct syslog
	open_by_handle_at name_to_handle_at fanotify_init fanotify_mark lookup_dcookie quotactl quotactl_fd
	settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname vhangup iopl ioperm
	mknod mknodat personality modify_ldt uselib ustat sysfs _sysctl nfsservctl
	mbind set_mempolicy migrate_pages move_pages
	setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset
	shmget shmat shmctl shmdt msgget msgsnd msgrcv msgctl semget semop semctl semtimedop
	mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr`)

// compute is what a process needs that reads jobs, computes and writes answers: Go's
// runtime, the C library's allocator and threads, wasmtime. memfd_create and ftruncate
// serve wasmtime's images of memory, which have no name in any file system.
var compute = strings.Fields(`
	read write readv writev pread64 pwrite64 close lseek fstat newfstatat dup dup3 fcntl ftruncate memfd_create
	poll ppoll epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2 pipe2
	mmap munmap mremap mprotect madvise mincore mlock munlock brk membarrier pkey_alloc pkey_mprotect
	futex futex_waitv rseq set_robust_list get_robust_list set_tid_address arch_prctl
	rt_sigaction rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait sigaltstack tgkill
	gettid getpid getppid getuid geteuid getgid getegid uname sysinfo
	sched_yield sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler getcpu
	nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times getrusage
	timer_create timer_settime timer_delete timer_gettime setitimer getitimer
	getrandom getrlimit restart_syscall exit exit_group`)

// cloneNamespaces are the flags of clone that make namespaces.
const cloneNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// firstFilter leaves all but what is refused: the thread is about to start the process, in
// namespaces of its own.
func firstFilter() []seccomp.SyscallGroup {
	return []seccomp.SyscallGroup{
		withoutClone3(),
		{Action: seccomp.ActionAllow, Names: known(func(name string) bool { return !slices.Contains(refused, name) && name != "clone3" })},
	}
}

// starting is firstFilter without new namespaces, for a process that starts others.
func starting() []seccomp.SyscallGroup {
	return []seccomp.SyscallGroup{
		withoutClone3(),
		threads(),
		{Action: seccomp.ActionAllow, Names: known(func(name string) bool {
			return !slices.Contains(refused, name) && name != "clone3" && name != "clone"
		})},
	}
}

// computing leaves what compute names, and threads.
func computing() []seccomp.SyscallGroup {
	return []seccomp.SyscallGroup{
		withoutClone3(),
		// A process may look at its own limits and set none: the new ones are the third argument.
		{Action: seccomp.ActionAllow, NamesWithCondtions: []seccomp.NameWithConditions{
			{Name: "clone", Conditions: seccomp.ArgumentConditions{
				{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD},
			}},
			{Name: "prlimit64", Conditions: seccomp.ArgumentConditions{{Argument: 2, Operation: seccomp.Equal, Value: 0}}},
			{Name: "prctl", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: unix.PR_SET_NAME}}},
			{Name: "prctl", Conditions: seccomp.ArgumentConditions{{Argument: 0, Operation: seccomp.Equal, Value: unix.PR_SET_VMA}}},
		}},
		{Action: seccomp.ActionAllow, Names: known(func(name string) bool { return slices.Contains(compute, name) })},
	}
}

// threads allows clone as long as it makes no namespace.
func threads() seccomp.SyscallGroup {
	return seccomp.SyscallGroup{Action: seccomp.ActionAllow, NamesWithCondtions: []seccomp.NameWithConditions{
		{Name: "clone", Conditions: seccomp.ArgumentConditions{
			{Argument: 0, Operation: seccomp.BitsNotSet, Value: cloneNamespaces},
		}},
	}}
}

// withoutClone3 says that clone3 does not exist: its flags lie in memory, where no filter
// can look, and the C library then falls back to clone.
func withoutClone3() seccomp.SyscallGroup {
	return seccomp.SyscallGroup{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: []string{"clone3"}}
}

// known are the system calls of this architecture that keep says true of, sorted.
func known(keep func(name string) bool) []string {
	info, err := arch.GetInfo("")
	if err != nil {
		return nil // loadFilter fails for the same reason, and says so
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(info.SyscallNames)) {
		if keep(name) {
			names = append(names, name)
		}
	}
	return names
}

// loadFilter sets a filter on the calling thread, or on all threads of this process.
func loadFilter(groups []seccomp.SyscallGroup, allThreads bool) error {
	f := seccomp.Filter{NoNewPrivs: true, Policy: seccomp.Policy{DefaultAction: seccomp.ActionErrno, Syscalls: groups}}
	if allThreads {
		f.Flag = seccomp.FilterFlagTSync
	}
	if err := seccomp.LoadFilter(f); err != nil {
		return fmt.Errorf("%w", err)
	}
	return nil
}
