package rules

import "tramxa/appliance/population"

// trouble is something wrong in the state of the book, wherever it came from.
// An entry is asked only about the trouble that it makes new.
type trouble struct {
	troubleKey
	field string // column of the person it is about ("born"), for the field path
	args  map[string]string
	about []population.ID
}

// troubleKey tells troubles apart, before and after the entry.
type troubleKey struct {
	rule  string
	id    population.ID // person or household
	other population.ID // second person, where there is one
	seq   uint64        // entry in whose place it shows; 0 the state as a whole
	value string        // what is wrong, so that another wrong value is new trouble
}

func (t trouble) key() troubleKey { return t.troubleKey }

// standing is where a person stands while the live entries pass by in order.
type standing int

const (
	never standing = iota
	inBook
	gone
	dead
	linked // is the double of another id
)

// walker follows one person through the live entries.
type walker struct {
	id     population.ID
	at     standing
	house  population.ID
	before standing // what a same-person link replaced
	out    []trouble
	seq    uint64
	when   population.Date
}

// lifeline returns the contradictions in a person's life as written: nobody
// lives in two households, nobody does anything after death or departure, and
// nobody leaves a household he is not in.
func lifeline(id population.ID, live []population.Located) []trouble {
	w := &walker{id: id}
	for _, l := range population.InOrder(live) {
		w.seq, w.when = l.Seq, l.Entry.When()
		w.step(l.Entry)
	}
	return w.out
}

func (w *walker) step(e population.Entry) {
	switch e := e.(type) {
	case population.HouseholdOpened:
		if hasMember(e.Members, w.id) {
			w.enter(e.ID, true)
		}
	case population.PersonRegistered:
		w.enter(e.Household, true)
	case population.Birth:
		if e.Child.ID == w.id {
			w.enter(e.Household, true)
		}
	case population.Arrival:
		w.enter(e.Household, false)
	case population.ScopeCorrection:
		w.scope(e)
	case population.Death:
		w.leave(0, dead)
	case population.Departure:
		w.leave(e.Household, gone)
	case population.MoveInside:
		w.transfer(e.From, e.Into, e.Persons)
	case population.HouseholdSplit:
		w.transfer(e.From, e.New, e.Persons)
	case population.HouseholdJoined:
		w.transfer(e.From, e.Into, e.Persons)
	case population.HeadChanged:
		w.present(e.Household)
	case population.InformationChanged, population.Marriage, population.Divorce:
		w.present(0)
	case population.SamePerson:
		if e.Other == w.id && w.at != linked {
			w.before, w.at = w.at, linked
		}
	case population.SamePersonUndone:
		if e.Other == w.id && w.at == linked {
			w.at = w.before
		}
	}
}

func (w *walker) scope(e population.ScopeCorrection) {
	switch {
	case e.Scope == population.ScopeMissed && e.Member.ID == w.id:
		w.enter(e.Household, false)
	case e.Scope != population.ScopeMissed && e.Person == w.id:
		w.leave(0, gone)
	}
}

// enter puts the person in a household; fresh ids must be new to the book.
func (w *walker) enter(h population.ID, fresh bool) {
	switch {
	case w.at == dead:
		w.wrong("L02")
	case w.at == inBook, fresh && w.at != never:
		w.wrong("L01")
	case w.at == linked:
		w.wrong("L06")
	default:
		w.at, w.house = inBook, h
	}
}

func (w *walker) leave(h population.ID, to standing) {
	if w.present(h) {
		w.at, w.house = to, 0
	}
}

func (w *walker) transfer(from, into population.ID, placed []population.Placed) {
	for _, p := range placed {
		if p.Person == w.id {
			if w.present(from) {
				w.house = into
			}
			return
		}
	}
}

// present asks that the person is in the book, in household h unless 0.
func (w *walker) present(h population.ID) bool {
	switch {
	case w.at == dead:
		w.wrong("L02")
	case w.at == linked:
		w.wrong("L06")
	case w.at != inBook:
		w.wrong("L03")
	case h != 0 && w.house != h:
		w.wrong("L04")
	default:
		return true
	}
	return false
}

func (w *walker) wrong(rule string) {
	w.out = append(w.out, trouble{troubleKey: troubleKey{rule: rule, id: w.id, seq: w.seq}, args: args("date", w.when.String())})
}

func hasMember(ms []population.Member, id population.ID) bool {
	for _, m := range ms {
		if m.ID == id {
			return true
		}
	}
	return false
}
