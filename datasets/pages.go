package datasets

import (
	"fmt"
	"hash/crc32"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// maxPageHeader bounds the header of a page. Ours hold no statistics and take about 40
// bytes.
const maxPageHeader = 4096

// checkPages walks the headers of a column chunk's pages before parquet-go does, and
// holds their counts and sizes against the footer. parquet-go allocates what a header
// asks for before it reads, expands runs as far as they say, and takes a checksum of 0
// for none: so a damaged header could cost gigabytes, or wave its page through.
func (f *file) checkPages(m *format.ColumnMetaData, column string, rows int64) error {
	fail := func(problem string, args ...any) error {
		return f.corrupt("column %s: %s", column, fmt.Sprintf(problem, args...))
	}
	at := m.DataPageOffset
	if m.DictionaryPageOffset != 0 {
		at = m.DictionaryPageOffset
	}
	end := at + m.TotalCompressedSize
	var protocol thrift.CompactProtocol
	buf := make([]byte, maxPageHeader)
	sumRows, sumValues := int64(0), int64(0)
	for page := 0; at < end; page++ {
		head := buf[:min(maxPageHeader, end-at)]
		if _, err := f.reader.ReadAt(head, at); err != nil && err != io.EOF {
			return err
		}
		r := protocol.NewReaderFromBytes(head)
		var h format.PageHeader
		if err := thrift.NewDecoder(r).Decode(&h); err != nil {
			return fail("header of page %d: %v", page, err)
		}
		at += int64(r.BytesRead())
		size := int64(h.CompressedPageSize)
		if size < 0 || size > end-at {
			return fail("page %d claims %d bytes of the %d that are left", page, size, end-at)
		}
		if h.UncompressedPageSize < 0 || int64(h.UncompressedPageSize) > m.TotalUncompressedSize {
			return fail("page %d claims %d bytes uncompressed, the whole column %d", page, h.UncompressedPageSize, m.TotalUncompressedSize)
		}
		values := int64(0)
		switch {
		case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid && page == 0:
			if n := int64(h.DictionaryPageHeader.V.NumValues); n < 0 || n > m.NumValues {
				return fail("a dictionary of %d for %d values", n, m.NumValues)
			}
		case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
			d := &h.DataPageHeaderV2.V
			values = int64(d.NumValues)
			levels := int64(d.DefinitionLevelsByteLength) + int64(d.RepetitionLevelsByteLength)
			if values < 0 || d.NumRows < 0 || int64(d.NumRows) > values || d.NumNulls < 0 || int64(d.NumNulls) > values ||
				d.DefinitionLevelsByteLength < 0 || d.RepetitionLevelsByteLength < 0 || levels > size {
				return fail("counts of page %d contradict each other", page)
			}
			sumRows += int64(d.NumRows)
			sumValues += values
		default:
			return fail("page %d is %v, which ToolGen does not write there", page, h.Type)
		}
		if h.CRC == 0 {
			// No checksum, or one in four billion that is 0.
			sum := crc32.NewIEEE()
			if _, err := io.Copy(sum, io.NewSectionReader(f.reader, at, size)); err != nil {
				return err
			}
			if sum.Sum32() != 0 {
				return fail("page %d has no checksum", page)
			}
		}
		at += size
	}
	if sumRows != rows || sumValues != m.NumValues {
		return fail("its pages count %d rows and %d values, the footer %d and %d", sumRows, sumValues, rows, m.NumValues)
	}
	return nil
}
