package batch

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// zstdMagic starts every zstd frame; it is left out of a batch.
var zstdMagic = [4]byte{0x28, 0xb5, 0x2f, 0xfd}

// maxWindow bounds the window and so the memory of a decoder.
const maxWindow = 2 * MaxRaw

// compress returns b in one zstd frame without its magic.
//
// The encoder is made anew each time: it holds megabytes of tables that an idle
// station should not keep.
func compress(b []byte) []byte {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderCRC(false),
		zstd.WithSingleSegment(true), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(MaxRaw))
	if err != nil {
		panic("batch: internal error: " + err.Error())
	}
	defer e.Close()
	return e.EncodeAll(b, nil)[len(zstdMagic):]
}

// expand undoes compress; the result has at most max bytes.
func expand(b []byte, max int) ([]byte, error) {
	frame := append(append(make([]byte, 0, len(b)+4), zstdMagic[:]...), b...)
	var head zstd.Header
	if err := head.Decode(frame); err != nil || head.Skippable || head.DictionaryID != 0 ||
		!head.HasFCS || head.FrameContentSize > uint64(max) || frameEnd(frame, head.HeaderSize) != len(frame) {
		return nil, fmt.Errorf("%w: zstd frame", ErrMalformed)
	}
	size := int(head.FrameContentSize)
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxWindow), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	out, err := d.DecodeAll(frame, make([]byte, 0, size))
	if err != nil || len(out) != size {
		return nil, fmt.Errorf("%w: zstd frame", ErrMalformed)
	}
	return out, nil
}

// frameEnd walks the blocks that start at pos and returns where the last one
// ends, or -1. The decoder itself would go on with a frame behind the first.
func frameEnd(b []byte, pos int) int {
	for pos+3 <= len(b) {
		head := int(b[pos]) | int(b[pos+1])<<8 | int(b[pos+2])<<16
		last, kind, size := head&1 == 1, head>>1&3, head>>3
		if kind == 1 { // run-length block: one byte stands for size bytes
			size = 1
		}
		pos += 3 + size
		if last {
			return pos
		}
	}
	return -1
}
