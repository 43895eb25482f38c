package fsm

import (
	"crypto/sha256"
	"sync"

	"tramxa/replication/batch"
)

// unpacked remembers the batches unpacked last. Unpacking is a pure function of
// the bytes and the dearest part of judging; the leader's intake judges a batch
// a moment before the state machine does.
type unpacked struct {
	mu   sync.Mutex
	last []unpackedBatch // newest at the end
}

type unpackedBatch struct {
	of  [sha256.Size]byte
	b   *batch.Batch
	err error
}

// keepUnpacked bounds the memory: each is 1 MiB of records at most, and slices
// to hold them.
const keepUnpacked = 8

// decode is batch.Decode. Nobody may change what it returns.
func (u *unpacked) decode(raw []byte) (*batch.Batch, error) {
	of := sha256.Sum256(raw)
	u.mu.Lock()
	for _, e := range u.last {
		if e.of == of {
			u.mu.Unlock()
			return e.b, e.err
		}
	}
	u.mu.Unlock()
	b, err := batch.Decode(raw)
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.last) == keepUnpacked {
		u.last = append(u.last[:0], u.last[1:]...)
	}
	u.last = append(u.last, unpackedBatch{of, b, err})
	return b, err
}
