package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"tramxa/appliance"
	"tramxa/appliance/population"
	"tramxa/localui"
)

// clerkAtPC is a browser at the station's own PC.
type clerkAtPC struct {
	t    *testing.T
	base string
	http *http.Client
}

func newClerkAtPC(t *testing.T, addr string) *clerkAtPC {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &clerkAtPC{t, "http://" + addr, &http.Client{Jar: jar}}
}

// websocket opens one as a page does.
func (c *clerkAtPC) websocket(path string) *websocket.Conn {
	c.t.Helper()
	d := websocket.Dialer{Jar: c.http.Jar}
	conn, _, err := d.Dial("ws"+strings.TrimPrefix(c.base, "http")+path, http.Header{"Origin": {c.base}})
	if err != nil {
		c.t.Fatal(err)
	}
	return conn
}

// waitFor returns when the page is there, and no other in its place.
func (c *clerkAtPC) waitFor(path string) {
	c.t.Helper()
	for end := time.Now().Add(patience); !c.sees(path); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatalf("no page %s within %v", path, patience)
		}
	}
}

// sees says whether the page is there now, and no other in its place.
func (c *clerkAtPC) sees(path string) bool {
	resp, err := c.http.Get(c.base + path)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK && resp.Request.URL.Path == path
}

// waitForText returns the page when it has the words.
func (c *clerkAtPC) waitForText(path, words string) string {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		page := c.get(path)
		if strings.Contains(page, words) {
			return page
		}
		if time.Now().After(end) {
			c.t.Fatalf("%s does not say %q within %v:\n%s", path, words, patience, page)
		}
	}
}

func (c *clerkAtPC) get(path string) string { return c.read(c.http.Get(c.base + path)) }
func (c *clerkAtPC) post(path string, form url.Values) string {
	return c.read(c.http.PostForm(c.base+path, form))
}

// try is post without judging the answer's status.
func (c *clerkAtPC) try(path string, form url.Values) string {
	c.t.Helper()
	resp, err := c.http.PostForm(c.base+path, form)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return string(b)
}

func (c *clerkAtPC) read(resp *http.Response, err error) string {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		c.t.Fatalf("%s %s: %s %v\n%s", resp.Request.Method, resp.Request.URL, resp.Status, err, b)
	}
	return string(b)
}

// TestPracticeCommuneTouchesNothing goes into the practice commune, writes there,
// resets it and comes back; the real book is as it was.
func TestPracticeCommuneTouchesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "xa")
	if _, err := initStation(dir, stationConfig{Listen: "127.0.0.1:0", Name: "Xã Ia Grai", Reserve: 1}, 7, 7, "23764"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	n, err := openStation(ctx, dir, newLogger(nil, 0), func(o *appliance.Options) { o.Ballast = -1 })
	if err != nil {
		t.Fatal(err)
	}
	if err := n.invent(ctx, population.Tidy(population.UserCreated{Number: 1, Login: "lan", Name: "Trần Thị Lan", Role: population.RoleHead})); err != nil {
		t.Fatal(err)
	}
	if err := n.auth.Add(ctx, 1, "lan", "gạo trắng nước trong"); err != nil {
		t.Fatal(err)
	}
	n.trying = &practice{dir: filepath.Join(dir, practiceDir), unit: "23764", log: newLogger(nil, 0)}
	d, err := openDoors(n.config, dir, "Xã Ia Grai", newLogger(nil, 0), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- serveStation(ctx, n, d, io.Discard) }()
	defer func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()

	before := n.Status().Head
	c := newClerkAtPC(t, d.page)
	c.waitFor("/healthz")
	c.post("/dang-nhap", url.Values{"_login": {"lan"}, "_password": {"gạo trắng nước trong"}})
	if page := c.get("/"); strings.Contains(page, "BẢN TẬP") || !strings.Contains(page, `action="/tap-lam"`) {
		t.Fatal("the real book's first page is marked as practice, or has no way in")
	}
	page := c.post("/tap-lam", nil)
	if !strings.Contains(page, "BẢN TẬP") || !strings.Contains(page, "Xã Tập Làm") || !strings.Contains(page, "Trần Thị Lan") {
		t.Fatalf("not in the practice commune:\n%s", page)
	}
	homes := regexp.MustCompile(`([1-9]\d*) hộ`)
	if !homes.MatchString(page) {
		t.Errorf("nobody lives there:\n%s", page)
	}
	if err := n.trying.now.node.invent(ctx, population.Tidy(population.AreaDefined{Number: 99, Unit: 23764, Hamlet: "Thôn Mới", Date: population.Date{Year: 2026, Month: 1, Day: 1}})); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(c.get("/dia-ban"), "Thôn Mới") {
		t.Error("what was written there does not show")
	}
	first := n.trying.now.dir
	if page := c.post("/tap-lam/lam-lai", url.Values{"_tap": {"1"}}); !strings.Contains(page, "BẢN TẬP") || strings.Contains(c.get("/dia-ban"), "Thôn Mới") {
		t.Errorf("not made anew:\n%s", page)
	}
	if page := c.try("/thang/khoa", url.Values{"ky": {"2026-03"}}); !strings.Contains(page, "thuộc sổ khác") {
		t.Errorf("a form of the real book is taken here:\n%s", page)
	}
	live := c.websocket("/live")
	defer live.Close()
	if page := c.post("/tap-lam/ra", nil); strings.Contains(page, "BẢN TẬP") || !strings.Contains(page, "Xã Ia Grai") {
		t.Errorf("not back in the real book:\n%s", page)
	}
	if page := c.try("/thang/khoa", url.Values{"ky": {"2026-03"}, "_tap": {"1"}}); !strings.Contains(page, "thuộc sổ khác") {
		t.Errorf("a form of the practice commune is taken by the real book:\n%s", page)
	}
	if now := n.Status().Head; now != before {
		t.Errorf("the real book went from %d to %d", before, now)
	}
	if err := n.trying.leave(0); err != nil || n.trying.now != nil {
		t.Errorf("an idle commune stays open: %v", err)
	}
	if page := c.post("/tap-lam", nil); !strings.Contains(page, "BẢN TẬP") {
		t.Error("cannot be entered again")
	}
	again := c.websocket("/live") // the station stops though this tab stays open
	defer again.Close()
	c.post("/dang-xuat", nil)
	if page := c.get("/"); strings.Contains(page, "BẢN TẬP") || strings.Contains(page, "Trần Thị Lan") {
		t.Errorf("who logs out in the practice commune stays in the real book:\n%s", page)
	}
	n.trying.resets.Wait()
	if _, err := os.Stat(first); err == nil {
		t.Error("the commune before the reset is still on the disk")
	}
}

// TestPracticeIsEnteredWhileAnOldOneCloses: the commune before a reset is closed
// when its last request is answered; who comes back meanwhile does not take its
// files away from under it.
func TestPracticeIsEnteredWhileAnOldOneCloses(t *testing.T) {
	p := &practice{dir: filepath.Join(t.TempDir(), practiceDir), unit: "23764", log: newLogger(nil, 0)}
	old, err := p.book(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	old.open.RLock() // a request that is being answered
	answer := sync.OnceFunc(old.open.RUnlock)
	defer answer()
	if err := errors.Join(p.Reset(t.Context()), p.leave(0)); err != nil {
		t.Fatal(err)
	}
	again, err := p.book(t.Context())
	if err != nil || again.dir == old.dir {
		t.Fatalf("entered again: %+v, %v", again, err)
	}
	if _, err := os.Stat(filepath.Join(old.dir, practiceReady)); err != nil {
		t.Errorf("the old commune is gone while it answers: %v", err)
	}
	answer()
	p.resets.Wait()
	if _, err := os.Stat(old.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old commune stays: %v", err)
	}
	if _, err := os.Stat(filepath.Join(again.dir, practiceReady)); err != nil {
		t.Errorf("the new one does not: %v", err)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

// TestPracticeThatDoesNotOpen: what was meant for the practice commune does not
// reach the real book, and after the stop nothing opens it again.
func TestPracticeThatDoesNotOpen(t *testing.T) {
	dir := t.TempDir()
	p := &practice{dir: filepath.Join(dir, "none"), unit: "23764", log: newLogger(nil, 0)}
	reached := ""
	h := localui.WithPractice(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { reached = r.Method + " " + r.URL.Path }), p.handler)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := p.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path string
		code         int
		reached      string
	}{{"POST", "/ghi/sinh", http.StatusSeeOther, ""}, {"GET", "/", http.StatusOK, "GET /"}, {"POST", "/dang-xuat", http.StatusOK, "POST /dang-xuat"}} {
		reached = ""
		r := httptest.NewRequest(c.method, "http://127.0.0.1:8480"+c.path, nil)
		r.AddCookie(&http.Cookie{Name: "tramxa-8480-tap", Value: "x"})
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.code || reached != c.reached || !strings.Contains(w.Header().Get("Set-Cookie"), "Max-Age=0") {
			t.Errorf("%s %s: %d, reached %q, cookie %q", c.method, c.path, w.Code, reached, w.Header().Get("Set-Cookie"))
		}
	}
	if _, err := os.Stat(p.dir); err == nil {
		t.Error("the commune was made after the stop")
	}
}
