package datasets

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/crc32"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The codecs compress pages: text is worth the search for longer matches, columns of
// numbers hardly (of a million evaluations, it takes 0.3 s of 1.5 and saves 2.5 % of the
// file). They keep encoders, of a megabyte or so each, for all writers.
var (
	textCodec   = &zstd.Codec{Level: zstd.SpeedDefault, Concurrency: 1}
	numberCodec = &zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1}
)

// chunk is a column of a row group: its dictionary, which grows while its pages are
// filled, its pages as they will stand in the file, and what the footer says about them.
type chunk struct {
	bytes   byteDictionary
	doubles doubleDictionary

	dictPage []byte // header and all
	pages    []byte // data pages, one behind the other

	meta    format.ColumnMetaData
	index   format.ColumnIndex
	offsets []format.PageLocation // from the first data page
	rows    int64
	indexed int32 // pages by encoding
	plain   int32
	lo, hi  []byte // bounds of all values; nil if there are none
}

// reset prepares a chunk for another row group. What the footer still needs is left to it.
func (c *chunk) reset() {
	c.bytes.reset()
	c.doubles.reset()
	*c = chunk{bytes: c.bytes, doubles: c.doubles, dictPage: c.dictPage[:0], pages: c.pages[:0]}
}

// scratch is the memory in which a page is encoded, used again for the next one.
type scratch struct {
	repetition, definition []byte
	encoded, compressed    []byte
	used                   []uint64 // a bit for each entry of a dictionary
	header                 bytes.Buffer
	protocol               thrift.CompactProtocol
	encoder                thrift.Encoder
}

// seal appends a page, with the header that describe completes, to dst.
func (s *scratch) seal(dst, values []byte, codec *zstd.Codec, describe func(*format.PageHeader)) (page []byte, uncompressed int64, err error) {
	if s.compressed, err = codec.Encode(s.compressed[:0], values); err != nil {
		return nil, 0, err
	}
	levels := len(s.repetition) + len(s.definition)
	if len(values) > math.MaxInt32-levels || len(s.compressed) > math.MaxInt32-levels {
		panic("a page of more than 2 GiB")
	}
	sum := crc32.ChecksumIEEE(s.repetition)
	sum = crc32.Update(sum, crc32.IEEETable, s.definition)
	sum = crc32.Update(sum, crc32.IEEETable, s.compressed)
	header := format.PageHeader{
		UncompressedPageSize: int32(levels + len(values)),
		CompressedPageSize:   int32(levels + len(s.compressed)),
		CRC:                  int32(sum),
	}
	describe(&header)
	s.header.Reset()
	s.encoder.Reset(s.protocol.NewWriter(&s.header))
	if err := s.encoder.Encode(&header); err != nil {
		return nil, 0, err
	}
	dst = append(dst, s.header.Bytes()...)
	dst = append(dst, s.repetition...)
	dst = append(dst, s.definition...)
	dst = append(dst, s.compressed...)
	return dst, int64(s.header.Len()) + int64(header.UncompressedPageSize), nil
}

// addPage encodes a data page and puts it behind the chunk's others.
func (c *chunk) addPage(l *leaf, p *page, s *scratch) error {
	values, lo, hi, err := s.encode(l, p)
	if err != nil {
		return err
	}
	s.repetition, s.definition = s.repetition[:0], s.definition[:0]
	if l.repeated() {
		s.repetition = appendHybrid(s.repetition, p.repetition, 1)
	}
	if l.levels() {
		s.definition = appendHybrid(s.definition, p.definition, 1)
	}
	encoding, codec := l.encoding, l.codec()
	if p.indexed {
		c.indexed++
		codec = numberCodec
	} else {
		c.plain++
		if encoding == format.RLEDictionary {
			encoding = format.Plain
		}
	}
	from := len(c.pages)
	if len(c.offsets) == 1 {
		// A second page: the row group is large, four pages or more. Growing bit by bit
		// would copy them all again and again.
		c.pages = slices.Grow(c.pages, 3*from+from/4)
	}
	pages, uncompressed, err := s.seal(c.pages, values, codec, func(h *format.PageHeader) {
		h.Type = format.DataPageV2
		h.DataPageHeaderV2 = thrift.New(format.DataPageHeaderV2{
			NumValues: int32(p.values()), NumNulls: int32(p.nulls), NumRows: int32(p.rows), Encoding: encoding,
			DefinitionLevelsByteLength: int32(len(s.definition)), RepetitionLevelsByteLength: int32(len(s.repetition)),
			IsCompressed: thrift.New(true),
		})
	})
	if err != nil {
		return err
	}
	c.pages = pages
	size := int64(len(pages) - from)
	m := &c.meta
	c.offsets = append(c.offsets, format.PageLocation{Offset: m.TotalCompressedSize, CompressedPageSize: int32(size), FirstRowIndex: c.rows})
	m.NumValues += int64(p.values())
	m.TotalUncompressedSize += uncompressed
	m.TotalCompressedSize += size
	m.Statistics.NullCount += int64(p.nulls)
	m.SizeStatistics.UnencodedByteArrayDataBytes += p.raw
	if l.repeated() {
		histogram := []int64{int64(p.rows), int64(p.values() - p.rows)}
		c.index.RepetitionLevelHistogram = append(c.index.RepetitionLevelHistogram, histogram...)
		m.SizeStatistics.RepetitionLevelHistogram = addHistogram(m.SizeStatistics.RepetitionLevelHistogram, histogram)
	}
	if l.levels() {
		histogram := []int64{int64(p.nulls), int64(p.values() - p.nulls)}
		c.index.DefinitionLevelHistogram = append(c.index.DefinitionLevelHistogram, histogram...)
		m.SizeStatistics.DefinitionLevelHistogram = addHistogram(m.SizeStatistics.DefinitionLevelHistogram, histogram)
	}
	c.rows += int64(p.rows)
	c.addBounds(l, p, lo, hi)
	return nil
}

func addHistogram(sum, h []int64) []int64 {
	if sum == nil {
		return slices.Clone(h)
	}
	for i := range h {
		sum[i] += h[i]
	}
	return sum
}

// addBounds puts the bounds of a page, nil if it has no values, into the column index.
func (c *chunk) addBounds(l *leaf, p *page, lo, hi []byte) {
	c.index.NullPages = append(c.index.NullPages, p.nulls == p.values())
	c.index.NullCounts = append(c.index.NullCounts, int64(p.nulls))
	if lo != nil {
		if c.lo == nil || compareStored(l.physical, lo, c.lo) < 0 {
			c.lo = lo
		}
		if c.hi == nil || compareStored(l.physical, hi, c.hi) > 0 {
			c.hi = hi
		}
		if l.physical == format.ByteArray {
			lo, hi = cutLow(lo), cutHigh(hi)
		}
	}
	c.index.MinValues, c.index.MaxValues = append(c.index.MinValues, lo), append(c.index.MaxValues, hi)
}

// end encodes the dictionary and completes what the footer says.
func (c *chunk) end(l *leaf, s *scratch) error {
	m := &c.meta
	m.Type, m.PathInSchema, m.Codec = l.physical, l.path, format.Zstd
	m.Encoding = append(m.Encoding, l.encoding)
	if l.levels() {
		m.Encoding = append(m.Encoding, format.RLE)
	}
	if l.encoding == format.RLEDictionary {
		m.Encoding = append(m.Encoding, format.Plain) // of the dictionary, and of pages behind it
		values := c.bytes.plain
		if l.physical == format.Double {
			s.encoded = appendDoubles(s.encoded[:0], c.doubles.values)
			values = s.encoded
		}
		s.repetition, s.definition = s.repetition[:0], s.definition[:0]
		page, uncompressed, err := s.seal(c.dictPage[:0], values, l.codec(), func(h *format.PageHeader) {
			h.Type = format.DictionaryPage
			h.DictionaryPageHeader = thrift.New(format.DictionaryPageHeader{NumValues: int32(max(len(c.bytes.ends), len(c.doubles.values))), Encoding: format.Plain})
		})
		if err != nil {
			return err
		}
		c.dictPage = page
		m.TotalUncompressedSize += uncompressed
		m.TotalCompressedSize += int64(len(page))
		m.EncodingStats = append(m.EncodingStats, format.PageEncodingStats{PageType: format.DictionaryPage, Encoding: format.Plain, Count: 1})
	}
	slices.Sort(m.Encoding)
	plain := l.encoding
	if l.encoding == format.RLEDictionary {
		plain = format.Plain
	}
	if c.plain > 0 {
		m.EncodingStats = append(m.EncodingStats, format.PageEncodingStats{PageType: format.DataPageV2, Encoding: plain, Count: c.plain})
	}
	if c.indexed > 0 {
		m.EncodingStats = append(m.EncodingStats, format.PageEncodingStats{PageType: format.DataPageV2, Encoding: format.RLEDictionary, Count: c.indexed})
	}
	m.Statistics.MinValue, m.Statistics.MaxValue = c.lo, c.hi
	c.index.BoundaryOrder = boundaryOrder(l.physical, &c.index)
	return nil
}

// encode returns the encoded values of a page, and copies of the least and the greatest: nil
// if there are no values, or the column keeps no bounds.
func (s *scratch) encode(l *leaf, p *page) (values, lo, hi []byte, err error) {
	out := s.encoded[:0]
	switch {
	case p.indexed:
		out, lo, hi = s.encodeIndexes(out, l, p)
	case l.physical == format.Int32:
		out, err = parquet.DeltaBinaryPacked.EncodeInt32(out, p.int32s)
		if least, greatest, ok := extremes(p.int32s); ok {
			lo, hi = binary.LittleEndian.AppendUint32(nil, uint32(least)), binary.LittleEndian.AppendUint32(nil, uint32(greatest))
		}
	case l.physical == format.Int64:
		out, err = parquet.DeltaBinaryPacked.EncodeInt64(out, p.int64s)
		if least, greatest, ok := extremes(p.int64s); ok {
			lo, hi = binary.LittleEndian.AppendUint64(nil, uint64(least)), binary.LittleEndian.AppendUint64(nil, uint64(greatest))
		}
	case l.physical == format.Double:
		if l.encoding == format.ByteStreamSplit {
			out, err = parquet.ByteStreamSplit.EncodeDouble(out, p.doubles)
		} else {
			out = appendDoubles(out, p.doubles)
		}
		if least, greatest, ok := extremes(p.doubles); ok {
			lo, hi = storedDouble(least), storedDouble(greatest)
		}
	case l.physical == format.Boolean:
		out = appendPacked(out, p.bytes, 1)
		least, greatest, _ := extremes(p.bytes) // no column of bools is nullable
		lo, hi = []byte{least}, []byte{greatest}
	default:
		if l.bounds {
			lo, hi = plainBounds(p.bytes)
		}
		return p.bytes, lo, hi, nil
	}
	s.encoded = out
	return out, lo, hi, err
}

// appendDoubles appends doubles in PLAIN.
func appendDoubles(dst []byte, values []float64) []byte {
	for _, v := range values {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
	}
	return dst
}

func storedDouble(v float64) []byte {
	return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v))
}

func extremes[E cmp.Ordered](values []E) (lo, hi E, ok bool) {
	if len(values) == 0 {
		return lo, hi, false
	}
	lo, hi = values[0], values[0]
	for _, v := range values {
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
	}
	return lo, hi, true
}

func plainBounds(plain []byte) (lo, hi []byte) {
	for len(plain) > 0 {
		end := 4 + binary.LittleEndian.Uint32(plain)
		v := plain[4:end:end]
		if lo == nil || bytes.Compare(v, lo) < 0 {
			lo = v
		}
		if hi == nil || bytes.Compare(v, hi) > 0 {
			hi = v
		}
		plain = plain[end:]
	}
	return copied(lo), copied(hi)
}

// copied returns a copy of b which is nil only if b is.
func copied(b []byte) []byte {
	if b == nil {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// encodeIndexes appends the indexes of a page to dst. Bounds come from the entries
// that the page uses, each looked at once.
func (s *scratch) encodeIndexes(dst []byte, l *leaf, p *page) (out, lo, hi []byte) {
	entries := max(len(p.dictEnds), len(p.dictDoubles))
	s.used = fitted(s.used, (entries+63)/64)
	clear(s.used)
	most, last := int32(0), int32(-1)
	for _, x := range p.int32s {
		if x == last {
			continue
		}
		last = x
		s.used[x>>6] |= 1 << (x & 63)
		most = max(most, x)
	}
	width := bits.Len32(uint32(most))
	out = appendHybrid(append(dst, byte(width)), p.int32s, width)
	if !l.bounds || len(p.int32s) == 0 {
		return out, nil, nil
	}
	first, x, y := true, 0.0, 0.0
	for w, word := range s.used {
		for ; word != 0; word &= word - 1 {
			i := int32(w<<6 + bits.TrailingZeros64(word))
			if l.physical == format.Double {
				v := p.dictDoubles[i]
				if first || v < x {
					x = v
				}
				if first || v > y {
					y = v
				}
			} else {
				v := entry(p.dictPlain, p.dictEnds, i)
				if first || bytes.Compare(v, lo) < 0 {
					lo = v
				}
				if first || bytes.Compare(v, hi) > 0 {
					hi = v
				}
			}
			first = false
		}
	}
	if l.physical == format.Double {
		return out, storedDouble(x), storedDouble(y)
	}
	return out, copied(lo), copied(hi)
}

// compareStored orders two values as bounds hold them.
func compareStored(t format.Type, a, b []byte) int {
	switch t {
	case format.Int32:
		return cmp.Compare(int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b)))
	case format.Int64:
		return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
	case format.Double:
		return cmp.Compare(math.Float64frombits(binary.LittleEndian.Uint64(a)), math.Float64frombits(binary.LittleEndian.Uint64(b)))
	}
	return bytes.Compare(a, b)
}

// boundaryOrder says how the bounds of pages follow one another, which lets readers search
// them. Pages of nulls alone have none and do not count.
func boundaryOrder(t format.Type, x *format.ColumnIndex) format.BoundaryOrder {
	ascending, descending, before := true, true, -1
	for i, isNull := range x.NullPages {
		if isNull {
			continue
		}
		if x.MinValues[i] == nil {
			return format.Unordered // no bounds are kept
		}
		if before >= 0 {
			lo, hi := compareStored(t, x.MinValues[before], x.MinValues[i]), compareStored(t, x.MaxValues[before], x.MaxValues[i])
			ascending = ascending && lo <= 0 && hi <= 0
			descending = descending && lo >= 0 && hi >= 0
		}
		before = i
	}
	switch {
	case ascending:
		return format.Ascending
	case descending:
		return format.Descending
	}
	return format.Unordered
}

// boundBytes is what a bound of a page keeps of a string, as parquet-go keeps it.
const boundBytes = 16

// cutLow shortens a lower bound: a prefix comes before what it is a prefix of. It stays
// UTF-8, as the values of a column of strings must.
func cutLow(b []byte) []byte {
	if len(b) <= boundBytes {
		return b
	}
	n := boundBytes
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return b[:n]
}

// cutHigh shortens an upper bound and raises its last character that can be raised.
func cutHigh(b []byte) []byte {
	if len(b) <= boundBytes {
		return b
	}
	short := cutLow(b)
	for len(short) > 0 {
		r, size := utf8.DecodeLastRune(short)
		short = short[:len(short)-size]
		switch r++; {
		case r == 0xD800: // surrogates are no characters
			r = 0xE000
		case r > utf8.MaxRune:
			continue
		}
		return utf8.AppendRune(slices.Clone(short), r)
	}
	return b
}
