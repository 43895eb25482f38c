package localui

import (
	"net/http"
	"sync"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/report"
)

// homeBody is the first page of the day.
type homeBody struct {
	Period   string
	Href     string // of the month's page
	Tiles    []tile
	Balance  []term
	Stock    int
	Homes    int
	Waiting  uint64
	Recent   []entryLine
	Quick    []link
	NoArea   bool
	Empty    bool
	CanWrite bool
	IsHead   bool
	BadClock bool
	Today    string
	Last     string // month closed last
	CanTry   bool   // there is a practice commune to enter
	Warnings []warningLine
	Backups  *backupView
}

// tile is a count with what it leads to.
type tile struct {
	Label string
	N     int
	Href  string
}

// term is a line of the balance.
type term struct {
	Label string
	Sign  int
	N     int
	Href  string
	Total bool
	report.Count
}

// counted keeps the report computed last: the first page asks for the same one
// again and again, and it changes only with the book.
type counted struct {
	mu   sync.Mutex
	at   journal.Seq
	from population.Period
	rep  *report.Report
}

func (c *counted) get(book *register.View, p population.Period) (*report.Report, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rep != nil && c.at == book.Applied() && c.from == p {
		return c.rep, nil
	}
	rep, err := report.Compute(book, report.Options{From: p})
	if err != nil {
		return nil, err
	}
	c.at, c.from, c.rep = book.Applied(), p, rep
	return rep, nil
}

// tileNames are the counts on the first page, by formula of the report's rows.
var tileNames = map[string]string{"births": "kind.birth", "deaths": "kind.death", "arrivals": "kind.arrival",
	"departures": "kind.departure", "married": "tile.married", "divorced": "tile.divorced"}

// quickForms are the forms on the first page, the most frequent first.
var quickForms = []string{"sinh", "chet", "chuyen-den", "chuyen-di", "ket-hon", "doi-thong-tin"}

func (s *station) home(w http.ResponseWriter, r *http.Request, v *visit) error {
	st := s.o.Status()
	if v.user.Role == population.RoleTechnician {
		http.Redirect(w, r, "/trang-thai", http.StatusSeeOther)
		return nil
	}
	b := homeBody{Waiting: st.waiting(), CanWrite: mayWrite(v.user), IsHead: v.user.Role == population.RoleHead, CanTry: s.o.PracticeOf != nil && !s.entered, BadClock: !st.Trusted, Today: v.date(st.Today)}
	if v.user.Role == population.RoleCollaborator {
		return s.show(w, v, http.StatusOK, "home", v.text("home.title"), b)
	}
	b.Warnings = v.warnings(s.o.Care)
	if s.o.Care.Backups != nil {
		b.Backups = v.backups(s.o.Care.Backups(), st.Now)
	}
	err := s.view(r.Context(), func(book *register.View) error {
		p := population.PeriodOf(st.Today)
		rep, err := s.month.get(book, p)
		if err != nil {
			return err
		}
		b.Period, b.Href = v.period(p), "/thang?ky="+p.String()
		b.Stock, b.Homes = endOf(rep), rep.Households
		b.Balance = v.terms(rep, b.Href)
		for _, row := range rep.Rows {
			if key, ok := tileNames[row.Formula]; ok {
				b.Tiles = append(b.Tiles, tile{v.text(key), row.Value, b.Href + "&so=" + row.Code})
			}
		}
		b.NoArea = len(book.Areas()) == 0
		b.Empty = true // until a household is met: the month's report may be of before the first, by a wrong clock
		if err := book.Households(func(*population.Household) bool { b.Empty = false; return false }); err != nil {
			return err
		}
		if last := book.LastClosed(); last != 0 {
			b.Last = v.period(last)
		}
		b.Recent = s.recent(book, v, 8)
		return nil
	})
	if err != nil {
		return err
	}
	for _, slug := range quickForms {
		b.Quick = append(b.Quick, link{"/ghi/" + slug, v.text(s.forms[slug].Label)})
	}
	return s.show(w, v, http.StatusOK, "home", v.text("home.title"), b)
}

// recent are the newest entries about persons and households.
func (s *station) recent(book *register.View, v *visit, n int) []entryLine {
	var out []entryLine
	for seq := uint64(book.Applied()); seq > 0 && len(out) < n && seq+200 > uint64(book.Applied()); seq-- {
		e, live := book.Entry(seq)
		if e == nil || !live || len(peopleOf(e)) == 0 && householdOf(e) == 0 {
			continue
		}
		out = append(out, v.entryLine(book, seq, e, 0))
	}
	return out
}

func endOf(rep *report.Report) int {
	for _, l := range rep.Balance {
		if l.Term == "end" {
			return l.Total
		}
	}
	return 0
}

// terms are the lines of the balance; those of nobody are left out, but for the
// common ones.
func (w words) terms(rep *report.Report, href string) []term {
	always := map[string]bool{"start": true, "end": true, "births": true, "deaths": true, "arrivals": true, "departures": true}
	var out []term
	for _, l := range rep.Balance {
		if l.Total == 0 && !always[l.Term] {
			continue
		}
		t := term{Label: l.Vi, Sign: l.Sign, N: l.Total, Total: l.Sign == 0, Count: l.Count}
		if w.lang == "en" {
			t.Label = l.En
		}
		if href != "" && l.Sign != 0 && l.Total > 0 {
			t.Href = href + "&so=balance." + l.Term
		}
		out = append(out, t)
	}
	return out
}

func (w words) rowName(r report.Row) string {
	if w.lang == "en" {
		return r.En
	}
	return r.Vi
}

// formList offers every form.
type formGroup struct {
	Title string
	Forms []link
}

func (s *station) formList(w http.ResponseWriter, _ *http.Request, v *visit) error {
	var groups []formGroup
	for _, f := range allForms() {
		if f.Group == "" {
			continue
		}
		title := v.text(f.Group)
		if n := len(groups); n == 0 || groups[n-1].Title != title {
			groups = append(groups, formGroup{Title: title})
		}
		g := &groups[len(groups)-1]
		g.Forms = append(g.Forms, link{"/ghi/" + f.Slug, v.text(f.Label)})
	}
	return s.show(w, v, http.StatusOK, "forms", v.text("forms.title"), groups)
}
