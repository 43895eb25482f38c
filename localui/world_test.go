package localui_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tramxa/appliance"
	"tramxa/appliance/auth"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/store"
	"tramxa/localui"
)

const password = "mat khau cua tram"

var start = time.Date(2027, 3, 20, 2, 0, 0, 0, time.UTC)

// world is a real station in a temporary directory with its pages.
type world struct {
	t       testing.TB
	station *appliance.Station
	auth    *auth.Auth
	pages   http.Handler
	server  *httptest.Server
	now     time.Time // of logins
	looks   []string
}

func newWorld(t testing.TB, tune ...func(*world, *localui.StationOptions)) *world {
	t.Helper()
	root := t.TempDir()
	dir, key := filepath.Join(root, "station"), filepath.Join(root, "keys", "station.key")
	if _, err := appliance.Init(store.InitOptions{Dir: dir, KeyFile: key, Station: 7, Mint: 12, Unit: "23764", Now: start}); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, now: start}
	s, err := appliance.Open(context.Background(), appliance.Options{Dir: dir, KeyFile: key, Reserve: 1, Ballast: -1,
		Now: func() time.Time { return start }, Built: start.Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	w.station = s
	if w.auth, err = auth.Open(auth.Options{File: filepath.Join(root, "accounts.json"), Now: func() time.Time { return w.now }}); err != nil {
		t.Fatal(err)
	}
	o := localui.StationOptions{Book: s, Registrar: s.Registrar(), Auth: w.auth, Status: w.status,
		Changed: s.Changed, Place: "Xã Ia Grai", Hosts: []string{"tram.lan"}, SetupCode: "724 118",
		Access: func(_ context.Context, _ uint32, look string, ref population.ID) error {
			w.looks = append(w.looks, look+" "+ref.String())
			return nil
		}}
	for _, fn := range tune {
		fn(w, &o)
	}
	w.pages, err = localui.NewStation(o)
	if err != nil {
		t.Fatal(err)
	}
	w.server = httptest.NewServer(w.pages)
	t.Cleanup(w.server.Close)
	return w
}

func (w *world) status() localui.Status {
	st := w.station.Status()
	return localui.Status{Station: 7, Epoch: 1, Unit: st.Unit, Head: uint64(st.Head), Acked: uint64(st.Acked.Seq), AckedAt: st.Acked.At,
		Now: st.Now, Trusted: st.Trusted, Today: st.Today, Line: localui.LineIdle, FreeMB: st.Free >> 20, Version: "test"}
}

// withUsers makes user 1 "huong" the head, 2 "nam" an officer, 3 "kiem" an
// auditor, 4 "tho" a technician, and area 1.
func (w *world) withUsers() *world {
	w.t.Helper()
	w.must(0, population.UserCreated{Login: "huong", Name: "Nguyễn Thị Hương", Role: population.RoleHead})
	w.must(1, population.UserCreated{Login: "nam", Name: "Trần Văn Nam", Role: population.RoleOfficer})
	w.must(1, population.UserCreated{Login: "kiem", Name: "Lê Thị Kiểm", Role: population.RoleAuditor})
	w.must(1, population.UserCreated{Login: "tho", Name: "Phạm Văn Thợ", Role: population.RoleTechnician})
	w.account("huong") // while nobody has an account, every page is the first start
	w.must(2, population.AreaDefined{Number: 1, Unit: 23764, Hamlet: "Thôn 1", Date: day(2025, 1, 1)})
	return w
}

func (w *world) must(actor uint32, es ...population.Entry) registrar.Answer {
	w.t.Helper()
	a, err := w.station.Registrar().Record(context.Background(), actor, registrar.Command{Entries: es})
	if err != nil {
		w.t.Fatal(err)
	}
	if a.Status != registrar.StatusRecorded {
		w.t.Fatalf("%v: %s: %v", es[0].Kind(), a.Status, a.Findings)
	}
	return a
}

// family opens household 12 of area 1: ids household, husband, wife, daughter.
func (w *world) family() []population.ID {
	w.t.Helper()
	var area population.ID
	w.view(func(v *register.View) { area = v.AreaByNumber(1) })
	person := func(name string, rel population.Code, sex population.Sex, born population.Date, marital population.Code) population.Member {
		return population.Member{Relation: rel, Facts: population.Facts{Name: name, Sex: sex, Born: born, Ethnicity: 1, Marital: marital, Residence: 1}}
	}
	return w.must(2, population.HouseholdOpened{
		Type: population.KindFamily, Area: area, Number: population.HouseholdNumber{Number: 12}, Date: day(2027, 1, 1), Address: "Xóm trên",
		Members: []population.Member{
			person("Nguyễn Văn An", population.RelHead, population.Male, day(1980, 5, 2), population.Married),
			person("Trần Thị Bình", population.RelSpouse, population.Female, day(1984, 6, 3), population.Married),
			person("Nguyễn Thị Chi", population.RelChild, population.Female, day(2012, 7, 4), population.NeverMarried),
		},
	}).IDs
}

func (w *world) view(fn func(v *register.View)) {
	w.t.Helper()
	if err := w.station.View(context.Background(), func(v *register.View) error { fn(v); return v.Err() }); err != nil {
		w.t.Fatal(err)
	}
}

func day(y, m, d int) population.Date {
	return population.Date{Year: uint16(y), Month: uint8(m), Day: uint8(d)}
}

// browser is a plain HTTP client with cookies: a page without script.
type browser struct {
	w      *world
	client *http.Client
}

func (w *world) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &browser{w: w, client: &http.Client{Jar: jar}}
}

// account gives a user of withUsers a password; a hash is dear, so only who logs
// in gets one.
func (w *world) account(login string) {
	w.t.Helper()
	if _, has := w.auth.Logins()[login]; has {
		return
	}
	var number uint32
	w.view(func(v *register.View) { number = v.UserByLogin(login) })
	if err := w.auth.Add(context.Background(), number, login, password); err != nil {
		w.t.Fatal(err)
	}
}

// as is a browser that has logged in.
func (w *world) as(login string) *browser {
	w.t.Helper()
	w.account(login)
	b := w.browser()
	if res := b.post("/dang-nhap", url.Values{"_login": {login}, "_password": {password}}); res.status != http.StatusOK {
		w.t.Fatalf("login of %s: %d", login, res.status)
	}
	return b
}

// answer is a page as it came.
type answer struct {
	t      testing.TB
	status int
	path   string // after redirects
	header http.Header
	body   string
}

func (b *browser) do(req *http.Request) answer {
	b.w.t.Helper()
	res, err := b.client.Do(req)
	if err != nil {
		b.w.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return answer{b.w.t, res.StatusCode, res.Request.URL.RequestURI(), res.Header, string(body)}
}

func (b *browser) get(path string) answer {
	b.w.t.Helper()
	req, err := http.NewRequest(http.MethodGet, b.w.server.URL+path, nil)
	if err != nil {
		b.w.t.Fatal(err)
	}
	return b.do(req)
}

func (b *browser) post(path string, form url.Values) answer {
	b.w.t.Helper()
	req, err := http.NewRequest(http.MethodPost, b.w.server.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

func (a answer) has(parts ...string) answer {
	a.t.Helper()
	for _, p := range parts {
		if !strings.Contains(a.body, p) {
			a.t.Fatalf("%s (%d) has no %q:\n%s", a.path, a.status, p, a.text())
		}
	}
	return a
}

func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d instead of %d:\n%s", a.path, a.status, status, a.text())
	}
	return a
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
	hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
)

// text is a page without its tags.
func (a answer) text() string {
	return spaces.ReplaceAllString(tags.ReplaceAllString(a.body, " "), " ")
}

// hidden are the hidden fields of the page's forms.
func (a answer) hidden() url.Values {
	f := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(a.body, -1) {
		f.Add(m[1], strings.NewReplacer("&#43;", "+", "&amp;", "&", "&#34;", `"`, "&#39;", "'").Replace(m[2]))
	}
	return f
}
