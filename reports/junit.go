package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"toolgen/analysis/compare"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitProblem `xml:"failure"`
	Error   *junitProblem `xml:"error"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes a comparison as JUnit XML: a test case for each gate, or for each row where
// no gates were given. What is red is a failure. What is inconclusive is an error and
// not "skipped", which would read as a pass, as is what could not be compared at all.
func JUnit(w io.Writer, r *compare.Result) error {
	suite := junitSuite{Name: fmt.Sprintf("toolgen compare %s", title(r))}
	add := func(c junitCase) {
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		}
		if c.Error != nil {
			suite.Errors++
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, g := range r.Gates {
		add(gateCase(&g))
	}
	if len(r.Gates) == 0 {
		for i := range r.Rows {
			add(rowCase(&r.Rows[i]))
		}
	}
	for i := range r.Incomparable {
		reason := &r.Incomparable[i]
		add(junitCase{Class: "toolgen.compare", Name: reason.NewName + " is comparable: " + reason.What, Error: &junitProblem{Message: reason.String(), Type: "not_comparable"}})
	}
	if r.Error != nil {
		add(junitCase{Class: "toolgen.compare", Name: "the comparison can be made", Error: &junitProblem{Message: *r.Error, Type: "error"}})
	}
	if suite.Tests == 0 {
		add(junitCase{Class: "toolgen.compare", Name: "there is something to compare", Error: &junitProblem{Message: "there is nothing that both sides have", Type: "inconclusive"}})
	}
	all := junitSuites{Tests: suite.Tests, Failures: suite.Failures, Errors: suite.Errors, Suites: []junitSuite{suite}}
	data, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, data)
	return err
}

func gateCase(g *compare.GateResult) junitCase {
	c := junitCase{Class: "toolgen.compare.gates", Name: g.Name}
	var lines []string
	message := ""
	for i := range g.Checks {
		k := &g.Checks[i]
		l := strings.TrimSpace(strings.Join([]string{string(k.Verdict), k.New, orEmpty(k.Spec), orEmpty(k.Style)}, " ")) + ": " + k.Reason
		lines = append(lines, l)
		if message == "" && k.Verdict == g.Verdict {
			message = l
		}
	}
	body := strings.Join(lines, "\n")
	switch g.Verdict {
	case compare.GateFail:
		c.Failure = &junitProblem{Message: message, Type: string(g.Verdict), Text: body}
	case compare.GateInconclusive:
		c.Error = &junitProblem{Message: message, Type: string(g.Verdict), Text: body}
	default:
		c.Out = body
	}
	return c
}

func rowCase(w *compare.Row) junitCase {
	name := []string{w.Metric, orEmpty(w.Spec), orEmpty(w.Style)}
	if w.Seed != nil {
		name = append(name, fmt.Sprintf("seed %d", *w.Seed))
	}
	c := junitCase{Class: "toolgen.compare.rows", Name: strings.Join(strings.Fields(strings.Join(append(name, w.New), " ")), " ")}
	message := string(w.Verdict)
	if w.Reason != "" {
		message += ": " + w.Reason
	}
	switch w.Verdict {
	case compare.Worse, compare.Missing:
		c.Failure = &junitProblem{Message: message, Type: string(w.Verdict)}
	case compare.Inconclusive:
		c.Error = &junitProblem{Message: message, Type: string(w.Verdict)}
	default:
		c.Out = message
	}
	return c
}
