package sandbox

import "slices"

// meteringVersion is part of Settings: raise it whenever Meter writes other
// bytes for the same module.
const meteringVersion = 2

// The meters: mutable globals that Meter appends and exports. All start at
// zero, so a module that runs before the host has set them traps at once.
const (
	// meterBulk (i64) is how many bytes bulk instructions may still move.
	// Negative: they were too many, and the guest has trapped.
	meterBulk = "toolgen_meter_bulk"
	// meterDepth (i32) is how many bytes of native stack calls may still take,
	// by the estimate of frameBytes. Negative: they were nested too deeply, and
	// the guest has trapped.
	meterDepth = "toolgen_meter_depth"
	// meterGrow (i32) is 0, or how many pages the last memory.grow asked for
	// if it was refused.
	meterGrow = "toolgen_meter_grow"
)

// maxLocals is wasmtime's own limit of locals in a function.
const maxLocals = 50_000

// frameBytes estimates from above what a call of a function takes of the native
// stack, at any optimization level: the return address, the frame pointer,
// callee-saved registers and a few values of the compiler's own, and a slot per
// parameter and local. Go keeps no values in locals across calls, so most
// functions need much less. The few that need more (one in a thousand, by up to
// 1.9 times: unrolled ciphers and hashes) do not recurse, and maxDepth leaves
// room for them. A term that grows with the code would cover those too, but
// costs all others a third of the depth. TestFrameBytes compares the estimate
// with compiled code.
func frameBytes(locals uint32) int32 { return 80 + 8*int32(locals) }

// Meter rewrites a module so that it counts what wasmtime's fuel does not:
//
//   - memory.copy and memory.fill take their length from meterBulk first, and
//     trap when it goes below zero. Wasmtime charges them one unit of fuel
//     whatever their length.
//
//   - memory.grow leaves in meterGrow whether it was refused, and takes 8 times
//     growCallFuel from meterBulk.
//
//   - Functions that call others take their frameBytes from meterDepth on
//     entry, give them back on every exit, and trap when it goes below zero. A
//     leaf cannot recurse, so it goes free.
//
//   - Instructions that take far longer than the unit of fuel that wasmtime charges are
//     preceded by constants that are dropped again, surcharge of them: a unit each, and
//     no machine code.
//
// To catch every exit, the body becomes one block that yields the function's
// result: branches to the function's label land on it with unchanged indices,
// and return becomes a branch to it.
//
// Meter is pure and deterministic. It refuses, with a *MeterError, whatever
// Go's compiler does not emit; that the rest of the module is valid is for
// wasmtime to find out. The instructions that it adds are counted as fuel like
// all others: 12 for a call, 10 for a bulk instruction, 21 for memory.grow.
func Meter(wasm []byte) ([]byte, error) {
	m := meter{wasm: wasm}
	out, err := m.rewrite()
	if err != nil {
		return nil, err
	}
	return out, nil
}

type meter struct {
	wasm  []byte
	secs  [secData + 1]section
	types []funcType
	funcs []uint32 // type index of each function with a body

	globals uint32 // in the original
}

type funcType struct {
	params uint32
	result byte // a value type, or typeEmpty
}

// Indices of the added globals.
func (m *meter) bulk() uint32  { return m.globals }
func (m *meter) depth() uint32 { return m.globals + 1 }
func (m *meter) grow() uint32  { return m.globals + 2 }

func (m *meter) section(id int) *reader {
	s := m.secs[id]
	return &reader{module: m.wasm, pos: s.start, end: s.end}
}

func (m *meter) rewrite() ([]byte, *MeterError) {
	var err *MeterError
	if m.secs, err = splitSections(m.wasm); err != nil {
		return nil, err
	}
	if err := m.readTypes(); err != nil {
		return nil, err
	}
	if err := m.readImports(); err != nil {
		return nil, err
	}
	if err := m.readFunctions(); err != nil {
		return nil, err
	}
	globals, err := m.rewriteGlobals()
	if err != nil {
		return nil, err
	}
	exports, err := m.rewriteExports()
	if err != nil {
		return nil, err
	}
	code, err := m.rewriteCode()
	if err != nil {
		return nil, err
	}

	out := make([]byte, 0, len(m.wasm)+len(code)+len(exports)+len(globals))
	out = append(out, preamble[:]...)
	for id, s := range m.secs {
		switch {
		case id == secGlobal:
			out = appendSection(out, secGlobal, globals)
		case id == secExport:
			out = appendSection(out, secExport, exports)
		case id == secCode && s.present():
			out = appendSection(out, secCode, code)
		case s.present():
			out = appendSection(out, byte(id), m.wasm[s.start:s.end])
		}
	}
	return slices.Clip(out), nil
}

func (m *meter) readTypes() *MeterError {
	if !m.secs[secType].present() {
		return nil
	}
	r := m.section(secType)
	for range r.count() {
		at := r.pos
		if form := r.byte(); r.err == nil && form != typeFunc {
			r.failf(at, "type %#02x, want a function type", form)
		}
		t := funcType{result: typeEmpty}
		t.params = uint32(r.count())
		for range t.params {
			if r.err != nil {
				break
			}
			r.valueType()
		}
		switch n := r.count(); {
		case r.err != nil:
		case n == 1:
			t.result = r.valueType()
		case n > 1:
			r.failf(at, "function type with %d results, want 1 or none", n)
		}
		if r.err != nil {
			return r.err
		}
		m.types = append(m.types, t)
	}
	return r.done()
}

// readImports checks that only functions are imported: Go imports nothing else,
// and imported globals would shift the indices of the others.
func (m *meter) readImports() *MeterError {
	if !m.secs[secImport].present() {
		return nil
	}
	r := m.section(secImport)
	for range r.count() {
		at := r.pos
		module, name := r.name(), r.name()
		if kind := r.byte(); r.err == nil && kind != kindFunc {
			r.failf(at, "import %.40q %.40q of kind %d, want a function", module, name, kind)
		}
		r.u32()
		if r.err != nil {
			return r.err
		}
	}
	return r.done()
}

func (m *meter) readFunctions() *MeterError {
	if !m.secs[secFunction].present() {
		return nil
	}
	r := m.section(secFunction)
	for range r.count() {
		at := r.pos
		t := r.u32()
		if r.err == nil && uint64(t) >= uint64(len(m.types)) {
			r.failf(at, "function type %d of %d", t, len(m.types))
		}
		if r.err != nil {
			return r.err
		}
		m.funcs = append(m.funcs, t)
	}
	return r.done()
}

// rewriteGlobals appends the meters to the globals, which it copies unread: if
// their count is wrong, then so is the new one, and wasmtime refuses it.
func (m *meter) rewriteGlobals() ([]byte, *MeterError) {
	var rest []byte
	if s := m.secs[secGlobal]; s.present() {
		r := m.section(secGlobal)
		m.globals = uint32(r.count())
		if r.err != nil {
			return nil, r.err
		}
		rest = m.wasm[r.pos:s.end]
	}
	const mutable = 1
	out := appendU32(nil, m.globals+3)
	out = append(out, rest...)
	out = append(out, typeI64, mutable, opI64Const, 0, opEnd) // bulk
	out = append(out, typeI32, mutable, opI32Const, 0, opEnd) // depth
	out = append(out, typeI32, mutable, opI32Const, 0, opEnd) // grow
	return out, nil
}

func (m *meter) rewriteExports() ([]byte, *MeterError) {
	count := 0
	var rest []byte
	if s := m.secs[secExport]; s.present() {
		r := m.section(secExport)
		count = r.count()
		start := r.pos
		for range count {
			at := r.pos
			name, kind, index := r.name(), r.byte(), r.u32()
			switch {
			case r.err != nil:
			case name == meterBulk || name == meterDepth || name == meterGrow:
				r.failf(at, "export %q is the meter's own name", name)
			case kind == kindGlobal && index >= m.globals:
				r.failf(at, "export of global %d of %d", index, m.globals)
			}
			if r.err != nil {
				return nil, r.err
			}
		}
		if err := r.done(); err != nil {
			return nil, err
		}
		rest = m.wasm[start:s.end]
	}
	out := appendU32(nil, uint32(count)+3)
	out = append(out, rest...)
	for _, e := range []struct {
		name  string
		index uint32
	}{{meterBulk, m.bulk()}, {meterDepth, m.depth()}, {meterGrow, m.grow()}} {
		out = append(appendName(out, e.name), kindGlobal)
		out = appendU32(out, e.index)
	}
	return out, nil
}

func (m *meter) rewriteCode() ([]byte, *MeterError) {
	if !m.secs[secCode].present() {
		if len(m.funcs) > 0 {
			return nil, &MeterError{Offset: len(m.wasm), Detail: "functions without a code section"}
		}
		return nil, nil
	}
	r := m.section(secCode)
	at := r.pos
	n := r.count()
	if r.err == nil && n != len(m.funcs) {
		r.failf(at, "%d bodies for %d functions", n, len(m.funcs))
	}
	if r.err != nil {
		return nil, r.err
	}
	out := make([]byte, 0, (r.end-r.pos)*5/4)
	out = appendU32(out, uint32(n))
	var body []byte // reused
	for _, t := range m.funcs {
		f := r.sub(r.u32())
		if body = m.rewriteBody(body[:0], f, m.types[t]); f.err != nil {
			return nil, f.err
		}
		out = append(appendU32(out, uint32(len(body))), body...)
	}
	return out, r.done()
}

// rewriteBody appends the rewritten body that r holds to out.
func (m *meter) rewriteBody(out []byte, r *reader, t funcType) []byte {
	declared := r.pos
	groups := r.count()
	groupsStart := r.pos
	locals := uint64(t.params)
	for range groups {
		at := r.pos
		locals += uint64(r.u32())
		r.valueType()
		if r.err == nil && locals > maxLocals {
			r.failf(at, "more than %d locals", maxLocals)
		}
		if r.err != nil {
			return nil
		}
	}
	code := r.pos
	s := scan{locals: uint32(locals), globals: m.globals}
	s.body(r)
	if r.done() != nil {
		return nil
	}

	scratch := uint32(locals) // index of the added local, where one is needed
	if slices.ContainsFunc(s.sites, func(x site) bool { return x.kind == siteBulk || x.kind == siteGrow }) {
		out = appendU32(out, uint32(groups)+1)
		out = append(out, m.wasm[groupsStart:code]...)
		out = append(out, 1, typeI32)
	} else {
		out = append(out, m.wasm[declared:code]...)
	}
	weight := frameBytes(uint32(locals))
	if s.calls {
		out = m.enter(out, weight)
		out = append(out, opBlock, t.result)
	}
	pos := code
	for _, x := range s.sites {
		out = append(out, m.wasm[pos:x.start]...)
		instr := m.wasm[x.start:x.end]
		switch {
		case x.kind == siteBulk:
			out = m.chargeBulk(out, scratch)
			out = append(out, instr...)
		case x.kind == siteGrow:
			out = m.watchGrow(out, instr, scratch)
		case x.kind == siteDear:
			out = append(appendSurcharge(out, x.surcharge), instr...)
		case s.calls:
			out = appendU32(append(out, opBr), x.nesting)
		default:
			out = append(out, instr...)
		}
		pos = x.end
	}
	out = append(out, m.wasm[pos:r.end]...)
	if s.calls {
		// The body's end has closed the block.
		out = m.leave(out, weight)
		out = append(out, opEnd)
	}
	return out
}

func (m *meter) enter(out []byte, weight int32) []byte {
	out = appendU32(append(out, opGlobalGet), m.depth())
	out = appendI32(append(out, opI32Const), weight)
	out = append(out, opI32Sub)
	out = appendU32(append(out, opGlobalSet), m.depth())
	out = appendU32(append(out, opGlobalGet), m.depth())
	return append(out, opI32Const, 0, opI32LtS, opIf, typeEmpty, opUnreachable, opEnd)
}

func (m *meter) leave(out []byte, weight int32) []byte {
	out = appendU32(append(out, opGlobalGet), m.depth())
	out = appendI32(append(out, opI32Const), weight)
	out = append(out, opI32Add)
	return appendU32(append(out, opGlobalSet), m.depth())
}

// appendSurcharge makes what follows cost so much more fuel. Wasmtime counts a unit for a
// constant and none for drop, adds them up when it compiles, and its code generator leaves
// out a constant that nobody uses: at run time there is nothing but a larger number in a
// counter's increment. So it costs no time, which counting in a global of our own would.
func appendSurcharge(out []byte, fuel int) []byte {
	for range fuel {
		out = append(out, opI32Const, 0, opDrop)
	}
	return out
}

// chargeBulk stands before an instruction whose length, unsigned, is on top of
// the stack, and leaves it there.
func (m *meter) chargeBulk(out []byte, scratch uint32) []byte {
	out = appendU32(append(out, opLocalTee), scratch)
	out = appendU32(append(out, opGlobalGet), m.bulk())
	out = appendU32(append(out, opLocalGet), scratch)
	out = append(out, opI64ExtendU, opI64Sub)
	out = appendU32(append(out, opGlobalSet), m.bulk())
	out = appendU32(append(out, opGlobalGet), m.bulk())
	return append(out, opI64Const, 0, opI64LtS, opIf, typeEmpty, opUnreachable, opEnd)
}

// watchGrow keeps the number of pages asked for in the meter, and clears it
// again if they were granted. It also charges the asking, as so many bytes moved: what
// is granted costs its growth, but a refusal, or a growth by nothing, takes 40 ns too.
func (m *meter) watchGrow(out, instr []byte, scratch uint32) []byte {
	out = appendI32(append(out, opI32Const), 8*growCallFuel)
	out = append(m.chargeBulk(out, scratch), opDrop)
	out = appendU32(append(out, opGlobalSet), m.grow())
	out = appendU32(append(out, opGlobalGet), m.grow())
	out = append(out, instr...)
	out = appendU32(append(out, opLocalTee), scratch)
	out = appendI32(append(out, opI32Const), -1)
	out = append(out, opI32Ne, opIf, typeEmpty, opI32Const, 0)
	out = appendU32(append(out, opGlobalSet), m.grow())
	out = append(out, opEnd)
	return appendU32(append(out, opLocalGet), scratch)
}
