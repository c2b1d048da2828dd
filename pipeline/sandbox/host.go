package sandbox

import (
	"encoding/binary"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/bytecodealliance/wasmtime-go/v44"

	"toolgen/seed"
)

// hostVersion is part of Settings: raise it whenever host functions answer or
// charge differently.
const hostVersion = 2

const (
	// clockTick is how far the virtual clock moves when it is read, in
	// nanoseconds, so that waiting for time to pass comes to an end.
	clockTick = 1000

	// The clock starts within ten years from 2020-01-01T00:00:00Z.
	clockEpoch = 1_577_836_800 * 1_000_000_000
	clockSpan  = 10 * 365 * 24 * 3600 * 1_000_000_000

	// hostCallFuel is what a host call costs, whatever it does, and hostByteFuel each byte
	// that it moves. A call leaves the guest through cgo and comes back, which takes 0.55
	// to 1.1 microseconds (BenchmarkPrices, class=host); without a base price it cost the
	// five or ten instructions that lead to it, and a loop of nothing but denied calls took
	// 800 times the time of what its fuel promised. A byte takes 0.7 ns to draw at random
	// and 1.5 ns to keep; an eighth of a unit was 60 to 130 times too little.
	hostCallFuel = 6000
	hostByteFuel = 8
)

// Errno values of WASI preview 1.
const (
	errnoSuccess = 0
	errnoBadf    = 8
	errnoInval   = 28
	errnoNosys   = 52
	errnoNotsup  = 58
)

// ending is why a host function has ended the call.
type ending byte

const (
	endNone   ending = iota
	endExit          // proc_exit
	endFuel          // charges alone are over the limit
	endFlood         // too much text on stderr
	endBounds        // an address outside of memory
)

// host is what the host functions of one call share: the guest's whole world.
type host struct {
	limits Limits
	memory *wasmtime.Memory

	random    *rand.Rand
	realtime  uint64 // virtual clock: nanoseconds since 1970
	monotonic uint64 // minus this it is the monotonic clock
	charged   int64  // fuel of host calls in this phase: their price, their bytes, sleep
	stderr    []byte
	denied    []string
	end       ending
	exitCode  int32
}

func newHost(c Call) *host {
	clock := seed.Derive(c.Entropy, "sandbox clock")
	h := &host{limits: c.Limits, random: seed.Derive(c.Entropy, "sandbox random")}
	h.realtime = clockEpoch + clock.Uint64N(clockSpan)
	h.monotonic = h.realtime - 1 - clock.Uint64N(24*3600*1_000_000_000) // it starts within a day, never at 0
	return h
}

func (h *host) dispatch(name string, f hostFunc, memory []byte, args []wasmtime.Val) int32 {
	errno := int32(errnoNosys)
	switch {
	case !h.charge(hostCallFuel):
	case f.call != nil:
		errno = f.call(h, memory, args)
	default:
		errno = h.deny(name)
	}
	return errno
}

func (h *host) deny(name string) int32 {
	if i, found := slices.BinarySearch(h.denied, name); !found {
		h.denied = slices.Insert(h.denied, i, name)
	}
	if len(name) > 3 && name[:3] == "fd_" {
		return errnoBadf
	}
	return errnoNosys
}

// charge takes fuel for what a host function is about to do, and says whether it may:
// what the guest cannot pay for is not done, since that would cost the host the time.
func (h *host) charge(fuel int64) bool {
	h.charged = saturatingAdd(h.charged, fuel)
	if h.end == endNone && h.charged > h.limits.Fuel {
		h.end = endFuel
	}
	return h.end == endNone
}

// chargeBytes charges bytes that a host call moves, at most 2^35 of them.
func (h *host) chargeBytes(n int64) bool { return h.charge(n * hostByteFuel) }

// span returns memory[addr:addr+n], or ends the call if it lies outside.
func (h *host) span(memory []byte, addr, n uint32) []byte {
	if uint64(addr)+uint64(n) > uint64(len(memory)) {
		h.end = endBounds
		return nil
	}
	return memory[addr : uint64(addr)+uint64(n)]
}

func (h *host) putU32(memory []byte, addr, v uint32) {
	if b := h.span(memory, addr, 4); b != nil {
		binary.LittleEndian.PutUint32(b, v)
	}
}

func (h *host) nothing([]byte, []wasmtime.Val) int32 { return errnoSuccess }

// zeroSizes says that there are no arguments and no environment.
func (h *host) zeroSizes(memory []byte, a []wasmtime.Val) int32 {
	h.putU32(memory, u32(a[0]), 0)
	h.putU32(memory, u32(a[1]), 0)
	return errnoSuccess
}

func (h *host) randomGet(memory []byte, a []wasmtime.Val) int32 {
	b := h.span(memory, u32(a[0]), u32(a[1]))
	if !h.chargeBytes(int64(len(b))) {
		return errnoInval
	}
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, h.random.Uint64())
		b = b[8:]
	}
	if len(b) > 0 {
		var last [8]byte
		binary.LittleEndian.PutUint64(last[:], h.random.Uint64())
		copy(b, last[:])
	}
	return errnoSuccess
}

func (h *host) clockTimeGet(memory []byte, a []wasmtime.Val) int32 {
	h.realtime += clockTick
	now := h.realtime
	switch u32(a[0]) {
	case 0: // realtime
	case 1: // monotonic
		now -= h.monotonic
	default:
		return errnoInval
	}
	if b := h.span(memory, u32(a[2]), 8); b != nil {
		binary.LittleEndian.PutUint64(b, now)
	}
	h.chargeBytes(8)
	return errnoSuccess
}

// Layout of poll_oneoff's subscriptions and events, in bytes.
const (
	subscriptionSize = 48
	eventSize        = 32
)

// pollOneoff sleeps until the earliest clock among the subscriptions. There is
// nothing else to wait for: subscriptions to files are answered at once, with
// an error each, and count as denied.
func (h *host) pollOneoff(memory []byte, a []wasmtime.Val) int32 {
	in, out, n, nevents := u32(a[0]), u32(a[1]), u32(a[2]), u32(a[3])
	if n == 0 {
		return errnoInval
	}
	if uint64(n)*subscriptionSize > uint64(len(memory)) {
		h.end = endBounds
		return errnoInval
	}
	subs := h.span(memory, in, n*subscriptionSize)
	events := h.span(memory, out, n*eventSize)
	if subs == nil || events == nil || !h.chargeBytes(int64(len(subs))) {
		return errnoInval
	}

	count := 0
	event := func(sub []byte, errno uint16) {
		e := events[count*eventSize:][:eventSize]
		clear(e)
		copy(e, sub[:8]) // userdata
		binary.LittleEndian.PutUint16(e[8:], errno)
		e[10] = sub[8] // type
		count++
	}
	var first []byte // the subscription that is due first
	wait := uint64(math.MaxUint64)
	for s := subs; len(s) > 0; s = s[subscriptionSize:] {
		if s[8] != 0 {
			event(s, errnoBadf)
			h.deny("poll_oneoff")
			continue
		}
		t := binary.LittleEndian.Uint64(s[24:])
		if s[40]&1 != 0 { // absolute time
			now := h.realtime
			if s[16] != 0 {
				now -= h.monotonic
			}
			t -= min(t, now)
		}
		if first == nil || t < wait {
			first, wait = s, t
		}
	}
	if count == 0 {
		h.realtime += wait
		h.charge(sleepFuel(wait, h.limits.FuelPerMS))
		event(first, errnoSuccess)
	}
	h.putU32(memory, nevents, uint32(count))
	return errnoSuccess
}

// sleepFuel is ns * perMS / 1e6, rounded up so that no sleep is free.
func sleepFuel(ns uint64, perMS int64) int64 {
	hi, lo := bits.Mul64(ns, uint64(perMS))
	lo, carry := bits.Add64(lo, 1e6-1, 0)
	hi += carry
	if hi >= 1e6 {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, 1e6)
	return int64(min(q, math.MaxInt64))
}

// fdFdstatGet says that the standard streams are devices. Package syscall asks
// when it starts.
func (h *host) fdFdstatGet(memory []byte, a []wasmtime.Val) int32 {
	if u32(a[0]) > 2 {
		return h.deny("fd_fdstat_get")
	}
	if b := h.span(memory, u32(a[1]), 24); b != nil {
		clear(b)
		b[0] = 2 // character device
	}
	return errnoSuccess
}

// fdFdstatSetFlags leaves the standard streams blocking. Package syscall tries
// to change them when it starts, so trying is not denied.
func (h *host) fdFdstatSetFlags(_ []byte, a []wasmtime.Val) int32 {
	if u32(a[0]) > 2 {
		return h.deny("fd_fdstat_set_flags")
	}
	return errnoNotsup
}

// fdPrestatGet says that no folders are open. Package syscall asks when it
// starts, so asking is not denied.
func (h *host) fdPrestatGet([]byte, []wasmtime.Val) int32 { return errnoBadf }

// fdWrite keeps what goes to stderr, where panics are printed, and denies the
// rest.
func (h *host) fdWrite(memory []byte, a []wasmtime.Val) int32 {
	fd, iovs, n, nwritten := u32(a[0]), u32(a[1]), u32(a[2]), u32(a[3])
	if fd != 2 {
		return h.deny("fd_write")
	}
	if uint64(n)*8 > uint64(len(memory)) {
		h.end = endBounds
		return errnoInval
	}
	total := uint32(0)
	for v := h.span(memory, iovs, n*8); len(v) > 0; v = v[8:] {
		b := h.span(memory, binary.LittleEndian.Uint32(v), binary.LittleEndian.Uint32(v[4:]))
		if !h.chargeBytes(8 + int64(len(b))) {
			return errnoInval
		}
		if len(h.stderr)+len(b) > h.limits.OutputBytes {
			h.end = endFlood
			return errnoInval
		}
		h.stderr = append(h.stderr, b...)
		total += uint32(len(b))
	}
	h.putU32(memory, nwritten, total)
	return errnoSuccess
}

func (h *host) procExit(_ []byte, a []wasmtime.Val) int32 {
	h.end, h.exitCode = endExit, a[0].I32()
	return errnoSuccess
}

func u32(v wasmtime.Val) uint32 { return uint32(v.I32()) }

// saturatingAdd adds numbers that are not negative.
func saturatingAdd(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
