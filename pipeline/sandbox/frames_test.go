package sandbox

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

// nativeFrames compiles a module at an optimization level and reads out of the
// machine code how many bytes of stack a call of each function takes. A
// serialized module is an ELF file with a symbol for each function, and
// Cranelift's prologue subtracts the frame from the stack pointer at once.
func nativeFrames(t *testing.T, wasm []byte, level wasmtime.OptLevel) map[int]int {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("reads amd64 prologues")
	}
	config := newConfig()
	config.SetCraneliftOptLevel(level)
	e, err := newEngine(config)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	m, err := e.Compile(wasm)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	serialized, err := m.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	file, err := elf.NewFile(bytes.NewReader(serialized))
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	text := file.Section(".text")
	code, err := text.Data()
	if err != nil {
		t.Fatal(err)
	}
	frames := map[int]int{}
	for _, s := range symbols {
		var index int
		if n, _ := fmt.Sscanf(s.Name, "wasm[0]::function[%d]", &index); n != 1 {
			continue // trampolines
		}
		start := s.Value - text.Addr
		prologue := code[start : start+min(s.Size, 64)]
		frame := 16 // return address and rbp
		if i := bytes.Index(prologue, []byte{0x48, 0x81, 0xec}); i >= 0 {
			frame += int(binary.LittleEndian.Uint32(prologue[i+3:])) // sub rsp, imm32
		} else if i := bytes.Index(prologue, []byte{0x48, 0x83, 0xec}); i >= 0 {
			frame += int(prologue[i+3]) // sub rsp, imm8
		}
		frames[index] = frame
	}
	return frames
}
