package replicationtest

import (
	"context"
	"fmt"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/hub"
	"tramxa/replication/identity"
)

// Pin returns the pin of the hub's authority, by which stations know it.
func (w *World) Pin() identity.Pin { return w.ca.Pin() }

// Peers returns the nodes as they know each other.
func (w *World) Peers() []hub.Peer { return w.Nodes[0].o.Peers }

// Lose ends all nodes for good, as a fire would, and puts three new ones in their
// place: other names, directories and raft addresses, the same authority and the
// same addresses for stations. plant makes the directory of each before it is
// started.
func (w *World) Lose(plant func(dir string, peers []hub.Peer) error) {
	w.T.Helper()
	for _, n := range w.Nodes {
		n.kill(w.T)
	}
	var links []string
	for _, p := range w.Peers() {
		links = append(links, p.Link)
	}
	var last int
	if _, err := fmt.Sscanf(w.Nodes[2].ID, "node-%d", &last); err != nil {
		w.T.Fatal(err)
	}
	nodes := w.seats(last+1, links)
	for _, n := range nodes {
		if err := plant(n.Dir, n.o.Peers); err != nil {
			w.T.Fatalf("%s: %v", n.ID, err)
		}
	}
	w.Nodes = nodes
	for _, n := range nodes {
		n.start(w.T)
	}
}

// WaitSame waits until every node has applied what the leader has, and wants the
// same state everywhere.
func (w *World) WaitSame(within time.Duration) {
	w.T.Helper()
	var index uint64
	var want journal.Hash
	w.OnLeader(within, func(ctx context.Context, h *hub.Hub) (err error) {
		index, want, err = h.CompareStates(ctx)
		return err
	})
	ctx, cancel := context.WithTimeout(w.T.Context(), within)
	defer cancel()
	for _, n := range w.Nodes {
		got, err := n.Hub().MarkedHash(ctx, index)
		if err != nil || got != want {
			w.T.Errorf("%s: state hash %x in place of %x (%v)", n.ID, got[:4], want[:4], err)
		}
	}
}
