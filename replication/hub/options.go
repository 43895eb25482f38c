package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/hashicorp/raft"

	"tramxa/replication/identity"
)

// Peer is one voter of the hub.
type Peer struct {
	ID   string // as in its certificate; never used again for another machine or an emptied disk
	Raft string // host:port where the others reach its raft port
	Link string // host:port where stations reach it; told to stations that came to a follower
}

// Times are raft's time-outs. The zero value means 4 s, 4 s, 2 s, 50 ms: on a
// busy machine shorter ones lose the leader for nothing.
type Times struct {
	Heartbeat, Election, Lease, Commit time.Duration
}

// Options of a node.
type Options struct {
	Dir       string         // required; created when missing
	Node      *identity.Node // required: certificate and id
	Clock     identity.Clock
	Bind      string // host:port of the raft port; "": Listener must be given
	Listener  net.Listener
	Peers     []Peer // all voters, this node among them
	Bootstrap bool   // found the cluster with Peers when this node knows none yet

	Times Times

	BlockCache, IndexCache, ValueLogFile int64 // bytes, see fsm.Options

	LogSegment     int           // bytes of a file of the raft log; 0: 64 MiB
	SnapshotEvery  uint64        // raft entries after which a snapshot is taken; 0: 16,384
	SnapshotCheck  time.Duration // how often that is looked at; 0: 10 min
	TrailingLogs   uint64        // entries kept behind a snapshot for slow nodes; 0: 10,240
	NoNightly      bool          // no snapshot and state comparison at two in the morning
	WatchDisk      time.Duration // how often the disk is tried; 0: 2 s, negative: never
	ContactEvery   time.Duration // how often a station's contact is written down; 0: 5 min
	MaxUnderWay    int           // batches proposed at once; 0: 32
	ProposeTimeout time.Duration // to get a proposal into raft; 0: 5 s

	// OpenBundle verifies bundles for Publish. Nil: this node publishes none, but
	// keeps and gives out what others publish.
	OpenBundle   Verifier
	PartsReserve uint64        // bytes of the disk that parts of releases leave free; 0: 1 GiB
	GatherEvery  time.Duration // how often missing parts are asked for; 0: 15 s
	RolloutEvery time.Duration // how often the leader looks whether a release may go on; 0: 1 min
	ProvedFor    time.Duration // how long a ring must have had a release confirmed; 0: 24 h
	HeardWithin  time.Duration // stations silent for longer are not waited for; 0: 48 h

	// Dial opens connections to other nodes' raft ports. Nil: TCP. Tests cut
	// lines with it.
	Dial func(ctx context.Context, addr string) (net.Conn, error)
	Now  func() time.Time // nil: time.Now; becomes data in commands, never order
	Log  *slog.Logger     // nil: discarded
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" || o.Node == nil {
		return o, errors.New("a hub node needs a directory and a certificate")
	}
	if _, ok := o.peer(o.Node.ID); !ok {
		return o, fmt.Errorf("node %s is not among the peers of the hub", o.Node.ID)
	}
	seen := map[string]bool{}
	for _, p := range o.Peers {
		if p.ID == "" || p.Raft == "" || seen[p.ID] || seen[p.Raft] {
			return o, fmt.Errorf("peer %q: ids and raft addresses must be given and differ", p.ID)
		}
		seen[p.ID], seen[p.Raft] = true, true
	}
	t := &o.Times
	t.Heartbeat = or(t.Heartbeat, 4*time.Second)
	t.Election = or(t.Election, t.Heartbeat)
	t.Lease = or(t.Lease, t.Heartbeat/2)
	t.Commit = or(t.Commit, 50*time.Millisecond)
	o.LogSegment = or(o.LogSegment, 64<<20)
	o.SnapshotEvery = or(o.SnapshotEvery, 16384)
	o.SnapshotCheck = or(o.SnapshotCheck, 10*time.Minute)
	o.TrailingLogs = or(o.TrailingLogs, 10240)
	o.WatchDisk = or(o.WatchDisk, 2*time.Second)
	o.ContactEvery = or(o.ContactEvery, 5*time.Minute)
	o.MaxUnderWay = or(o.MaxUnderWay, 32)
	o.ProposeTimeout = or(o.ProposeTimeout, 5*time.Second)
	o.PartsReserve = or(o.PartsReserve, 1<<30)
	o.GatherEvery = or(o.GatherEvery, 15*time.Second)
	o.RolloutEvery = or(o.RolloutEvery, time.Minute)
	o.ProvedFor = or(o.ProvedFor, 24*time.Hour)
	o.HeardWithin = or(o.HeardWithin, 48*time.Hour)
	if o.Dial == nil {
		o.Dial = func(ctx context.Context, addr string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", addr)
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

func (o Options) peer(id string) (Peer, bool) {
	for _, p := range o.Peers {
		if p.ID == id {
			return p, true
		}
	}
	return Peer{}, false
}

func (o Options) servers() raft.Configuration {
	var c raft.Configuration
	for _, p := range o.Peers {
		c.Servers = append(c.Servers, raft.Server{Suffrage: raft.Voter, ID: raft.ServerID(p.ID), Address: raft.ServerAddress(p.Raft)})
	}
	return c
}

func (o Options) raftConfig() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(o.Node.ID)
	c.HeartbeatTimeout, c.ElectionTimeout = o.Times.Heartbeat, o.Times.Election
	c.LeaderLeaseTimeout, c.CommitTimeout = o.Times.Lease, o.Times.Commit
	c.MaxAppendEntries = 64
	c.BatchApplyCh = false // with it a time-out of Apply means nothing
	c.ShutdownOnRemove = true
	c.TrailingLogs, c.SnapshotThreshold, c.SnapshotInterval = o.TrailingLogs, o.SnapshotEvery, o.SnapshotCheck
	c.NoLegacyTelemetry = true
	c.Logger = raftLog(o.Log)
	return c
}
