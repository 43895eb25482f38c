package rules

import (
	"slices"

	"tramxa/appliance/population"
)

// An amendment or annulment must not leave a contradiction. What is settled:
//
//   - only entries about persons, households, couples and areas are amended or
//     annulled; users and operations are changed by entries of their own, a
//     closed period stays closed, an amendment is amended again rather than
//     annulled;
//   - annulling an annulment brings its entries back, if the book can have them;
//   - an entry that counts in a closed period is not annulled (a report was
//     sent): a scope correction says what was wrong. It may be amended with a
//     reason, which is kept;
//   - whatever the target said first, later entries must still make sense: the
//     lives of all persons touched are walked again, and new trouble refuses.

// amendment prepares the examination of an amendment: from then on x.e is the
// body it brings. It returns false when there is nothing to go on with.
func (x *Examination) amendment(a population.Amendment) bool {
	old, live := x.v.Entry(a.Target)
	switch {
	case old == nil || !live:
		x.add("A01", "target", args("seq", utoa(a.Target)))
		return false
	case a.By == nil || !amendable(old):
		x.add("A02", "target", nil)
		return false
	case a.By.Kind() != old.Kind():
		x.add("A03", "by", nil)
		return false
	}
	x.path, x.e, x.old, x.seq = "by.", a.By, old, a.Target
	x.touch(old)
	x.touch(a.By)
	if !slices.Equal(created(old), created(a.By)) {
		x.add("A07", "", nil)
		return false
	}
	if p := old.Counted(); p != 0 && x.v.PeriodClosed(p) {
		x.add("A06", "", args("period", p.String()))
	}
	return true
}

// annulment prepares the examination of an annulment.
func (x *Examination) annulment(a population.Annulment) bool {
	if a.First == 0 || a.Last < a.First || a.Last-a.First >= population.MaxEntities {
		x.add("A01", "first", args("seq", utoa(a.First)))
		return false
	}
	any := false
	for seq := a.First; seq <= a.Last; seq++ {
		e, live := x.v.Entry(seq)
		if e == nil {
			x.add("A01", "last", args("seq", utoa(seq)))
			return false
		}
		if !live {
			continue
		}
		any = true
		if !x.target(e) {
			return false
		}
	}
	if !any {
		x.add("A01", "first", args("seq", utoa(a.First)))
		return false
	}
	if len(x.persons)+len(x.houses)+len(x.areas) > population.MaxEntities {
		x.add("A08", "", args("max", itoa(population.MaxEntities)))
		return false
	}
	return true
}

// target admits one entry to be annulled, or brought back by the annulment of
// its annulment.
func (x *Examination) target(e population.Entry) bool {
	if back, ok := e.(population.Annulment); ok {
		for seq := back.First; seq <= back.Last; seq++ {
			t, live := x.v.Entry(seq)
			if t == nil || live {
				continue
			}
			if p := t.Counted(); p != 0 && x.v.PeriodClosed(p) {
				x.add("A05", "first", args("period", p.String()))
				return false
			}
			x.touch(t)
		}
		return true
	}
	if !annullable(e) {
		x.add("A02", "first", nil)
		return false
	}
	if p := e.Counted(); p != 0 && x.v.PeriodClosed(p) {
		x.add("A05", "first", args("period", p.String()))
		return false
	}
	x.touch(e)
	return true
}

func amendable(e population.Entry) bool {
	switch e.(type) {
	case population.Amendment, population.Annulment, population.SamePerson, population.SamePersonUndone,
		population.UserCreated, population.UserChanged, population.OperationBegun, population.OperationEnded,
		population.PeriodClosed, population.Unknown:
		return false
	}
	return true
}

// annullable is wider: a same-person link is taken back by its undoing, but a
// mistyped pair may also be annulled.
func annullable(e population.Entry) bool {
	switch e.(type) {
	case population.SamePerson, population.SamePersonUndone:
		return true
	}
	return amendable(e)
}

// created lists the ids an entry brings into the book, in a fixed order. New
// members of a household opening may be added or taken away by an amendment;
// their lives are checked instead.
func created(e population.Entry) []population.ID {
	switch e := e.(type) {
	case population.HouseholdOpened:
		return []population.ID{e.ID}
	case population.HouseholdSplit:
		return []population.ID{e.New}
	case population.AreaDefined:
		return []population.ID{e.ID}
	case population.PersonRegistered:
		return []population.ID{e.Member.ID}
	case population.Birth:
		return []population.ID{e.Child.ID}
	case population.Arrival:
		return []population.ID{e.Member.ID}
	}
	return nil
}
