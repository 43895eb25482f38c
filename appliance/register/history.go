package register

import (
	"tramxa/appliance/population"
)

// Past is one entry in the history of an entity.
type Past struct {
	population.Located                  // amendments in place
	First              population.Entry // as first written
	Meta               Meta
	AmendedBy          uint64 // the amendment in place, 0 none
	AnnulledBy         uint64 // the annulment in force, 0: the entry is live
}

// Live reports whether the entry is in force.
func (p Past) Live() bool { return p.AnnulledBy == 0 }

// History lists everything ever written about an entity by sequence, annulled
// entries too. An entry that an amendment took the entity out of is listed as
// well.
func (v *View) History(ref population.Ref) ([]Past, error) {
	seqs, err := v.book.list(v.book.refs(ref))
	if err != nil {
		return nil, err
	}
	list := make([]Past, 0, len(seqs))
	for _, seq := range seqs {
		s, err := v.book.standing(seq, everything)
		if err != nil {
			return nil, err
		}
		first, err := v.book.written(seq)
		if err != nil {
			return nil, err
		}
		rec, ok, err := v.book.record(seq)
		if err != nil {
			return nil, err
		}
		if !ok || s.entry == nil {
			return nil, ErrRow
		}
		list = append(list, Past{
			Located: population.Located{Seq: seq, Entry: s.entry}, First: first, Meta: rec.Meta,
			AmendedBy: s.amendedBy, AnnulledBy: s.annulledBy,
		})
	}
	return list, nil
}

// PersonAsOf returns the state of a person on a day, as it was known when the
// record known was the newest (0: as known now); the zero day means whenever.
// An event of which the day is not known exactly counts from the first day it
// can have been, one without any date from the day of the entry before it. The
// result is nil when the person was not in the book by then.
func (v *View) PersonAsOf(id population.ID, on population.Date, known uint64) (*population.Person, error) {
	live, err := v.asOf(population.Ref{Type: population.TypePerson, ID: id}, on, known)
	if err != nil {
		return nil, err
	}
	return foldPerson(id, live), nil
}

// HouseholdAsOf is PersonAsOf for a household.
func (v *View) HouseholdAsOf(id population.ID, on population.Date, known uint64) (*population.Household, error) {
	live, err := v.asOf(population.Ref{Type: population.TypeHousehold, ID: id}, on, known)
	if err != nil {
		return nil, err
	}
	return foldHousehold(id, live), nil
}

func (v *View) asOf(ref population.Ref, on population.Date, known uint64) ([]population.Located, error) {
	if known == 0 {
		known = everything
	}
	live, err := v.book.located(ref, known)
	if err != nil || on.IsZero() {
		return live, err
	}
	limit := on.Last().Days()
	then := live[:0]
	day := population.Date{}.Days()
	for _, l := range live {
		if when := l.Entry.When(); !when.IsZero() {
			day = when.Days()
		}
		if day <= limit {
			then = append(then, l)
		}
	}
	return then, nil
}
