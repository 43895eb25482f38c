package localui

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// personBody is a person with the life line.
type personBody struct {
	personLine
	Facts    []fact
	Kin      []kinLine
	Life     []entryLine
	House    *householdLine
	Same     *link
	Died     string
	Forms    []link // what happens often
	Others   []link
	CanWrite bool
}

type fact struct{ Label, Value string }

type kinLine struct {
	What string
	personLine
}

func (s *station) person(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, err := population.ParseID(r.PathValue("id"))
	if err != nil {
		return errNotFound
	}
	return s.view(r.Context(), func(book *register.View) error {
		p := book.Person(id)
		if p == nil || !p.Exists() {
			return errNotFound
		}
		if !mayLookAt(v, areaOf(book, p)) {
			return errForbidden
		}
		if err := s.looked(r.Context(), v, LookPerson, id); err != nil {
			return err
		}
		body, err := s.portrait(book, v, p)
		if err != nil {
			return err
		}
		return s.show(w, v, http.StatusOK, "person", v.text("person.title"), body)
	})
}

// areaOf is the area of the household a person lives in, or lived in last.
func areaOf(book *register.View, p *population.Person) population.ID {
	if len(p.Stays) == 0 {
		return 0
	}
	if h := book.Household(p.Stays[len(p.Stays)-1].Household); h != nil {
		return h.Area
	}
	return 0
}

// looked keeps that somebody looked; what cannot be kept is not shown.
func (s *station) looked(ctx context.Context, v *visit, look string, ref population.ID) error {
	if s.o.Access == nil {
		return nil
	}
	return s.o.Access(ctx, v.user.Number, look, ref)
}

// lookedAtForm keeps the look at a form that shows a personal or insurance number
// in full, as the page of the person does. A form that is about nobody is about
// the household house.
func (s *station) lookedAtForm(ctx context.Context, v *visit, f *form, sub *subject, values url.Values, house population.ID) error {
	bare := false
	for _, fd := range f.Fields {
		bare = bare || fd.Type == typeNumber && values.Get(fd.Path) != ""
		for row := range maxRows {
			bare = bare || fd.Type == typeRows && values.Get(fmt.Sprintf("%s[%d].number", fd.Path, row)) != ""
		}
	}
	if !bare {
		return nil
	}
	if f.About == aboutPerson && sub.person != nil {
		return s.looked(ctx, v, LookPerson, sub.person.ID)
	}
	return s.looked(ctx, v, LookHousehold, house)
}

func (s *station) portrait(book *register.View, v *visit, p *population.Person) (personBody, error) {
	today := s.o.Status().Today
	b := personBody{personLine: v.inHousehold(book, p, today), CanWrite: mayWrite(v.user)}
	add := func(key, value string) {
		if value == "" {
			value = "–"
		}
		b.Facts = append(b.Facts, fact{v.text(key), value})
	}
	add("f.born", p.Born.Vi())
	add("f.sex", v.sex(p.Sex))
	add("f.ethnicity", v.code("ethnicity", p.Ethnicity))
	add("f.number", p.Facts.Number)
	add("f.insurance", p.Insurance)
	add("f.education", v.code("education", p.Education))
	add("f.marital", v.code("marital", p.Marital))
	add("f.residence", v.code("residence", p.Residence))
	add("f.relation", b.Relation)
	if p.Dead {
		b.Died = v.date(p.Died)
	}
	if p.Same != 0 {
		if other := book.Person(p.Same); other != nil {
			b.Same = &link{"/nguoi/" + p.Same.String(), other.Name}
		}
	}
	if n := len(p.Stays); n > 0 {
		if h := book.Household(p.Stays[n-1].Household); h != nil {
			l := v.householdLine(book, h)
			b.House = &l
		}
	}
	kin := func(key string, id population.ID) {
		if o := book.Person(id); id != 0 && o != nil {
			b.Kin = append(b.Kin, kinLine{v.text(key), v.inHousehold(book, o, today)})
		}
	}
	kin("f.mother", p.Mother)
	kin("f.father", p.Father)
	kin("f.spouse", p.Spouse)
	for _, id := range book.Children(p.ID) {
		kin("person.child", id)
	}
	if p.Active() {
		b.Forms, b.Others = v.formLinks(aboutPerson, b.ID, "chet", "doi-thong-tin", "ket-hon", "ly-hon")
	}
	if p.Same != 0 {
		b.Forms = []link{{"/ghi/bo-noi?nguoi=" + b.ID, v.text("form.same_undone")}}
	}
	if p.Active() && p.Sex == population.Female {
		b.Forms = append([]link{{"/ghi/sinh?nguoi=" + b.ID, v.text("form.birth")}}, b.Forms...)
	}
	var err error
	b.Life, err = v.history(book, population.Ref{Type: population.TypePerson, ID: p.ID}, p.ID)
	return b, err
}

// formLinks are the forms about a person or household: those named, and the rest.
func (w words) formLinks(about subjectKind, id string, often ...string) (first, rest []link) {
	for _, f := range allForms() {
		if f.About != about || f.Group == "" {
			continue
		}
		l := link{"/ghi/" + f.Slug + "?" + string(about) + "=" + id, w.text(f.Label)}
		if slices.Contains(often, f.Slug) {
			first = append(first, l)
		} else {
			rest = append(rest, l)
		}
	}
	return first, rest
}
