package batch

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// zstdMagic starts every zstd frame; it is left out of a batch.
var zstdMagic = [4]byte{0x28, 0xb5, 0x2f, 0xfd}

// maxWindow bounds the window and so the memory of a decoder.
const maxWindow = 2 * MaxRaw

// The coders hold tables and buffers worth reusing; they keep nothing of what
// passes through, and their methods are safe for concurrent use.
var (
	encoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderCRC(false),
			zstd.WithSingleSegment(true), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true),
			zstd.WithWindowSize(MaxRaw))
		if err != nil {
			panic("batch: internal error: " + err.Error())
		}
		return e
	})
	decoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxWindow), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			panic("batch: internal error: " + err.Error())
		}
		return d
	})
)

// compress returns b in one zstd frame without its magic.
func compress(b []byte) []byte {
	return encoder().EncodeAll(b, nil)[len(zstdMagic):]
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
	out, err := decoder().DecodeAll(frame, make([]byte, 0, size))
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
