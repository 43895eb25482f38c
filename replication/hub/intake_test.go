package hub_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/report"
	"tramxa/replication/fsm"
	"tramxa/replication/hub"
	"tramxa/replication/link"
	"tramxa/replication/replicationtest"
)

func world(t *testing.T, stations int) *replicationtest.World {
	t.Helper()
	return replicationtest.New(t, replicationtest.Options{Stations: stations, Seed: 3})
}

func helloOf(s *replicationtest.Station, install byte) link.Hello {
	seq, hash := s.Head(0)
	return link.Hello{ProtocolMin: 1, ProtocolMax: 1, Station: s.Origin.Station, Epoch: 1, Install: [16]byte{install},
		Heads: []link.Head{{Seq: seq, Hash: link.Prefix(hash)}}, PeerKey: s.Registration().PublicKey}
}

// send brings all the station has to the hub.
func send(t *testing.T, w *replicationtest.World, s *replicationtest.Station) {
	t.Helper()
	head, _ := s.Head(0)
	for next := journal.Seq(1); next <= head; {
		b, last, err := s.Batch(0, next, 100)
		if err != nil {
			t.Fatal(err)
		}
		w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
			v, err := h.Take(ctx, b)
			if err == nil && v.Kind != link.VerdictAccepted && v.Kind != link.VerdictDuplicate {
				err = errors.New(v.Kind.String())
			}
			return err
		})
		next = last + 1
	}
}

// TestHelloKnowsTheStation: every way in which a station may not go on is told
// at the hello, before a byte of a batch is sent.
func TestHelloKnowsTheStation(t *testing.T) {
	w := world(t, 1)
	s := w.Stations[0]
	if err := s.Grow(20); err != nil {
		t.Fatal(err)
	}
	clone := s.Clone(9)
	old := s.Clone(9)
	if err := s.Grow(30); err != nil {
		t.Fatal(err)
	}
	if err := clone.Grow(10); err != nil {
		t.Fatal(err)
	}
	send(t, w, s)
	stranger := helloOf(s, 1)
	stranger.PeerKey = replicationtest.NewStation(5, 5).Registration().PublicKey
	later := helloOf(s, 1)
	later.Epoch = 2
	future := helloOf(s, 1)
	future.ProtocolMin, future.ProtocolMax = 9, 9
	for _, tc := range []struct {
		name  string
		hello link.Hello
		want  link.Status
	}{
		{"itself", helloOf(s, 1), link.StatusWelcome},
		{"itself again", helloOf(s, 1), link.StatusWelcome},
		{"a copy of the disk", helloOf(s, 2), link.StatusFenced},
		{"a copy that went on by itself", helloOf(clone, 1), link.StatusForked},
		{"restored from last week", helloOf(old, 1), link.StatusRewound},
		{"somebody else", stranger, link.StatusUnregistered},
		{"an epoch never granted", later, link.StatusUnregistered},
		{"a later protocol", future, link.StatusUpgrade},
	} {
		w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
			got, err := h.Hello(ctx, tc.hello)
			if err == nil && got.Status == link.StatusNotLeader {
				err = errors.New("leadership moved")
			}
			if err == nil && got.Status != tc.want {
				t.Errorf("%s: %v in place of %v", tc.name, got.Status, tc.want)
			}
			if m := got.Mark(0); err == nil && tc.want == link.StatusWelcome && (m.Seq != 50 || m.Hash != s.HashAt(0, 50) || got.Incarnation == [8]byte{}) {
				t.Errorf("%s: welcome %+v", tc.name, got)
			}
			return err
		})
	}
	w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error { return h.Fence(ctx, s.Origin.Station, 1) })
	w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
		if !h.Known(s.Origin.Station, s.Registration().PublicKey) {
			t.Error("a fenced station must still get through to hear that it is fenced")
		}
		got, err := h.Hello(ctx, helloOf(s, 1))
		if err == nil && got.Status == link.StatusNotLeader {
			err = errors.New("leadership moved")
		}
		if err == nil && got.Status != link.StatusFenced {
			t.Errorf("fenced station: %v", got.Status)
		}
		return err
	})
}

// TestFollowersNameTheLeader: a station that comes to a follower is told where
// to go, and nothing it sends there is acknowledged.
func TestFollowersNameTheLeader(t *testing.T) {
	w := world(t, 1)
	s := w.Stations[0]
	if err := s.Grow(5); err != nil {
		t.Fatal(err)
	}
	b, _, err := s.Batch(0, 1, 5)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(replicationtest.Patience); time.Now().Before(end); {
		n := w.Follower()
		leader := w.Leader()
		wel, err := n.Hub().Hello(t.Context(), helloOf(s, 1))
		v, err2 := n.Hub().Take(t.Context(), b)
		if leader == nil || leader != w.Leader() || n.Hub().Leads() {
			continue // leadership moved meanwhile
		}
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if wel.Status != link.StatusNotLeader || v.Kind != link.VerdictNotLeader {
			t.Fatalf("%v, %v", wel.Status, v.Kind)
		}
		if want := leader.ID + ".example:443"; wel.Leader == want && v.Leader == want {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the follower never named the leader")
}

// TestHubReportsAsTheStation: the report from the hub's register is the one from
// the station's own fold, byte for byte, and the roll-up adds them up.
func TestHubReportsAsTheStation(t *testing.T) {
	w := world(t, 2)
	o := report.Options{From: population.MonthPeriod(2026, 3)}
	for _, s := range w.Stations {
		if err := s.Grow(150); err != nil {
			t.Fatal(err)
		}
		send(t, w, s)
	}
	total := 0
	for _, s := range w.Stations {
		var here, there bytes.Buffer
		head, _ := s.Head(0)
		err := s.Fold(head, func(txn *badger.Txn) error {
			r, err := report.Compute(register.NewView(txn, s.Origin.Station), o)
			if err != nil {
				return err
			}
			return r.WriteJSON(&here)
		})
		if err != nil {
			t.Fatal(err)
		}
		w.OnLeader(replicationtest.Patience, func(_ context.Context, h *hub.Hub) error {
			there.Reset()
			r, err := h.Report(s.Origin.Station, o)
			if err != nil {
				return err
			}
			total += r.Balance[len(r.Balance)-1].Count.Total
			return r.WriteJSON(&there)
		})
		if here.String() != there.String() {
			t.Errorf("station %d: reports differ", s.Origin.Station)
		}
	}
	w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
		sum, err := h.RollUp(ctx, o)
		if err == nil && (len(sum.Parts) != 2 || sum.Balance[len(sum.Balance)-1].Count.Total != total || total == 0) {
			t.Errorf("roll-up %+v, total %d", sum.Parts, total)
		}
		return err
	})
	if _, err := w.Nodes[0].Hub().Report(99, o); !errors.Is(err, hub.ErrUnknownStation) {
		t.Errorf("unknown station: %v", err)
	}
}

const unitsCSV = `province_code,province,commune_code,kind,name
52,Gia Lai,23764,Xã,Mẫu Một
52,Gia Lai,23767,Phường,Mẫu Hai
52,Gia Lai,x,Phường,Mẫu Ba
`

// TestBoard: the board shows units by name, how far each station is, and what it
// still has to send.
func TestBoard(t *testing.T) {
	w := world(t, 2)
	s := w.Stations[0]
	if err := s.Grow(30); err != nil {
		t.Fatal(err)
	}
	w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
		n, wrong, err := h.ImportUnits(ctx, strings.NewReader(unitsCSV))
		if err == nil && (n != 0 || len(wrong) != 1) {
			t.Errorf("with a wrong line: %d taken, %v wrong", n, wrong)
		}
		if err != nil {
			return err
		}
		good := strings.Replace(unitsCSV, "52,Gia Lai,x,Phường,Mẫu Ba\n", "", 1)
		n, wrong, err = h.ImportUnits(ctx, strings.NewReader(good))
		if err == nil && (n != 2 || len(wrong) != 0) {
			t.Errorf("units: %d taken, %v wrong", n, wrong)
		}
		return err
	})
	send(t, w, s)
	if err := s.Grow(7); err != nil {
		t.Fatal(err)
	}
	w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
		wel, err := h.Hello(ctx, helloOf(s, 1))
		if err != nil || wel.Status != link.StatusWelcome {
			return errors.Join(err, errors.New("not welcome"))
		}
		board, err := h.Stations()
		if err != nil {
			return err
		}
		l := board[0]
		if len(board) != 2 || l.Station != 1 || l.UnitName != "Mẫu Một" || l.Watermark != 30 || l.Waiting != 7 || l.Batches != 1 || l.LastContact.IsZero() ||
			board[1].Watermark != 0 || !board[1].LastContact.IsZero() {
			t.Errorf("%+v", board)
		}
		return nil
	})
}

// TestFarBehindNodeTakesTheState: a node that was away while the others cut
// their logs gets the state as a snapshot and goes on; so does one whose state
// was found damaged, from its own snapshot.
func TestFarBehindNodeTakesTheState(t *testing.T) {
	w := replicationtest.New(t, replicationtest.Options{Stations: 2, Seed: 4, Tune: func(o *hub.Options) { o.TrailingLogs, o.LogSegment = 2, 4<<10 }})
	away := w.Follower()
	w.Kill(away)
	for _, s := range w.Stations {
		if err := s.Grow(400); err != nil {
			t.Fatal(err)
		}
		send(t, w, s)
	}
	w.OnLeader(replicationtest.Patience, func(ctx context.Context, h *hub.Hub) error {
		return h.AddUnits(ctx, []fsm.UnitRow{{Code: "23764", Name: "Xã Mẫu"}})
	})
	for _, n := range w.Nodes {
		if h := n.Hub(); h != nil {
			if err := h.Snapshot(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Check()
	if st := away.Hub().Status(); st.LogFirst < 3 {
		t.Fatalf("the node got the log, not the state: %+v", st)
	}
	w.Kill(away)
	damage(t, away.Dir)
	w.Heal()
	if st := away.Hub().Status(); st.Damage == "" {
		t.Fatalf("the damage was not noticed: %+v", st)
	}
	w.Check()
}
