package main

import (
	"os"
	"testing"

	"toolgen/pipeline/build"
)

func TestMain(m *testing.M) {
	build.Main()
	os.Exit(m.Run())
}
