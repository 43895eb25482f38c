package register

import (
	"errors"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
)

// ErrGap says that a record was applied before the one that precedes it: a
// fault of the caller.
var ErrGap = errors.New("record out of sequence")

// Outcome is what became of a record.
type Outcome struct {
	Repeat      bool             // already applied: nothing done
	Quarantined bool             // kept, not folded: it makes no sense
	Pending     bool             // kept, not folded: a newer program may know it
	Reason      Reason           // of either
	Kind        population.Kind  // as the envelope says
	Touched     []population.Ref // whose state was folded anew
}

// Apply moves the register by one record, the one after Applied; one applied
// already is a no-op, one further on is ErrGap. mint is the number under which
// the record's station minted ids in that epoch. An error is a fault of the
// database (or ErrRow, ErrGap), never of the content, and then the Tx is of no
// further use but for Rollback. rec is not kept.
func (t *Tx) Apply(mint population.Mint, rec journal.Record) (Outcome, error) {
	applied, err := t.book.applied()
	if err != nil {
		return Outcome{}, err
	}
	seq := uint64(rec.Seq)
	switch {
	case seq <= applied:
		return Outcome{Repeat: true}, nil
	case seq != applied+1:
		return Outcome{}, fmt.Errorf("%w: %d after %d", ErrGap, seq, applied)
	}
	out, err := t.book.apply(mint, seq, rec)
	if err != nil {
		return Outcome{}, err
	}
	t.book.setApplied(seq)
	out.Quarantined, out.Pending = out.Reason.Quarantined(), out.Reason.Pending()
	return out, nil
}

func (b *book) apply(mint population.Mint, seq uint64, rec journal.Record) (Outcome, error) {
	m := record{Meta: Meta{Seq: seq, Mint: mint}, body: rec.Body}
	env, err := journal.ParseEnvelope(rec.Head)
	if err != nil {
		m.Outside = BadEnvelope
		return b.outside(m)
	}
	m.Envelope = env
	kind := population.Kind(env.Kind)
	e, err := population.DecodeBody(mint, kind, env.Version, rec.Body)
	if err != nil {
		m.Outside = BadBody
		return b.outside(m)
	}
	if _, ok := e.(population.Unknown); ok {
		m.Outside = UnknownKind
		return b.outside(m)
	}
	step, err := b.plan(seq, e)
	if err != nil {
		return Outcome{}, err
	}
	if step.reason != Folded {
		m.Outside = step.reason
		return b.outside(m)
	}
	b.keep(m)
	if err := b.index(m.Meta); err != nil {
		return Outcome{}, err
	}
	refs, err := b.enter(seq, e, step)
	return Outcome{Kind: kind, Touched: refs}, err
}

// keep writes the body row.
func (b *book) keep(m record) { b.set(b.num(tabBody, m.Seq), m.encode()) }

// outside keeps a record that is not folded. Its command key counts: the
// command was answered.
func (b *book) outside(m record) (Outcome, error) {
	b.keep(m)
	b.set(b.num(tabOutside, m.Seq), []byte{byte(m.Outside)})
	err := b.index(m.Meta)
	return Outcome{Kind: population.Kind(m.Envelope.Kind), Reason: m.Outside}, err
}

// index writes the rows that hold whatever becomes of the record later.
func (b *book) index(m Meta) error {
	if op := uint64(m.Envelope.Op); op != 0 {
		b.set(b.series(op, m.Seq), nil)
	}
	if m.Envelope.Device == 0 && m.Envelope.DeviceSeq == 0 {
		return nil
	}
	return b.include(b.command(m.Envelope.Device, m.Envelope.DeviceSeq), m.Seq)
}

// enter puts a planned entry in force and folds what it concerns. It returns
// the entities folded anew.
func (b *book) enter(seq uint64, e population.Entry, s step) ([]population.Ref, error) {
	b.remember(seq, e)
	touched := newRefSet(nil)
	if len(s.bases) == 0 && len(s.targets) == 0 {
		refs := refsOf(seq, e)
		touched.add(refs)
		if err := b.enlist(seq, refs); err != nil {
			return nil, err
		}
		if err := b.markEntry(seq, nil, e); err != nil {
			return nil, err
		}
		return touched.list, b.refold(touched.list)
	}
	before := make([]standing, len(s.bases))
	for i, base := range s.bases {
		var err error
		if before[i], err = b.standing(base, everything); err != nil {
			return nil, err
		}
	}
	if err := b.link(seq, e, s); err != nil {
		return nil, err
	}
	for i, base := range s.bases {
		after, err := b.standing(base, everything)
		if err != nil {
			return nil, err
		}
		for _, side := range [...]standing{before[i], after} {
			if side.entry != nil {
				touched.add(refsOf(base, side.entry))
			}
		}
		if err := b.markEntry(base, inForce(before[i]), inForce(after)); err != nil {
			return nil, err
		}
	}
	return touched.list, b.refold(touched.list)
}

func inForce(s standing) population.Entry {
	if s.live() {
		return s.entry
	}
	return nil
}

// link writes into the targets that the record at seq is about them.
func (b *book) link(seq uint64, e population.Entry, s step) error {
	if a, ok := e.(population.Amendment); ok {
		l, err := b.links(a.Target)
		if err != nil {
			return err
		}
		l.amends = append(l.amends, seq)
		b.setLinks(a.Target, l)
		return b.enlist(a.Target, refsOf(a.Target, a.By))
	}
	for _, target := range s.targets {
		l, err := b.links(target)
		if err != nil {
			return err
		}
		l.annuls = append(l.annuls, seq)
		b.setLinks(target, l)
	}
	if s.depth > 1 {
		b.setLinks(seq, links{depth: s.depth})
	}
	return nil
}

// enlist puts seq into the list of every entity it is about.
func (b *book) enlist(seq uint64, refs []population.Ref) error {
	for _, ref := range refs {
		if err := b.include(b.refs(ref), seq); err != nil {
			return err
		}
	}
	return b.note(refs)
}

// refSet collects entities in the order met.
type refSet struct {
	list []population.Ref
	seen map[population.Ref]bool
}

func newRefSet(refs []population.Ref) *refSet {
	s := &refSet{}
	s.add(refs)
	return s
}

func (s *refSet) add(refs []population.Ref) {
	if s.seen == nil {
		s.seen = make(map[population.Ref]bool, len(refs))
	}
	for _, r := range refs {
		if !s.seen[r] {
			s.seen[r] = true
			s.list = append(s.list, r)
		}
	}
}
