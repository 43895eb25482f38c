package localui

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// Releases is what the hub's page of releases shows and does. *hub.Hub has it
// all; the command adapts.
type Releases interface {
	// List returns all releases, newest first.
	List(ctx context.Context) ([]ReleaseLine, error)
	// SetRing lets a release go out to ring 1, 2 or 3, also one that was stopped;
	// ring 0 stops it. It returns when that is committed; ErrNotLeader when
	// another node must be asked.
	SetRing(ctx context.Context, sequence uint64, ring int, by string) error
}

// ErrNotLeader: this node of the hub cannot change anything now.
var ErrNotLeader = errors.New("this node does not lead the hub")

// ReleaseLine is a release of the program.
type ReleaseLine struct {
	Sequence  uint64
	Version   string
	By        string
	Published time.Time
	Ring      int // 1 to 3
	Stopped   bool
	Stop      ReleaseStop // when stopped
	Retired   bool        // newer ones have replaced it everywhere
	Rings     [3]RingLine
	Parts     int // files
	Held      int // of them on this node
	Bytes     int64
}

// ReleaseStop says why a release was stopped: by an operator, or by the reports
// of a ring.
type ReleaseStop struct {
	By         string
	Ring       int
	Bad, Tried uint64
	Station    uint32
	Text       string // their own words
}

// RingLine counts the stations of one ring.
type RingLine struct{ Stations, Confirmed, Underway, Refused, Bad int }

// UpdateLine is what a station said last about a release.
type UpdateLine struct {
	Sequence uint64
	Outcome  string // staged, trying, confirmed, rolled_back, refused, failed
	Reason   string
}

// releasesBody is the page.
type releasesBody struct {
	List  []releaseView
	Error string
	Done  bool
}

type releaseView struct {
	ReleaseLine
	check
	When  string
	Why   string
	Size  string
	Rows  []ringView
	Next  int // ring to go on to; 0 none
	Again bool
}

type ringView struct {
	RingLine
	Number int
	On     bool // the release goes out to it
}

func (h *hubPages) releases(w http.ResponseWriter, r *http.Request, v *visit) error {
	return h.releasesShow(w, r, v, http.StatusOK, releasesBody{Done: r.URL.Query().Get("xong") != ""})
}

func (h *hubPages) releasesShow(w http.ResponseWriter, r *http.Request, v *visit, status int, b releasesBody) error {
	list, err := h.o.Releases.List(r.Context())
	if err != nil {
		return err
	}
	for _, l := range list {
		b.List = append(b.List, v.release(l, h.o.Now()))
	}
	return h.show(w, v, status, "releases", v.text("release.title"), b)
}

func (w words) release(l ReleaseLine, now time.Time) releaseView {
	view := releaseView{ReleaseLine: l, When: w.clock(l.Published, now), Size: w.bytes(l.Bytes)}
	switch {
	case l.Stopped:
		view.check = check{Class: "bad", Sign: "■", Text: w.text("release.stopped")}
		view.Why, view.Again = w.stop(l.Stop), true
	case l.Retired:
		view.check = check{Class: "off", Sign: "–", Text: w.text("release.retired")}
	case l.Ring >= 3:
		view.check = check{Class: "good", Sign: "✓", Text: w.text("release.all")}
	default:
		view.check = check{Class: "info", Sign: "●", Text: w.text("release.out", "n", l.Ring)}
		view.Next = l.Ring + 1
	}
	for i, ring := range l.Rings {
		view.Rows = append(view.Rows, ringView{RingLine: ring, Number: i + 1, On: !l.Stopped && i < l.Ring})
	}
	return view
}

// stop tells why a release was stopped.
func (w words) stop(s ReleaseStop) string {
	text := w.text("release.stop_reports", "ring", s.Ring, "bad", w.num(s.Bad), "tried", w.num(s.Tried), "station", s.Station)
	if s.By != "" {
		text = w.text("release.stop_by", "by", s.By)
	}
	if s.Text != "" {
		text += ": " + s.Text
	}
	return text
}

// releaseSet moves a release to a ring, or stops it.
func (h *hubPages) releaseSet(w http.ResponseWriter, r *http.Request, v *visit) error {
	sequence, err1 := strconv.ParseUint(r.PostForm.Get("so"), 10, 60)
	ring, err2 := strconv.Atoi(r.PostForm.Get("vong"))
	if err1 != nil || err2 != nil || ring < 0 || ring > 3 {
		return errNotFound
	}
	err := h.o.Releases.SetRing(r.Context(), sequence, ring, v.user.Login)
	if err == nil {
		http.Redirect(w, r, "/phat-hanh?xong=1", http.StatusSeeOther)
		return nil
	}
	said := v.text("release.failed", "why", err.Error())
	if errors.Is(err, ErrNotLeader) {
		said = v.text("release.no_leader")
		if leader := h.o.Board.Status().Leader; leader != "" {
			said = v.text("release.not_leader", "leader", leader)
		}
	}
	return h.releasesShow(w, r, v, http.StatusConflict, releasesBody{Error: said})
}

// updateState words what a station said about its update; "" when there is
// nothing to look at.
func (w words) updateState(u *UpdateLine) (c check) {
	if u == nil {
		return c
	}
	states := map[string]check{
		"staged":      {Label: "state.update.staged", Class: "info", Sign: "↓"},
		"trying":      {Label: "state.update.trying", Class: "info", Sign: "●"},
		"confirmed":   {Label: "state.update.confirmed", Class: "good", Sign: "✓"},
		"rolled_back": {Label: "state.update.rolled_back", Class: "bad", Sign: "↩"},
		"refused":     {Label: "state.update.refused", Class: "warn", Sign: "✕"},
		"failed":      {Label: "state.update.failed", Class: "bad", Sign: "✕"},
	}
	c, ok := states[u.Outcome]
	if ok {
		c.Text = w.text(c.Label, "n", u.Sequence)
	}
	return c
}
