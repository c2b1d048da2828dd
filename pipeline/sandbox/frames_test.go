package sandbox

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"sort"
	"testing"

	"github.com/bytecodealliance/wasmtime-go/v44"
)

func TestFramesX(t *testing.T) {
	for _, g := range []string{"guest", "light"} {
		w, err := buildGuest(g)
		if err != nil {
			t.Fatal(err)
		}
		mm := meter{wasm: w}
		if _, err := mm.rewrite(); err != nil {
			t.Fatal(err)
		}
		locs := map[int]int{}
		calls := map[int]bool{}
		size := map[int]int{}
		{
			imp := (&meter{wasm: w, secs: mm.secs}).section(secImport)
			n := imp.count()
			r := mm.section(secCode)
			r.count()
			for i, ty := range mm.funcs {
				f := r.sub(r.u32())
				beg := f.pos
				l := int(mm.types[ty].params)
				for range f.count() {
					l += int(f.u32())
					f.valueType()
				}
				sc := scan{locals: 60000, globals: mm.globals}
				sc.body(f)
				locs[n+i] = l
				calls[n+i] = sc.calls
				size[n+i] = f.end - beg
			}
		}
		for _, opt := range []wasmtime.OptLevel{wasmtime.OptLevelNone, wasmtime.OptLevelSpeed, wasmtime.OptLevelSpeedAndSize} {
			c := newConfig()
			c.SetCraneliftOptLevel(opt)
			e, err := newEngine(c)
			if err != nil {
				t.Fatal(err)
			}
			m, err := e.Compile(w)
			if err != nil {
				t.Fatal(err)
			}
			b, err := m.Serialize()
			if err != nil {
				t.Fatal(err)
			}
			f, err := elf.NewFile(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			syms, err := f.Symbols()
			if err != nil {
				t.Fatal(err)
			}
			var text *elf.Section
			for _, s := range f.Sections {
				if s.Name == ".text" {
					text = s
				}
			}
			code, err := text.Data()
			if err != nil {
				t.Fatal(err)
			}
			type fr struct {
				idx    int
				name   string
				frame  int
				locals int
			}
			var all []fr
			for _, s := range syms {
				var idx int
				if n, _ := fmt.Sscanf(s.Name, "wasm[0]::function[%d]", &idx); n != 1 {
					continue
				}
				body := code[s.Value-text.Addr : s.Value-text.Addr+s.Size]
				frame := 16
				p := body[:min(len(body), 80)]
				if i := bytes.Index(p, []byte{0x48, 0x81, 0xec}); i >= 0 {
					frame += int(binary.LittleEndian.Uint32(p[i+3:]))
				} else if i := bytes.Index(p, []byte{0x48, 0x83, 0xec}); i >= 0 {
					frame += int(p[i+3])
				}
				all = append(all, fr{idx: idx, name: s.Name, frame: frame})
			}
			for i := range all {
				all[i].locals = locs[all[i].idx]
			}
			sort.Slice(all, func(i, j int) bool { return all[i].frame-8*all[i].locals > all[j].frame-8*all[j].locals })
			t.Log(g, opt, len(b), len(all), len(syms))
			for i, x := range all {
				if i < 6 || i == len(all)/2 || i == len(all)/10 {
					t.Logf("%d: %s %d", i, x.name, x.frame)
					t.Log("locals", x.locals, x.frame-8*x.locals, calls[x.idx], size[x.idx])
				}
			}
			if opt == wasmtime.OptLevelNone && g == "light" {
				for _, s := range syms[:5] {
					t.Log(s.Name, s.Value, s.Size)
				}
			}
		}
	}
}
