package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"toolgen/reports"
)

func formatFlag() cli.Flag {
	return &cli.StringFlag{Name: "format", Value: string(reports.Text), Usage: "`FORMAT` of the answer: text, json, csv or md"}
}

// format reads --format. Every command does so before anything else: hours of work must
// not end in a slip of the keyboard.
func format(c *cli.Context) (reports.Format, error) {
	f := reports.Format(c.String("format"))
	var names []string
	for _, known := range reports.Formats {
		if f == known {
			return f, nil
		}
		names = append(names, string(known))
	}
	return "", usagef("--format %s: expected %s", f, orList(names))
}

// answer prints an answer. In JSON it is v, an object, with the name of its schema as
// the first key: toolgen/<name>/1. In CSV it is the first table, in Markdown all of them.
func (p *program) answer(f reports.Format, name string, v any, tables ...*reports.Table) error {
	switch f {
	case reports.JSON:
		return p.answerJSON(name, v)
	case reports.CSV:
		tables = tables[:1]
	}
	for i, t := range tables {
		if i > 0 {
			p.printf("\n")
		}
		if err := t.Render(p.out, f); err != nil {
			return err
		}
	}
	return nil
}

// rowsAnswer is the JSON of an answer that is a table.
type rowsAnswer struct {
	Rows *reports.Table `json:"rows"`
}

func (p *program) answerJSON(name string, v any) error {
	data, err := jsonAnswer(name, v)
	if err != nil {
		return err
	}
	_, err = p.out.Write(data)
	return err
}

// jsonAnswer is an answer as JSON: the object v, with the name of its schema first.
func jsonAnswer(name string, v any) ([]byte, error) {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	object := bytes.TrimPrefix(bytes.TrimSpace(body.Bytes()), []byte("{"))
	comma := ","
	if bytes.Equal(object, []byte("}")) {
		comma = ""
	}
	var out bytes.Buffer
	if err := json.Indent(&out, fmt.Appendf(nil, `{"schema":"toolgen/%s/1"%s%s`, name, comma, object), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// octets are what a tool read or wrote, in an answer: text as it is, and bytes that are no
// UTF-8 in base64.
type octets struct {
	Text   *string `json:"text,omitempty"`
	Base64 []byte  `json:"base64,omitempty"`
	Bytes  int64   `json:"bytes"` // before it was cut
}

func newOctets(b []byte, full int64) *octets {
	d := &octets{Bytes: full}
	if utf8.Valid(b) {
		s := string(b)
		d.Text = &s
	} else {
		d.Base64 = b
	}
	return d
}

// shownBytes is how much of an input or output text shows.
const shownBytes = 300

// excerpt is the beginning of octets on one line, with escapes for what does not print.
func excerpt(d *octets) string {
	if d == nil {
		return "-"
	}
	b := d.Base64
	if d.Text != nil {
		b = []byte(*d.Text)
	}
	n := min(len(b), shownBytes)
	for n > 0 && n < len(b) && !utf8.RuneStart(b[n]) {
		n--
	}
	s := `"` + reports.Printable(strings.ReplaceAll(string(b[:n]), `"`, `\"`)) + `"`
	if int64(n) < d.Bytes {
		s += fmt.Sprintf("... (%d bytes)", d.Bytes)
	}
	return s
}

// shellQuote makes a word that a shell reads as one.
func shellQuote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
