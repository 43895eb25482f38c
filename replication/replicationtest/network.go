package replicationtest

import (
	"context"
	"errors"
	"net"
	"sync"
)

// network is the lines between nodes; it cuts and heals them.
type network struct {
	mu    sync.Mutex
	cut   map[[2]string]bool // both directions are entered
	conns map[*wire]bool
	names map[string]string // address → node
}

// wire is a connection from one node to another.
type wire struct {
	net.Conn
	from, to string
	n        *network
}

var errCut = errors.New("line is cut")

func newNetwork() *network {
	return &network{cut: map[[2]string]bool{}, conns: map[*wire]bool{}, names: map[string]string{}}
}

// name says whose address that is.
func (n *network) name(addr, id string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names[addr] = id
}

// dialer returns the Dial of a node.
func (n *network) dialer(from string) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, addr string) (net.Conn, error) {
		n.mu.Lock()
		to := n.names[addr]
		cut := n.cut[[2]string{from, to}]
		n.mu.Unlock()
		if cut {
			return nil, errCut
		}
		c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
		if err != nil {
			return nil, err
		}
		w := &wire{c, from, to, n}
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.cut[[2]string{from, to}] {
			return nil, errors.Join(errCut, c.Close())
		}
		n.conns[w] = true
		return w, nil
	}
}

func (w *wire) Close() error {
	w.n.mu.Lock()
	delete(w.n.conns, w)
	w.n.mu.Unlock()
	return w.Conn.Close()
}

// split cuts all lines between a and the rest.
func (n *network) split(a map[string]bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, x := range n.names {
		for _, y := range n.names {
			if a[x] != a[y] {
				n.cut[[2]string{x, y}] = true
			}
		}
	}
	for w := range n.conns {
		if n.cut[[2]string{w.from, w.to}] {
			_ = w.Conn.Close() // its owner will notice and close it again
		}
	}
}

func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.cut)
}
