// Package generate makes words.
package generate

// Generate returns size bytes of words, which may begin with a digit.
func Generate(seed uint64, size int) []byte {
	const alphabet = "abcdefghijklmnopqrstuvwxyz 09AZ\n"
	out := make([]byte, size)
	for i := range out {
		seed = seed*6364136223846793005 + 1442695040888963407
		out[i] = alphabet[seed>>59]
	}
	return out
}
