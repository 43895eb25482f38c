package hub

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"tramxa/replication/fsm"
)

// wanted returns the parts this node must have: those of every release but the
// ones that two newer releases have replaced everywhere.
func wanted(v *fsm.View) (map[hash]int64, error) {
	var all []fsm.ReleaseRow
	if err := v.Releases(func(r fsm.ReleaseRow) error { all = append(all, r); return nil }); err != nil {
		return nil, err
	}
	want, everywhere := map[hash]int64{}, 0
	for _, r := range slices.Backward(all) {
		if everywhere >= 2 {
			break
		}
		if r.Ring == fsm.RingAll && !r.Stopped {
			everywhere++
		}
		list, err := v.Parts(r.Sequence)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			want[p.Hash] = p.Size
		}
	}
	return want, nil
}

// gather keeps this node's parts as the releases want them: missing ones come
// from peers, those no release wants any more go.
func (h *Hub) gather() {
	tick := time.NewTicker(h.o.GatherEvery)
	defer tick.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for seen := uint64(0); ; {
		at := h.fsm.Applied().Index
		if at != seen || h.lacking() > 0 {
			if err := h.gatherOnce(ctx); err != nil {
				h.o.Log.Warn("parts of releases", "error", err)
			}
			seen = at
		}
		select {
		case <-h.stop:
			return
		case <-h.down:
			return
		case <-h.wake:
		case <-tick.C:
		}
	}
}

func (h *Hub) gatherOnce(ctx context.Context) error {
	var want map[hash]int64
	err := h.fsm.View(func(v *fsm.View) (err error) { want, err = wanted(v); return err })
	if err != nil {
		return err
	}
	if err := h.parts.sweep(want); err != nil {
		return err
	}
	var errs []error
	missing := map[hash]int64{}
	for x, size := range want {
		here, err := h.parts.look(x, size)
		if err != nil {
			errs = append(errs, err)
		}
		if !here {
			missing[x] = size
		}
	}
	h.setLacking(len(missing))
	if len(missing) > 0 {
		errs = append(errs, h.bringAll(ctx, missing))
	}
	return errors.Join(errs...)
}

// bringAll asks the other nodes for what is missing, each for all that is still
// missing; who has what is not known, and does not matter.
func (h *Hub) bringAll(ctx context.Context, missing map[hash]int64) error {
	peers := slices.DeleteFunc(slices.Clone(h.o.Peers), func(p Peer) bool { return p.ID == h.o.Node.ID })
	rand.Shuffle(len(peers), func(i, k int) { peers[i], peers[k] = peers[k], peers[i] })
	var errs []error
	for _, p := range peers {
		if len(missing) == 0 {
			break
		}
		a, err := h.ask(ctx, p)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, h.bringFrom(a, missing))
		_ = a.Close() // it was for reading
		h.setLacking(len(missing))
	}
	if len(missing) == 0 {
		return nil
	}
	return errors.Join(errs...)
}

func (h *Hub) bringFrom(a *asker, missing map[hash]int64) error {
	for x, size := range missing {
		err := h.bringOne(a, x, size)
		switch {
		case err == nil:
			delete(missing, x)
		case errors.Is(err, errNotHeld), errors.Is(err, errClaimed):
		default:
			return err
		}
	}
	return nil
}

var errClaimed = errors.New("somebody writes this part already")

func (h *Hub) bringOne(a *asker, x hash, size int64) error {
	if !h.parts.claim(x) {
		return errClaimed
	}
	defer h.parts.unclaim(x)
	f, have, err := h.parts.begin(x, size)
	if err != nil {
		return err
	}
	if err := a.bring(x, size, have, f); err != nil {
		return errors.Join(err, f.Close())
	}
	return h.parts.finish(f, x, size)
}

func (h *Hub) lacking() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lacks
}

func (h *Hub) setLacking(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lacks = n
}
