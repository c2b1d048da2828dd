package isolate

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// transfer is memory that a process shares with the one that has started it, for bytes that
// would take many turns through a pipe: modules have tens of megabytes. It is a file
// without a name that both have mapped. Its pages stay when it is used again, which counts
// where the kernel is slow to find new ones.
//
// The file cannot be made shorter (it is sealed), so whatever the process does to it, what we
// have mapped can be read.
type transfer struct {
	file *os.File
	mem  []byte
}

// newTransfer makes an empty file.
func newTransfer() (*transfer, error) {
	fd, err := unix.MemfdCreate("toolgen transfer", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("isolate: memory to share: %w", err)
	}
	t := &transfer{file: os.NewFile(uintptr(fd), "transfer")}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK); err != nil {
		t.close()
		return nil, fmt.Errorf("isolate: memory to share: %w", err)
	}
	return t, nil
}

// openTransfer is the other end.
func openTransfer(fd uintptr) *transfer { return &transfer{file: os.NewFile(fd, "transfer")} }

// reach maps the first n bytes at least; grow says that the file may have to become longer.
func (t *transfer) reach(n int, grow bool) error {
	if n <= len(t.mem) {
		return nil
	}
	fd := int(t.file.Fd())
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("isolate: shared memory: %w", err)
	}
	if int64(n) > st.Size {
		if !grow {
			return fmt.Errorf("isolate: %d bytes of shared memory, which has %d", n, st.Size)
		}
		st.Size = (int64(n) + 1<<20 - 1) >> 20 << 20
		if err := unix.Ftruncate(fd, st.Size); err != nil {
			return fmt.Errorf("isolate: shared memory: %w", err)
		}
	}
	t.unmap()
	var err error
	if t.mem, err = unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		return fmt.Errorf("isolate: shared memory: %w", err)
	}
	return nil
}

func (t *transfer) unmap() {
	if t.mem != nil {
		unix.Munmap(t.mem)
		t.mem = nil
	}
}

func (t *transfer) put(blob []byte) error {
	if err := t.reach(len(blob), true); err != nil {
		return err
	}
	copy(t.mem, blob)
	return nil
}

func (t *transfer) get(n int) ([]byte, error) {
	if err := t.reach(n, false); err != nil {
		return nil, err
	}
	return t.mem[:n:n], nil
}

func (t *transfer) close() {
	t.unmap()
	t.file.Close()
}
