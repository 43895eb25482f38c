package hub

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
)

// Lineage tells the nodes of a hub that was planted from a copy from those of the
// hub before it, and from nodes planted from another copy: they do not talk. Zero
// is a hub that was founded. It is also the incarnation in the planted state.
type Lineage [8]byte

// lineageFile lies in a node's directory when its hub was planted.
const lineageFile = "LINEAGE"

// PlantOptions of Plant. Dir, Peers and Lineage are required.
type PlantOptions struct {
	Dir     string // as Options.Dir; must hold no node yet
	Peers   []Peer // all voters of the new hub
	Lineage Lineage
	Now     func() time.Time // nil: time.Now; see plantTerm
	Log     *slog.Logger     // nil: discarded
}

// ErrPlanted: the directory holds a node already.
var ErrPlanted = errors.New("the directory holds a hub node already")

// Plant makes the directory of a node whose state is that of a snapshot stream,
// in a new hub of these peers. Every node of that hub is planted with the same
// stream, peers and lineage: raft then finds all of them at the same entry, and any
// majority goes on from there. A directory half made must be
// thrown away: callers make it beside and rename it.
func Plant(o PlantOptions, from io.Reader) (r fsm.Rewritten, err error) {
	if o.Lineage == (Lineage{}) || len(o.Peers) == 0 {
		return r, errors.New("a planted hub needs peers and a lineage")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	raftDir := filepath.Join(o.Dir, "raft")
	if err := journal.OS.MkdirAll(raftDir, 0o700); err != nil {
		return r, err
	}
	if names, err := journal.OS.ReadDir(raftDir); err != nil || len(names) > 0 {
		return r, errors.Join(err, ErrPlanted)
	}
	if r, err = plantSnapshot(o, from); err != nil {
		return r, err
	}
	if err := plantTerm(o, raftDir, r.Header.Term); err != nil {
		return r, err
	}
	return r, journal.WriteFileAtomic(journal.OS, filepath.Join(o.Dir, lineageFile), o.Lineage[:], 0o600)
}

// plantSnapshot writes the state as raft keeps its own snapshots: the first start
// takes it from there.
func plantSnapshot(o PlantOptions, from io.Reader) (r fsm.Rewritten, err error) {
	head, from, err := fsm.PeekHeader(from)
	if err != nil {
		return r, err
	}
	if head.Index == 0 || head.Term == 0 {
		return r, fmt.Errorf("%w: it is of a hub that never ran", fsm.ErrSnapshot)
	}
	snaps, err := raft.NewFileSnapshotStoreWithLogger(o.Dir, 2, raftLog(o.Log).Named("snapshot"))
	if err != nil {
		return r, fmt.Errorf("snapshots: %w", err)
	}
	_, trans := raft.NewInmemTransport("") // only to write addresses as raft does
	sink, err := snaps.Create(1, head.Index, head.Term, Options{Peers: o.Peers}.servers(), 1, trans)
	if err != nil {
		return r, err
	}
	if r, err = fsm.Rewrite(from, sink, o.Lineage); err != nil {
		return r, errors.Join(err, sink.Cancel())
	}
	return r, sink.Close()
}

// plantTerm lets the node begin in the term of its snapshot or later. In an earlier
// one it would write entries that raft takes for older than the snapshot. Later is
// the second of its planting: a hub that was planted from the same copy before has
// used the terms after the snapshot's for other entries, and raft takes entries of
// one index and term for the same. The nodes need not agree; raft settles on the
// latest. A clock that is behind costs only this.
func plantTerm(o PlantOptions, raftDir string, term uint64) error {
	if now := o.Now().Unix(); now > 0 {
		term = max(term, uint64(now))
	}
	logs, err := openLog(raftDir, 1<<20, raftLog(o.Log).Named("wal"))
	if err != nil {
		return err
	}
	return errors.Join(logs.SetUint64([]byte("CurrentTerm"), term), logs.Close())
}

// lineageOf reads a node's lineage; zero when its hub was founded.
func lineageOf(dir string) (l Lineage, err error) {
	name := filepath.Join(dir, lineageFile)
	if _, err := journal.OS.Stat(name); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return l, nil
		}
		return l, err
	}
	b, err := journal.ReadFile(journal.OS, name, int64(len(l)))
	if err == nil && len(b) != len(l) {
		err = fmt.Errorf("%s has %d bytes instead of %d", name, len(b), len(l))
	}
	copy(l[:], b)
	return l, err
}
