package replicationtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/hub"
	"tramxa/replication/identity"
)

// World is one hub of three nodes and the stations that report to it.
type World struct {
	T        testing.TB
	Nodes    []*Node
	Stations []*Station
	Oracle   *Oracle

	net *network
	rng *rand.Rand
	ca  *identity.CA
	hit struct{ killed, cut *Node } // what the last Strike did; both nil: there is nothing to outlast
	dir string
	o   Options
}

// Node is a place of the hub with its directory; the hub in it may be dead.
type Node struct {
	ID  string
	Dir string

	o    hub.Options
	mu   sync.RWMutex
	h    *hub.Hub
	link string // address of the link port; "": none
	door *door
}

// Options of a world.
type Options struct {
	Stations int
	Seed     uint64
	Times    hub.Times // zero: 1 s each
	Tune     func(*hub.Options)
	Links    bool // the nodes have link ports
}

// New starts the hub, waits for a leader and registers the stations. Everything
// ends with the test.
func New(t testing.TB, o Options) *World {
	t.Helper()
	if o.Times == (hub.Times{}) {
		// A lease as long as raft allows, and not half a heartbeat as the product has
		// it: half a second loses the leader again and again on a machine that is busy
		// with other tests. The longest lease is also the hardest on safety: a leader
		// that is cut off goes on for as long as it can while the others choose a new
		// one. TestStationsOverRealLinks has the product's ratio.
		o.Times = hub.Times{Heartbeat: time.Second, Election: time.Second, Lease: time.Second, Commit: 10 * time.Millisecond}
	}
	w := &World{T: t, net: newNetwork(), rng: rand.New(rand.NewPCG(o.Seed, 77)), Oracle: newOracle()}
	w.plant(o)
	for _, n := range w.Nodes {
		n.start(t)
	}
	t.Cleanup(func() {
		for _, n := range w.Nodes {
			n.kill(t)
		}
	})
	for i := range o.Stations {
		s := NewStation(journal.Station(i+1), o.Seed)
		w.Stations = append(w.Stations, s)
		w.OnLeader(Patience, func(ctx context.Context, h *hub.Hub) error {
			return h.RegisterStation(ctx, s.Registration(), fmt.Sprintf("Trạm %d", i+1))
		})
	}
	return w
}

// plant makes certificates, directories and addresses for three nodes.
func (w *World) plant(o Options) {
	w.T.Helper()
	var err error
	w.dir, w.o = w.T.TempDir(), o
	if w.ca, err = identity.CreateCA(filepath.Join(w.dir, "ca.key")); err != nil {
		w.T.Fatal(err)
	}
	var links []string
	for range 3 {
		if o.Links {
			links = append(links, free(w.T, own()))
		}
	}
	w.Nodes = w.seats(1, links)
}

// seats makes certificates, directories and raft addresses for three nodes, the
// first of which has this number.
func (w *World) seats(number int, links []string) (nodes []*Node) {
	w.T.Helper()
	o := w.o
	var peers []hub.Peer
	var listeners []net.Listener
	for i := range 3 {
		l, err := listen(own())
		if err != nil {
			w.T.Fatal(err)
		}
		listeners = append(listeners, l)
		id := fmt.Sprintf("node-%d", number+i)
		p := hub.Peer{ID: id, Raft: l.Addr().String(), Link: id + ".example:443"}
		if o.Links {
			p.Link = links[i]
		}
		peers = append(peers, p)
		w.net.name(l.Addr().String(), id)
	}
	for i, p := range peers {
		n := &Node{ID: p.ID, Dir: filepath.Join(w.dir, p.ID)}
		if err := os.MkdirAll(n.Dir, 0o700); err != nil {
			w.T.Fatal(err)
		}
		cert, err := w.ca.CreateNode(n.Dir, p.ID, time.Now())
		if err != nil {
			w.T.Fatal(err)
		}
		n.o = hub.Options{Dir: n.Dir, Node: cert, Bind: p.Raft, Listener: listeners[i], Peers: peers, Bootstrap: true, Times: o.Times,
			BlockCache: 4 << 20, IndexCache: 4 << 20, ValueLogFile: 32 << 20, LogSegment: 4 << 20,
			NoNightly: true, Dial: w.net.dialer(p.ID), ContactEvery: time.Second,
			OpenBundle: OpenBundle, GatherEvery: 100 * time.Millisecond, PartsReserve: 1 << 20}
		if os.Getenv("TRAMXA_VERBOSE") == "1" {
			n.o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("node", p.ID)
		}
		if o.Links {
			n.link = p.Link
		}
		if o.Tune != nil {
			o.Tune(&n.o)
		}
		nodes = append(nodes, n)
	}
	return nodes
}

func (n *Node) start(t testing.TB) {
	t.Helper()
	h, err := hub.Open(n.o)
	if err != nil {
		t.Fatalf("%s: %v", n.ID, err)
	}
	n.o.Listener = nil // the next start listens on the same address again
	n.mu.Lock()
	defer n.mu.Unlock()
	n.h = h
	if n.link != "" {
		n.door = openDoor(t, h, n.o.Node, n.link)
	}
}

// Kill stops a node without handing anything on. Heal starts it again.
func (w *World) Kill(n *Node) {
	w.T.Helper()
	n.kill(w.T)
}

func (n *Node) kill(t testing.TB) {
	t.Helper()
	n.mu.Lock()
	h, d := n.h, n.door
	n.h, n.door = nil, nil
	n.mu.Unlock()
	if h == nil {
		return
	}
	d.close()
	if err := h.Kill(); err != nil {
		t.Errorf("%s: %v", n.ID, err)
	}
}

// Hub returns the node's hub, nil while it is dead.
func (n *Node) Hub() *hub.Hub {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.h
}

// Leader returns a node that leads, nil when none does.
func (w *World) Leader() *Node {
	for _, n := range w.Nodes {
		if h := n.Hub(); h != nil && h.Leads() {
			return n
		}
	}
	return nil
}

// Follower returns a node that follows a leader, once there is one.
func (w *World) Follower() *Node {
	w.T.Helper()
	w.OnLeader(Patience, func(context.Context, *hub.Hub) error { return nil })
	for _, n := range w.Nodes {
		if h := n.Hub(); h != nil && !h.Leads() {
			return n
		}
	}
	w.T.Fatal("no follower")
	return nil
}

// OnLeader calls fn with the leader until it succeeds; the test fails when that
// takes longer than within. fn must return an error when leadership was lost under
// it.
func (w *World) OnLeader(within time.Duration, fn func(context.Context, *hub.Hub) error) {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(w.T.Context(), within)
	defer cancel()
	for {
		err := errors.New("nobody leads")
		if n := w.Leader(); n != nil {
			if h := n.Hub(); h != nil {
				err = fn(ctx, h)
			}
		}
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			w.T.Fatalf("after %v: %v", within, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Heal mends all lines and starts all dead nodes.
func (w *World) Heal() {
	w.T.Helper()
	w.net.heal()
	for _, n := range w.Nodes {
		if n.Hub() == nil {
			n.start(w.T)
		}
	}
}

// Strike does one random harm and returns what it was. Outlast waits until its effect
// is seen.
func (w *World) Strike() string {
	w.T.Helper()
	w.hit.killed, w.hit.cut = nil, nil
	victim := w.Nodes[w.rng.IntN(len(w.Nodes))]
	l := w.Leader()
	if l != nil && w.rng.IntN(2) == 0 {
		victim = l
	}
	who := victim.ID
	if victim == l {
		who += ", the leader"
	}
	switch w.rng.IntN(5) {
	case 0, 1:
		w.hit.killed = victim
		victim.kill(w.T)
		return "killed " + who
	case 2, 3:
		w.hit.cut = victim
		w.net.split(map[string]bool{victim.ID: true})
		return "cut off " + who
	default:
		for _, n := range w.Nodes {
			n.kill(w.T)
		}
		return "killed all"
	}
}
