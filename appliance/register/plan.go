package register

import (
	"slices"

	"tramxa/appliance/population"
)

// Limits of one record beyond those of its body. A record over them is
// quarantined, at the station and at the hub alike.
const (
	maxRange = 512                        // sequences one annulment may span
	maxBases = 1024                       // entries one annulment may put in or out of force, through others
	maxRefs  = 2 * population.MaxEntities // entities one amendment or annulment may touch
	maxDepth = 16                         // annulments of annulments of …
)

// step is what an entry will do, decided before anything is written.
type step struct {
	reason  Reason
	bases   []uint64 // entries whose standing changes; for an ordinary entry none
	targets []uint64 // of an annulment: the entries it takes out of force
	depth   uint64   // of an annulment
}

func (b *book) plan(seq uint64, e population.Entry) (step, error) {
	switch e := e.(type) {
	case population.Amendment:
		return b.planAmendment(seq, e)
	case population.Annulment:
		return b.planAnnulment(seq, e)
	}
	return step{}, nil
}

func (b *book) planAmendment(seq uint64, e population.Amendment) (step, error) {
	if e.Target == 0 || e.Target >= seq || e.By == nil {
		return step{reason: BadTarget}, nil
	}
	target, err := b.written(e.Target)
	if err != nil {
		return step{}, err
	}
	if target == nil || target.Kind() != e.By.Kind() || !amendable(target) || !amendable(e.By) {
		return step{reason: BadTarget}, nil
	}
	s := step{bases: []uint64{e.Target}}
	return s, b.bound(&s, len(refsOf(e.Target, e.By)))
}

func amendable(e population.Entry) bool {
	switch e.(type) {
	case population.Amendment, population.Annulment, population.Unknown:
		return false
	}
	return true
}

func (b *book) planAnnulment(seq uint64, e population.Annulment) (step, error) {
	if e.First == 0 || e.First > e.Last || e.Last >= seq || e.Last-e.First >= maxRange {
		return step{reason: BadRange}, nil
	}
	s := step{depth: 1}
	seen := make(map[uint64]bool)
	for target := e.First; target <= e.Last; target++ {
		w, err := b.written(target)
		if err != nil {
			return step{}, err
		}
		if w == nil {
			continue // quarantined: it is not in force
		}
		if _, unknown := w.(population.Unknown); unknown {
			continue // not in force either; a newer program folds what it finds
		}
		l, err := b.links(target)
		if err != nil {
			return step{}, err
		}
		by, err := b.annulledBy(l, everything)
		if err != nil {
			return step{}, err
		}
		if by != 0 {
			continue
		}
		s.targets = append(s.targets, target)
		if _, annulment := w.(population.Annulment); annulment {
			s.depth = max(s.depth, max(l.depth, 1)+1)
		}
		if err := b.reach(target, w, seen, &s); err != nil {
			return step{}, err
		}
		if s.reason != Folded {
			return step{reason: s.reason}, nil
		}
	}
	if s.depth > maxDepth {
		return step{reason: TooMany}, nil
	}
	return s, b.bound(&s, 0)
}

// reach collects the ordinary entries whose standing changes when seq comes in
// or out of force.
func (b *book) reach(seq uint64, e population.Entry, seen map[uint64]bool, s *step) error {
	if s.reason != Folded || seen[seq] {
		return nil
	}
	if len(seen) >= maxBases {
		s.reason = TooMany
		return nil
	}
	seen[seq] = true
	switch e := e.(type) {
	case population.Amendment:
		target, err := b.written(e.Target)
		if err != nil || target == nil {
			return err
		}
		return b.reach(e.Target, target, seen, s)
	case population.Annulment:
		for target := e.First; target <= e.Last; target++ {
			l, err := b.links(target)
			if err != nil {
				return err
			}
			if !slices.Contains(l.annuls, seq) {
				continue
			}
			w, err := b.written(target)
			if err != nil {
				return err
			}
			if err := b.reach(target, w, seen, s); err != nil {
				return err
			}
		}
		return nil
	}
	s.bases = append(s.bases, seq)
	return nil
}

// bound sets TooMany when the entries concern more entities than one record
// may touch; extra is counted with them.
func (b *book) bound(s *step, extra int) error {
	total := extra
	for _, base := range s.bases {
		refs, err := b.everRefs(base)
		if err != nil {
			return err
		}
		if total += len(refs); total > maxRefs {
			*s = step{reason: TooMany}
			return nil
		}
	}
	return nil
}

// everRefs lists the entities that the entry, or any amendment of it in force
// or not, is about.
func (b *book) everRefs(seq uint64) ([]population.Ref, error) {
	e, err := b.written(seq)
	if err != nil || e == nil {
		return nil, err
	}
	refs := newRefSet(refsOf(seq, e))
	l, err := b.links(seq)
	if err != nil {
		return nil, err
	}
	for _, a := range l.amends {
		e, err := b.written(a)
		if err != nil {
			return nil, err
		}
		if a, ok := e.(population.Amendment); ok {
			refs.add(refsOf(seq, a.By))
		}
	}
	return refs.list, nil
}
