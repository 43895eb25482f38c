package fsm

import (
	"fmt"
	"sync"

	"tramxa/appliance/journal"
)

// marks holds the hashes this node found at marks, and those the leader stated.
// Reckoning reads the whole state, so it runs beside the applying goroutine, on
// a pinned view.
type marks struct {
	mu       sync.Mutex
	work     sync.WaitGroup
	own      map[uint64]journal.Hash
	said     map[uint64]journal.Hash
	diverged error
}

// keepMarks bounds how many marks are remembered.
const keepMarks = 8

func newMarks() *marks {
	return &marks{own: map[uint64]journal.Hash{}, said: map[uint64]journal.Hash{}}
}

func (f *FSM) startMark(index uint64) {
	p, err := f.pin()
	if err != nil {
		return
	}
	f.marks.work.Go(func() {
		defer p.release()
		h, err := p.Hash()
		if err != nil {
			f.o.Log.Error("state hash", "index", index, "error", err)
			return
		}
		f.marks.found(index, h)
	})
}

func (m *marks) found(index uint64, h journal.Hash) { m.put(m.own, index, h) }

func (m *marks) stated(index uint64, h journal.Hash) { m.put(m.said, index, h) }

func (m *marks) put(in map[uint64]journal.Hash, index uint64, h journal.Hash) {
	m.mu.Lock()
	defer m.mu.Unlock()
	in[index] = h
	if len(in) > keepMarks {
		delete(in, oldest(in))
	}
	own, ok := m.own[index]
	if said, both := m.said[index]; ok && both && own != said && m.diverged == nil {
		m.diverged = fmt.Errorf("state at index %d differs from the leader's", index)
	}
}

func oldest(in map[uint64]journal.Hash) uint64 {
	low := ^uint64(0)
	for index := range in {
		low = min(low, index)
	}
	return low
}

func (m *marks) wait() { m.work.Wait() }

// MarkedHash returns the hash this node found at the mark at index; false while
// it is being reckoned or when it is no longer known.
func (f *FSM) MarkedHash(index uint64) (journal.Hash, bool) {
	f.marks.mu.Lock()
	defer f.marks.mu.Unlock()
	h, ok := f.marks.own[index]
	return h, ok
}

// Diverged returns an error once this node's state has parted from the leader's.
func (f *FSM) Diverged() error {
	f.marks.mu.Lock()
	defer f.marks.mu.Unlock()
	return f.marks.diverged
}
