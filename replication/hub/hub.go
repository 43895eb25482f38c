package hub

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
)

// Errors callers decide on.
var (
	// ErrNotLeader: ask the node that Leader names. Nothing was done.
	ErrNotLeader = errors.New("this node does not lead the hub")
	// ErrUnknownOutcome: the command may or may not take effect. Send it again;
	// every command may be repeated.
	ErrUnknownOutcome = errors.New("the outcome is unknown")
	// ErrBusy: nothing was done; try later.
	ErrBusy = errors.New("the hub is busy")
	// ErrRefused: the state machine refused a command; the text says why.
	ErrRefused = errors.New("refused")
	// ErrStateLost: neither state nor snapshot reach the beginning of the raft
	// log. The node must be removed and come back empty under a new id.
	ErrStateLost = errors.New("state of this node is lost")
	// ErrLogLost: the state contains commands that the raft log has lost. As
	// ErrStateLost: a node that forgot what it promised must not vote.
	ErrLogLost = errors.New("raft log of this node has lost its end")
)

// Hub is one running node.
type Hub struct {
	o     Options
	fsm   *fsm.FSM
	logs  *raftStore
	raft  *raft.Raft
	trans *raft.NetworkTransport

	stream *stream
	parts  *parts
	wake   chan struct{} // gather looks at once
	slots  chan struct{}

	ready  atomic.Uint64 // term in which this node leads and has applied all before
	leads  chan bool
	stop   chan struct{}
	work   sync.WaitGroup
	closed sync.Once
	shut   func() raft.Future // shuts raft down once

	mu       sync.Mutex
	contacts map[journal.Station]contact
	lacks    int // parts of releases not here yet
	failed   error
	down     chan struct{} // closed at the first failure
}

// Open starts a node: state first, then the raft log, then the rule that decides
// whether the state is taken as it is or comes back from a snapshot
// (fsm/DESIGN.md), then raft. It returns before there is a leader.
func Open(o Options) (*Hub, error) {
	h, err := prepare(o)
	if err != nil {
		return nil, err
	}
	h.begin(h.takeOffice)
	return h, nil
}

// prepare makes a node with raft in it that nobody follows yet.
func prepare(o Options) (*Hub, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	h := &Hub{o: o, slots: make(chan struct{}, o.MaxUnderWay), leads: make(chan bool, 16), stop: make(chan struct{}),
		down: make(chan struct{}), wake: make(chan struct{}, 1), contacts: map[journal.Station]contact{}}
	if err := h.open(); err != nil {
		return nil, errors.Join(err, h.release())
	}
	h.shut = sync.OnceValue(h.raft.Shutdown)
	return h, nil
}

// begin starts what works beside raft; take is takeOffice, or a test's way to it.
func (h *Hub) begin(take func() error) {
	h.work.Go(func() { h.lead(take) })
	h.work.Go(h.watch)
	h.work.Go(h.gather)
	h.work.Go(h.rollout)
	if !h.o.NoNightly {
		h.work.Go(h.nightly)
	}
}

func (h *Hub) open() (err error) {
	o := h.o
	raftDir := filepath.Join(o.Dir, "raft")
	if err := journal.OS.MkdirAll(raftDir, 0o700); err != nil {
		return err
	}
	h.fsm, err = fsm.Open(fsm.Options{Dir: filepath.Join(o.Dir, "state"), BlockCache: o.BlockCache, IndexCache: o.IndexCache,
		ValueLogFile: o.ValueLogFile, LogType: h.logType, Log: o.Log})
	if err != nil {
		return err
	}
	conf := o.raftConfig()
	if h.logs, err = openLog(raftDir, o.LogSegment, conf.Logger.Named("wal")); err != nil {
		return err
	}
	snaps, err := raft.NewFileSnapshotStoreWithLogger(o.Dir, 2, conf.Logger.Named("snapshot"))
	if err != nil {
		return fmt.Errorf("snapshots: %w", err)
	}
	restore, err := h.mustRestore(snaps)
	if err != nil {
		return err
	}
	conf.NoSnapshotRestoreOnStart = !restore
	conf.NotifyCh = h.leads
	if h.parts, err = openParts(filepath.Join(o.Dir, "releases"), o.PartsReserve); err != nil {
		return err
	}
	lineage, err := lineageOf(o.Dir)
	if err != nil {
		return err
	}
	if h.stream, err = newStream(o, lineage, h.serveParts); err != nil {
		return err
	}
	h.trans = raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: h.stream, MaxPool: 3, MaxRPCsInFlight: 1, Timeout: max(30*time.Second, o.Times.Heartbeat), Logger: conf.Logger.Named("net"),
		ServerAddressProvider: nil, MsgpackUseNewTimeFormat: true,
	})
	if o.Bootstrap {
		err := raft.BootstrapCluster(conf, h.logs, h.logs, snaps, h.trans, o.servers())
		if err != nil && !errors.Is(err, raft.ErrCantBootstrap) {
			return err
		}
	}
	h.raft, err = raft.NewRaft(conf, h.fsm, h.logs, h.logs, snaps, h.trans)
	return err
}

// logType answers the state machine about indexes it was never given. What the
// log has dropped stands in a snapshot, which Restore or mustRestore saw to.
func (h *Hub) logType(index uint64) (raft.LogType, error) {
	first, err := h.logs.FirstIndex()
	if err != nil {
		return 0, err
	}
	if index < first {
		return raft.LogNoop, nil
	}
	var l raft.Log
	err = h.logs.GetLog(index, &l)
	return l.Type, err
}

// mustRestore says whether the state has to come back from the newest snapshot,
// and refuses to start where no rule leads to the right state.
func (h *Hub) mustRestore(snaps raft.SnapshotStore) (bool, error) {
	applied := h.fsm.Applied().Index
	first, err1 := h.logs.FirstIndex()
	last, err2 := h.logs.LastIndex()
	list, err3 := snaps.List()
	if err := errors.Join(err1, err2, err3); err != nil {
		return false, err
	}
	if len(list) == 0 {
		if first > 1 && applied+1 < first {
			return false, fmt.Errorf("%w: state ends at %d, the log begins at %d, and there is no snapshot", ErrStateLost, applied, first)
		}
		return false, beyond(applied, last)
	}
	newest := list[0]
	if err := beyond(applied, max(last, newest.Index)); err != nil {
		return false, err
	}
	holds, err := snapshotHolds(snaps, newest.ID)
	switch {
	case err == nil && applied >= holds:
		return false, nil
	case err != nil && applied >= newest.Index:
		h.o.Log.Error("newest snapshot cannot be read; the state is ahead of it", "snapshot", newest.ID, "error", err)
		return false, nil
	case err != nil:
		return false, fmt.Errorf("%w: state ends at %d and snapshot %s cannot be read: %w", ErrStateLost, applied, newest.ID, err)
	}
	h.o.Log.Warn("state comes back from a snapshot", "applied", applied, "snapshot", newest.Index, "cause", h.fsm.Damage())
	return true, nil
}

func beyond(applied, last uint64) error {
	if applied > last {
		return fmt.Errorf("%w: state contains %d, the log ends at %d", ErrLogLost, applied, last)
	}
	return nil
}

// snapshotHolds returns the newest command in a snapshot. Opening it reads and
// checks the whole file.
func snapshotHolds(snaps raft.SnapshotStore, id string) (uint64, error) {
	_, r, err := snaps.Open(id)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	head, err := fsm.ReadHeader(r)
	return head.Index, err
}

// Close hands leadership on, stops raft and closes the state. Nothing answered
// depends on it.
func (h *Hub) Close() error { return h.close(true) }

// Kill stops the node as a cut of power would, as far as a process can do that
// to itself: no handing on, no last snapshot. For tests and drills.
func (h *Hub) Kill() error { return h.close(false) }

func (h *Hub) close(handOver bool) (err error) {
	h.closed.Do(func() {
		if handOver && h.raft.State() == raft.Leader && len(h.o.Peers) > 1 {
			if terr := h.await(context.Background(), h.raft.LeadershipTransfer()); terr != nil {
				h.o.Log.Info("leadership not handed over", "error", terr)
			}
		}
		close(h.stop)
		err = h.shut().Error()
		h.work.Wait()
		err = errors.Join(err, h.release())
	})
	return err
}

// release closes what open opened.
func (h *Hub) release() error {
	var errs []error
	if h.trans != nil {
		errs = append(errs, h.trans.Close())
	}
	if h.stream != nil {
		_ = h.stream.Close() // the transport has closed it, if there was one
		h.stream.work.Wait()
	}
	if h.logs != nil {
		errs = append(errs, h.logs.Close())
	}
	if h.fsm != nil {
		errs = append(errs, h.fsm.Close())
	}
	return errors.Join(errs...)
}

// fail records why this node can no longer serve and takes it out of the
// cluster; the process should end and be started again.
func (h *Hub) fail(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed != nil {
		return
	}
	h.failed = err
	close(h.down)
	h.o.Log.Error("hub node stops", "error", err)
	h.shut()
}

// Failed is closed when the node can no longer serve; Err says why.
func (h *Hub) Failed() <-chan struct{} { return h.down }

// Err returns why the node stopped serving, nil while it serves.
func (h *Hub) Err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed
}

// Leader returns the peer that leads as far as this node knows.
func (h *Hub) Leader() (Peer, bool) {
	_, id := h.raft.LeaderWithID()
	return h.o.peer(string(id))
}

// Leads reports whether this node leads and has applied all that was committed
// before its time.
func (h *Hub) Leads() bool {
	return h.raft.State() == raft.Leader && h.ready.Load() == h.raft.CurrentTerm()
}

// Addr returns the address of the raft port.
func (h *Hub) Addr() string { return string(h.trans.LocalAddr()) }

// View calls fn with this node's state as it is now, on a follower perhaps a
// little old.
func (h *Hub) View(fn func(*fsm.View) error) error { return h.fsm.View(fn) }

// VerifyTables reads the checksums of this node's state: what View gave is to be
// believed when it returns nil.
func (h *Hub) VerifyTables() error { return h.fsm.VerifyTables() }

// WaitLeader waits until some node leads and this node knows it.
func (h *Hub) WaitLeader(ctx context.Context) (Peer, error) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if p, ok := h.Leader(); ok && (p.ID != h.o.Node.ID || h.Leads()) {
			return p, nil
		}
		select {
		case <-ctx.Done():
			return Peer{}, fmt.Errorf("no leader: %w", ctx.Err())
		case <-h.down:
			return Peer{}, h.Err()
		case <-tick.C:
		}
	}
}
