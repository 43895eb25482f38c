package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"tramxa/appliance/journal"
)

// rewriter appends what is saved of a damaged journal to a new one, in order, and
// fills what is missing from the sources. Groups are its own: the chain does not
// know them.
type rewriter struct {
	h     *healer
	to    *journal.Journal
	group []journal.Record
	size  int
}

// next is the sequence that must come now.
func (w *rewriter) next() journal.Seq {
	head, _ := w.to.Head()
	return head + journal.Seq(len(w.group)) + 1
}

// record takes the next record saved.
func (w *rewriter) record(ctx context.Context, r journal.Record) error {
	if r.Seq < w.next() {
		return nil // a second file has it too; the chain decides at the next place stated
	}
	if err := w.fill(ctx, r.Seq-1); err != nil {
		return err
	}
	return w.add(journal.Record{Seq: r.Seq, Head: bytes.Clone(r.Head), Body: bytes.Clone(r.Body)})
}

// stated compares the chain with a place the damaged journal states: there the
// new one must be on the same.
func (w *rewriter) stated(ctx context.Context, seq journal.Seq, hash journal.Hash) error {
	if err := w.fill(ctx, seq); err != nil {
		return err
	}
	if err := w.flush(); err != nil {
		return err
	}
	own, err := w.to.HashAt(seq)
	if err == nil && own != hash {
		err = fmt.Errorf("%w: the records up to %d do not lead to the hash the journal states there", journal.ErrDamaged, seq)
	}
	return err
}

// end takes what the sources have beyond the damaged end, and says what is lost.
func (w *rewriter) end(ctx context.Context) error {
	if w.next() <= w.h.known || w.h.open {
		if err := w.fetch(ctx, 0); err != nil {
			return err
		}
	}
	if err := w.flush(); err != nil {
		return err
	}
	switch {
	case w.next() <= w.h.known:
		return &LostError{Lane: w.h.lane, From: w.next(), To: w.h.known}
	case w.h.open && !w.h.acceptEnd:
		return &LostError{Lane: w.h.lane, From: w.next()}
	}
	return nil
}

// fill fetches what is missing up to a sequence.
func (w *rewriter) fill(ctx context.Context, to journal.Seq) error {
	if w.next() > to {
		return nil
	}
	if err := w.fetch(ctx, to); err != nil {
		return err
	}
	if w.next() <= to {
		return &LostError{Lane: w.h.lane, From: w.next(), To: to}
	}
	return nil
}

// fetch asks the sources, one after the other, for what comes next; to 0 is all
// they have. A source that fails is only told of when the others do not help.
func (w *rewriter) fetch(ctx context.Context, to journal.Seq) error {
	var failed error
	for _, source := range w.h.sources {
		if err := w.flush(); err != nil {
			return err
		}
		if to > 0 && w.next() > to {
			return nil
		}
		head, hash := w.to.Head()
		s := journal.Stretch{Epoch: w.h.genesis.Origin.Epoch, Lane: w.h.lane, From: head + 1, To: to, Pre: hash}
		var broken error // of the journal being built
		err := source.Records(ctx, s, func(r journal.Record) error {
			if r.Seq != w.next() {
				return fmt.Errorf("%w: a source gives record %d for %d", journal.ErrFormat, r.Seq, w.next())
			}
			w.h.did.Fetched++
			broken = w.add(r)
			return broken
		})
		if broken != nil || ctx.Err() != nil {
			return errors.Join(broken, ctx.Err())
		}
		if err != nil {
			w.h.o.Log.Warn("store: a source of records fails", "cause", err)
			failed = errors.Join(failed, err)
		}
	}
	if short := to == 0 && (w.next() <= w.h.known || !w.h.acceptEnd); failed != nil && (short || w.next() <= to) {
		return fmt.Errorf("records from %d on cannot be had: %w", w.next(), failed)
	}
	return w.flush()
}

// add puts a record into the group, and the group into the journal when it is full.
func (w *rewriter) add(r journal.Record) error {
	size := journal.Draft{Body: r.Body}.Size()
	if len(w.group) == journal.MaxGroup || w.size+size > journal.MaxFrame {
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.group, w.size = append(w.group, r), w.size+size
	return nil
}

func (w *rewriter) flush() error {
	if len(w.group) == 0 {
		return nil
	}
	err := w.to.AppendRecords(w.group)
	w.group, w.size = w.group[:0], 0
	return err
}
