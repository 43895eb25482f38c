package localui

import (
	"net/http"

	"tramxa/appliance/clock"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// syncBody is where the data is: at the station, on the way, at the province.
type syncBody struct {
	Status
	Pill      pill
	Waiting   uint64
	LineText  string
	Checks    []check
	CanSync   bool
	Asked     bool
	Technical bool
	Areas     int
	Persons   string
}

// check is one thing looked at, with a sign, a word and a colour.
type check struct {
	Label string
	Class string // good, warn, bad
	Sign  string
	Text  string
}

func (s *station) syncPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	st := s.o.Status()
	b := syncBody{Status: st, Pill: v.pill(st), Waiting: st.waiting(), CanSync: s.o.SyncNow != nil, Asked: r.URL.Query().Get("gui") != "",
		LineText: v.text("line." + lineKey(st)), Technical: v.user.Role == population.RoleTechnician || v.user.Role == population.RoleHead}
	quarantined, pending, err := s.unread(r)
	if err != nil {
		return err
	}
	b.Checks = v.checks(st, quarantined, pending)
	return s.show(w, v, http.StatusOK, "sync", v.text("sync.title"), b)
}

// unread counts the records that the book could not take in.
func (s *station) unread(r *http.Request) (quarantined, pending int, err error) {
	err = s.view(r.Context(), func(book *register.View) error {
		quarantined, pending = book.Quarantined()
		return nil
	})
	return quarantined, pending, err
}

func lineKey(st Status) string {
	switch {
	case st.Line == LineNone:
		return "none"
	case st.Line == LineStopped:
		return "stopped"
	case st.Line == LineSending:
		return "sending"
	case st.Connected:
		return "connected"
	case st.Line == LineConnecting:
		return "connecting"
	}
	return "waiting"
}

// checks are what a technician asks first.
func (w words) checks(st Status, quarantined, pending int) []check {
	var out []check
	add := func(key string, level string, text string) {
		sign := map[string]string{"good": "✓", "warn": "⚠", "bad": "✕"}[level]
		out = append(out, check{w.text("check." + key), level, sign, text})
	}
	if st.Failed == "" {
		add("journal", "good", w.text("check.journal.good", "n", w.num(st.Head)))
	} else {
		add("journal", "bad", w.text("check.journal.bad"))
	}
	switch {
	case st.Full:
		add("disk", "bad", w.text("check.disk.bad", "mb", w.num(st.FreeMB)))
	case st.FreeMB < 1024:
		add("disk", "warn", w.text("check.disk.good", "mb", w.num(st.FreeMB)))
	default:
		add("disk", "good", w.text("check.disk.good", "mb", w.num(st.FreeMB)))
	}
	if st.Trusted {
		add("clock", "good", st.Now.In(clock.Country).Format("15:04 02/01/2006"))
	} else {
		add("clock", "warn", w.text("check.clock.bad", "at", st.Now.In(clock.Country).Format("15:04 02/01/2006")))
	}
	if quarantined+pending == 0 {
		add("book", "good", w.text("check.book.good"))
	} else {
		add("book", "warn", w.text("check.book.bad", "n", quarantined, "m", pending))
	}
	add("checkpoint", "good", w.text("check.checkpoint.good", "n", w.num(st.Checkpoint)))
	return out
}

// syncNow asks for an exchange; pressing it again is always safe.
func (s *station) syncNow(w http.ResponseWriter, r *http.Request, _ *visit) error {
	if s.o.SyncNow != nil {
		s.o.SyncNow()
	}
	http.Redirect(w, r, "/trang-thai?gui=1", http.StatusSeeOther)
	return nil
}
