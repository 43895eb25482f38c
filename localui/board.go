package localui

import (
	"net/http"
	"time"
)

// After these times without a contact a station is worth a look.
const (
	lateContact = 48 * time.Hour
	lostContact = 7 * 24 * time.Hour
)

// boardBody is the board of stations.
type boardBody struct {
	Lines   []boardLine
	Counts  []check // how many stand how
	Month   string
	Filter  string
	Total   int
	Records uint64
	Waiting uint64
}

// boardLine is a station with its state as a sign, a word and a colour.
type boardLine struct {
	StationLine
	Title   string
	Contact string
	Ago     string
	check
	Share int   // of its records the hub has, per cent
	State check // of its update; no Text: nothing to tell
}

func (h *hubPages) board(w http.ResponseWriter, r *http.Request, v *visit) error {
	list, err := h.o.Board.Stations(r.Context())
	if err != nil {
		return err
	}
	now := h.o.Now()
	b := boardBody{Filter: r.URL.Query().Get("xem"), Total: len(list)}
	counts := make(map[string]int)
	for _, s := range list {
		l := v.boardLine(s, now)
		counts[l.Label]++
		b.Records += s.Watermark
		b.Waiting += s.Waiting
		if b.Filter == "" || b.Filter == l.Label {
			b.Lines = append(b.Lines, l)
		}
	}
	for _, key := range []string{"fenced", "quarantined", "lost", "never", "late", "waiting", "good"} {
		if n := counts[key]; n > 0 {
			c := stationState(key)
			c.Text = v.text("state.station."+key) + " " + v.num(n)
			b.Counts = append(b.Counts, c)
		}
	}
	return h.show(w, v, http.StatusOK, "board", v.text("board.title"), b)
}

func (w words) boardLine(s StationLine, now time.Time) boardLine {
	key := "good"
	age := now.Sub(s.LastContact)
	switch {
	case s.Fenced:
		key = "fenced"
	case s.Quarantined > 0:
		key = "quarantined"
	case s.LastContact.IsZero():
		key = "never"
	case age > lostContact:
		key = "lost"
	case age > lateContact:
		key = "late"
	case s.Waiting > 0:
		key = "waiting"
	}
	l := boardLine{StationLine: s, Title: s.Name, Contact: w.clock(s.LastContact, now), Ago: w.ago(s.LastContact, now), check: stationState(key)}
	if l.Title == "" {
		l.Title = s.UnitName
	}
	if l.Title == "" {
		l.Title = w.text("board.station", "n", s.Station)
	}
	if s.LastContact.IsZero() {
		l.Contact = ""
	}
	l.Text = w.text("state.station." + key)
	l.State = w.updateState(s.Update)
	if all := s.Watermark + s.Waiting; all > 0 {
		l.Share = int(s.Watermark * 100 / all)
	}
	return l
}

// stationState gives a state its sign and colour. Mere silence is no fault.
func stationState(key string) check {
	switch key {
	case "good":
		return check{Label: key, Class: "good", Sign: "✓"}
	case "waiting":
		return check{Label: key, Class: "info", Sign: "●"}
	case "never", "late":
		return check{Label: key, Class: "off", Sign: "⌁"}
	case "lost":
		return check{Label: key, Class: "warn", Sign: "⌁"}
	}
	return check{Label: key, Class: "bad", Sign: "⚠"}
}

// ago words how long something is past.
func (w words) ago(at, now time.Time) string {
	if at.IsZero() {
		return w.text("never")
	}
	switch d := now.Sub(at); {
	case d < time.Minute:
		return w.text("ago.now")
	case d < time.Hour:
		return w.text("ago.minutes", "n", int(d.Minutes()))
	case d < 48*time.Hour:
		return w.text("ago.hours", "n", int(d.Hours()))
	default:
		return w.text("ago.days", "n", int(d.Hours()/24))
	}
}
