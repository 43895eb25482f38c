package hub_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tramxa/replication/fsm"
	"tramxa/replication/hub"
	"tramxa/replication/link"
	"tramxa/replication/replicationtest"
	"tramxa/replication/spoke"
)

const amd64 = "linux/amd64"

func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	rng := rand.New(rand.NewPCG(seed, 5))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// linked is a world with link ports.
func linked(t *testing.T, stations int, tune func(*hub.Options)) *replicationtest.World {
	t.Helper()
	return replicationtest.New(t, replicationtest.Options{Stations: stations, Seed: 3, Links: true, Tune: tune})
}

// release is a bundle with one whole part for amd64 of n bytes.
func release(sequence uint64, n int) (*replicationtest.Bundle, [32]byte) {
	b := &replicationtest.Bundle{Sequence: sequence}
	return b, b.Add(amd64, noise(sequence, n), [32]byte{})
}

func publish(t *testing.T, w *replicationtest.World, b *replicationtest.Bundle) {
	t.Helper()
	raw := b.Bytes()
	w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
		_, err := h.Publish(ctx, bytes.NewReader(raw), int64(len(raw)), "lan", false)
		return err
	})
}

// everywhere waits until every living node says something about a release.
func everywhere(t *testing.T, w *replicationtest.World, sequence uint64, what string, ok func(hub.ReleaseStatus) bool) {
	t.Helper()
	for end := time.Now().Add(replicationtest.Patience); ; time.Sleep(20 * time.Millisecond) {
		behind := ""
		for _, n := range w.Nodes {
			if h := n.Hub(); h != nil {
				list, err := h.Releases()
				if err != nil {
					t.Fatal(err)
				}
				good := false
				for _, r := range list {
					good = good || r.Sequence == sequence && ok(r)
				}
				if !good {
					behind += fmt.Sprintf(" %s %+v", n.ID, list)
				}
			}
		}
		if behind == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not on%s", what, behind)
		}
	}
}

// tell reports to the hub, again while no node leads it.
func tell(t *testing.T, u *spoke.Updates, r link.Report) error {
	t.Helper()
	for end := time.Now().Add(replicationtest.Patience); ; time.Sleep(50 * time.Millisecond) {
		err := u.Report(t.Context(), r)
		if !errors.Is(err, link.ErrNotYet) || time.Now().After(end) {
			return err
		}
	}
}

func complete(r hub.ReleaseStatus) bool { return r.Held == r.Parts && r.Parts > 0 }

func asking() link.Asking {
	return link.Asking{App: "1.0.0", Sequence: 1, Systems: []string{amd64}}
}

func setRing(t *testing.T, w *replicationtest.World, sequence uint64, ring fsm.Ring) {
	t.Helper()
	w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error { return h.SetRing(ctx, sequence, ring, "lan", "") })
}

func fetch(t *testing.T, u *spoke.Updates, p link.OfferedPart) ([]byte, error) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "part"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := u.Fetch(t.Context(), p, f, 0); err != nil {
		return nil, err
	}
	return os.ReadFile(f.Name())
}

// inRing returns the stations of a world that are in a ring of a release.
func inRing(t *testing.T, w *replicationtest.World, sequence uint64, ring fsm.Ring) (list []*replicationtest.Station) {
	t.Helper()
	w.OnLeader(replicationtest.Patience, func(_ context.Context, h *hub.Hub) error {
		return h.View(func(v *fsm.View) error {
			r, ok, err := v.Release(sequence)
			if err != nil || !ok {
				return errors.Join(err, errors.New("no such release"))
			}
			list = nil
			for _, s := range w.Stations {
				if r.RingOf(s.Origin.Station) == ring {
					list = append(list, s)
				}
			}
			return nil
		})
	})
	return list
}

// TestReleaseGoesOut: published on one node, the parts reach all, over lines that
// break, also one that was away; any node gives them to the stations of the ring,
// with the difference first; what stations say stops the release on every node,
// and the states of all are equal.
func TestReleaseGoesOut(t *testing.T) {
	cuts := &cutter{every: 400_000}
	w := linked(t, 3, func(o *hub.Options) { o.Dial = cuts.wrap(o.Dial) })
	b, whole := release(5, 1_500_000)
	from := [32]byte{9}
	diff := b.Add(amd64, noise(50, 200_000), from)
	b.Add("windows/amd64", noise(51, 10_000), [32]byte{})
	cuts.on()
	publish(t, w, b)
	everywhere(t, w, 5, "parts", complete)
	if n := cuts.off(); n == 0 {
		t.Error("no line was cut")
	} else {
		t.Logf("%d lines between nodes were cut", n)
	}
	first, rest := inRing(t, w, 5, fsm.RingOne), inRing(t, w, 5, fsm.RingAll)
	if len(first) != 1 || len(rest) != 2 {
		t.Fatalf("%d stations in ring 1, %d in ring 3", len(first), len(rest))
	}
	for _, n := range w.Nodes {
		u := w.Updates(first[0], n)
		a := asking()
		a.From = []link.Hash{from}
		offer, err := u.Check(t.Context(), a)
		if err != nil || offer == nil || offer.Sequence != 5 || len(offer.Parts) != 2 || offer.Parts[0].SHA256 != diff || offer.Parts[1].SHA256 != whole {
			t.Fatalf("%s offers %+v, %v", n.ID, offer, err)
		}
		for i, want := range [][]byte{noise(50, 200_000), noise(5, 1_500_000)} {
			if got, err := fetch(t, u, offer.Parts[i]); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s part %d: %d bytes, %v", n.ID, i, len(got), err)
			}
		}
		if other, err := w.Updates(rest[0], n).Check(t.Context(), a); err != nil || other != nil {
			t.Fatalf("%s offers a station of ring 3: %+v, %v", n.ID, other, err)
		}
		if _, err := fetch(t, w.Updates(rest[0], n), offer.Parts[1]); !errors.Is(err, link.ErrNoPart) {
			t.Fatalf("%s gives a part to a station of ring 3: %v", n.ID, err)
		}
	}
	bad := link.Report{Sequence: 5, Stage: "rolled_back", Running: 1, Version: "1.0.0", Reason: "trang không trả lời"}
	for _, stage := range []link.Report{{Sequence: 5, Stage: "staged"}, {Sequence: 5, Stage: "trying"}, bad, bad} {
		if err := tell(t, w.Updates(first[0], w.Follower()), stage); err != nil {
			t.Fatalf("%+v: %v", stage, err)
		}
	}
	everywhere(t, w, 5, "stop", func(r hub.ReleaseStatus) bool {
		return r.Stopped && r.Rings[0] == fsm.Tally{Stations: 1, Bad: 1} && r.Stop.Text == bad.Reason
	})
	w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
		board, err := h.Stations()
		if err != nil {
			return err
		}
		l := board[first[0].Origin.Station-1]
		if l.Update == nil || l.Update.Outcome != "rolled_back" || l.Update.Reason != bad.Reason || l.Version == "" {
			t.Errorf("%+v %+v", l, l.Update)
		}
		_, _, err = h.CompareStates(ctx)
		return err
	})
	w.Check()
	for _, n := range w.Nodes {
		if s := n.Hub().Status(); s.Diverged != "" {
			t.Errorf("%s: %s", n.ID, s.Diverged)
		}
	}
}

// TestAlteredPartsAreReplaced: a file that rots on a node's disk is not given to
// a peer or kept over a restart; a station that got it refuses it.
func TestAlteredPartsAreReplaced(t *testing.T) {
	w := linked(t, 1, nil)
	away := w.Follower()
	b, h := release(5, 300_000)
	publish(t, w, b)
	everywhere(t, w, 5, "parts", complete)
	w.Kill(away)
	rot := func(n *replicationtest.Node) string {
		name := filepath.Join(n.Dir, "releases", link.Hash(h).String())
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		raw[len(raw)/2] ^= 1
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	name := rot(away)
	other := w.Nodes[0]
	if other == away {
		other = w.Nodes[1]
	}
	rotten := rot(other) // read and verified before: the node does not know
	offer, err := w.Updates(w.Stations[0], other).Check(t.Context(), asking())
	if err != nil || offer == nil {
		t.Fatal(offer, err)
	}
	if _, err := fetch(t, w.Updates(w.Stations[0], other), offer.Parts[0]); !errors.Is(err, spoke.ErrAltered) {
		t.Errorf("an altered part: %v", err)
	}
	w.Heal()
	everywhere(t, w, 5, "parts again", complete)
	if raw, err := os.ReadFile(name); err != nil || !bytes.Equal(raw, noise(5, 300_000)) {
		t.Errorf("the node that came back holds %d bytes, %v", len(raw), err)
	}
	w.Kill(other)
	w.Heal()
	everywhere(t, w, 5, "parts of the other", complete)
	if raw, err := os.ReadFile(rotten); err != nil || !bytes.Equal(raw, noise(5, 300_000)) {
		t.Errorf("the other holds %d bytes, %v", len(raw), err)
	}
}

// TestFirstReleaseWantsEveryNode: a node that does not answer could be of an older
// program; and one that was away gets everything when it is back.
func TestFirstReleaseWantsEveryNode(t *testing.T) {
	w := linked(t, 1, nil)
	away := w.Follower()
	w.Kill(away)
	b, _ := release(5, 10_000)
	raw := b.Bytes()
	try := func(insist bool) (err error) {
		w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
			_, err = h.Publish(ctx, bytes.NewReader(raw), int64(len(raw)), "lan", insist)
			if errors.Is(err, hub.ErrNotLeader) || errors.Is(err, hub.ErrUnknownOutcome) || errors.Is(err, hub.ErrBusy) {
				return err
			}
			return nil
		})
		return err
	}
	if err := try(false); !errors.Is(err, hub.ErrOldPeer) {
		t.Fatal(err)
	}
	rep := link.Report{Sequence: 4, Stage: "confirmed", Running: 4}
	if err := w.Updates(w.Stations[0]).Report(t.Context(), rep); !errors.Is(err, link.ErrNotYet) {
		t.Fatalf("a report before every node is known: %v", err)
	}
	if err := try(true); err != nil {
		t.Fatal(err)
	}
	if err := tell(t, w.Updates(w.Stations[0]), rep); err != nil {
		t.Fatal(err)
	}
	w.Heal()
	everywhere(t, w, 5, "parts", complete)
}

// TestRefusedReleases leave nothing behind.
func TestRefusedReleases(t *testing.T) {
	var reserve uint64 = 1 << 60
	w := linked(t, 1, func(o *hub.Options) { o.PartsReserve = reserve })
	b, _ := release(5, 10_000)
	lying, _ := release(5, 10_000)
	lying.Parts[0].Hash[0] ^= 1
	none := &replicationtest.Bundle{Sequence: 5}
	for _, tc := range []struct {
		name string
		raw  []byte
		want error
	}{
		{"no room", b.Bytes(), hub.ErrNoRoom}, {"without parts", none.Bytes(), hub.ErrRefused}, {"cut", b.Bytes()[:5000], nil}, {"none", []byte("hello"), nil},
	} {
		w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
			_, err := h.Publish(ctx, bytes.NewReader(tc.raw), int64(len(tc.raw)), "lan", false)
			if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
				if errors.Is(err, hub.ErrNotLeader) || errors.Is(err, hub.ErrOldPeer) {
					return err
				}
				t.Errorf("%s: %v", tc.name, err)
			}
			return nil
		})
	}
	for _, n := range w.Nodes {
		if left, err := os.ReadDir(filepath.Join(n.Dir, "releases")); err != nil || len(left) > 0 {
			t.Errorf("%s: %v %v", n.ID, left, err)
		}
	}
}

// TestAlteredBundleIsRefused: bytes that are not the part the manifest names.
func TestAlteredBundleIsRefused(t *testing.T) {
	w := linked(t, 1, nil)
	lying, _ := release(5, 10_000)
	lying.Parts[0].Hash[0] ^= 1
	raw := lying.Bytes()
	w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
		_, err := h.Publish(ctx, bytes.NewReader(raw), int64(len(raw)), "lan", false)
		if errors.Is(err, hub.ErrNotLeader) || errors.Is(err, hub.ErrOldPeer) {
			return err
		}
		if err == nil {
			t.Error("taken")
		}
		list, lerr := h.Releases()
		if lerr != nil || len(list) != 0 {
			t.Errorf("%+v %v", list, lerr)
		}
		return nil
	})
	for _, n := range w.Nodes {
		if left, err := os.ReadDir(filepath.Join(n.Dir, "releases")); err != nil || len(left) > 0 {
			t.Errorf("%s: %v %v", n.ID, left, err)
		}
	}
}

// TestReplacedReleasesGo: two newer releases everywhere, and the parts of an old
// one leave every disk.
func TestReplacedReleasesGo(t *testing.T) {
	w := linked(t, 1, nil)
	b, old := release(5, 10_000)
	publish(t, w, b)
	for _, sequence := range []uint64{6, 7} {
		b, _ := release(sequence, 10_000)
		publish(t, w, b)
		everywhere(t, w, 5, "old parts", complete)
		setRing(t, w, sequence, fsm.RingAll)
	}
	everywhere(t, w, 5, "retired", func(r hub.ReleaseStatus) bool { return r.Retired && r.Held == 0 })
	everywhere(t, w, 6, "kept", complete)
	for _, n := range w.Nodes {
		if _, err := os.Stat(filepath.Join(n.Dir, "releases", link.Hash(old).String())); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", n.ID, err)
		}
	}
}

// TestFencedStationGetsNoUpdates, and tells none.
func TestFencedStationGetsNoUpdates(t *testing.T) {
	w := linked(t, 2, nil)
	b, _ := release(5, 10_000)
	publish(t, w, b)
	setRing(t, w, 5, fsm.RingAll)
	everywhere(t, w, 5, "parts in ring 3", func(r hub.ReleaseStatus) bool { return complete(r) && r.Ring == fsm.RingAll })
	s := w.Stations[0]
	offer, err := w.Updates(s).Check(t.Context(), asking())
	if err != nil || offer == nil {
		t.Fatal(offer, err)
	}
	w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error { return h.Fence(ctx, s.Origin.Station, 1) })
	for _, n := range w.Nodes {
		fenced := func() bool {
			board, err := n.Hub().Stations()
			if err != nil {
				t.Fatal(err)
			}
			return board[0].Fenced
		}
		for end := time.Now().Add(replicationtest.Patience); !fenced(); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s does not know of the fence", n.ID)
			}
		}
		if _, err := w.Updates(s, n).Check(t.Context(), asking()); !errors.Is(err, link.ErrFencedOut) {
			t.Errorf("check at %s: %v", n.ID, err)
		}
		if _, err := fetch(t, w.Updates(s, n), offer.Parts[0]); !errors.Is(err, link.ErrFencedOut) {
			t.Errorf("fetch at %s: %v", n.ID, err)
		}
	}
	if err := tell(t, w.Updates(s), link.Report{Sequence: 5, Stage: "failed"}); !errors.Is(err, link.ErrFencedOut) {
		t.Errorf("report: %v", err)
	}
	stranger := replicationtest.NewStation(9, 9)
	if _, err := w.Updates(stranger).Check(t.Context(), asking()); !errors.Is(err, link.ErrNotKnown) {
		t.Errorf("a stranger: %v", err)
	}
	if r, err := w.Updates(w.Stations[1]).Check(t.Context(), asking()); err != nil || r == nil {
		t.Errorf("the other station: %+v, %v", r, err)
	}
}

// TestLeaderMovesOn: when all that were heard of have proved the release for long
// enough it goes to the next ring, by itself; not before, and not past a silent
// ring.
func TestLeaderMovesOn(t *testing.T) {
	const proved = 2 * time.Second
	w := linked(t, 3, func(o *hub.Options) { o.RolloutEvery, o.ProvedFor = 50*time.Millisecond, proved })
	b, _ := release(5, 10_000)
	for _, s := range w.Stations {
		w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
			wel, err := h.Hello(ctx, helloOf(s, 1))
			if err == nil && wel.Status != link.StatusWelcome {
				err = errors.New(wel.Status.String())
			}
			return err
		})
	}
	publish(t, w, b)
	time.Sleep(proved / 2)
	first := inRing(t, w, 5, fsm.RingOne)
	ringIs := func(ring fsm.Ring) func(hub.ReleaseStatus) bool {
		return func(r hub.ReleaseStatus) bool { return r.Ring == ring }
	}
	everywhere(t, w, 5, "ring 1", ringIs(fsm.RingOne))
	confirmed := time.Now()
	if err := tell(t, w.Updates(first[0]), link.Report{Sequence: 5, Stage: "confirmed", Running: 5}); err != nil {
		t.Fatal(err)
	}
	everywhere(t, w, 5, "ring 3", ringIs(fsm.RingAll)) // with three stations nobody is in ring 2
	if took := time.Since(confirmed); took < proved-time.Second {
		t.Errorf("moved on after %v", took)
	}
}

// cutter kills connections after so many bytes while it is on.
type cutter struct {
	every int

	mu     sync.Mutex
	active bool
	cuts   int
}

func (c *cutter) on() { c.mu.Lock(); defer c.mu.Unlock(); c.active = true }

func (c *cutter) off() int { c.mu.Lock(); defer c.mu.Unlock(); c.active = false; return c.cuts }

func (c *cutter) wrap(dial func(context.Context, string) (net.Conn, error)) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := dial(ctx, addr)
		if err != nil {
			return nil, err
		}
		return &cutConn{Conn: conn, c: c}, nil
	}
}

type cutConn struct {
	net.Conn
	c    *cutter
	seen int
}

func (x *cutConn) Read(b []byte) (int, error) {
	n, err := x.Conn.Read(b)
	x.c.mu.Lock()
	x.seen += n
	cut := x.c.active && x.seen > x.c.every
	if cut {
		x.c.cuts++
	}
	x.c.mu.Unlock()
	if cut {
		_ = x.Conn.Close()
		return 0, net.ErrClosed
	}
	return n, err
}
