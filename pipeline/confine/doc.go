// Package confine starts processes that may do little: no network, no files but those that
// a policy names, no look at other processes, no new rights.
//
// Restrictions come in two stages, because some of them would forbid the start itself.
//
//  1. [Start] sets these on a thread of its own, which starts the process and ends: no new
//     privileges, Landlock (files, TCP, abstract sockets, signals to others), and a seccomp
//     filter without sockets, ptrace, mounts, namespaces, bpf, io_uring, keys and their
//     like. Where the kernel lets us, the process gets namespaces of its own for users,
//     network, processes and IPC, so that there is no network to reach.
//  2. The process calls [Enter] before it reads anything that a stranger wrote. That sets
//     limits of resources and, on all threads, a second filter: of a process that only
//     computes it leaves reading, writing, memory, threads and clocks: no open, no exec.
//
// What a kernel does not have is left out, and [Probe] says so: a run tells it and
// `toolgen doctor` shows it. Nothing that a process computes depends on it.
//
// Non-goals: hiding files that anybody may name by mount namespaces (Landlock refuses them
// as well), and cgroups (they need rights that a user does not have).
package confine

import "fmt"

// Policy says what a process may do besides computing.
type Policy struct {
	Execute   []string // folders and files that it may read and execute
	ReadWrite []string // folders in which it may do anything but make devices and sockets

	// Exec leaves it the right to start programs, from Execute, and to open files. Without
	// it, both end with Enter.
	Exec bool

	DataBytes  uint64 // private memory that it may write to (RLIMIT_DATA), of each process; 0: no limit
	FileBytes  uint64 // size of a file that it writes (RLIMIT_FSIZE); 0: no limit
	CPUSeconds uint64 // processor time, of each process (RLIMIT_CPU); 0: no limit
}

// Status says which restrictions hold on this machine.
type Status struct {
	NoNewPrivs bool   `json:"no_new_privs"`
	Landlock   int    `json:"landlock_abi"` // 0: the kernel has none, or it is switched off
	Seccomp    bool   `json:"seccomp"`
	Namespaces bool   `json:"namespaces"` // users, network, processes, IPC
	Why        string `json:"why,omitempty"`
}

// Complete says whether all restrictions that confine knows hold.
func (s Status) Complete() bool {
	return s.NoNewPrivs && s.Landlock >= landlockWanted && s.Seccomp && s.Namespaces
}

// landlockWanted is the first ABI of Landlock that knows of files, TCP, devices, abstract
// sockets and signals.
const landlockWanted = 6

// Holds names what holds, in words, in a fixed order.
func (s Status) Holds() []string {
	var list []string
	if s.NoNewPrivs {
		list = append(list, "no new privileges")
	}
	if s.Landlock > 0 {
		list = append(list, fmt.Sprintf("Landlock (ABI %d)", s.Landlock))
	}
	if s.Seccomp {
		list = append(list, "seccomp")
	}
	if s.Namespaces {
		list = append(list, "namespaces")
	}
	return list
}

// Missing names what does not hold, in words, in a fixed order.
func (s Status) Missing() []string {
	var list []string
	if !s.NoNewPrivs {
		list = append(list, "no new privileges")
	}
	switch {
	case s.Landlock == 0:
		list = append(list, "Landlock")
	case s.Landlock < landlockWanted:
		list = append(list, "the newer parts of Landlock (TCP, signals, abstract sockets)")
	}
	if !s.Seccomp {
		list = append(list, "seccomp")
	}
	if !s.Namespaces {
		list = append(list, "namespaces")
	}
	return list
}
