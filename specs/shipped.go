package specs

import (
	"embed"
	"io/fs"
)

//go:embed */spec.json */*/*.go */styles/*.go.tmpl
var shipped embed.FS

// Shipped returns the specs that are part of the binary, a folder each.
func Shipped() fs.FS { return shipped }
