package testgen

import _ "crypto/rand" // want: draws come from seed.Derive
