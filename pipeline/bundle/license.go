package bundle

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"strings"
)

// licenses holds the texts of the SPDX License List for the licences that generated
// code is likely to carry, with <year> and <holder> where they leave a gap, and Go's.
//
//go:embed licenses/*.txt
var licenses embed.FS

const spdxHeader = "// SPDX-License-Identifier:"

// HeaderLicense returns what the SPDX header of a Go source names, or "" if there is no
// such line before the package clause.
func HeaderLicense(source []byte) string {
	lines := bufio.NewScanner(bytes.NewReader(source))
	for lines.Scan() {
		line := lines.Text()
		if id, ok := strings.CutPrefix(line, spdxHeader); ok {
			return strings.TrimSpace(id)
		}
		if strings.HasPrefix(line, "package ") {
			break
		}
	}
	return ""
}

// fullText returns a licence's text, and whether it is among those that we carry.
func fullText(id string) (string, bool) {
	text, err := licenses.ReadFile("licenses/" + id + ".txt")
	return string(text), err == nil && id != "Go"
}

func licenseText(in Input) []byte {
	text, known := fullText(in.License)
	switch {
	case known:
		text = strings.NewReplacer(
			"<year>", fmt.Sprint(in.Timestamp.UTC().Year()),
			"<holder>", fmt.Sprintf("the authors of %s", in.Spec.ID),
		).Replace(text)
	case strings.ContainsAny(in.License, " ()"):
		text = fmt.Sprintf("This software is licensed under the terms of the SPDX expression\n\n    %s\n\nwhose licences are found at https://spdx.org/licenses/.\n", in.License)
	default:
		text = fmt.Sprintf("This software is licensed under the terms of %s, the SPDX id of the\nlicence at https://spdx.org/licenses/%[1]s.html.\n", in.License)
	}
	if in.Wasm != nil {
		// Go's licence asks for its notice wherever its library ships in binary form.
		notice, err := licenses.ReadFile("licenses/Go.txt")
		if err != nil {
			panic(err) // embedded
		}
		text += fmt.Sprintf("\n%s\n\n%s contains parts of the Go standard library:\n\n%s", strings.Repeat("-", 78), WasmName, notice)
	}
	return []byte(text)
}
