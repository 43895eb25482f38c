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

// patience ends what hangs; nothing takes so long.
const patience = 2 * time.Minute

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

// TestSetupIsResumed: after each step the program may be started again, and the
// way goes on where it stood; only the password is asked once more.
func TestSetupIsResumed(t *testing.T) {
	f := newFirstStart(t, nil)
	steps := goodAnswers()
	for i, s := range steps {
		if s.slug == "phieu" {
			s.form = proof(f.get("/cai-dat/phieu"))
		}
		f.post("/cai-dat/"+s.slug, s.form).is(http.StatusOK)
		if s.slug == "du-lieu" {
			break
		}
		f.restart()
		want := "/cai-dat/" + steps[i+1].slug
		if s.slug == "truong-tram" || s.slug == "phieu" {
			want = "/cai-dat/truong-tram"
		}
		page := f.get("/").is(http.StatusOK)
		if page.path != want {
			t.Fatalf("after %s and a restart: %s, not %s", s.slug, page.path, want)
		}
		if want == "/cai-dat/truong-tram" && s.slug != "noi-tinh" {
			page.has("Nguyễn Thị Hương", `value="huong"`, "nhập lại mật khẩu")
			page = f.post(want, url.Values{"name": {"Nguyễn Thị Hương"}, "login": {"huong"}, "password": {"con mèo ăn khế"}, "again": {"con mèo ăn khế"}}).is(http.StatusOK)
		}
		if s.slug == "phieu" {
			// The proof holds: the page is only passed through.
			page.has("Đã đối chiếu phiếu")
			f.post("/cai-dat/phieu", url.Values{}).is(http.StatusOK)
		}
	}
	if len(f.made) != 1 || f.made[0].HeadPassword != "con mèo ăn khế" || f.made[0].Station != 135 {
		t.Fatalf("%+v", f.made)
	}
}

// TestSetupKeepsNoSecret: what is saved has neither password nor recovery code.
func TestSetupKeepsNoSecret(t *testing.T) {
	f := newFirstStart(t, nil)
	f.through("phieu")
	f.post("/cai-dat/truong-tram", url.Values{"name": {"Lan"}, "password": {"một hai ba bốn"}, "again": {"một hai ba năm"}}).is(http.StatusUnprocessableEntity)
	kept := string(f.kept)
	for _, secret := range append(strings.Split(recoveryCode, "-"), "con mèo", "một hai", "khế") {
		if strings.Contains(strings.ToLower(kept), strings.ToLower(secret)) {
			t.Errorf("kept: %q in %s", secret, kept)
		}
	}
	if !strings.Contains(kept, "23764") {
		t.Errorf("not kept: %s", kept)
	}
	for _, page := range []string{"truong-tram", "phieu", "du-lieu"} {
		if body := f.get("/cai-dat/" + page).body; strings.Contains(body, "con mèo") || strings.Contains(body, recoveryCode[:6]) {
			t.Errorf("%s shows a secret", page)
		}
	}
}

// TestSetupStepsAreNotJumpedOver: pages beyond the open one lead back to it, and
// answers to them are not taken.
func TestSetupStepsAreNotJumpedOver(t *testing.T) {
	f := newFirstStart(t, nil)
	f.through("dong-ho")
	for _, slug := range []string{"noi-tinh", "truong-tram", "phieu", "du-lieu", "xong"} {
		if page := f.get("/cai-dat/" + slug).is(http.StatusOK); page.path != "/cai-dat/may" {
			t.Errorf("GET %s leads to %s", slug, page.path)
		}
	}
	f.post("/cai-dat/du-lieu", url.Values{"data": {"empty"}})
	f.post("/cai-dat/mo", nil)
	if len(f.made) != 0 || f.opened != 0 {
		t.Fatal("made without answers")
	}
	if page := f.get("/cai-dat/don-vi").is(http.StatusOK); page.path != "/cai-dat/don-vi" {
		t.Errorf("back is not possible: %s", page.path)
	}
	f.get("/cai-dat/khong-co").is(http.StatusNotFound)
	f.get("/khong-co").is(http.StatusNotFound)
	f.post("/cai-dat/xong", nil)
}

// TestSetupFinishesOnce: two presses at once make one station; a failed one
// keeps what was typed but the password.
func TestSetupFinishesOnce(t *testing.T) {
	f := newFirstStart(t, nil)
	f.through("phieu")
	f.fail = localui.Refusal{Text: localui.Text{Vi: "Đĩa đầy. Xóa bớt tệp.", En: "The disk is full. Delete files."}}
	f.post("/cai-dat/du-lieu", url.Values{"data": {"import"}}).is(http.StatusUnprocessableEntity).has("Đĩa đầy. Xóa bớt tệp.", "trừ mật khẩu")
	f.fail = errors.New("input/output error")
	if page := f.get("/"); page.path != "/cai-dat/truong-tram" {
		t.Fatalf("after a failure: %s", page.path)
	}
	f.post("/cai-dat/truong-tram", goodAnswers()[5].form).is(http.StatusOK)
	f.post("/cai-dat/phieu", nil).is(http.StatusOK)
	f.post("/cai-dat/du-lieu", url.Values{"data": {"import"}}).is(http.StatusUnprocessableEntity).has("input/output error")
	f.fail = nil
	f.post("/cai-dat/truong-tram", goodAnswers()[5].form).is(http.StatusOK)
	f.post("/cai-dat/phieu", nil).is(http.StatusOK)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			req, _ := http.NewRequest(http.MethodPost, f.w.server.URL+"/cai-dat/du-lieu", strings.NewReader("data=import"))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			res, err := f.client.Do(req)
			if err != nil || res.StatusCode != http.StatusOK || res.Request.URL.Path != "/cai-dat/xong" {
				t.Errorf("%v %v", res, err)
				return
			}
			_ = res.Body.Close()
		})
	}
	both.Wait()
	if len(f.made) != 1 || f.made[0].Data != localui.DataImport {
		t.Fatalf("made %+v", f.made)
	}
	f.get("/cai-dat/don-vi").has("Trạm đã sẵn sàng")
	f.post("/cai-dat/mo", nil).is(http.StatusOK).has("Đang mở trạm")
	f.post("/cai-dat/mo", nil).is(http.StatusOK)
	if page := f.get("/").is(http.StatusOK).has("Đang mở trạm"); page.header.Get("Refresh") != "2; url=/" {
		t.Errorf("Refresh %q", page.header.Get("Refresh"))
	}
	times := func() int { f.mu.Lock(); defer f.mu.Unlock(); return f.opened }
	for end := time.Now().Add(patience); times() == 0 && time.Now().Before(end); { // it is called beside the answer
		time.Sleep(10 * time.Millisecond)
	}
	if n := times(); n != 1 {
		t.Fatalf("Opened was called %d times", n)
	}
}

// TestEverySetupPage: every page of the way in both languages is whole, small and
// carries the headers.
func TestEverySetupPage(t *testing.T) {
	f := newFirstStart(t, func(o *localui.SetupOptions) {
		o.Machine = machineFacts
		o.DiskTest = func(context.Context, localui.Progress) error { return nil }
		o.Take = func(context.Context, []byte) (localui.Taken, error) { return localui.Taken{}, nil }
	})
	f.through("phieu")
	for _, lang := range []string{"vi", "en"} {
		for _, path := range []string{"ngon-ngu", "don-vi", "don-vi?q=ia", "don-vi?tinh=52", "don-vi?tay=1", "dong-ho", "may", "noi-tinh", "truong-tram", "phieu", "du-lieu", "khoi-phuc"} {
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			checkPage(t, f.get("/cai-dat/"+path+sep+"lang="+lang).is(http.StatusOK), lang)
		}
	}
	f.get("/cai-dat/ngon-ngu?lang=vi")
	f.post("/cai-dat/du-lieu", url.Values{"data": {"empty"}}).is(http.StatusOK)
	for _, lang := range []string{"vi", "en"} {
		checkPage(t, f.get("/cai-dat/xong?lang="+lang).is(http.StatusOK), lang)
		checkPage(t, f.get("/cai-dat/khoi-phuc?lang="+lang).is(http.StatusOK), lang)
	}
	for _, pdf := range []string{"phieu.pdf", "ap-phich.pdf", "may.pdf"} {
		if b := f.get("/cai-dat/" + pdf).is(http.StatusOK); !strings.HasPrefix(b.body, "%PDF-") || !strings.Contains(b.header.Get("Content-Disposition"), "inline") {
			t.Errorf("%s is no PDF", pdf)
		}
	}
	if body := f.get("/healthz").body; body != "setup\n" {
		t.Errorf("healthz says %q", body)
	}
}

// TestATabLeftFromTheSetupGoesOn: the station that took the setup's place knows
// its addresses.
func TestATabLeftFromTheSetupGoesOn(t *testing.T) {
	w := newWorld(t).withUsers()
	if page := w.browser().get("/cai-dat/xong").is(http.StatusOK); !strings.HasPrefix(page.path, "/dang-nhap") {
		t.Fatal(page.path)
	}
}
