// Command toolgen runs reproducible tournaments of generated tools, and answers
// questions about them.
//
// Results go to stdout, messages and progress to stderr. A file holds a command; what
// all of them share stands in app.go (the program and its flags), args.go (argv),
// errors.go (exit codes), answer.go (formats) and progress.go.
//
// Nothing is decided here: commands find their inputs, ask experiment or analysis, and
// print the answer.
package main

import (
	"os"

	"toolgen/pipeline/build"
)

func main() {
	build.Main()
	os.Exit(run(os.Args, os.Stdin, os.Stdout, os.Stderr))
}
