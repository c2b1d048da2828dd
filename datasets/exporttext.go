package datasets

import (
	"bufio"
	"encoding/base64"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// textSink writes CSV with a header, or a JSON object a line with its keys in the order
// of the columns.
//
// Readers guess the types of text, so a double always shows that it is one: 1.0. Binary
// values are base64 (RFC 4648, padded), lists are JSON arrays. In CSV, null is nothing at
// all and an empty text is "", as in PostgreSQL's COPY; encoding/csv cannot tell them
// apart, so what little there is to quoting (RFC 4180) stands here.
type textSink[T any] struct {
	table *Table[T]
	csv   bool
	w     *bufio.Writer
	buf   []byte
	rows  int64
}

func (t *Table[T]) newTextSink(w io.Writer, csv bool) (*textSink[T], error) {
	s := &textSink[T]{table: t, csv: csv, w: bufio.NewWriterSize(w, 1<<20)}
	if csv {
		for i, c := range t.Columns {
			if i > 0 {
				s.buf = append(s.buf, ',')
			}
			s.buf = append(s.buf, c.Name...)
		}
		s.buf = append(s.buf, '\n')
	}
	_, err := s.w.Write(s.buf)
	return s, err
}

func (s *textSink[T]) append(rows []T) error {
	v := reflect.ValueOf(rows)
	for i := range rows {
		b := s.buf[:0]
		for j := range s.table.Columns {
			c := &s.table.Columns[j]
			f := v.Index(i).Field(c.field)
			if s.csv {
				if j > 0 {
					b = append(b, ',')
				}
				b = appendCSV(b, c, f)
				continue
			}
			b = append(b, "{,"[min(j, 1)])
			b = append(appendQuoted(b, c.Name), ':')
			b = appendJSON(b, c, f)
		}
		if !s.csv {
			b = append(b, '}')
		}
		s.buf = append(b, '\n')
		if _, err := s.w.Write(s.buf); err != nil {
			return err
		}
		s.rows++
	}
	return nil
}

func (s *textSink[T]) close() (int64, error) { return s.rows, s.w.Flush() }

// appendCSV appends a field of a row.
func appendCSV(b []byte, c *Column, f reflect.Value) []byte {
	var text string
	switch {
	case c.Nullable && f.IsNil():
		return b
	case c.Type == String:
		text = reflect.Indirect(f).String()
	case c.Type == Binary:
		text = base64.StdEncoding.EncodeToString(f.Bytes())
	case c.Type == Strings:
		text = string(appendJSON(nil, c, f))
	default:
		return appendJSON(b, c, f)
	}
	if text != "" && !strings.ContainsAny(text, "\",\r\n") && strings.TrimSpace(text) == text {
		return append(b, text...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(text, `"`, `""`)...)
	return append(b, '"')
}

// appendJSON appends a value as JSON.
func appendJSON(b []byte, c *Column, f reflect.Value) []byte {
	if c.Nullable {
		if f.IsNil() {
			return append(b, "null"...)
		}
		if c.Type != Binary {
			f = f.Elem()
		}
	}
	switch c.Type {
	case String:
		return appendQuoted(b, f.String())
	case Binary:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, f.Bytes())
		return append(b, '"')
	case Strings:
		b = append(b, '[')
		for i := range f.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendQuoted(b, f.Index(i).String())
		}
		return append(b, ']')
	case Double:
		return appendDouble(b, f.Float())
	case Bool:
		return strconv.AppendBool(b, f.Bool())
	}
	return strconv.AppendInt(b, f.Int(), 10)
}

// appendDouble appends the shortest digits that give the double back, as ECMAScript
// chooses the notation, with a point or an exponent always.
func appendDouble(b []byte, x float64) []byte {
	if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, x, 'e', -1, 64)
	}
	if x == math.Trunc(x) {
		return strconv.AppendFloat(b, x, 'f', 1, 64)
	}
	return strconv.AppendFloat(b, x, 'f', -1, 64)
}
