package sandbox

import (
	"fmt"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

// hostFunc is a function of WASI preview 1.
type hostFunc struct {
	params string // a letter each: i for i32, I for i64
	// call returns an errno. It is nil for functions that are denied.
	call func(h *host, memory []byte, a []wasmtime.Val) int32
	// noResult marks the one function that answers nothing, since it never
	// returns.
	noResult bool
}

func (f hostFunc) signature() string {
	if f.noResult {
		return "(" + f.params + ")"
	}
	return "(" + f.params + ")i"
}

// wasi is the module name of the host functions.
const wasi = "wasi_snapshot_preview1"

// hostFuncs are all functions of WASI preview 1. Go's runtime and package os
// import most of them, used or not. Those without an implementation are denied:
// the guest gets an errno, and Result.Denied their name.
var hostFuncs = map[string]hostFunc{
	"args_get":            {params: "ii", call: (*host).nothing},
	"args_sizes_get":      {params: "ii", call: (*host).zeroSizes},
	"environ_get":         {params: "ii", call: (*host).nothing},
	"environ_sizes_get":   {params: "ii", call: (*host).zeroSizes},
	"clock_time_get":      {params: "iIi", call: (*host).clockTimeGet},
	"random_get":          {params: "ii", call: (*host).randomGet},
	"poll_oneoff":         {params: "iiii", call: (*host).pollOneoff},
	"sched_yield":         {params: "", call: (*host).nothing},
	"fd_fdstat_get":       {params: "ii", call: (*host).fdFdstatGet},
	"fd_fdstat_set_flags": {params: "ii", call: (*host).fdFdstatSetFlags},
	"fd_prestat_get":      {params: "ii", call: (*host).fdPrestatGet},
	"fd_write":            {params: "iiii", call: (*host).fdWrite},
	"proc_exit":           {params: "i", call: (*host).procExit, noResult: true},

	"clock_res_get":           {params: "ii"},
	"fd_advise":               {params: "iIIi"},
	"fd_allocate":             {params: "iII"},
	"fd_close":                {params: "i"},
	"fd_datasync":             {params: "i"},
	"fd_fdstat_set_rights":    {params: "iII"},
	"fd_filestat_get":         {params: "ii"},
	"fd_filestat_set_size":    {params: "iI"},
	"fd_filestat_set_times":   {params: "iIIi"},
	"fd_pread":                {params: "iiiIi"},
	"fd_prestat_dir_name":     {params: "iii"},
	"fd_pwrite":               {params: "iiiIi"},
	"fd_read":                 {params: "iiii"},
	"fd_readdir":              {params: "iiiIi"},
	"fd_renumber":             {params: "ii"},
	"fd_seek":                 {params: "iIii"},
	"fd_sync":                 {params: "i"},
	"fd_tell":                 {params: "ii"},
	"path_create_directory":   {params: "iii"},
	"path_filestat_get":       {params: "iiiii"},
	"path_filestat_set_times": {params: "iiiiIIi"},
	"path_link":               {params: "iiiiiii"},
	"path_open":               {params: "iiiiiIIii"},
	"path_readlink":           {params: "iiiiii"},
	"path_remove_directory":   {params: "iii"},
	"path_rename":             {params: "iiiiii"},
	"path_symlink":            {params: "iiiii"},
	"path_unlink_file":        {params: "iii"},
	"proc_raise":              {params: "i"},
	"sock_accept":             {params: "iii"},
	"sock_recv":               {params: "iiiiii"},
	"sock_send":               {params: "iiiii"},
	"sock_shutdown":           {params: "ii"},
}

// signature renders a function type in the notation of hostFunc.
func signature(t *wasmtime.FuncType) string {
	if t == nil {
		return "no function"
	}
	letters := func(types []*wasmtime.ValType) string {
		s := ""
		for _, t := range types {
			switch t.Kind() {
			case wasmtime.KindI32:
				s += "i"
			case wasmtime.KindI64:
				s += "I"
			default:
				s += "?"
			}
		}
		return s
	}
	return "(" + letters(t.Params()) + ")" + letters(t.Results())
}

// defineHost defines the host functions once for all calls; each finds its host
// in the store's data.
func defineHost(linker *wasmtime.Linker) error {
	for name, f := range hostFuncs { // any order: each is defined under its own name
		var params, results []*wasmtime.ValType
		for _, l := range f.params {
			kind := wasmtime.KindI32
			if l == 'I' {
				kind = wasmtime.KindI64
			}
			params = append(params, wasmtime.NewValType(kind))
		}
		if !f.noResult {
			results = append(results, wasmtime.NewValType(wasmtime.KindI32))
		}
		err := linker.FuncNew(wasi, name, wasmtime.NewFuncType(params, results),
			func(caller *wasmtime.Caller, args []wasmtime.Val) ([]wasmtime.Val, *wasmtime.Trap) {
				h := caller.Data().(*host)
				errno := h.dispatch(name, f, h.memory.UnsafeData(caller), args)
				if h.end != endNone {
					return nil, wasmtime.NewTrap("ended by the host")
				}
				if f.noResult {
					return nil, nil
				}
				return []wasmtime.Val{wasmtime.ValI32(errno)}, nil
			})
		if err != nil {
			return fmt.Errorf("sandbox: host function %s: %w", name, err)
		}
	}
	return nil
}
