package localui

import (
	"net/http"
	"net/url"
	"strings"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/report"
)

// monthBody is form 01-DSX of a month so far, with the balance.
type monthBody struct {
	Ky, Period  string // as in the address, and in words
	Prev, Next  string
	Area        string
	Areas       []optionView
	Scope       string
	Title       string
	Provisional bool
	Rows        []monthRow
	Balance     []term
	Hamlets     []report.Hamlet
	Ages        []ageRow
	Households  int
	Families    int
	Opens       bool // its numbers lead to the persons behind them
	Closed      bool
	CanClose    bool // it has ended, is the next one open, and the user may
	CSV         string
	Code        string // the number that was opened
	What        string
	People      []personLine
	More        int
}

type monthRow struct {
	Code, Name, Unit, Href string
	N                      int
	Sub, Provisional       bool
}

type ageRow struct {
	Label string
	report.Count
	Left, Right int // of the widest bar, per cent
}

// maxPeople bounds the list behind a number on a page.
const maxPeople = 300

// monthOptions reads month and scope from the address.
func (s *station) monthOptions(q url.Values) (report.Options, error) {
	o := report.Options{From: population.PeriodOf(s.o.Status().Today)}
	if ky := q.Get("ky"); ky != "" {
		p, err := population.ParsePeriod(ky)
		if err != nil {
			return o, errNotFound
		}
		o.From = p
	}
	if id := q.Get("diaban"); id != "" {
		area, err := population.ParseID(id)
		if err != nil {
			return o, errNotFound
		}
		o.Scope.Area = area
	}
	return o, nil
}

func (s *station) monthPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	o, err := s.monthOptions(r.URL.Query())
	if err != nil {
		return err
	}
	b := monthBody{Ky: o.From.String(), Period: v.period(o.From), Code: r.URL.Query().Get("so"), Area: o.Scope.Area.String()}
	err = s.view(r.Context(), func(book *register.View) error {
		rep, err := report.Compute(book, o)
		if err != nil {
			return err
		}
		base := url.Values{"ky": {b.Ky}}
		if b.Area != "" {
			base.Set("diaban", b.Area)
		}
		href := "/thang?" + base.Encode()
		b.CSV = "/thang.csv?" + base.Encode()
		b.Prev, b.Next = monthHref(o.From.Prev(), b.Area), monthHref(o.From.Next(), b.Area)
		b.fill(v.words, rep, href)
		b.Closed = book.PeriodClosed(o.From)
		b.CanClose = !b.Closed && mayWrite(v.user) && o.From < population.PeriodOf(s.o.Status().Today) && (book.LastClosed() == 0 || book.LastClosed().Next() == o.From)
		for _, a := range book.Areas() {
			b.Areas = append(b.Areas, optionView{a.ID.String(), v.areaName(a), a.ID == o.Scope.Area})
		}
		if b.Code == "" {
			return nil
		}
		if err := s.looked(r.Context(), v, LookList, 0); err != nil {
			return err
		}
		return b.open(book, v.words, rep, o, s.o.Status().Today)
	})
	if err != nil {
		return err
	}
	return s.show(w, v, http.StatusOK, "month", v.text("month.title", "period", b.Period), b)
}

func monthHref(p population.Period, area string) string {
	q := url.Values{"ky": {p.String()}}
	if area != "" {
		q.Set("diaban", area)
	}
	return "/thang?" + q.Encode()
}

// fill puts a report on the page; href is the page itself, "" when its numbers
// do not open.
func (b *monthBody) fill(w words, rep *report.Report, href string) {
	b.Opens = href != ""
	b.Title, b.Provisional = rep.TitleVi, rep.Provisional
	if w.lang == "en" {
		b.Title = rep.TitleEn
	}
	b.Households, b.Families, b.Hamlets = rep.Households, rep.Families, rep.Hamlets
	for _, row := range rep.Rows {
		m := monthRow{Code: row.Code, Name: w.rowName(row), Unit: row.UnitVi, N: row.Value, Sub: strings.Contains(row.Code, "."), Provisional: row.Provisional}
		if w.lang == "en" {
			m.Unit = row.UnitEn
		}
		if row.Value > 0 && href != "" {
			m.Href = href + "&so=" + row.Code + "#nguoi"
		}
		b.Rows = append(b.Rows, m)
	}
	b.Balance = w.terms(rep, href)
	most := 1
	for _, a := range rep.Ages {
		most = max(most, a.End.Male, a.End.Female)
	}
	for i := len(rep.Ages) - 1; i >= 0; i-- {
		a := rep.Ages[i]
		if a.From < 0 && a.End.Total == 0 {
			continue
		}
		b.Ages = append(b.Ages, ageRow{a.Label(), a.End, a.End.Male * 100 / most, a.End.Female * 100 / most})
	}
}

// open lists who stands behind a number.
func (b *monthBody) open(book *register.View, w words, rep *report.Report, o report.Options, today population.Date) error {
	ids, err := report.People(book, o, b.Code)
	if err != nil {
		return errNotFound
	}
	for _, row := range rep.Rows {
		if row.Code == b.Code {
			b.What = w.rowName(row)
		}
	}
	for _, l := range rep.Balance {
		if "balance."+l.Term == b.Code {
			b.What = l.Vi
			if w.lang == "en" {
				b.What = l.En
			}
		}
	}
	for i, id := range ids {
		if i == maxPeople {
			b.More = len(ids) - maxPeople
			break
		}
		if p := book.Person(id); p != nil {
			b.People = append(b.People, w.inHousehold(book, p, today))
		}
	}
	return nil
}

// monthCSV downloads the report for a spreadsheet.
func (s *station) monthCSV(w http.ResponseWriter, r *http.Request, v *visit) error {
	o, err := s.monthOptions(r.URL.Query())
	if err != nil {
		return err
	}
	var rep *report.Report
	err = s.view(r.Context(), func(book *register.View) error {
		rep, err = report.Compute(book, o)
		return err
	})
	if err != nil {
		return err
	}
	if err := s.looked(r.Context(), v, LookExport, o.Scope.Area); err != nil {
		return err
	}
	return sendCSV(w, rep, "01-DSX-"+o.From.String()+".csv")
}

func sendCSV(w http.ResponseWriter, rep *report.Report, name string) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return rep.WriteCSV(w)
}

// closeBody asks before a month is closed: its report is then sent, and what
// comes later counts in the next one.
type closeBody struct {
	Ky, Period, Next string
	Key              string
	Error            string
}

func (s *station) closePage(w http.ResponseWriter, r *http.Request, v *visit) error {
	return s.closeShow(w, v, http.StatusOK, r.URL.Query().Get("ky"), "")
}

func (s *station) closeShow(w http.ResponseWriter, v *visit, status int, ky, fault string) error {
	p, err := population.ParsePeriod(ky)
	if err != nil || p == 0 {
		return errNotFound
	}
	device, seq, err := s.auth.NextForm(v.token)
	if err != nil {
		return err
	}
	b := closeBody{Ky: ky, Period: v.period(p), Next: v.period(p.Next()), Key: registrar.Key{Device: device, Seq: seq}.String(), Error: fault}
	return s.show(w, v, status, "close", v.text("close.title"), b)
}

func (s *station) closePost(w http.ResponseWriter, r *http.Request, v *visit) error {
	ky := r.PostForm.Get("ky")
	p, err := population.ParsePeriod(ky)
	if err != nil || p == 0 {
		return errBadInput
	}
	a, err := s.record(r, v, population.PeriodClosed{Period: p})
	if err != nil {
		return err
	}
	if a.Status != registrar.StatusRecorded {
		return s.closeShow(w, v, http.StatusUnprocessableEntity, ky, findingsText(a.Findings, v.lang))
	}
	http.Redirect(w, r, "/thang?ky="+ky, http.StatusSeeOther)
	return nil
}
