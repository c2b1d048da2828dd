package synth

import (
	_ "math/rand"                // want: draws come from seed.Derive
	_ "toolgen/pipeline/testgen" // want: which the import table does not allow
)
