package agent

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The words that Chat puts a request into. Better words do not touch what cassettes
// hold: an exchange is known by its request, and the words are the adapter's business.

const systemPrompt = `You write small tools in Go. A tool is one file of package tool with

    func Run(input []byte) ([]byte, error)

which reads its input and returns its output or an error. The file is checked by a gate, compiled to WebAssembly and run
against test cases under budgets of time and memory.

The gate refuses: packages other than the pure ones of the standard library (bufio, bytes, cmp, container/heap,
encoding/json, errors, fmt, hash/fnv, index/suffixarray, io, maps, math, math/bits, regexp, slices, sort, strconv, strings,
unicode, unicode/utf8 and their like; not os, net, reflect, unsafe, runtime, log or text/template), cgo, and directives
(lines that start with //go:).

It costs score to use: panic and recover, goroutines and channels, package-level variables, type assertions without ok,
errors that are discarded, and anything that depends on randomness, on time or on the order of a map.

It gains score if: the file has a licence header and a package comment; exported names have doc comments that start with
the name; the comment of Run says when Run returns an error; the file is as gofmt writes it; no line is over 120 columns.

Answer with the whole file in one fenced code block that starts with ` + "```go" + `, and at most a few sentences outside of it.`

var taskWords = map[Task]string{
	Repair:     "The tool below fails some of its test cases. Repair it: change as little as you can, so that every case passes.",
	Mutate:     "Below is a tool. Write a better one: correct first of all, then faster and with less memory. Another algorithm is welcome.",
	Synthesize: "Write a tool for the task below.",
}

var compareWords = map[string]string{
	"bytes":           "byte by byte",
	"json":            "as JSON values",
	"lines_unordered": "as sets of lines, in any order",
	"check":           "by a program that says whether an output is right, and how good it is",
}

// prompt puts a request into two messages, one for what always holds and one for what
// is asked. Inputs and outputs stand there as Go strings, which leave no doubt about
// spaces, line ends and bytes that are no text.
func prompt(r Request) (system, user string, err error) {
	if _, err := r.Encode(); err != nil {
		return "", "", err // not a request
	}
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	part := func(title, text string) {
		if text = strings.TrimRight(text, "\n"); text != "" {
			say("\n# %s\n\n%s", title, text)
		}
	}
	say("%s", taskWords[r.Task])
	s := &r.Spec
	part("The task: "+s.ID, strings.TrimSpace(s.Title+"\n\n"+s.Description))
	say("")
	if s.Input.MediaType != "" {
		say("The input is %s.", s.Input.MediaType)
	}
	if s.Output.MediaType != "" {
		say("The output is %s.", s.Output.MediaType)
	}
	if words, ok := compareWords[s.Compare]; ok {
		say("Outputs are compared %s.", words)
	}
	if s.License != "" {
		say("The licence header is: // SPDX-License-Identifier: %s", s.License)
	}
	if r.Budget.TimeoutMS > 0 {
		say("One call may execute %.0f million instructions and use %d MiB of memory.",
			float64(r.Budget.TimeoutMS*float64(r.Budget.FuelPerMS))/1e6, r.Budget.MemoryBytes>>20)
	}
	part("Examples", caseText(s.Examples))
	if r.Source != "" {
		part("The tool", fenced(r.Source))
	}
	part("What is known about it", r.Diagnostics)
	part("Cases that fail", caseText(r.Failing))
	part("Cases that pass, and must go on passing", caseText(r.Passing))
	say("\n(This is request number %d. To a request of another number, give another answer.)", r.Seed)
	return systemPrompt, b.String(), nil
}

func caseText(cases []Case) string {
	var b strings.Builder
	for _, c := range cases {
		fmt.Fprintf(&b, "- input %s", strconv.Quote(string(c.Input)))
		switch {
		case c.Error:
			b.WriteString(", wanted: an error")
		case c.Output != nil:
			fmt.Fprintf(&b, ", wanted %s", strconv.Quote(string(c.Output)))
		}
		if c.Got != nil {
			fmt.Fprintf(&b, ", got %s", strconv.Quote(string(c.Got)))
		}
		if c.Verdict != "" {
			fmt.Fprintf(&b, " (%s)", c.Verdict)
		}
		if c.Message != "" {
			fmt.Fprintf(&b, ", message %s", strconv.Quote(c.Message))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// fenced puts a source into a code block whose fence does not occur in it.
func fenced(source string) string {
	fence := "```"
	for strings.Contains(source, fence) {
		fence += "`"
	}
	return fence + "go\n" + strings.TrimRight(source, "\n") + "\n" + fence
}

// extracted is what a message holds.
type extracted struct {
	source string // "": no Go file was found
	notes  string // what stands around it
	open   bool   // the message ends before the code block does
}

var (
	fencePattern = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})[ \t]*([^`\r\n]*?)[ \t]*\r?\n?$")
	clause       = regexp.MustCompile(`(?m)^package[ \t]+[A-Za-z_]`)
)

// extract finds the Go file in a message. Models quote old code before the new, and
// some think aloud first: the last code block with a package clause is what is meant;
// without one, the last block that is called Go. A message that is nothing but a Go
// file is taken whole. Whether it is Go at all, the gate will say.
func extract(message string) extracted {
	if i := strings.LastIndex(message, "</think>"); i >= 0 {
		message = message[i+len("</think>"):]
	}
	type block struct {
		from, to   int // of the lines in between, in message
		start, end int // fences included
		goes, open bool
	}
	var blocks []block
	var current *block
	fence := ""
	at := 0
	for line := range strings.Lines(message) {
		next := at + len(line)
		m := fencePattern.FindStringSubmatch(line)
		switch {
		case current == nil && m != nil:
			fence = m[1]
			info, _, _ := strings.Cut(strings.ToLower(m[2]), " ")
			current = &block{from: next, start: at, goes: info == "go" || info == "golang"}
		case current != nil && m != nil && m[2] == "" && m[1][0] == fence[0] && len(m[1]) >= len(fence):
			current.to, current.end = at, next
			blocks = append(blocks, *current)
			current = nil
		}
		at = next
	}
	if current != nil {
		current.to, current.end, current.open = at, at, true
		blocks = append(blocks, *current)
	}
	chosen, rank := -1, 0
	for i, b := range blocks {
		of := 0
		switch {
		case clause.MatchString(message[b.from:b.to]):
			of = 2
		case b.goes:
			of = 1
		}
		if of > 0 && of >= rank {
			chosen, rank = i, of
		}
	}
	if chosen < 0 {
		if len(blocks) == 0 && clause.MatchString(message) {
			return extracted{source: tidy(message), open: true}
		}
		return extracted{notes: strings.TrimSpace(message)}
	}
	b := blocks[chosen]
	notes := strings.TrimSpace(strings.TrimSpace(message[:b.start]) + "\n\n" + strings.TrimSpace(message[b.end:]))
	return extracted{source: tidy(message[b.from:b.to]), notes: notes, open: b.open}
}

// tidy gives a source the line ends of a Go file.
func tidy(source string) string {
	source = strings.TrimSpace(strings.ReplaceAll(source, "\r\n", "\n"))
	if source == "" {
		return ""
	}
	return source + "\n"
}
