package hub

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"tramxa/replication/identity"
)

// TestOfficeIsTakenInTheEnd: a new leader that raft keeps waiting, as one whose disk
// is slow does, tries again: it leads, so nobody else will. With hardly any time to
// get a proposal into raft every second founding fails at first.
func TestOfficeIsTakenInTheEnd(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		ca, err := identity.CreateCA(filepath.Join(dir, "ca.key"))
		if err != nil {
			t.Fatal(err)
		}
		node, err := ca.CreateNode(dir, "node-1", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		h, err := Open(Options{Dir: dir, Node: node, Listener: ln, Peers: []Peer{{ID: "node-1", Raft: "127.0.0.1:1"}}, Bootstrap: true, NoNightly: true,
			Times: Times{Heartbeat: 100 * time.Millisecond, Commit: 5 * time.Millisecond}, ProposeTimeout: 1,
			BlockCache: 4 << 20, IndexCache: 4 << 20, ValueLogFile: 32 << 20, LogSegment: 256 << 10})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		_, err = h.WaitLeader(ctx)
		cancel()
		if cerr := h.Close(); err != nil || cerr != nil {
			t.Fatal(err, cerr)
		}
	}
}
