package manifests

import (
	"fmt"
	"strings"
)

// New returns a manifest to begin with: small, commented, ready to run. The name is one
// of up to 64 of a-z, 0-9 and -; any other is an error.
func New(name string) ([]byte, error) {
	if !namePattern.MatchString(name) {
		return nil, fmt.Errorf("%q is no name of a manifest; expected up to 64 of a-z, 0-9 and -", name)
	}
	return []byte(schemaComment + strings.Replace(beginning, "NAME", name, 1)), nil
}

const beginning = `#
# toolgen plan says what would run, toolgen run runs it. Whatever is left out has its
# default; the run's own copy of the manifest has every default written out.
version: 1
name: NAME
description: What this experiment is to find out.

# Each seed is a tournament of its own. Ranges may be written "1-5".
seeds: [1, 2, 3]

# Ids of shipped specs (toolgen spec list), or folders relative to this file.
specs: [text_deduplicate]

epochs: 10
population: 12

# Styles times temperatures: what the first epoch walks through. Without impl_style it is
# all styles of a spec.
search_space:
  anneal_temp: [0.8, 1.0, 1.2]

# What a call may spend, in virtual milliseconds and MiB, from the first epoch to the last.
budget:
  timeout_ms: {from: 2000, to: 1000}
  memory_mib: {from: 128, to: 64}

# What counts how much; the weights sum to 1.
fitness_weights: {correctness: 0.40, safety: 0.25, performance: 0.15, robustness: 0.10, documentation: 0.10}

# Keep at least as many as there are styles, and one more.
selection: {survivors: 6}
`
