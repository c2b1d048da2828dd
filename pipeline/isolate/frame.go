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
)

// writeFrame writes a message in one call if it is short.
func writeFrame(w io.Writer, header any, blob []byte) error {
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("isolate: %w", err)
	}
	if len(text) > maxHeader {
		return fmt.Errorf("isolate: a header of %d bytes: want at most %d", len(text), maxHeader)
	}
	buf := make([]byte, frameHead, frameHead+len(text)+min(len(blob), 64<<10))
	binary.LittleEndian.PutUint32(buf, uint32(len(text)))
	binary.LittleEndian.PutUint64(buf[4:], uint64(len(blob)))
	buf = append(buf, text...)
	if len(blob) <= 64<<10 {
		_, err = w.Write(append(buf, blob...))
		return err
	}
	if _, err = w.Write(buf); err != nil {
		return err
	}
	_, err = w.Write(blob)
	return err
}

// readFrame reads a message whose bytes are at most maxBlob.
func readFrame(r io.Reader, header any, maxBlob int64) (blob []byte, err error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	text, n := binary.LittleEndian.Uint32(head[:]), binary.LittleEndian.Uint64(head[4:])
	if text > maxHeader || n > uint64(maxBlob) {
		return nil, fmt.Errorf("isolate: a message of %d and %d bytes: want at most %d and %d", text, n, maxHeader, maxBlob)
	}
	buf := make([]byte, text)
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(buf, header); err != nil {
		return nil, fmt.Errorf("isolate: a message that is not ours: %w", err)
	}
	if n == 0 {
		return nil, nil
	}
	blob = make([]byte, n)
	_, err = io.ReadFull(r, blob)
	return blob, err
}
