package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"tramxa/appliance/journal"
)

// RejoinOptions of Rejoin.
type RejoinOptions struct {
	Options
	Hub Source // what the hub holds of this station
}

// RejoinedLane tells what Rejoin did to one journal.
type RejoinedLane struct {
	Lane     journal.Lane
	Common   journal.Seq // last record both histories have
	Taken    uint64      // records taken from the hub
	Branched uint64      // own records after Common: no longer in the journal, kept as a Branch
	Head     journal.Seq
	Aside    string // where the whole old journal is kept; "" when nothing branched off
}

// Rejoin leads a station that is not running, and that was put back to an older
// state, to the history the hub holds: it finds the last record both have and
// takes what the hub has after it. Records written here after that one are a
// branch the hub will never take: the journal is made anew beside and put in place
// as HealJournal does, and the old one is kept, for Branches to find. A station
// that is merely ahead of the hub is left alone, and so is a lane the hub has
// nothing of; they do not stand in the answer. Cut at any point, it is called again.
//
// The caller makes sure that the other copy of this station will not write again.
func Rejoin(ctx context.Context, ro RejoinOptions) (done []RejoinedLane, err error) {
	o, err := ro.Options.defaults()
	if err != nil {
		return nil, err
	}
	if ro.Hub == nil {
		return nil, errors.New("store: to rejoin, the hub's records are needed")
	}
	keys, release, err := offline(o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	for _, lane := range []journal.Lane{journal.LaneRegister, journal.LaneAccess} {
		h := healer{o: o, keys: keys, sources: []Source{ro.Hub}, lane: lane, dir: laneDir(o.Dir, keys.Epoch, lane)}
		if h.genesis, err = journal.ReadGenesis(o.FS, h.dir); err != nil {
			return done, err
		}
		j, _, err := journal.Open(ctx, h.options(h.dir))
		if err != nil {
			return done, fmt.Errorf("lane %d: %w", lane, err)
		}
		r := rejoiner{h: &h, own: j, hub: ro.Hub, did: RejoinedLane{Lane: lane}}
		if err := r.rejoin(ctx); err != nil {
			return done, fmt.Errorf("lane %d: %w", lane, err)
		}
		if r.did.Taken > 0 {
			done = append(done, r.did)
		}
	}
	return done, nil
}

// rejoiner leads one lane back.
type rejoiner struct {
	h   *healer
	own *journal.Journal
	hub Source
	did RejoinedLane
}

func (r *rejoiner) rejoin(ctx context.Context) error {
	closed := false
	defer func() {
		if !closed {
			_ = r.own.Close() // the error at hand says more
		}
	}()
	behind, err := r.compare(ctx)
	if err != nil || !behind {
		closed = true
		return errors.Join(err, r.own.Close())
	}
	r.h.known = r.did.Common + 1 // the hub has shown that it has at least that one
	head, _ := r.own.Head()
	if r.did.Common < head {
		closed = true
		return r.replace(ctx)
	}
	w := rewriter{h: r.h, to: r.own}
	err = w.fetch(ctx, 0)
	r.did.Taken = r.h.did.Fetched
	r.did.Head, _ = r.own.Head()
	closed = true
	return errors.Join(err, r.own.Close())
}

// compare finds the last common record; behind says that the hub has one after it.
func (r *rejoiner) compare(ctx context.Context) (behind bool, err error) {
	if _, some, err := r.at(ctx, 1); err != nil || !some {
		return false, err
	}
	low, high := journal.Seq(0), journal.Seq(0)
	if high, _ = r.own.Head(); high > 0 {
		if same, err := r.same(ctx, high); err != nil {
			return false, err
		} else if same {
			low = high
		}
	}
	for low < high { // low is common, high+1 is not
		mid := low + (high-low+1)/2
		same, err := r.same(ctx, mid)
		switch {
		case err != nil:
			return false, err
		case same:
			low = mid
		default:
			high = mid - 1
		}
	}
	r.did.Common = low
	_, behind, err = r.at(ctx, low+1)
	return behind, err
}

// same says whether the hub holds this journal's record at seq.
func (r *rejoiner) same(ctx context.Context, seq journal.Seq) (bool, error) {
	hash, there, err := r.at(ctx, seq)
	if errors.Is(err, journal.ErrForked) {
		return false, nil
	}
	if err != nil || !there {
		return false, err
	}
	own, err := r.own.HashAt(seq)
	return own == hash, err
}

// at is the hub's chain after its record seq, if that follows on this journal's
// record before.
func (r *rejoiner) at(ctx context.Context, seq journal.Seq) (hash journal.Hash, there bool, err error) {
	pre, err := r.own.HashAt(seq - 1)
	if err != nil {
		return hash, false, err
	}
	s := journal.Stretch{Epoch: r.h.genesis.Origin.Epoch, Lane: r.h.lane, From: seq, To: seq, Pre: pre}
	err = r.hub.Records(ctx, s, func(rec journal.Record) error {
		chain := journal.Chain{Secret: r.h.keys.Secret, Lane: r.h.lane, Seq: seq - 1, Hash: pre}
		hash, there = chain.Add(rec.Head, rec.Body), true
		return nil
	})
	return hash, there, err
}

// replace builds the joined history beside and puts it in place.
func (r *rejoiner) replace(ctx context.Context) error {
	temp := r.h.dir + healingExt
	var err error
	for _, left := range []string{temp, r.h.dir + healedExt} {
		if err == nil {
			err = removeFolder(r.h.o.FS, left)
		}
	}
	if err == nil {
		err = r.join(ctx, temp)
	}
	if err = errors.Join(err, r.own.Close()); err != nil {
		return err
	}
	if _, err := journal.Verify(ctx, r.h.options(temp), nil); err != nil {
		return err
	}
	if r.h.lane == journal.LaneRegister {
		if err := r.forgetBranch(); err != nil {
			return err
		}
	}
	r.did.Taken = r.h.did.Fetched
	head, _ := r.own.Head()
	r.did.Branched = uint64(head - r.did.Common)
	r.did.Aside, err = swapFolder(r.h.o.FS, r.h.dir, fmt.Sprintf("%s%d-", branchExt, r.did.Common+1), r.h.o.Now())
	return err
}

// join writes the common records and the hub's into dir.
func (r *rejoiner) join(ctx context.Context, dir string) error {
	if err := journal.Create(r.h.options(dir)); err != nil {
		return err
	}
	j, _, err := journal.Open(ctx, r.h.options(dir))
	if err != nil {
		return err
	}
	w := rewriter{h: r.h, to: j}
	err = r.own.Read(ctx, 1, func(rec journal.Record) error {
		if rec.Seq > r.did.Common {
			return errEnough
		}
		return w.add(journal.Record{Seq: rec.Seq, Head: bytes.Clone(rec.Head), Body: bytes.Clone(rec.Body)})
	})
	if err == nil || errors.Is(err, errEnough) {
		err = w.fetch(ctx, 0)
	}
	r.did.Head, _ = j.Head()
	return errors.Join(err, j.Close())
}

// forgetBranch takes away what states or was folded from records of the branch:
// the clean marker, which vouches for the view, and newer checkpoints. The view is
// made again at the next start.
func (r *rejoiner) forgetBranch() error {
	o := r.h.o
	if err := removeFile(o.FS, filepath.Join(o.Dir, cleanName)); err != nil {
		return err
	}
	seqs, err := checkpoints(o.FS, o.Dir)
	for _, seq := range seqs {
		if err == nil && seq > r.did.Common {
			err = removeFile(o.FS, ckptPath(o.Dir, seq))
		}
	}
	return err
}
