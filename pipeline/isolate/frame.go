package isolate

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

const (
	frameHead = 4 + 8
	// maxHeader bounds a header, in bytes. The longest are problems of a source.
	maxHeader = 1 << 20
	// inline is how many bytes go through the pipe; more of them lie in the transfer file.
	inline = 64 << 10
	// lying marks a length of bytes that lie in the transfer file.
	lying = 1 << 63
)

// wire is one end of the conversation with a process.
type wire struct {
	r io.Reader
	w io.Writer
	t *transfer
}

// write sends a message in one call.
func (c *wire) write(header any, blob []byte) error {
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("isolate: %w", err)
	}
	if len(text) > maxHeader {
		return fmt.Errorf("isolate: a header of %d bytes: want at most %d", len(text), maxHeader)
	}
	buf := make([]byte, frameHead, frameHead+len(text)+min(len(blob), inline))
	binary.LittleEndian.PutUint32(buf, uint32(len(text)))
	if len(blob) > inline {
		if err := c.t.put(blob); err != nil {
			return err
		}
		binary.LittleEndian.PutUint64(buf[4:], uint64(len(blob))|lying)
		blob = nil
	} else {
		binary.LittleEndian.PutUint64(buf[4:], uint64(len(blob)))
	}
	_, err = c.w.Write(append(append(buf, text...), blob...))
	return err
}

// read receives a message whose bytes are at most maxBlob. The bytes may lie in the transfer
// file, and are then good until the next message of either side.
func (c *wire) read(header any, maxBlob int64) (blob []byte, err error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		return nil, err
	}
	text, n := binary.LittleEndian.Uint32(head[:]), binary.LittleEndian.Uint64(head[4:])
	lies := n&lying != 0
	n &^= lying
	if text > maxHeader || n > uint64(maxBlob) || !lies && n > inline {
		return nil, fmt.Errorf("isolate: a message of %d and %d bytes: want at most %d and %d", text, n, maxHeader, maxBlob)
	}
	buf := make([]byte, text)
	if _, err := io.ReadFull(c.r, buf); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(buf, header); err != nil {
		return nil, fmt.Errorf("isolate: a message that is not ours: %w", err)
	}
	switch {
	case lies:
		return c.t.get(int(n))
	case n == 0:
		return nil, nil
	}
	blob = make([]byte, n)
	_, err = io.ReadFull(c.r, blob)
	return blob, err
}
