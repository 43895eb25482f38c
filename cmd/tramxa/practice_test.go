package main

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tramxa/appliance"
	"tramxa/appliance/population"
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

// waitFor returns when the page is there, and no other in its place.
func (c *clerkAtPC) waitFor(path string) {
	c.t.Helper()
	for range 600 {
		resp, err := c.http.Get(c.base + path)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK && resp.Request.URL.Path == path {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Fatal("no page within half a minute")
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
	if page := c.post("/tap-lam/lam-lai", nil); !strings.Contains(page, "BẢN TẬP") || strings.Contains(c.get("/dia-ban"), "Thôn Mới") {
		t.Errorf("not made anew:\n%s", page)
	}
	if page := c.post("/tap-lam/ra", nil); strings.Contains(page, "BẢN TẬP") || !strings.Contains(page, "Xã Ia Grai") {
		t.Errorf("not back in the real book:\n%s", page)
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
	if _, err := os.Stat(first); err == nil {
		t.Error("the commune before the reset is still on the disk")
	}
}
