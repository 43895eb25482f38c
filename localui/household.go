package localui

import (
	"cmp"
	"net/http"
	"slices"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// householdBody is a household as the sheet of the A0 book.
type householdBody struct {
	householdLine
	Kind     string
	Opened   string
	Rows     []sheetRow
	Gone     []goneRow // mục III: who has left, and how
	History  []entryLine
	Prev     *link
	Next     *link
	Forms    []link // what happens often
	Others   []link
	CanWrite bool
}

// sheetRow is one line of mục I.
type sheetRow struct {
	personLine
	No                                       int
	Insurance                                string
	Ethnicity, Education, Marital, Residence string
	ID                                       population.ID
}

type goneRow struct {
	personLine
	When string
	How  string
}

func (s *station) household(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := population.ParseID(r.PathValue("id"))
	if err != nil {
		return errNotFound
	}
	return s.view(r.Context(), func(book *register.View) error {
		h := book.Household(id)
		if h == nil || !h.Exists() {
			return errNotFound
		}
		if !mayLookAt(v, h.Area) {
			return errForbidden
		}
		if err := s.looked(r.Context(), v, LookHousehold, id); err != nil {
			return err
		}
		body, err := s.sheet(book, v, h)
		if err != nil {
			return err
		}
		title := v.text("household.title", "n", body.Number)
		return s.show(w, v, http.StatusOK, "household", title, body)
	})
}

func (s *station) sheet(book *register.View, v *visit, h *population.Household) (householdBody, error) {
	today := s.o.Status().Today
	b := householdBody{householdLine: v.householdLine(book, h), Opened: v.date(h.Opened), CanWrite: mayWrite(v.user)}
	b.Kind = v.text("household.family")
	if h.Type == population.KindCollective {
		b.Kind = v.text("household.collective")
	}
	for i, id := range book.Members(h.ID) {
		if p := book.Person(id); p != nil {
			b.Rows = append(b.Rows, v.sheetRow(p, i+1, h.Head, today))
		}
	}
	b.householdLine.Members = len(b.Rows)
	for _, p := range formerMembers(book, h.ID) {
		stay := lastStay(p, h.ID)
		b.Gone = append(b.Gone, goneRow{personLine: v.personLine(p, today), When: v.date(stay.To), How: v.text("cause." + causeKey(stay.Out))})
	}
	var err error
	if b.History, err = v.sheetHistory(book, h.ID); err != nil {
		return b, err
	}
	b.Prev, b.Next = v.neighbours(book, h)
	b.Forms, b.Others = v.formLinks(aboutHousehold, b.ID, "sinh", "chuyen-den", "chuyen-di", "tach-ho")
	return b, nil
}

func (w words) sheetRow(p *population.Person, no int, head population.ID, today population.Date) sheetRow {
	row := sheetRow{personLine: w.personLine(p, today), No: no, ID: p.ID, Ethnicity: w.code("ethnicity", p.Ethnicity),
		Education: w.code("education", p.Education), Marital: w.code("marital", p.Marital), Residence: w.code("residence", p.Residence)}
	row.Head = p.ID == head
	// Column 2 is the insurance number; the personal number stands in for it.
	if row.Insurance = mask(p.Insurance); row.Insurance == "" {
		row.Insurance = mask(p.Number)
	}
	return row
}

// formerMembers are who lived in a household and live there no more, in the
// order of the entries that name them.
func formerMembers(book *register.View, id population.ID) []*population.Person {
	var out []*population.Person
	seen := make(map[population.ID]bool)
	for _, l := range book.Live(population.Ref{Type: population.TypeHousehold, ID: id}) {
		people := peopleOf(l.Entry)
		for _, who := range people {
			if seen[who] {
				continue
			}
			seen[who] = true
			if p := book.Person(who); p != nil && p.Household() != id && lastStay(p, id) != nil {
				out = append(out, p)
			}
		}
	}
	return out
}

// sheetHistory is mục III: what was written about the household, and about its
// people while they belonged to it (deaths, marriages, divorces and changes name
// persons only), newest first.
func (w words) sheetHistory(book *register.View, id population.ID) ([]entryLine, error) {
	out, err := w.history(book, population.Ref{Type: population.TypeHousehold, ID: id}, 0)
	if err != nil {
		return nil, err
	}
	people := formerMembers(book, id)
	for _, who := range book.Members(id) {
		if p := book.Person(who); p != nil {
			people = append(people, p)
		}
	}
	for _, p := range people {
		lines, err := w.history(book, population.Ref{Type: population.TypePerson, ID: p.ID}, 0)
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			same := func(o entryLine) bool { return o.Seq == l.Seq }
			if namesPersons(l.Slug) && livedHere(p, id, l.Seq) && !slices.ContainsFunc(out, same) {
				out = append(out, l)
			}
		}
	}
	slices.SortFunc(out, func(a, b entryLine) int { return cmp.Compare(b.Seq, a.Seq) })
	return out, nil
}

// namesPersons reports whether entries of a kind name persons and no household.
func namesPersons(kind string) bool {
	switch kind {
	case population.KindDeath.String(), population.KindMarriage.String(), population.KindDivorce.String(), population.KindInformationChanged.String():
		return true
	}
	return false
}

// livedHere reports whether a person belonged to a household when an entry was
// written.
func livedHere(p *population.Person, household population.ID, seq uint64) bool {
	return slices.ContainsFunc(p.Stays, func(s population.Stay) bool {
		return s.Household == household && s.FromSeq <= seq && (s.Out == population.CauseNone || seq <= s.ToSeq)
	})
}

// lastStay is the last time a person lived in a household.
func lastStay(p *population.Person, household population.ID) *population.Stay {
	for i := len(p.Stays) - 1; i >= 0; i-- {
		if p.Stays[i].Household == household {
			return &p.Stays[i]
		}
	}
	return nil
}

func causeKey(c population.Cause) string {
	switch c {
	case population.CauseDeath:
		return "death"
	case population.CauseDeparture:
		return "departure"
	case population.CauseMoved:
		return "moved"
	case population.CauseDouble, population.CauseSame:
		return "double"
	}
	return "out"
}

// neighbours are the sheets before and after in the area's book.
func (w words) neighbours(book *register.View, h *population.Household) (prev, next *link) {
	list := book.HouseholdsOf(h.Area)
	i := slices.IndexFunc(list, func(o *population.Household) bool { return o.ID == h.ID })
	at := func(o *population.Household) *link { return &link{"/ho/" + o.ID.String(), o.Number.String()} }
	if i > 0 {
		prev = at(list[i-1])
	}
	if i >= 0 && i+1 < len(list) {
		next = at(list[i+1])
	}
	return prev, next
}

func mayWrite(u population.User) bool {
	return u.Role == population.RoleHead || u.Role == population.RoleOfficer
}

// mayLookAt: a collaborator looks at the households of her own areas.
func mayLookAt(v *visit, area population.ID) bool {
	return v.user.Role != population.RoleCollaborator || slices.Contains(v.user.Areas, area)
}
