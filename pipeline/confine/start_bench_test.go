package confine

import (
	"os/exec"
	"testing"
)

// BenchmarkStart is what a process costs under each restriction by itself.
func BenchmarkStart(b *testing.B) {
	has := Probe()
	for _, with := range []struct {
		name string
		has  Status
	}{
		{"none", Status{}},
		{"landlock", Status{NoNewPrivs: true, Landlock: has.Landlock}},
		{"seccomp", Status{NoNewPrivs: true, Seccomp: has.Seccomp}},
		{"namespaces", Status{NoNewPrivs: true, Namespaces: has.Namespaces}},
		{"all", has},
	} {
		b.Run("restriction="+with.name, func(b *testing.B) {
			for b.Loop() {
				cmd := exec.Command(Self())
				cmd.Env = []string{tryVariable + "=1"}
				if err := start(cmd, Policy{}, with.has); err != nil {
					b.Fatal(err)
				}
				cmd.Wait()
			}
		})
	}
}
