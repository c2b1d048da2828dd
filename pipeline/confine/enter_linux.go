package confine

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Enter sets the second stage of a policy on this process, for good. has is what the
// process that started it found out by Probe.
func Enter(p Policy, has Status) error {
	for _, l := range []struct {
		what  string
		which int
		most  uint64
	}{
		{"RLIMIT_DATA", unix.RLIMIT_DATA, p.DataBytes},
		{"RLIMIT_FSIZE", unix.RLIMIT_FSIZE, p.FileBytes},
		{"RLIMIT_CPU", unix.RLIMIT_CPU, p.CPUSeconds},
	} {
		if l.most == 0 {
			continue
		}
		if err := limit(l.which, l.most); err != nil {
			return fmt.Errorf("confine: %s: %w", l.what, err)
		}
	}
	if err := limit(unix.RLIMIT_CORE, 0); err != nil {
		return fmt.Errorf("confine: RLIMIT_CORE: %w", err)
	}
	if !has.Seccomp {
		return nil
	}
	filter := computing()
	if p.Exec {
		filter = starting()
	}
	if err := loadFilter(filter, true); err != nil {
		return fmt.Errorf("confine: seccomp: %w", err)
	}
	return nil
}

// limit lowers a limit, never above what holds already.
func limit(which int, most uint64) error {
	var have unix.Rlimit
	if err := unix.Getrlimit(which, &have); err != nil {
		return err
	}
	most = min(most, have.Max)
	return unix.Setrlimit(which, &unix.Rlimit{Cur: most, Max: most})
}
