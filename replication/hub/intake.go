package hub

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
	"tramxa/replication/link"
)

const (
	window     = 128 << 10       // bytes a quick line may have under way
	leaderless = 2 * time.Second // wait when no leader is known
	crowded    = 5 * time.Second // wait when too much is under way
)

var (
	_ link.Intake  = (*Hub)(nil)
	_ link.Archive = (*Hub)(nil)
)

// Known reports whether a station may show this key: that of its present epoch
// or of an earlier one, which then hears that it is fenced. It does not wait.
func (h *Hub) Known(station journal.Station, key ed25519.PublicKey) bool {
	known := false
	err := h.fsm.View(func(v *fsm.View) error {
		st, ok, err := v.Station(station)
		for e := st.Epoch; ok && err == nil && e > 0 && !known; e-- {
			var ep fsm.EpochRow
			if ep, ok, err = v.Epoch(station, e); ok {
				known = ep.Key.Equal(key)
			}
		}
		return err
	})
	return err == nil && known
}

// Hello answers a station that has proved its key. Only a leader that is one
// still, and has applied everything, tells how far the hub is.
func (h *Hub) Hello(ctx context.Context, hello link.Hello) (link.Welcome, error) {
	w := link.Welcome{Status: link.StatusWelcome, Protocol: link.ProtocolMax, HubTime: h.now(), Window: window}
	if !h.stillLeads(ctx) {
		w.Status, w.Leader, w.RetryAfter = link.StatusNotLeader, h.leaderLink(), leaderless
		return w, nil
	}
	if hello.ProtocolMin > link.ProtocolMax || hello.ProtocolMax < link.ProtocolMin {
		w.Status = link.StatusUpgrade
		return w, nil
	}
	due, err := h.greet(&w, hello)
	if err != nil || w.Status != link.StatusWelcome {
		return w, err
	}
	if due {
		v, _, err := h.propose(ctx, fsm.Contact{At: h.now(), Station: hello.Station, Epoch: hello.Epoch, Install: hello.Install})
		switch {
		case errors.Is(err, ErrBusy):
			w.Status, w.RetryAfter = link.StatusBusy, crowded
			return w, nil
		case err != nil:
			return w, err
		case v.Outcome == fsm.Fenced:
			w.Status = link.StatusFenced
		case v.Outcome != fsm.Done:
			w.Status = link.StatusUnregistered
		}
	}
	if w.Status == link.StatusWelcome {
		h.heard(hello)
	}
	return w, nil
}

// greet compares a hello with the state and fills the welcome in. due says that
// the contact should be written down.
func (h *Hub) greet(w *link.Welcome, hello link.Hello) (due bool, err error) {
	err = h.fsm.View(func(v *fsm.View) error {
		if w.Incarnation, err = v.Incarnation(); err != nil {
			return err
		}
		st, ok, err := v.Station(hello.Station)
		if err != nil {
			return err
		}
		ep, known, err := v.Epoch(hello.Station, hello.Epoch)
		if err != nil {
			return err
		}
		w.Epoch = st.Epoch
		none := [16]byte{}
		switch {
		case !ok || !known || !ep.Key.Equal(hello.PeerKey):
			w.Status = link.StatusUnregistered
		case hello.Epoch != st.Epoch || st.Fenced:
			w.Status = link.StatusFenced
		case st.Install != none && hello.Install != none && hello.Install != st.Install:
			w.Status = link.StatusFenced
			h.o.Log.Warn("a second installation speaks for a station", "station", st.Station, "epoch", st.Epoch)
		}
		if w.Status != link.StatusWelcome {
			return nil
		}
		for lane, m := range st.Lane {
			w.Marks = append(w.Marks, link.Mark{Lane: journal.Lane(lane), Seq: m.Seq, Hash: m.Hash})
		}
		due = st.Install == none && hello.Install != none || h.now()-st.Contact >= int64(h.o.ContactEvery/time.Second)
		w.Status, err = compare(v, st, hello.Heads)
		return err
	})
	return due, err
}

// compare looks for a station that is behind what the hub holds, or has another
// history.
func compare(v *fsm.View, st fsm.StationRow, heads []link.Head) (link.Status, error) {
	for _, head := range heads {
		if int(head.Lane) >= len(st.Lane) || head.Seq > st.Lane[head.Lane].Seq {
			continue // ahead: the chain of what it sends will tell
		}
		hash, err := v.HashAt(st.Station, st.Epoch, head.Lane, head.Seq)
		if err != nil {
			return 0, err
		}
		if link.Prefix(hash) != head.Hash {
			return link.StatusForked, nil
		}
		if head.Seq < st.Lane[head.Lane].Seq {
			return link.StatusRewound, nil
		}
	}
	return link.StatusWelcome, nil
}

// Archived gives a station a batch of its own back. What this node has applied is
// committed and never changes, so it need not lead.
func (h *Hub) Archived(_ context.Context, s journal.Station, p link.Place) (b []byte, err error) {
	err = h.fsm.View(func(v *fsm.View) error {
		b, err = v.Archived(s, p.Epoch, p.Lane, p.Seq)
		return err
	})
	return b, err
}

// Take decides about one batch: refused cheaply where the state already says no,
// else proposed, and answered from the state machine's verdict.
func (h *Hub) Take(ctx context.Context, raw []byte) (link.Verdict, error) {
	if !h.Leads() {
		return h.notLeader(), nil
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		return link.Verdict{Kind: link.VerdictBusy, RetryAfter: crowded}, nil
	}
	var v fsm.Verdict
	err := h.fsm.View(func(view *fsm.View) (err error) {
		v, err = view.Judge(raw)
		return err
	})
	if err != nil {
		return link.Verdict{Kind: link.VerdictUnknown}, err
	}
	// Only an accepted batch needs the raft log. The other answers come from a
	// state this leader has applied; a newer one could only say the same or let
	// the station come again.
	if v.Outcome == fsm.Accepted {
		v, _, err = h.propose(ctx, fsm.TakeBatch{At: h.now(), Batch: raw})
	} else if !h.stillLeads(ctx) {
		return h.notLeader(), nil
	}
	switch {
	case errors.Is(err, ErrNotLeader):
		return h.notLeader(), nil
	case errors.Is(err, ErrBusy):
		return link.Verdict{Kind: link.VerdictBusy, RetryAfter: crowded}, nil
	case err != nil:
		return link.Verdict{Kind: link.VerdictUnknown}, err
	}
	return answer(v), nil
}

func (h *Hub) notLeader() link.Verdict {
	return link.Verdict{Kind: link.VerdictNotLeader, Leader: h.leaderLink(), RetryAfter: leaderless}
}

func (h *Hub) leaderLink() string {
	p, ok := h.Leader()
	if !ok || p.ID == h.o.Node.ID { // itself, but not ready yet
		return ""
	}
	return p.Link
}

// answer puts a verdict of the state machine into the words of the link.
func answer(v fsm.Verdict) link.Verdict {
	kinds := map[fsm.Outcome]link.VerdictKind{
		fsm.Accepted: link.VerdictAccepted, fsm.Duplicate: link.VerdictDuplicate, fsm.Gap: link.VerdictGap,
		fsm.Fork: link.VerdictFork, fsm.Fenced: link.VerdictFenced, fsm.Unregistered: link.VerdictUnregistered,
		fsm.WrongMint: link.VerdictWrongMint, fsm.BadSignature: link.VerdictBadSignature, fsm.BadChain: link.VerdictBadChain,
		fsm.Malformed: link.VerdictNotUnderstood, fsm.NotUnderstood: link.VerdictNotUnderstood,
	}
	kind, ok := kinds[v.Outcome]
	if !ok {
		kind = link.VerdictUnknown
	}
	return link.Verdict{Kind: kind, Seq: v.Seq, Hash: v.Hash, Want: v.Want}
}
