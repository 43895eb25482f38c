package localui

import (
	"strconv"
	"time"

	"tramxa/appliance/clock"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// link is a name with where it leads.
type link struct{ Href, Label string }

// entryLine is one entry in words.
type entryLine struct {
	Seq      uint64
	Kind     string // in words
	Slug     string // name of the kind
	When     string
	Counted  string
	Late     bool // counts in a later month than it happened in
	People   []link
	House    *link
	Text     string
	Note     string
	Reasons  []string // of soft findings
	Actor    string
	At       string
	Unsure   bool // the clock could not be trusted
	Amended  uint64
	Annulled uint64
	CanAmend bool
}

// entryLine words an entry. about is the person whose page it stands on, who is
// then not named again.
func (w words) entryLine(v *register.View, seq uint64, e population.Entry, about population.ID) entryLine {
	l := entryLine{Seq: seq, Kind: w.kind(e), Slug: e.Kind().String(), When: w.date(e.When()), Note: e.Extra().Note, Text: w.says(v, e)}
	if c := e.Counted(); c != 0 {
		l.Counted = w.period(c)
		l.Late = e.When().Month != 0 && population.PeriodOf(e.When()) < c
	}
	for _, id := range peopleOf(e) {
		if id == about || about != 0 && e.Kind() == population.KindHouseholdOpened {
			continue
		}
		if len(l.People) == 6 {
			l.People = append(l.People, link{Label: "…"})
			break
		}
		if p := v.Person(id); p != nil {
			l.People = append(l.People, link{"/nguoi/" + id.String(), p.Name})
		}
	}
	if h := v.Household(householdOf(e)); h != nil {
		l.House = &link{"/ho/" + h.ID.String(), w.text("household.short", "n", homeName(v, h))}
	}
	for _, c := range e.Extra().Confirmed {
		l.Reasons = append(l.Reasons, c.Rule+": "+c.Reason)
	}
	if m, ok := v.Meta(seq); ok {
		l.Actor = w.actor(v, m.Envelope.Actor)
		l.At = time.Unix(m.Envelope.At, 0).In(clock.Country).Format("15:04 02/01/2006")
		l.Unsure = !m.Envelope.Trusted
	}
	l.CanAmend = formOfKind(e) != nil && e.Kind() != population.KindAreaDefined
	return l
}

func (w words) actor(v *register.View, n uint32) string {
	if n == 0 {
		return w.text("actor.station")
	}
	if u := v.User(n); u != nil {
		return u.Name
	}
	return strconv.FormatUint(uint64(n), 10)
}

// kind names what an entry is.
func (w words) kind(e population.Entry) string {
	name := e.Kind().String()
	if s, ok := e.(population.ScopeCorrection); ok {
		name += map[population.Scope]string{population.ScopeMissed: ".missed", population.ScopeDouble: ".double", population.ScopeOut: ".out"}[s.Scope]
	}
	if _, ok := e.(population.Unknown); ok {
		return w.text("kind.unknown")
	}
	return w.text("kind." + name)
}

// peopleOf lists the persons an entry is about, the most concerned first.
func peopleOf(e population.Entry) []population.ID {
	switch e := e.(type) {
	case population.HouseholdOpened:
		var ids []population.ID
		for _, m := range e.Members {
			ids = append(ids, m.ID)
		}
		return ids
	case population.PersonRegistered:
		return []population.ID{e.Member.ID}
	case population.Birth:
		return []population.ID{e.Child.ID}
	case population.Death:
		return []population.ID{e.Person}
	case population.Arrival:
		return []population.ID{e.Member.ID}
	case population.Departure:
		return e.Persons
	case population.MoveInside:
		return placedIDs(e.Persons)
	case population.HouseholdSplit:
		return placedIDs(e.Persons)
	case population.HouseholdJoined:
		return placedIDs(e.Persons)
	case population.Marriage:
		return someIDs(e.A, e.B)
	case population.Divorce:
		return someIDs(e.A, e.B)
	case population.InformationChanged:
		return []population.ID{e.Person}
	case population.HeadChanged:
		return []population.ID{e.Head}
	case population.ScopeCorrection:
		if e.Scope == population.ScopeMissed {
			return []population.ID{e.Member.ID}
		}
		return someIDs(e.Person, e.Canonical)
	case population.SamePerson:
		return someIDs(e.Other, e.Canonical)
	case population.SamePersonUndone:
		return someIDs(e.Other, e.Canonical)
	}
	return nil
}

func placedIDs(list []population.Placed) []population.ID {
	ids := make([]population.ID, len(list))
	for i, p := range list {
		ids[i] = p.Person
	}
	return ids
}

func someIDs(ids ...population.ID) []population.ID {
	var out []population.ID
	for _, id := range ids {
		if id != 0 {
			out = append(out, id)
		}
	}
	return out
}

// householdOf is the household an entry leads to.
func householdOf(e population.Entry) population.ID {
	switch e := e.(type) {
	case population.HouseholdOpened:
		return e.ID
	case population.PersonRegistered:
		return e.Household
	case population.Birth:
		return e.Household
	case population.Arrival:
		return e.Household
	case population.Departure:
		return e.Household
	case population.MoveInside:
		return e.Into
	case population.HouseholdSplit:
		return e.New
	case population.HouseholdJoined:
		return e.Into
	case population.HouseholdChanged:
		return e.Household
	case population.HeadChanged:
		return e.Household
	case population.ScopeCorrection:
		return e.Household
	}
	return 0
}

// history words all that was ever written about an entity, newest first.
// Amendments and annulments are told on the entries they concern.
func (w words) history(v *register.View, ref population.Ref, about population.ID) ([]entryLine, error) {
	past, err := v.History(ref)
	if err != nil {
		return nil, err
	}
	var out []entryLine
	for i := len(past) - 1; i >= 0; i-- {
		switch past[i].Entry.(type) {
		case population.Amendment, population.Annulment:
			continue
		}
		l := w.entryLine(v, past[i].Seq, past[i].Entry, about)
		l.Amended, l.Annulled = past[i].AmendedBy, past[i].AnnulledBy
		l.CanAmend = l.CanAmend && past[i].Live()
		out = append(out, l)
	}
	return out, nil
}
