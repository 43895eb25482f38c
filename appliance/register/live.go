package register

import (
	"math"

	"tramxa/appliance/population"
)

// everything is a "known" sequence that leaves nothing out.
const everything = math.MaxUint64

// maxDecoded bounds the entries kept decoded between two folds of one
// transaction.
const maxDecoded = 512

// book reads entries: rows, and what was decoded of them.
type book struct {
	*rows
	decoded map[uint64]population.Entry // bodies never change; dropped when full or rolled back
}

// written returns the entry as it was first written; nil for a sequence not
// applied or quarantined. What is pending comes as population.Unknown.
func (b *book) written(seq uint64) (population.Entry, error) {
	if e, ok := b.decoded[seq]; ok {
		return e, nil
	}
	m, ok, err := b.record(seq)
	if err != nil || !ok || m.Outside.Quarantined() {
		return nil, err
	}
	e, err := population.DecodeBody(m.Mint, population.Kind(m.Envelope.Kind), m.Envelope.Version, m.body)
	if err != nil {
		return nil, ErrRow // it was read once, when it was applied
	}
	b.remember(seq, e)
	return e, nil
}

func (b *book) remember(seq uint64, e population.Entry) {
	if b.decoded == nil || len(b.decoded) >= maxDecoded {
		b.decoded = make(map[uint64]population.Entry)
	}
	b.decoded[seq] = e
}

// live reports whether seq is in force, of what was written up to known: no
// annulment of it is in force. Annulments stand after their targets, so the
// question ends; its depth is bounded by maxDepth.
func (b *book) live(seq, known uint64) (bool, error) {
	l, err := b.links(seq)
	if err != nil {
		return false, err
	}
	by, err := b.annulledBy(l, known)
	return by == 0, err
}

func (b *book) annulledBy(l links, known uint64) (uint64, error) {
	for _, a := range l.annuls {
		if a > known {
			break
		}
		if in, err := b.live(a, known); err != nil || in {
			return a, err
		}
	}
	return 0, nil
}

// standing is an entry with what later records made of it.
type standing struct {
	entry      population.Entry // amendments in place; nil when there is no such entry
	annulledBy uint64           // 0: live
	amendedBy  uint64           // 0: as first written
}

func (s standing) live() bool { return s.entry != nil && s.annulledBy == 0 }

// standing returns what seq means, of what was written up to known.
func (b *book) standing(seq, known uint64) (standing, error) {
	e, err := b.written(seq)
	if err != nil || e == nil || seq > known {
		return standing{}, err
	}
	s := standing{entry: e}
	l, err := b.links(seq)
	if err != nil {
		return s, err
	}
	if s.annulledBy, err = b.annulledBy(l, known); err != nil {
		return s, err
	}
	for i := len(l.amends) - 1; i >= 0; i-- {
		if l.amends[i] > known {
			continue
		}
		in, err := b.live(l.amends[i], known)
		if err != nil {
			return s, err
		}
		if !in {
			continue
		}
		a, err := b.written(l.amends[i])
		if err != nil {
			return s, err
		}
		if a, ok := a.(population.Amendment); ok {
			s.entry, s.amendedBy = a.By, l.amends[i]
			break
		}
	}
	return s, nil
}

// refsOf lists the entities whose state the entry at seq changes. The begin of
// an operation brings the operation into being whose id is its sequence.
func refsOf(seq uint64, e population.Entry) []population.Ref {
	if _, ok := e.(population.OperationBegun); ok {
		own := population.Ref{Type: population.TypeOperation, ID: population.ID(seq)}
		return append([]population.Ref{own}, e.Refs()...)
	}
	return e.Refs()
}

// located returns the live entries about an entity, of what was written up to
// known, in order of sequence.
func (b *book) located(ref population.Ref, known uint64) ([]population.Located, error) {
	seqs, err := b.list(b.refs(ref))
	if err != nil {
		return nil, err
	}
	out := make([]population.Located, 0, len(seqs))
	for _, seq := range seqs {
		s, err := b.standing(seq, known)
		if err != nil {
			return nil, err
		}
		if s.live() && concerns(seq, s.entry, ref) {
			out = append(out, population.Located{Seq: seq, Entry: s.entry})
		}
	}
	return out, nil
}

// concerns reports whether the entry is about ref: an amendment may have taken
// an entity out of an entry that still stands in the entity's list.
func concerns(seq uint64, e population.Entry, ref population.Ref) bool {
	for _, r := range refsOf(seq, e) {
		if r == ref {
			return true
		}
	}
	return false
}
