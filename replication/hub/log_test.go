package hub

import (
	"fmt"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
)

// TestCutLogOpensAgain: a node whose newest entries were taken back by a new
// leader, before and after a segment was full, starts again with exactly the
// entries that remained and those that followed.
func TestCutLogOpensAgain(t *testing.T) {
	dir := t.TempDir()
	want := map[uint64]string{}
	last := uint64(0)
	open := func() *raftStore {
		t.Helper()
		s, err := openLog(dir, 16<<10, hclog.NewNullLogger())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for round := range 12 {
		s := open()
		if got, err := s.LastIndex(); err != nil || got != last {
			t.Fatalf("round %d: log ends at %d in place of %d: %v", round, got, last, err)
		}
		for i, data := range want {
			var l raft.Log
			if err := s.GetLog(i, &l); err != nil || string(l.Data) != data {
				t.Fatalf("round %d: entry %d is %q in place of %q: %v", round, i, l.Data, data, err)
			}
		}
		for range 5 + round*20 {
			last++
			want[last] = fmt.Sprintf("entry %d of round %d, with some more bytes to fill segments", last, round)
			if err := s.StoreLog(&raft.Log{Index: last, Term: uint64(round + 1), Data: []byte(want[last])}); err != nil {
				t.Fatal(err)
			}
		}
		cut := last - uint64(round%4)
		if cut < last {
			if err := s.DeleteRange(cut+1, last); err != nil {
				t.Fatal(err)
			}
			for ; last > cut; last-- {
				delete(want, last)
			}
		}
		if round%5 == 4 { // the beginning goes too, as behind a snapshot
			first, err := s.FirstIndex()
			if err != nil {
				t.Fatal(err)
			}
			if err := s.DeleteRange(first, first+10); err != nil {
				t.Fatal(err)
			}
			for i := first; i <= first+10; i++ {
				delete(want, i)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
