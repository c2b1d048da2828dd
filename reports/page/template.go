package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"strings"

	"toolgen/reports/chart"
)

var (
	//go:embed page.html
	pageSource string
	//go:embed page.css
	styleSource string
	//go:embed page.js
	script string
)

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// styleSheet is the style of the page, with the colours of charts in it.
func styleSheet() string {
	return strings.NewReplacer("LIGHT", chart.Light.CSS(), "DARK", chart.Dark.CSS()).Replace(styleSource)
}

// policy is the content security policy: nothing but the page's own style and script,
// by their digests, and the empty icon that keeps browsers from asking for one.
func policy() string {
	digest := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + digest(styleSheet()) + "; script-src " + digest(script) + "; img-src data:; base-uri 'none'; form-action 'none'"
}
