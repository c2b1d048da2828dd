package datasets

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/format"
)

// What is written under layouts that cut everywhere is read back, by us and by parquet-go,
// whose page index must agree with its pages; and both writers write the same bytes.
func TestEncodedRows(t *testing.T) {
	t.Run("evaluations", func(t *testing.T) { encodedRows(t, Evaluations) })
	t.Run("candidates", func(t *testing.T) { encodedRows(t, Candidates) })
	t.Run("cases", func(t *testing.T) { encodedRows(t, Cases) })
	t.Run("handoffs", func(t *testing.T) { encodedRows(t, Handoffs) })
	t.Run("sboms", func(t *testing.T) { encodedRows(t, SBOMs) })
	t.Run("samples", func(t *testing.T) { encodedRows(t, Samples) })
}

func encodedRows[T any](t *testing.T, table *Table[T]) {
	rng := rand.New(rand.NewPCG(7, 7))
	m := meta(t)
	for _, n := range []int{0, 1, 2, 7, 8, 9, 99, 100, 101, 640, 641, 1280, 3000} {
		for _, l := range []layout{
			standardLayout, small(640, 1000), small(100, 1<<20), small(1, 1<<20),
			{groupRows: 1000, pageRows: 8, pageBytes: 1 << 20, dictionaryBytes: 100},
			{groupRows: 640, pageRows: 10_000, pageBytes: 1, dictionaryBytes: 0},
		} {
			if l.groupRows == 1 && n > 200 {
				continue
			}
			all := rows(table, n, m.RunID)
			runs(t, table, all, rng)
			var buf bytes.Buffer
			w := table.newWriter(&buf, m, l)
			for left := all; len(left) > 0; {
				k := min(len(left), 1+rng.IntN(300))
				if err := w.Append(left[:k]); err != nil {
					t.Fatal(err)
				}
				left = left[k:]
			}
			info, err := w.Close()
			if err != nil || info.Rows != int64(n) || info.RowsSHA256 != table.Digest(all) {
				t.Fatalf("%d rows, %+v: %+v, %v", n, l, info, err)
			}
			if sum := fmt.Sprintf("%x", sha256.Sum256(buf.Bytes())); info.FileSHA256 != sum {
				t.Fatalf("%d rows, %+v: the file has digest %s, the writer says %s", n, l, sum, info.FileSHA256)
			}
			got, err := decode(table, buf.Bytes())
			if err != nil {
				t.Fatalf("%d rows, %+v: %v", n, l, err)
			}
			if d := table.Diff(all, got); d != nil || len(got) != n {
				t.Fatalf("%d rows, %+v: read back %d: %v", n, l, len(got), d)
			}
			theirs := make([]T, n+1)
			r := parquet.NewGenericReader[T](bytes.NewReader(buf.Bytes()))
			k, err := r.Read(theirs)
			if err != nil && err != io.EOF || k != n {
				t.Fatalf("%d rows, %+v: parquet-go reads %d: %v", n, l, k, err)
			}
			if d := table.Diff(all, theirs[:n]); d != nil {
				t.Fatalf("%d rows, %+v: parquet-go reads %v", n, l, d)
			}
			for i := range theirs[:n] { // Diff leaves it out
				if run := reflect.ValueOf(theirs[i]).Field(0).String(); run != m.RunID {
					t.Fatalf("row %d has run_id %q", i, run)
				}
			}
			indexAgrees(t, table, buf.Bytes(), l)

			var parallel bytes.Buffer
			p := table.newParallelWriter(&parallel, m, l)
			for left := all; len(left) > 0; {
				k := min(len(left), 1+rng.IntN(700))
				if err := p.Append(left[:k]); err != nil {
					t.Fatal(err)
				}
				left = left[k:]
			}
			if pinfo, err := p.Close(); err != nil || pinfo != info || !bytes.Equal(parallel.Bytes(), buf.Bytes()) {
				t.Fatalf("%d rows, %+v: a parallel writer writes other bytes: %+v, %v", n, l, pinfo, err)
			}
		}
	}
}

// runs makes values repeat in stretches, as runs have them: some columns hold still, some
// are null, and strings share memory.
func runs[T any](t *testing.T, table *Table[T], all []T, rng *rand.Rand) {
	t.Helper()
	for i := range table.Columns {
		c := &table.Columns[i]
		if slices.Contains(table.Key, c.Name) || c.Name == "run_id" || table.Name == "cases" && (c.Type == Binary || strings.HasSuffix(c.Name, "_bytes")) {
			continue
		}
		for at := 1; at < len(all); at++ {
			if rng.IntN(40) == 0 {
				at += rng.IntN(200) // as they were
				continue
			}
			if rng.IntN(3) > 0 {
				from := reflect.ValueOf(&all[at-1]).Elem().Field(c.field)
				to := reflect.ValueOf(&all[at]).Elem().Field(c.field)
				to.Set(from)
				if s := (*string)(c.value(reflect.ValueOf(&all[at]).UnsafePointer())); c.Type == String && c.Values == nil && s != nil && rng.IntN(4) == 0 {
					prefix := strings.ToValidUTF8((*s)[:rng.IntN(len(*s)+1)], "") // starts in the same memory
					if to.Kind() == reflect.Pointer {
						to.Set(reflect.ValueOf(&prefix))
					} else {
						to.SetString(prefix)
					}
				}
			}
		}
	}
}

// indexAgrees holds page index and statistics against the pages as parquet-go decodes them.
func indexAgrees[T any](t *testing.T, table *Table[T], data []byte, l layout) {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for g, group := range f.RowGroups() {
		if n := group.NumRows(); n > int64(l.groupRows) || n == 0 {
			t.Fatalf("row group %d has %d rows", g, n)
		}
		for i, chunk := range group.ColumnChunks() {
			leaf := &table.storage().leaves[i]
			meta := &f.Metadata().RowGroups[g].Columns[i].MetaData
			fail := func(format string, args ...any) {
				t.Helper()
				t.Fatalf("row group %d, column %s: %s", g, leaf.column.Name, fmt.Sprintf(format, args...))
			}
			index, err := chunk.ColumnIndex()
			if err != nil {
				fail("%v", err)
			}
			offsets, err := chunk.OffsetIndex()
			if err != nil {
				fail("%v", err)
			}
			compare := chunk.Type().Compare
			pages := chunk.Pages()
			var lo, hi parquet.Value
			var row, nulls, values, raw int64
			ascending, descending, before := true, true, -1
			k := 0
			for ; ; k++ {
				page, err := pages.ReadPage()
				if err == io.EOF {
					break
				}
				if err != nil {
					fail("page %d: %v", k, err)
				}
				if page.NumRows() > int64(l.pageRows) {
					fail("page %d has %d rows", k, page.NumRows())
				}
				if at := offsets.FirstRowIndex(k); at != row {
					fail("page %d starts at row %d, want %d", k, at, row)
				}
				if n := index.NullCount(k); n != page.NumNulls() {
					fail("page %d has %d nulls, want %d", k, n, page.NumNulls())
				}
				a, b, ok := page.Bounds()
				if index.NullPage(k) == ok {
					fail("page %d: null page %v, bounds %v", k, index.NullPage(k), ok)
				}
				switch {
				case !ok:
				case !leaf.bounds:
					if len(index.MinValue(k).Bytes()) != 0 || meta.Statistics.MinValue != nil {
						fail("page %d has bounds", k)
					}
				default:
					x, y := index.MinValue(k), index.MaxValue(k)
					short := func(v parquet.Value) bool {
						return leaf.physical != format.ByteArray || len(v.ByteArray()) <= boundBytes
					}
					if compare(x, a) > 0 || compare(y, b) < 0 || short(a) && compare(x, a) != 0 || short(b) && compare(y, b) != 0 {
						fail("page %d has bounds %v %v, want %v %v", k, x, y, a, b)
					}
					if before >= 0 {
						p, q := compare(index.MinValue(before), x), compare(index.MaxValue(before), y)
						ascending, descending = ascending && p <= 0 && q <= 0, descending && p >= 0 && q >= 0
					}
					before = k
					if lo.IsNull() || compare(a, lo) < 0 {
						lo = a.Clone()
					}
					if hi.IsNull() || compare(b, hi) > 0 {
						hi = b.Clone()
					}
				}
				if leaf.physical == format.ByteArray {
					list := make([]parquet.Value, page.NumValues())
					if n, err := page.Values().ReadValues(list); n != len(list) {
						fail("page %d holds %d values, want %d: %v", k, n, len(list), err)
					}
					for _, v := range list {
						raw += int64(len(v.ByteArray()))
					}
				}
				row += page.NumRows()
				nulls += page.NumNulls()
				values += page.NumValues()
				parquet.Release(page)
			}
			pages.Close()
			if index.NumPages() != k || offsets.NumPages() != k || row != group.NumRows() || values != meta.NumValues || nulls != meta.Statistics.NullCount {
				fail("%d and %d pages of %d; %d rows; %d values, want %d; %d nulls, want %d", index.NumPages(), offsets.NumPages(), k, row, meta.NumValues, values, meta.Statistics.NullCount, nulls)
			}
			if leaf.bounds && (index.IsAscending() != ascending || !ascending && index.IsDescending() != descending) {
				fail("ascending %v, descending %v; want %v, %v", index.IsAscending(), index.IsDescending(), ascending, descending)
			}
			if !lo.IsNull() && (!bytes.Equal(meta.Statistics.MinValue, lo.Bytes()) || !bytes.Equal(meta.Statistics.MaxValue, hi.Bytes())) {
				if leaf.physical != format.Double || compare(chunk.Type().Kind().Value(meta.Statistics.MinValue), lo) != 0 || compare(chunk.Type().Kind().Value(meta.Statistics.MaxValue), hi) != 0 {
					fail("bounds %x %x, want %v %v", meta.Statistics.MinValue, meta.Statistics.MaxValue, lo, hi)
				}
			}
			sizes := &meta.SizeStatistics
			if sizes.UnencodedByteArrayDataBytes != raw {
				fail("%d bytes of byte arrays, want %d", sizes.UnencodedByteArrayDataBytes, raw)
			}
			if leaf.levels() && !slices.Equal(sizes.DefinitionLevelHistogram, []int64{nulls, values - nulls}) || leaf.repeated() && !slices.Equal(sizes.RepetitionLevelHistogram, []int64{row, values - row}) {
				fail("histograms %v and %v of %d rows, %d values, %d nulls", sizes.DefinitionLevelHistogram, sizes.RepetitionLevelHistogram, row, values, nulls)
			}
			want, plain := leaf.encoding == format.RLEDictionary, false
			for _, s := range meta.EncodingStats {
				plain = plain || s.PageType == format.DataPageV2 && s.Encoding == format.Plain
			}
			if plain && want && l.dictionaryBytes > 1<<20 || (meta.DictionaryPageOffset > 0) != want {
				fail("dictionary %v, plain pages %v", meta.DictionaryPageOffset > 0, plain)
			}
		}
	}
}

// A column whose dictionary has grown too large goes on plain, and has one again in the
// next row group.
func TestDictionaryFallsBack(t *testing.T) {
	m := meta(t)
	all := rows(Samples, 1000, m.RunID) // candidate_id: 8 digits, each 7 times
	for i := range all {
		all[i].CandidateID = strings.Repeat("x", 20) + fmt.Sprintf("%08d", i)
	}
	var buf bytes.Buffer
	w := Samples.newWriter(&buf, m, layout{groupRows: 500, pageRows: 100, pageBytes: 1 << 20, dictionaryBytes: 32 * 150})
	if err := w.Append(all); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for g, group := range f.RowGroups() {
		var got []string
		pages := group.ColumnChunks()[3].Pages()
		for {
			p, err := pages.ReadPage()
			if err != nil {
				break
			}
			got = append(got, fmt.Sprintf("%d %v", p.NumRows(), p.Dictionary() != nil))
			parquet.Release(p)
		}
		pages.Close()
		// 100 entries fit; the 151st does not, and ends its page.
		if want := []string{"100 true", "51 true", "100 false", "100 false", "100 false", "49 false"}; !slices.Equal(got, want) {
			t.Errorf("row group %d: %q, want %q", g, got, want)
		}
	}
	if got, err := decode(Samples, buf.Bytes()); err != nil || Samples.Diff(all, got) != nil {
		t.Error(err, Samples.Diff(all, got))
	}
}

// What a caller may change after Append (rows, numbers behind pointers, bytes) does not
// change what is written, even where all lies where the rows before lay.
func TestMemoryIsUsedAgain(t *testing.T) {
	m := meta(t)
	all := rows(Cases, 2000, m.RunID)
	want, _ := encode(t, Cases, all, m)
	for _, parallel := range []bool{false, true} {
		var buf bytes.Buffer
		write, end := (func([]CaseRow) error)(nil), (func() (TableInfo, error))(nil)
		if parallel {
			w := Cases.NewParallelWriter(&buf, m)
			write, end = w.Append, w.Close
		} else {
			w := Cases.NewWriter(&buf, m)
			write, end = w.Append, w.Close
		}
		rows := make([]CaseRow, 1)
		var input, expected, got [64]byte
		var expectedBytes, gotBytes, fuel, memory int64
		for _, row := range all {
			again := func(into []byte, from []byte) []byte {
				if from == nil {
					return nil
				}
				return into[:copy(into, from)]
			}
			number := func(into, from *int64) *int64 {
				if from == nil {
					return nil
				}
				*into = *from
				return into
			}
			row.Input, row.Expected, row.Got = again(input[:], row.Input), again(expected[:], row.Expected), again(got[:], row.Got)
			row.ExpectedBytes, row.GotBytes = number(&expectedBytes, row.ExpectedBytes), number(&gotBytes, row.GotBytes)
			row.Fuel, row.PeakMemoryBytes = number(&fuel, row.Fuel), number(&memory, row.PeakMemoryBytes)
			rows[0] = row
			if err := write(rows); err != nil {
				t.Fatal(err)
			}
			clear(rows)
		}
		if _, err := end(); err != nil || !bytes.Equal(buf.Bytes(), want) {
			t.Errorf("parallel %v: other bytes (%v)", parallel, err)
		}
	}
}

// A row is refused by its number in the file, wherever its block and its call begin, and
// whichever of several is wrong first.
func TestRefusedRowIsNamed(t *testing.T) {
	m := meta(t)
	bad := "\xff"
	for _, at := range []int{0, 1, 127, 128, 700, 1999} {
		all := rows(Evaluations, 2000, m.RunID)
		all[at].Label = &bad
		if at+1 < len(all) {
			all[at+1].Slot = -1 // out of order, but later
		}
		for _, parallel := range []bool{false, true} {
			for _, step := range []int{1, 100, 2000} {
				write, end := (func([]Evaluation) error)(nil), (func() (TableInfo, error))(nil)
				if parallel {
					w := Evaluations.newParallelWriter(io.Discard, m, small(300, 1000))
					write, end = w.Append, w.Close
				} else {
					w := Evaluations.newWriter(io.Discard, m, small(300, 1000))
					write, end = w.Append, w.Close
				}
				var err error
				for from := 0; from < len(all) && err == nil; from += step {
					err = write(all[from:min(from+step, len(all))])
				}
				_, cerr := end()
				var re *RowError
				if !errors.As(err, &re) || cerr != err || re.Row != int64(at) || re.Column != "label" {
					t.Errorf("row %d, %d at a time, parallel %v: %v, then %v", at, step, parallel, err, cerr)
				}
			}
		}
	}
}

// The digests of whole files, which must be the same on every kind of CPU (and under the
// build tags purego and noasm, which turn assembly off). They change with the encoder and
// with the compressor; rows do not.
func TestBytesAreFrozen(t *testing.T) {
	var b strings.Builder
	frozen(t, &b, Evaluations)
	frozen(t, &b, Candidates)
	frozen(t, &b, Cases)
	frozen(t, &b, Handoffs)
	frozen(t, &b, SBOMs)
	frozen(t, &b, Samples)
	golden(t, "bytes.txt", b.String())
}

func frozen[T any](t *testing.T, b *strings.Builder, table *Table[T]) {
	_, info := encode(t, table, rows(table, 5000, meta(t).RunID), meta(t))
	fmt.Fprintf(b, "%s %s\n", table.Name, info.FileSHA256)
}

func TestHybrid(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for width := range 31 {
		for n := range 200 {
			values := make([]int32, n)
			for i := range values {
				switch {
				case i > 0 && rng.IntN(1+n/4) > 0:
					values[i] = values[i-1]
				case width > 0:
					values[i] = rng.Int32N(1 << width)
				}
			}
			data := appendHybrid([]byte("before"), values, width)
			if string(data[:6]) != "before" {
				t.Fatal("what was there is gone")
			}
			got, err := (&rle.Encoding{BitWidth: width}).DecodeInt32(nil, data[6:])
			if err != nil || len(got) < n || !slices.Equal(got[:n], values) {
				t.Fatalf("width %d: %v gives %x, which is %v (%v)", width, values, data[6:], got, err)
			}
			if width == 1 {
				levels := make([]byte, n)
				for i, v := range values {
					levels[i] = byte(v)
				}
				if again := appendHybrid(nil, levels, 1); !bytes.Equal(again, data[6:]) {
					t.Fatalf("levels %v give %x, indexes %x", levels, again, data[6:])
				}
			}
		}
	}
	// Runs where they save bytes, by hand: 40 zeros are 5 groups of 1 bit, a run of 2 bytes.
	if got := appendHybrid(nil, make([]byte, 40), 1); !bytes.Equal(got, []byte{40 << 1, 0}) {
		t.Errorf("40 zeros: %x", got)
	}
	// 8 ones between others: 24 values in one packed stretch of 3 groups.
	if got := appendHybrid(nil, []byte{1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1}, 1); !bytes.Equal(got, []byte{3<<1 | 1, 0x55, 0xFF, 0xAA}) {
		t.Errorf("8 ones: %x", got)
	}
	// 8 times 300 in 9 bits: 8 are a run of 3 bytes, and the ninth another.
	nine := slices.Repeat([]int32{300}, 9)
	if got := appendHybrid(nil, nine, bits.Len(300)); !bytes.Equal(got, []byte{8 << 1, 44, 1, 1 << 1, 44, 1}) {
		t.Errorf("nine of 300: %x", got)
	}
}

func TestBoundsAreCut(t *testing.T) {
	long := strings.Repeat("a", 15)
	for _, c := range []struct{ value, low, high string }{
		{"", "", ""},
		{long + "b", long + "b", long + "b"},
		{long + "bc", long + "b", long + "c"},
		{long + "éx", long, strings.Repeat("a", 14) + "b"},
		{long + "\u007fx", long + "\u007f", long + "\u0080"},
		{"123456789012" + "\U0010FFFF" + "x", "123456789012\U0010FFFF", "123456789013"},
		{strings.Repeat("\U0010FFFF", 5), strings.Repeat("\U0010FFFF", 4), strings.Repeat("\U0010FFFF", 5)},
		{"1234567890123\uD7FFx", "1234567890123\uD7FF", "1234567890123\uE000"},
	} {
		low, high := string(cutLow([]byte(c.value))), string(cutHigh([]byte(c.value)))
		if low != c.low || high != c.high {
			t.Errorf("%q: %q and %q, want %q and %q", c.value, low, high, c.low, c.high)
		}
		if low > c.value || high < c.value || !utf8.ValidString(low+high) {
			t.Errorf("%q is not within %q and %q", c.value, low, high)
		}
	}
}

func TestDictionariesNumberByContent(t *testing.T) {
	var d byteDictionary
	d.reset()
	rng := rand.New(rand.NewPCG(5, 6))
	want := make(map[string]int32)
	var kept []string
	for range 20_000 {
		s := strings.Repeat("x", rng.IntN(3)) + fmt.Sprint(rng.IntN(3000))
		if len(kept) > 0 && rng.IntN(2) == 0 {
			s = kept[rng.IntN(len(kept))] // the same memory
		}
		kept = append(kept, s)
		index, isNew := d.find(s)
		x, ok := want[s]
		if !ok {
			x = int32(len(want))
			want[s] = x
		}
		if index != x || isNew == ok || string(entry(d.plain, d.ends, index)) != s {
			t.Fatalf("%q is %d (new: %v), want %d", s, index, isNew, x)
		}
	}
	if n := binary.LittleEndian.Uint32(d.plain); int(n) != len(kept[0]) {
		t.Errorf("the first length is %d", n)
	}
	var doubles doubleDictionary
	seen := make(map[float64]int32)
	for range 20_000 {
		v := float64(rng.IntN(2000)) / 40
		x, ok := seen[v]
		if !ok {
			x = int32(len(seen))
			seen[v] = x
		}
		if got := doubles.find(v); got != x {
			t.Fatalf("%v is %d, want %d", v, got, x)
		}
	}
}
