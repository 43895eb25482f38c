package replicationtest

import (
	"fmt"

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
