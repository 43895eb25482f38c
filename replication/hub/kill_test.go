package hub_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
	"tramxa/replication/hub"
	"tramxa/replication/identity"
	"tramxa/replication/link"
	"tramxa/replication/replicationtest"
)

const childDir = "TRAMXA_HUB_CHILD"

// TestKilledHubKeepsWhatItAcknowledged: a hub in a process of its own is killed
// at random moments under load; started again on the same directory, without a
// hand, it holds everything it acknowledged.
func TestKilledHubKeepsWhatItAcknowledged(t *testing.T) {
	if dir := os.Getenv(childDir); dir != "" {
		child(t, dir)
		return
	}
	lives := 4
	if os.Getenv("TRAMXA_LONG") == "1" {
		lives = 60
	}
	dir := t.TempDir()
	ca, err := identity.CreateCA(filepath.Join(dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ca.CreateNode(dir, "node-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	acked := 0
	for life := range lives {
		before := acked
		acked = live(t, dir, acked, life%2 == 0, time.Duration(rng.IntN(1200))*time.Millisecond)
		t.Logf("life %d: acknowledged up to %d, %d of it new", life+1, acked, acked-before)
	}
	if acked == 0 {
		t.Fatal("nothing was acknowledged")
	}
}

// live runs a child until some time is over since it came up, or since it has first
// acknowledged something, kills it, and returns the newest sequence it acknowledged.
func live(t *testing.T, dir string, acked int, useful bool, after time.Duration) int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledHubKeepsWhatItAcknowledged$")
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() { _ = cmd.Process.Kill() } // kill -9
	stuck := time.AfterFunc(replicationtest.Patience, kill)
	defer stuck.Stop()
	started, due := false, false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "stands at %d", &n); err == nil {
			if n < acked {
				t.Errorf("stands at %d after a kill, %d was acknowledged", n, acked)
			}
			started, due = true, !useful
		}
		if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &n); err == nil {
			acked, due = max(acked, n), true
		}
		if due && after >= 0 {
			time.AfterFunc(after, kill)
			after = -1
		}
	}
	_ = cmd.Wait() // it was killed
	if !started {
		t.Fatal("the hub did not come up")
	}
	return acked
}

// child is the hub process: it tells where it stands and what it acknowledges.
func child(t *testing.T, dir string) {
	node, err := identity.LoadNode(dir)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h, err := hub.Open(hub.Options{Dir: dir, Node: node, Listener: ln, Peers: []hub.Peer{{ID: "node-1", Raft: "127.0.0.1:1"}}, Bootstrap: true,
		Times:      hub.Times{Heartbeat: 100 * time.Millisecond, Commit: 5 * time.Millisecond},
		BlockCache: 4 << 20, IndexCache: 4 << 20, ValueLogFile: 32 << 20, LogSegment: 256 << 10,
		SnapshotEvery: 100, SnapshotCheck: 200 * time.Millisecond, TrailingLogs: 20})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*replicationtest.Patience)
	defer cancel()
	if _, err := h.WaitLeader(ctx); err != nil {
		t.Fatal(err)
	}
	s := replicationtest.NewStation(1, 7)
	if err := h.RegisterStation(ctx, s.Registration(), ""); err != nil {
		t.Fatal(err)
	}
	var st fsm.StationRow
	if err := h.View(func(v *fsm.View) (err error) { st, _, err = v.Station(1); return err }); err != nil {
		t.Fatal(err)
	}
	next := st.Lane[0].Seq + 1
	if err := s.Grow(int(next) + 20000); err != nil {
		t.Fatal(err)
	}
	if st.Lane[0].Hash != s.HashAt(0, next-1) {
		t.Fatal("the hub's chain is not the station's")
	}
	fmt.Printf("stands at %d\n", next-1)
	for {
		b, last, err := s.Batch(journal.LaneRegister, next, 10)
		if err != nil {
			t.Fatal(err)
		}
		v, err := h.Take(ctx, b)
		if err != nil || v.Kind != link.VerdictAccepted {
			t.Fatalf("%v %v", v.Kind, err)
		}
		fmt.Printf("acknowledged %d\n", last)
		next = last + 1
	}
}
