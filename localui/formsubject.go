package localui

import (
	"net/url"
	"strconv"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// subject is what a form is about, read from the book.
type subject struct {
	v          *register.View
	base       uint64 // the newest record when the form was first shown
	today      population.Date
	household  *population.Household
	area       *population.Area // of the household, or the one asked for
	members    []*population.Person
	person     *population.Person
	areas      []*population.Area // open
	users      []*population.User // collaborators
	nextNumber uint32             // a hộ số not used yet in area
}

// loadSubject reads what form values name: "ho" a household, "nguoi" a person,
// "diaban" an area, "base" the record the form was first shown at.
func loadSubject(v *register.View, f *form, values url.Values, today population.Date) (*subject, error) {
	sub := &subject{v: v, today: today, base: uint64(v.Applied())}
	if b, err := strconv.ParseUint(values.Get("base"), 10, 64); err == nil && b > 0 && b < sub.base {
		sub.base = b
	}
	if id, err := population.ParseID(values.Get("nguoi")); err == nil {
		if sub.person = v.Person(id); sub.person == nil {
			return nil, errNotFound
		}
		// Who has just died or left is, for the form that said so, still where he was.
		if was := sub.known(id); was != nil {
			sub.setHousehold(was.Household())
		}
	}
	if id, err := population.ParseID(values.Get("ho")); err == nil {
		if v.Household(id) == nil {
			return nil, errNotFound
		}
		sub.setHousehold(id)
	}
	if id, err := population.ParseID(values.Get("diaban")); err == nil {
		sub.area = v.Area(id)
	}
	for _, a := range v.Areas() {
		if !a.Closed {
			sub.areas = append(sub.areas, a)
		}
	}
	if sub.area == nil && len(sub.areas) == 1 {
		sub.area = sub.areas[0]
	}
	for _, u := range v.Users() {
		if u.Role == population.RoleCollaborator && !u.Disabled {
			sub.users = append(sub.users, u)
		}
	}
	sub.numberFree()
	return sub, v.Err()
}

func (s *subject) setHousehold(id population.ID) {
	if s.household = s.v.Household(id); s.household == nil {
		return
	}
	s.area = s.v.Area(s.household.Area)
	s.members = nil
	for _, m := range s.v.Members(id) {
		if p := s.v.Person(m); p != nil {
			s.members = append(s.members, p)
		}
	}
}

func (s *subject) numberFree() {
	if s.area == nil {
		return
	}
	for _, h := range s.v.HouseholdsOf(s.area.ID) {
		s.nextNumber = max(s.nextNumber, h.Number.Number)
	}
	s.nextNumber++
}

// known returns a person as the book stood when the form was first shown, so
// that the same form sent twice says the same; nil when there was none.
func (s *subject) known(id population.ID) *population.Person {
	p, err := s.v.PersonAsOf(id, population.Date{}, s.base)
	if err != nil {
		return nil
	}
	return p
}

// partner returns the husband or wife of a person, as the book stood when the
// form was first shown: by the link between the two, else the one other of head
// and spouse in the household. Nil when there is none, or it is not certain.
func (s *subject) partner(id population.ID) *population.Person {
	p := s.known(id)
	if p == nil {
		return nil
	}
	if p.Spouse != 0 {
		if q := s.known(p.Spouse); q != nil && q.Active() && q.Marital == population.Married && q.Spouse == id {
			return q
		}
		return nil
	}
	other := map[population.Code]population.Code{population.RelHead: population.RelSpouse, population.RelSpouse: population.RelHead}[p.Relation]
	var found *population.Person
	for _, m := range s.members {
		q := s.known(m.ID)
		if q == nil || q.ID == id || other == 0 || q.Relation != other || q.Marital != population.Married || q.Spouse != 0 {
			continue
		}
		if found != nil {
			return nil
		}
		found = q
	}
	return found
}

// head returns the head of the household, nil when there is none.
func (s *subject) head() *population.Person {
	for _, p := range s.members {
		if p.ID == s.household.Head {
			return p
		}
	}
	return nil
}

// nextOrder is con thứ mấy a child of this mother would be; not ok when the
// household has children of whom the book does not say the mother: then the
// officer counts, for a wrong proposal is easily saved.
func (s *subject) nextOrder(mother *population.Person) (n int, ok bool) {
	for _, p := range s.members {
		if _, apart := mother.Born.AgeOn(p.Born); p.Mother != 0 || p.ID == mother.ID || p.Born.IsZero() || apart < 12 {
			continue
		}
		switch p.Relation {
		case population.RelChild, population.RelGrandch, population.RelOther:
			return 0, false
		}
	}
	for _, id := range s.v.Children(mother.ID) {
		if p := s.v.Person(id); p != nil && p.Same == 0 {
			n++
		}
	}
	return n + 1, true
}

// missing reports whether a form lacks what it is about.
func (s *subject) missing(f *form) bool {
	return f.About == aboutHousehold && s.household == nil || f.About == aboutPerson && s.person == nil
}

// relationUnder proposes what somebody is to a new head, from what both were to
// the old one. It is for the officer to correct; what cannot be told is "khác".
func relationUnder(head, p *population.Person) population.Code {
	switch {
	case head == nil || p == nil:
		return population.RelOther
	case p.ID == head.Spouse || p.Spouse == head.ID && head.ID != 0:
		return population.RelSpouse
	case p.Mother == head.ID || p.Father == head.ID:
		return population.RelChild
	case head.Mother == p.ID || head.Father == p.ID:
		return population.RelParent
	}
	switch head.Relation {
	case population.RelSpouse:
		switch p.Relation {
		case population.RelHead:
			return population.RelSpouse
		case population.RelChild, population.RelInLaw, population.RelGrandch:
			return p.Relation
		}
	case population.RelChild:
		switch p.Relation {
		case population.RelHead, population.RelSpouse:
			return population.RelParent
		case population.RelChild:
			return population.RelSibling
		}
	case population.RelParent:
		switch p.Relation {
		case population.RelHead, population.RelSibling:
			return population.RelChild
		case population.RelSpouse:
			return population.RelInLaw
		case population.RelChild:
			return population.RelGrandch
		case population.RelParent:
			return population.RelSpouse
		}
	case population.RelSibling:
		if p.Relation == population.RelHead || p.Relation == population.RelSibling {
			return population.RelSibling
		}
		if p.Relation == population.RelParent {
			return population.RelParent
		}
	}
	return population.RelOther
}
