package hub

import (
	"errors"
	"fmt"

	"github.com/hashicorp/go-hclog"
	wal "github.com/hashicorp/raft-wal"
	walfs "github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// raftStore is raft's log and stable store on disk: raft-wal 0.4.0 with two of
// its faults mended.
type raftStore struct {
	*wal.WAL
	meta *metadb.BoltMetaDB
}

// openLog opens or creates the store in dir. It waits for ever when another
// process has it open; the state database, opened before, is refused then.
func openLog(dir string, segmentSize int, log hclog.Logger) (*raftStore, error) {
	meta := new(metadb.BoltMetaDB)
	filer := mendedFiler{segment.NewFiler(dir, walfs.New())}
	w, err := wal.Open(dir, wal.WithMetaStore(meta), wal.WithSegmentFiler(filer), wal.WithLogger(log), wal.WithSegmentSize(segmentSize))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("raft log: %w", err), meta.Close())
	}
	return &raftStore{w, meta}, nil
}

// Close closes the log and its meta database, which raft-wal leaves open and
// locked.
func (s *raftStore) Close() error { return errors.Join(s.WAL.Close(), s.meta.Close()) }

// mendedFiler opens a segment that was closed by cutting its end off. raft-wal
// marks it closed without writing its index, and cannot read it again after a
// restart (hashicorp/raft-wal issue 31): a node that once had to drop entries of
// a lost leadership would never start again. Read as an open segment it is found
// by scanning; the entries cut off are hidden by the index of the next segment.
type mendedFiler struct{ *segment.Filer }

func (f mendedFiler) Open(info types.SegmentInfo) (types.SegmentReader, error) {
	if info.IndexStart == 0 {
		return f.RecoverTail(info)
	}
	return f.Filer.Open(info)
}
