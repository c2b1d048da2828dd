package build

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The wire forms of the roles whose entry function is no filter. The other ends
// are in guestSupport; adapterVersion must be raised when one changes.

// EncodeGenerate is the input of a call of a Generate unit: seed and size, each 8
// bytes, little endian. The output of the call is what Generate returned.
func EncodeGenerate(seed uint64, size int) []byte {
	buf := binary.LittleEndian.AppendUint64(nil, seed)
	return binary.LittleEndian.AppendUint64(buf, uint64(int64(size)))
}

// EncodeCheck is the input of a call of a Check unit: the length of input in 8
// bytes, little endian, then input, then output. If Check returns an error, the
// call's outcome is sandbox.ToolError; otherwise DecodeScore reads its output.
func EncodeCheck(input, output []byte) []byte {
	buf := make([]byte, 0, 8+len(input)+len(output))
	buf = binary.LittleEndian.AppendUint64(buf, uint64(len(input)))
	buf = append(buf, input...)
	return append(buf, output...)
}

// DecodeScore reads the score that a Check unit returned. Whether it lies in
// [0, 1] is for the caller to judge; it may be NaN.
func DecodeScore(output []byte) (float64, error) {
	if len(output) != 8 {
		return 0, fmt.Errorf("build: the output of a check is %d bytes long, want the 8 of a float64", len(output))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(output)), nil
}
