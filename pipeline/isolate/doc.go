// Package isolate runs jobs in processes of their own: the gate's parser and type checker,
// the go command, the engine's compiler, and every guest.
//
// A process is this very program, started again under a policy of package confine
// and kept for many jobs, which it is told over a pipe, one after another. A [Kind] says what
// it can do; a [Pool] holds the processes of a kind; a [Host] all pools of a machine.
//
// What becomes of a job:
//
//  1. A process does it and answers. Whether the answer is good news is for the caller.
//  2. The caller's context ends: the process is killed, and the job with it.
//  3. The process dies, or is killed since the job takes too long or too much memory. The
//     process costs this one job, and it is tried once more, in a new process, while the
//     machine does nothing else. If that one dies too, a control job is tried, one that
//     always succeeds on a machine in good health. If it does, the job is at fault: a
//     *[DeathError]. If not, the machine is: any other error.
//
// Nothing that a job answers depends on limits of the machine: they only decide whether
// there is an answer.
//
// A message is a JSON header and bytes beside it, both preceded by their length:
//
//	u32 length of the header | u64 length of the bytes | header | bytes
//
// More than 64 KiB of bytes do not follow: they lie in a file without a name that both have
// mapped, and the highest bit of their length says so.
//
// What comes from a process is not believed: lengths are bounded by what the job may
// answer, and an answer that is none counts as a death.
//
// Non-goals: other machines, and queues.
package isolate
