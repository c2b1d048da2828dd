//go:build !linux

package sandbox

// threadStackSize returns 0, unknown: ToolGen is made for Linux.
func threadStackSize() int { return 0 }
