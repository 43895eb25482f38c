package localui_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/report"
	"tramxa/localui"
	"tramxa/localui/browsertest"
)

// TestScreenshots takes pictures of the main pages of an invented commune, to be
// looked at by people: TRAMXA_SHOTS names the folder they go to.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("TRAMXA_SHOTS")
	if dir == "" {
		t.Skip("TRAMXA_SHOTS names no folder")
	}
	h := browsertest.Start(t, browsertest.Options{}).Open("")
	w := newWorld(t, func(w *world, o *localui.StationOptions) { o.Care = w.care(new([]string)) })
	home := w.commune(1200)
	w.account("truongtram")
	token, _, err := w.auth.Login(context.Background(), "truongtram", password, "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(loggedIn(w.pages, token, w.badBirth(home.Head, home.ID)))
	defer srv.Close()
	waiting := w.updating("waiting")
	waitingSrv := httptest.NewServer(loggedIn(waiting, token, nil))
	defer waitingSrv.Close()
	hub, hubToken := w.hub()
	hubSrv := httptest.NewServer(loggedIn(hub, hubToken, nil))
	defer hubSrv.Close()
	month := "2027-01"
	for _, shot := range append(setupShots(t), []shot{
		{"home", srv.URL + "/"},
		{"search", srv.URL + "/tim?q=" + url.QueryEscape("nguyen thi")},
		{"household", srv.URL + "/ho/" + home.ID.String()},
		{"person", srv.URL + "/nguoi/" + home.Head.String()},
		{"birth", srv.URL + "/shot"},
		{"split", srv.URL + "/ghi/tach-ho?ho=" + home.ID.String()},
		{"open", srv.URL + "/ghi/mo-ho"},
		{"forms", srv.URL + "/ghi"},
		{"month", srv.URL + "/thang?ky=" + month},
		{"people", srv.URL + "/thang?ky=" + month + "&so=balance.arrivals"},
		{"events", srv.URL + "/bien-dong?ky=" + month},
		{"areas", srv.URL + "/dia-ban"},
		{"users", srv.URL + "/nguoi-dung"},
		{"sync", srv.URL + "/trang-thai"},
		{"care", srv.URL + "/ky-thuat"},
		{"care-waiting", waitingSrv.URL + "/ky-thuat"},
		{"care-waiting-apply", waitingSrv.URL + "/ky-thuat?xong=ap-dung"},
		{"care-waiting-back", waitingSrv.URL + "/ky-thuat?xong=quay-lai"},
		{"machine", srv.URL + "/ky-thuat/may"},
		{"login", w.server.URL + "/dang-nhap"},
		{"hub", hubSrv.URL + "/"},
		{"rollup", hubSrv.URL + "/tong-hop?ky=" + month},
		{"cluster", hubSrv.URL + "/trang-thai"},
		{"releases", hubSrv.URL + "/phat-hanh"},
	}...) {
		if only := os.Getenv("TRAMXA_SHOT"); only != "" && !strings.Contains(","+only+",", ","+shot.name+",") {
			continue
		}
		for _, size := range [][2]int{{1366, 768}, {360, 740}} {
			h.Size(size[0], size[1])
			h.Go(shot.url)
			h.Loaded()
			h.Shot(filepath.Join(dir, fmt.Sprintf("%s-%d.png", shot.name, size[0])))
			for _, line := range h.Console() {
				t.Errorf("%s: %s", shot.name, line)
			}
		}
	}
}

// shot is a page to be taken a picture of.
type shot struct{ name, url string }

// loggedIn serves pages as a browser with a login would see them; /shot answers
// what posting form gives.
func loggedIn(pages http.Handler, token string, form func() (string, url.Values)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/shot" && form != nil {
			action, values := form()
			r = httptest.NewRequest(http.MethodPost, action, strings.NewReader(values.Encode()))
			r.Host, r.RemoteAddr = "127.0.0.1", "127.0.0.1:1"
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		name := "tramxa"
		if _, port, ok := strings.Cut(r.Host, ":"); ok {
			name += "-" + port
		}
		r.AddCookie(&http.Cookie{Name: name, Value: token})
		pages.ServeHTTP(w, r)
	})
}

// badBirth is a birth with the wrong mother, a day to come and an odd weight.
func (w *world) badBirth(mother, home population.ID) func() (string, url.Values) {
	return func() (string, url.Values) {
		return "/ghi/sinh", url.Values{"ho": {home.String()}, "child.name": {"Nguyễn Văn Dũng"}, "child.sex": {"male"}, "child.born": {"05/04/2027"},
			"child.relation": {"3"}, "child.mother": {mother.String()}, "order": {"1"}, "weight": {"1200"}}
	}
}

// commune writes an invented commune and its first months into the station, and
// returns a household with some of everything.
func (w *world) commune(persons int) *population.Household {
	w.t.Helper()
	c := populationtest.New(populationtest.Options{Seed: 4, Persons: persons, Mint: 12, Start: day(2027, 1, 1), Unit: 23764})
	write := func(actor uint32, es []population.Entry) {
		w.t.Helper()
		a, err := w.station.Registrar().Record(context.Background(), actor, registrar.Command{Entries: es, ConfirmAll: "đã hỏi lại cộng tác viên"})
		if err != nil || a.Status != registrar.StatusRecorded {
			w.t.Fatalf("%v %s %v", err, a.Status, a.Findings)
		}
	}
	for i, e := range c.Setup() {
		actor := uint32(1)
		if i == 0 {
			actor = 0
		}
		write(actor, []population.Entry{e})
	}
	var batch []population.Entry
	for _, h := range c.Households {
		if batch = append(batch, h); len(batch) == registrar.MaxEntries {
			write(1, batch)
			batch = nil
		}
	}
	if len(batch) > 0 {
		write(1, batch)
	}
	for p := population.PeriodOf(day(2027, 1, 1)); p <= population.PeriodOf(day(2027, 3, 1)); p = p.Next() {
		var act []population.Entry
		last := -1
		for _, ev := range append(c.Month(p), populationtest.Event{Act: -2}) {
			if ev.Act != last && act != nil {
				// What would be after the station's today is left out.
				a, err := w.station.Registrar().Record(context.Background(), 2, registrar.Command{Entries: act, ConfirmAll: "đã hỏi lại"})
				if err != nil {
					w.t.Fatal(err)
				}
				_ = a
				act = nil
			}
			if ev.Entry != nil {
				act = append(act, ev.Entry)
			}
			last = ev.Act
		}
	}
	var best *population.Household
	most := 0
	w.view(func(v *register.View) {
		_ = v.Households(func(h *population.Household) bool {
			past, err := v.History(population.Ref{Type: population.TypeHousehold, ID: h.ID})
			if n := len(past)*2 + len(v.Members(h.ID)); err == nil && n > most && !h.Closed && len(v.Members(h.ID)) > 3 {
				most = n
				hh := *h
				best = &hh
			}
			return true
		})
	})
	return best
}

// updating is the pages of the same station while its program is at a stage of
// an update; nothing else is wrong.
func (w *world) updating(stage string) http.Handler {
	w.t.Helper()
	care := w.care(new([]string))
	status := care.Updates
	care.Warnings, care.Moved = nil, nil
	care.Updates = func() localui.UpdateStatus {
		u := status()
		u.Stage, u.Refused, u.Why = stage, "", localui.Text{}
		return u
	}
	h, err := localui.NewStation(localui.StationOptions{Book: w.station, Registrar: w.station.Registrar(), Auth: w.auth, Status: w.status,
		Changed: w.station.Changed, Place: "Xã Ia Grai", Care: care})
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

// hub is the pages of a hub whose board is this station beside invented ones.
func (w *world) hub() (http.Handler, string) {
	w.t.Helper()
	a := w.auth
	h, err := localui.NewHub(localui.HubOptions{Board: &board{w}, Releases: invented(), Auth: a, Place: "Tỉnh Gia Lai", Now: func() time.Time { return start }})
	if err != nil {
		w.t.Fatal(err)
	}
	token, _, err := a.Login(context.Background(), "truongtram", password, "127.0.0.1")
	if err != nil {
		w.t.Fatal(err)
	}
	return h, token
}

// board counts this station's own register: there is no hub in this package's
// tests, the command's tests have one.
type board struct{ w *world }

func (b *board) Stations(context.Context) ([]localui.StationLine, error) {
	head := b.w.head()
	ago := func(d time.Duration) time.Time { return start.Add(-d) }
	return []localui.StationLine{
		{Station: 7, Epoch: 1, Unit: "23764", UnitName: "Xã Ia Grai", LastContact: ago(4 * time.Minute), Watermark: head, Batches: 31,
			Version: "1.8.2", Update: &localui.UpdateLine{Sequence: 8, Outcome: "confirmed"}},
		{Station: 8, Epoch: 1, Unit: "23767", UnitName: "Xã Ia O", LastContact: ago(3 * time.Hour), Watermark: 5120, Waiting: 140, Batches: 88},
		{Station: 9, Epoch: 2, Unit: "23563", UnitName: "Phường Pleiku", LastContact: ago(70 * time.Hour), Watermark: 40210, Waiting: 12, Batches: 402},
		{Station: 10, Epoch: 1, Unit: "23602", UnitName: "Phường An Phú", LastContact: ago(12 * 24 * time.Hour), Watermark: 8800, Waiting: 903},
		{Station: 11, Epoch: 1, Unit: "23614", UnitName: "Phường An Khê", LastContact: ago(time.Hour), Watermark: 7312, Quarantined: 2, Version: "1.8.2",
			Update: &localui.UpdateLine{Sequence: 9, Outcome: "rolled_back", Reason: "trang không trả lời trong 3 phút"}},
		{Station: 12, Epoch: 1, Unit: "23638", UnitName: "Xã Kbang", LastContact: ago(2 * time.Hour), Watermark: 611, Fenced: true},
		{Station: 13, Epoch: 1, Unit: "23674", UnitName: "Xã Đak Đoa"},
	}, nil
}

func (b *board) Report(ctx context.Context, station uint32, o report.Options) (rep *report.Report, err error) {
	if station != 0 && station != 7 {
		return nil, fmt.Errorf("station %d: %w", station, localui.ErrNoStation)
	}
	err = b.w.station.View(ctx, func(v *register.View) error {
		rep, err = report.Compute(v, o)
		return err
	})
	if err == nil && station == 0 {
		rep.Station = journal.Station(7)
		rep, err = report.RollUp([]*report.Report{rep})
	}
	return rep, err
}

func (b *board) Status() localui.HubStatus {
	return localui.HubStatus{Node: "n1", State: "leader", Leader: "n1", Term: 3, Applied: 88123, Peers: []string{"n1", "n2", "n3"}, Version: "test"}
}
