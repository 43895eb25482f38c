package localui_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tramxa/localui"
)

// shelf is releases in memory: there is no hub in this package's tests, the
// command's tests have one.
type shelf struct {
	list []localui.ReleaseLine
	set  []string
	err  error
}

func (s *shelf) List(context.Context) ([]localui.ReleaseLine, error) { return s.list, nil }

func (s *shelf) SetRing(_ context.Context, sequence uint64, ring int, by string) error {
	if s.err == nil {
		s.set = append(s.set, fmt.Sprintf("%d to %d by %s", sequence, ring, by))
	}
	return s.err
}

func invented() *shelf {
	ago := func(d time.Duration) time.Time { return start.Add(-d) }
	return &shelf{list: []localui.ReleaseLine{
		{Sequence: 9, Version: "1.9.0", By: "lan", Published: ago(30 * time.Hour), Ring: 1, Stopped: true, Parts: 12, Held: 12, Bytes: 140 << 20,
			Stop:  localui.ReleaseStop{Ring: 1, Bad: 1, Tried: 2, Station: 12, Text: "trang không trả lời trong 3 phút"},
			Rings: [3]localui.RingLine{{Stations: 2, Confirmed: 1, Bad: 1}, {Stations: 12}, {Stations: 121}}},
		{Sequence: 8, Version: "1.8.2", By: "lan", Published: ago(9 * 24 * time.Hour), Ring: 2, Parts: 12, Held: 11, Bytes: 138 << 20,
			Rings: [3]localui.RingLine{{Stations: 2, Confirmed: 2}, {Stations: 12, Confirmed: 7, Underway: 2, Refused: 1}, {Stations: 121}}},
		{Sequence: 7, Version: "1.7.0", Published: ago(60 * 24 * time.Hour), Ring: 3, Parts: 12, Held: 12, Bytes: 138 << 20,
			Rings: [3]localui.RingLine{{Stations: 2, Confirmed: 2}, {Stations: 12, Confirmed: 12}, {Stations: 121, Confirmed: 117, Refused: 3}}},
		{Sequence: 5, Version: "1.5.1", Published: ago(200 * 24 * time.Hour), Ring: 3, Retired: true,
			Rings: [3]localui.RingLine{{Stations: 2, Confirmed: 2}, {Stations: 12, Confirmed: 12}, {Stations: 121, Confirmed: 120}}},
	}}
}

// TestReleasesPage: what stands where, why one was stopped, and the buttons that
// go with each state.
func TestReleasesPage(t *testing.T) {
	w := newWorld(t).withUsers()
	s := invented()
	options := localui.HubOptions{Board: &board{w}, Auth: w.auth, Now: func() time.Time { return start }}
	without, err := localui.NewHub(options)
	if err != nil {
		t.Fatal(err)
	}
	w.server.Config.Handler = without
	b := w.as("huong")
	if page := b.get("/"); strings.Contains(page.body, "/phat-hanh") {
		t.Error("a page that is not there stands in the menu")
	}
	b.get("/phat-hanh").is(http.StatusNotFound)
	options.Releases = s
	with, err := localui.NewHub(options)
	if err != nil {
		t.Fatal(err)
	}
	w.server.Config.Handler = with
	page := b.get("/phat-hanh").is(http.StatusOK).has("Bản 1.9.0", "Đã dừng", "Vòng 1: 1 trong 2 trạm đã thử phải lùi về bản cũ, gần nhất là trạm 12: trang không trả lời trong 3 phút",
		"Cho đi tiếp ở vòng 1", "Đang ở vòng 2", "Cho sang vòng 3", "Cho mọi trạm", "Đã được thay", "11/12")
	checkPage(t, page, "vi")
	if n := strings.Count(page.body, "Dừng bản này"); n != 2 {
		t.Errorf("%d releases can be stopped, want 2", n)
	}
	checkPage(t, b.get("/phat-hanh?lang=en").is(http.StatusOK).has("went back, the last was station 12"), "en")
	b.get("/?lang=vi").is(http.StatusOK).has(`href="/phat-hanh"`, "1.8.2", "đã lùi khỏi bản 9")
	for _, form := range []url.Values{{"so": {"8"}, "vong": {"3"}}, {"so": {"9"}, "vong": {"1"}}, {"so": {"7"}, "vong": {"0"}}} {
		b.post("/phat-hanh", form).is(http.StatusOK).has("Đã ghi vào cụm")
	}
	if got := strings.Join(s.set, ", "); got != "8 to 3 by huong, 9 to 1 by huong, 7 to 0 by huong" {
		t.Error(got)
	}
	for _, form := range []url.Values{{"so": {"8"}, "vong": {"4"}}, {"so": {"8"}, "vong": {"-1"}}, {"so": {"x"}, "vong": {"1"}}, {}} {
		b.post("/phat-hanh", form).is(http.StatusNotFound)
	}
	s.err = localui.ErrNotLeader
	b.post("/phat-hanh", url.Values{"so": {"8"}, "vong": {"3"}}).is(http.StatusConflict).has("Mở trang của máy n1")
	s.err = errors.New("lần sau")
	b.post("/phat-hanh", url.Values{"so": {"8"}, "vong": {"3"}}).is(http.StatusConflict).has("Chưa đổi được gì: lần sau")
	s.list = nil
	checkPage(t, b.get("/phat-hanh").is(http.StatusOK).has("tramxa hub release publish"), "vi")
	w.browser().get("/phat-hanh").has("_password") // nobody without a login
}
