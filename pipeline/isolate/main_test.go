package isolate

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	Main(Compile, Guest, hostile)
	os.Exit(m.Run())
}
