package localui_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tramxa/appliance/codelist"
	"tramxa/localui"
)

const someCommunes = `province_code,province,commune_code,kind,name,valid_from,valid_to
52,Gia Lai,23764,Xã,Ia Grai,2025-07-01,
52,Gia Lai,23767,Xã,Ia O,2025-07-01,
52,Gia Lai,23563,Phường,Pleiku,2025-07-01,
75,Đồng Nai,26005,Phường,Tân An,2026-04-30,
52,Gia Lai,23650,Xã,Tân An,2025-07-01,
01,Hà Nội,00004,Phường,Ba Đình,2025-07-01,
`

const recoveryCode = "7KQ2MA-VX3P8C-0TWN5D-H4RJ9E-B6YZ1F"

// firstStart is a machine without a station, its setup and a browser on it.
type firstStart struct {
	*browser
	o       localui.SetupOptions
	mu      sync.Mutex
	kept    []byte
	now     time.Time
	trusted bool
	made    []localui.Answers
	fail    error
	opened  int
}

func newFirstStart(t testing.TB, tune func(*localui.SetupOptions)) *firstStart {
	t.Helper()
	units, bad, err := codelist.ReadUnits(strings.NewReader(someCommunes))
	if err != nil || len(bad) > 0 {
		t.Fatal(err, bad)
	}
	f := &firstStart{now: start, trusted: true}
	f.o = localui.SetupOptions{
		Load: func() ([]byte, error) { f.mu.Lock(); defer f.mu.Unlock(); return f.kept, nil },
		Save: func(b []byte) error { f.mu.Lock(); defer f.mu.Unlock(); f.kept = b; return nil },
		Finish: func(_ context.Context, a localui.Answers) error {
			if f.fail == nil {
				f.made = append(f.made, a)
			}
			return f.fail
		},
		Recovery: func(context.Context) (localui.Recovery, error) {
			return localui.Recovery{Code: recoveryCode, Fingerprint: "AB12 CD34"}, nil
		},
		Units: units, Clock: func() (time.Time, bool) { return f.now, f.trusted },
		CheckPin: func(pin string) error {
			if !strings.HasPrefix(pin, "hub-") {
				return errors.New("no key")
			}
			return nil
		},
		Addresses:   func() []string { return []string{"https://192.168.1.10:8443"} },
		Fingerprint: func() string { return "9F2C 11AB" },
		Opened:      func() { f.mu.Lock(); defer f.mu.Unlock(); f.opened++ },
		SetupCode:   "ABCDE-23456", Hosts: []string{"tram.lan"}, Version: "test",
	}
	if tune != nil {
		tune(&f.o)
	}
	f.browser = &browser{w: &world{t: t}}
	f.restart()
	return f
}

// restart begins the program anew: what is not kept is gone. The browser is new
// too.
func (f *firstStart) restart() {
	f.w.t.Helper()
	h, err := localui.NewSetup(f.o)
	if err != nil {
		f.w.t.Fatal(err)
	}
	f.w.pages, f.w.server = h, httptest.NewServer(h)
	f.w.t.Cleanup(f.w.server.Close)
	f.browser = f.w.browser()
}

// steps are right answers to every step.
func goodAnswers() []struct {
	slug string
	form url.Values
} {
	return []struct {
		slug string
		form url.Values
	}{
		{"ngon-ngu", url.Values{"language": {"vi"}}},
		{"don-vi", url.Values{"unit": {"23764"}, "place": {""}}},
		{"dong-ho", url.Values{"date": {"20/03/2027"}, "time": {"09:00"}}},
		{"may", url.Values{}},
		{"noi-tinh", url.Values{"station": {"135"}, "hub": {"hub1.tinh.example:8470, hub2.tinh.example:8470"}, "pin": {"hub-0123456789abcdef"}}},
		{"truong-tram", url.Values{"name": {"Nguyễn Thị Hương"}, "login": {""}, "password": {"con mèo ăn khế"}, "again": {"con mèo ăn khế"}}},
		{"phieu", url.Values{}}, // filled in by through
		{"du-lieu", url.Values{"data": {"practice"}}},
	}
}

// proof types the two groups that the page asks for.
func proof(page answer) url.Values {
	groups := strings.Split(recoveryCode, "-")
	f := url.Values{}
	for i, g := range groups {
		if label := "Nhóm " + string(rune('1'+i)) + " ▢"; strings.Contains(page.body, label) {
			if f.Get("group1") == "" {
				f.Set("group1", strings.ToLower(g))
			} else {
				f.Set("group2", " "+g)
			}
		}
	}
	return f
}

// through takes the steps up to and with the one named.
func (f *firstStart) through(last string) answer {
	f.w.t.Helper()
	var page answer
	for i, s := range goodAnswers() {
		if s.slug == "phieu" {
			s.form = proof(f.get("/cai-dat/phieu"))
		}
		page = f.post("/cai-dat/"+s.slug, s.form).is(http.StatusOK)
		next := "/cai-dat/xong"
		if i+1 < len(goodAnswers()) {
			next = "/cai-dat/" + goodAnswers()[i+1].slug
		}
		if page.path != next {
			f.w.t.Fatalf("after %s: %s\n%s", s.slug, page.path, page.text())
		}
		if s.slug == last {
			break
		}
	}
	return page
}

func TestSetupGoesThrough(t *testing.T) {
	f := newFirstStart(t, nil)
	if page := f.get("/").is(http.StatusOK); page.path != "/cai-dat/ngon-ngu" {
		t.Fatalf("begins at %s", page.path)
	}
	f.through("du-lieu").has("Trạm đã sẵn sàng", "huong", "https://192.168.1.10:8443", "9F2C 11AB", "<svg")
	if len(f.made) != 1 {
		t.Fatalf("made %d stations", len(f.made))
	}
	a := f.made[0]
	if a.Language != "vi" || a.Unit != "23764" || a.UnitName != "Xã Ia Grai" || a.Province != "Gia Lai" || a.Place != "Trạm y tế xã Ia Grai" ||
		a.Station != 135 || a.Mint != 0 || len(a.Hub) != 2 || a.HubPin != "hub-0123456789abcdef" || a.HeadName != "Nguyễn Thị Hương" || a.HeadLogin != "huong" ||
		a.HeadPassword != "con mèo ăn khế" || a.Data != localui.DataPractice || a.Clock.Off != 0 || !a.Clock.Confirmed.Equal(start) {
		t.Fatalf("%+v", a)
	}
}
