package confine

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func pointer(b []byte) unsafe.Pointer { return unsafe.Pointer(&b[0]) }

// readMemory reads a byte of another process, at an address that may be mapped or not:
// EFAULT says that it might have been read.
func readMemory(pid int) error {
	var b [1]byte
	_, err := unix.ProcessVMReadv(pid, []unix.Iovec{{Base: &b[0], Len: 1}}, []unix.RemoteIovec{{Base: 0x10000, Len: 1}}, 0)
	if err == unix.EFAULT {
		return nil
	}
	return err
}
