package localui

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

const entriesPerPage = 100

// eventsBody is what counts in a month, entry by entry.
type eventsBody struct {
	Ky, Period string
	Prev, Next string
	Kinds      []kindCount
	Kind       string
	Entries    []entryLine
	Total      int
	Late       int
	Older      string
}

type kindCount struct {
	Label, Href string
	N           int
	On          bool
}

// eventKinds are the kinds that are listed, in the order of the P0 tables.
var eventKinds = []population.Kind{population.KindBirth, population.KindDeath, population.KindArrival, population.KindDeparture,
	population.KindInformationChanged, population.KindMarriage, population.KindDivorce, population.KindMoveInside, population.KindHouseholdSplit,
	population.KindHouseholdJoined, population.KindHeadChanged, population.KindHouseholdChanged, population.KindScopeCorrection,
	population.KindHouseholdOpened, population.KindPersonRegistered, population.KindSamePerson, population.KindSamePersonUndone}

func (s *station) events(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := r.URL.Query()
	o, err := s.monthOptions(q)
	if err != nil {
		return err
	}
	b := eventsBody{Ky: o.From.String(), Period: v.period(o.From), Prev: "/bien-dong?ky=" + o.From.Prev().String(), Next: "/bien-dong?ky=" + o.From.Next().String()}
	only, _ := population.ParseKind(q.Get("loai"))
	page, _ := strconv.Atoi(q.Get("trang"))
	page = min(max(page, 0), 10000)
	counts := make(map[population.Kind]int)
	err = s.view(r.Context(), func(book *register.View) error {
		var list []population.Located
		err := book.EntriesOfPeriod(o.From, func(l population.Located) bool {
			counts[l.Entry.Kind()]++
			if only == 0 || l.Entry.Kind() == only {
				list = append(list, l)
			}
			return true
		}, eventKinds...)
		if err != nil {
			return err
		}
		slices.Reverse(list)
		b.Total = len(list)
		from := min(page*entriesPerPage, len(list))
		to := min(from+entriesPerPage, len(list))
		for _, l := range list {
			if d := l.Entry.When(); d.Month != 0 && population.PeriodOf(d) < o.From {
				b.Late++
			}
		}
		for _, l := range list[from:to] {
			b.Entries = append(b.Entries, v.entryLine(book, l.Seq, l.Entry, 0))
		}
		if to < len(list) {
			q := url.Values{"ky": {b.Ky}, "trang": {strconv.Itoa(page + 1)}}
			if only != 0 {
				q.Set("loai", only.String())
			}
			b.Older = "/bien-dong?" + q.Encode()
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, k := range eventKinds {
		if counts[k] > 0 {
			b.Kinds = append(b.Kinds, kindCount{v.text("kind." + k.String()), "/bien-dong?ky=" + b.Ky + "&loai=" + k.String(), counts[k], k == only})
		}
	}
	if only != 0 {
		b.Kind = only.String()
	}
	return s.show(w, v, http.StatusOK, "events", v.text("events.title", "period", b.Period), b)
}

// areasBody are the areas; opened, one shows its households.
type areasBody struct {
	Areas    []areaLine
	Open     *areaLine
	Homes    []householdLine
	CanWrite bool
}

type areaLine struct {
	ID, Name, Collaborator, Unit string
	Homes                        int
	Closed                       bool
}

func (s *station) areas(w http.ResponseWriter, r *http.Request, v *visit) error {
	b := areasBody{CanWrite: mayWrite(v.user)}
	opened := r.URL.Query().Get("mo")
	err := s.view(r.Context(), func(book *register.View) error {
		for _, a := range book.Areas() {
			if !mayLookAt(v, a.ID) {
				continue
			}
			homes := book.HouseholdsOf(a.ID)
			l := areaLine{ID: a.ID.String(), Name: v.areaName(a), Homes: len(homes), Closed: a.Closed, Unit: strconv.FormatUint(uint64(a.Unit), 10)}
			if u := book.User(a.Collaborator); a.Collaborator != 0 && u != nil {
				l.Collaborator = u.Name
			}
			b.Areas = append(b.Areas, l)
			if l.ID != opened {
				continue
			}
			b.Open = &l
			for _, h := range homes {
				hl := v.householdLine(book, h)
				hl.Members = len(book.Members(h.ID))
				b.Homes = append(b.Homes, hl)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if opened != "" && b.Open == nil {
		return errNotFound
	}
	return s.show(w, v, http.StatusOK, "areas", v.text("areas.title"), b)
}
