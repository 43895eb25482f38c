package hub

import (
	"context"
	"time"

	"tramxa/replication/fsm"
)

// rollout lets the newest release that is not stopped go to its next ring when
// the stations it went to have proved it: whoever was heard of lately has had it
// confirmed for long enough. Only the leader acts; a silent ring waits for an
// operator.
func (h *Hub) rollout() {
	tick := time.NewTicker(h.o.RolloutEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-h.down:
			return
		case <-tick.C:
		}
		if !h.Leads() {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		if err := h.advance(ctx); err != nil {
			h.o.Log.Warn("release not moved on", "error", err)
		}
		cancel()
	}
}

// advance makes the next step if it is due.
func (h *Hub) advance(ctx context.Context) error {
	var next fsm.ReleaseRow
	now := h.o.Now()
	err := h.fsm.View(func(v *fsm.View) error {
		var newest fsm.ReleaseRow
		err := v.Releases(func(r fsm.ReleaseRow) error {
			if !r.Stopped {
				newest = r
			}
			return nil
		})
		if err != nil || newest.Sequence == 0 || newest.Ring >= fsm.RingAll {
			return err
		}
		health, err := v.Health(newest, now.Add(-h.o.HeardWithin).Unix(), now.Add(-h.o.ProvedFor).Unix())
		if err == nil && health.Members > 0 && health.Confirmed == health.Members {
			next = newest
		}
		return err
	})
	if err != nil || next.Sequence == 0 {
		return err
	}
	h.o.Log.Info("release goes to the next ring", "sequence", next.Sequence, "ring", next.Ring+1)
	return h.order(ctx, fsm.SetRing{At: h.now(), Sequence: next.Sequence, Ring: next.Ring + 1})
}

// ReleaseStatus is a release as this node knows it.
type ReleaseStatus struct {
	Sequence  uint64       `json:"sequence"`
	Version   string       `json:"version"`
	MinFrom   uint64       `json:"min_from,omitempty"`
	Published time.Time    `json:"published"`
	By        string       `json:"by,omitempty"`
	Ring      fsm.Ring     `json:"ring"`
	Since     time.Time    `json:"since"`
	Stopped   bool         `json:"stopped"`
	Why       string       `json:"why,omitempty"`
	Stop      fsm.Stop     `json:"-"`
	Rings     [3]fsm.Tally `json:"rings"`
	Parts     int          `json:"parts"`
	Held      int          `json:"held"`    // of them on this node
	Bytes     int64        `json:"bytes"`   // of all parts
	Retired   bool         `json:"retired"` // replaced everywhere; its parts are gone
}

// Releases returns all releases, newest first.
func (h *Hub) Releases() ([]ReleaseStatus, error) {
	list := []ReleaseStatus{} // never null in JSON
	err := h.fsm.View(func(v *fsm.View) error {
		want, err := wanted(v)
		if err != nil {
			return err
		}
		return v.Releases(func(r fsm.ReleaseRow) error {
			s, err := h.releaseStatus(v, r, want)
			list = append([]ReleaseStatus{s}, list...)
			return err
		})
	})
	return list, err
}

func (h *Hub) releaseStatus(v *fsm.View, r fsm.ReleaseRow, want map[hash]int64) (ReleaseStatus, error) {
	s := ReleaseStatus{Sequence: r.Sequence, Version: r.Version, MinFrom: r.MinFrom, Published: time.Unix(r.At, 0).UTC(), By: r.By, Ring: r.Ring,
		Since: time.Unix(r.Since, 0).UTC(), Stopped: r.Stopped, Stop: r.Stop}
	if r.Stopped {
		s.Why = r.Stop.String()
	}
	tally, err := v.Tally(r)
	if err != nil {
		return s, err
	}
	copy(s.Rings[:], tally[fsm.RingOne:])
	list, err := v.Parts(r.Sequence)
	for _, p := range list {
		s.Parts++
		s.Bytes += p.Size
		if _, ok := h.parts.holds(p.Hash); ok {
			s.Held++
		}
		if _, ok := want[p.Hash]; !ok {
			s.Retired = true
		}
	}
	return s, err
}
