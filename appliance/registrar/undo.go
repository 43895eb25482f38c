package registrar

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/rules"
)

// Undone says how an undoing went.
type Undone struct {
	Op       journal.Seq     // the operation that holds the annulments; undo it to redo
	Entries  int             // entries annulled
	Kept     int             // areas left, because other households stand in them now
	Findings []rules.Finding // not empty: refused. With Op 0 nothing was written
}

// Undo annuls all that was written under an operation, newest first, as an
// operation of its own: a series of annulments of at most
// population.MaxEntities persons and households each. Undoing an undoing does
// again what was undone. Broken off, it goes on where it was when called again.
//
// It refuses, before it writes anything, when an entry made since relies on
// what would go, or a closed period counts it. progress may be nil.
func (r *Registrar) Undo(ctx context.Context, actor uint32, op journal.Seq, progress func(done, total int)) (Undone, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	o, err := r.operation(ctx, op)
	if err != nil {
		return Undone{}, err
	}
	if !o.Ended {
		return Undone{}, fmt.Errorf("%w: operation %d has not ended; end it first", ErrBadCommand, op)
	}
	under, err := r.openUndo(ctx, op)
	if err != nil {
		return Undone{}, err
	}
	if under == 0 {
		if undone, err := r.undone(ctx, op); err != nil || undone {
			return Undone{}, errors.Join(err, fmt.Errorf("%w: operation %d is undone", ErrBadCommand, op))
		}
	}
	ranges, err := r.ranges(ctx, op)
	if err != nil {
		return Undone{}, err
	}
	if under == 0 {
		if fs, err := r.foresee(ctx, actor, ranges, progress); err != nil || rules.Hard(fs) {
			return Undone{Findings: fs}, err
		}
		under, err = r.Begin(ctx, actor, population.OperationBegun{What: "undo", Source: o.Source, Undoes: uint64(op), Rows: uint32(len(ranges))})
		if err != nil {
			return Undone{}, err
		}
	}
	return r.annul(ctx, actor, under, ranges, progress)
}

// span is a run of sequences of one series, annulled in one record.
type span struct {
	first, last uint64
	entries     int
	base        bool // is an area: it goes when nothing stands in it any more
}

// ranges cuts the series of an operation into runs for annulment, newest
// first: consecutive sequences only, for other people's entries may lie
// between, and few enough persons and households.
func (r *Registrar) ranges(ctx context.Context, op journal.Seq) ([]span, error) {
	var out []span
	err := r.store.View(ctx, func(v *register.View) error {
		var cur span
		entities := 0
		flush := func() {
			if cur.entries > 0 {
				out = append(out, cur)
			}
			cur, entities = span{}, 0
		}
		err := v.Series(uint64(op), func(seq uint64) bool {
			e := v.Written(seq)
			n := weight(e)
			if n == 0 { // the end of the series, or what cannot be annulled
				flush()
				return true
			}
			_, area := e.(population.AreaDefined)
			if cur.entries > 0 && (seq != cur.last+1 || entities+n > population.MaxEntities || area || cur.base) {
				flush()
			}
			if cur.entries == 0 {
				cur.first, cur.base = seq, area
			}
			cur.last = seq
			cur.entries++
			entities += n
			return true
		})
		flush()
		if err == nil {
			err = v.Err()
		}
		return err
	})
	slices.Reverse(out)
	return out, err
}

// weight is how many entities annulling e touches; 0 for what is not annulled.
func weight(e population.Entry) int {
	switch e.(type) {
	case nil, population.OperationBegun, population.OperationEnded, population.Unknown:
		return 0
	case population.Annulment:
		return population.MaxEntities // one at a time
	}
	return max(1, len(e.Refs()))
}

// foresee asks the rules about every annulment, one by one, and writes nothing.
// Areas are left out: they are free once the households are gone.
func (r *Registrar) foresee(ctx context.Context, actor uint32, ranges []span, progress func(done, total int)) ([]rules.Finding, error) {
	for i, s := range ranges {
		progress(i, 2*len(ranges))
		if s.base {
			continue
		}
		a, err := r.Check(ctx, actor, s.command())
		if err != nil {
			return nil, err
		}
		if rules.Hard(a.Findings) && !gone(a.Findings) {
			return a.Findings, nil
		}
	}
	return nil, nil
}

func (s span) command() Command {
	return Command{Entries: []population.Entry{population.Annulment{First: s.first, Last: s.last}}, ConfirmAll: "undo"}
}

// gone reports that there was nothing left to annul: someone did it before.
func gone(fs []rules.Finding) bool {
	return len(fs) == 1 && fs[0].Rule == "A01"
}

func (r *Registrar) annul(ctx context.Context, actor uint32, under journal.Seq, ranges []span, progress func(done, total int)) (Undone, error) {
	out := Undone{Op: under}
	refused := 0
	for i, s := range ranges {
		progress(len(ranges)+i, 2*len(ranges))
		cmd := s.command()
		cmd.Op, cmd.Key = under, SeriesKey(under, s.first)
		a, err := r.Record(ctx, actor, cmd)
		if err != nil {
			return out, err
		}
		switch {
		case a.Status == StatusRecorded:
			out.Entries += s.entries
		case gone(a.Findings):
		case s.base:
			out.Kept += s.entries
		default:
			refused++
			out.Findings = append(out.Findings, a.Findings...)
		}
	}
	progress(2*len(ranges), 2*len(ranges))
	return out, r.End(ctx, actor, population.OperationEnded{
		Operation: uint64(under), Taken: uint32(out.Entries), Refused: uint32(refused), Broken: refused > 0,
	})
}

// openUndo finds an undoing of op that was broken off, 0 when none.
func (r *Registrar) openUndo(ctx context.Context, op journal.Seq) (journal.Seq, error) {
	var under journal.Seq
	err := r.store.View(ctx, func(v *register.View) error {
		for _, o := range v.Operations() {
			if o.What != "undo" || o.Ended {
				continue
			}
			if b, ok := v.Written(o.ID).(population.OperationBegun); ok && b.Undoes == uint64(op) {
				under = journal.Seq(o.ID)
			}
		}
		return nil
	})
	return under, err
}

func (r *Registrar) undone(ctx context.Context, op journal.Seq) (yes bool, err error) {
	err = r.store.View(ctx, func(v *register.View) error {
		yes = v.Undone(uint64(op))
		return v.Err()
	})
	return yes, err
}
