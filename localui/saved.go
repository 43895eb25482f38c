package localui

import (
	"net/http"
	"slices"
	"strconv"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// savedBody says that an entry is durable, and what is usually done next. The
// first of Next has the focus, so that Enter goes on.
type savedBody struct {
	Entry entryLine
	Next  []link
}

func (s *station) savedPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	seq, err := strconv.ParseUint(r.PathValue("so"), 10, 64)
	if err != nil {
		return errNotFound
	}
	return s.view(r.Context(), func(book *register.View) error {
		e, _ := book.Entry(seq)
		if e == nil {
			return errNotFound
		}
		b := savedBody{Entry: v.entryLine(book, seq, e, 0)}
		if mayWrite(v.user) {
			b.Next = v.nextForms(e, b.Entry.House != nil)
		}
		if home := b.Entry.House; home != nil {
			at := 0
			if e.Kind() == population.KindHouseholdOpened {
				at = min(1, len(b.Next)) // who opens households opens the next one
			}
			b.Next = slices.Insert(b.Next, at, link{home.Href, v.text("saved.household")})
		}
		return s.show(w, v, http.StatusOK, "saved", v.text("saved.title"), b)
	})
}

// nextForms are the forms that usually follow an entry, the likeliest first.
// inBook: its household is in the book.
func (w words) nextForms(e population.Entry, inBook bool) []link {
	home := "?ho=" + householdOf(e).String()
	switch e := e.(type) {
	case population.AreaDefined:
		again := link{"/ghi/dia-ban", w.text("saved.area")}
		if e.Closed {
			return []link{again}
		}
		return []link{{"/ghi/mo-ho?diaban=" + e.ID.String(), w.text("saved.first_home")}, again}
	case population.HouseholdOpened:
		return []link{
			{"/ghi/mo-ho?diaban=" + e.Area.String(), w.text("saved.next_home")},
			{"/ghi/sinh" + home, w.text("saved.birth")},
			{"/ghi/them-nguoi" + home, w.text("form.person")},
		}
	}
	f := formOfKind(e)
	if f == nil || f.Group == "" {
		return nil
	}
	if f.About != aboutHousehold || !inBook {
		home = ""
	}
	out := []link{{"/ghi/" + f.Slug + home, w.text("saved.again", "form", w.text(f.Label))}}
	if e, ok := e.(population.Arrival); ok {
		out = append(out, link{"/ghi/them-nguoi?ho=" + e.Household.String(), w.text("form.person")})
	}
	return out
}
