package store

import (
	"tramxa/appliance/journal"
)

// stats are counted while the store is open; guarded by statusMu.
type stats struct {
	groups     uint64
	records    uint64
	heals      int
	rebuilding bool
	applied    journal.Seq // of the view
	checkpoint journal.Seq // of the newest checkpoint known
	rows       uint64      // in it
}

// Status is the store at one moment.
type Status struct {
	Origin     journal.Origin
	Head       journal.Seq // last durable record
	Applied    journal.Seq // the view stands here; below Head only while it is made again
	AccessHead journal.Seq
	Acked      Cursor
	Checkpoint journal.Seq // newest checkpoint
	Rows       uint64      // in it
	View       ViewState
	Recovery   journal.Recovery // what the start found in the journal
	Groups     uint64           // since the start; one sync each
	Records    uint64
	Heals      int
	Free       uint64 // bytes free on the disk
	Reserve    uint64 // below this nothing is written
	Full       bool
	Rebuilding bool
	Failed     error // not nil: nothing is written until the next start
}

// Status returns the store's state. It costs a system call and
// may be called inside View.
func (s *Store) Status() Status {
	st := Status{Origin: s.origin, Acked: s.Acked(), Recovery: s.recovery, Reserve: s.o.Reserve}
	st.Head, _ = s.Head()
	st.AccessHead, _ = s.lanes[journal.LaneAccess].Head()
	if free, err := s.fs.Free(s.dir); err == nil {
		st.Free = free
		st.Full = free < s.o.Reserve
	}
	s.statusMu.Lock()
	defer s.statusMu.Unlock()
	st.View, st.Failed = s.found, s.failed
	st.Applied, st.Rebuilding = s.stats.applied, s.stats.rebuilding
	st.Checkpoint, st.Rows = s.stats.checkpoint, s.stats.rows
	st.Groups, st.Records, st.Heals = s.stats.groups, s.stats.records, s.stats.heals
	return st
}

// usable notes that the view stands at seq and can be read.
func (s *Store) usable(seq journal.Seq) {
	s.statusMu.Lock()
	defer s.statusMu.Unlock()
	s.stats.applied, s.stats.rebuilding = seq, false
}
