package main

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/store"
	"tramxa/service/place"
)

// firstStart runs the program over an empty base until stop.
type firstStart struct {
	t    *testing.T
	base place.Base
	stop context.CancelFunc
	done chan error
	page string

	setupCode string // for other machines
}

func startFirst(t *testing.T, base place.Base) *firstStart {
	t.Helper()
	t.Setenv("TRAMXA_LISTEN", "127.0.0.1:0")
	t.Setenv("TRAMXA_LAN", "127.0.0.1:0")
	t.Setenv("TRAMXA_LAN_HELP", "127.0.0.1:0")
	ctx, stop := context.WithCancel(context.Background())
	said, say := io.Pipe()
	recent := newRecentLog()
	r := &running{base: base, out: say, log: newLogger(recent, slog.LevelInfo), recent: recent}
	r.atBase(false)
	if err := r.lookAround(ctx); err != nil {
		t.Fatal(err)
	}

	f := &firstStart{t: t, base: base, stop: stop, done: make(chan error, 1)}
	go func() { f.done <- r.run(ctx); say.Close() }()
	in := bufio.NewReader(said)
	code := make(chan string, 1)
	line, err := in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	f.page = strings.TrimSpace(strings.TrimPrefix(line, "pages: http://"))
	go func() {
		defer close(code)
		for s := bufio.NewScanner(in); s.Scan(); {
			if _, c, ok := strings.Cut(s.Text(), " with the code "); ok {
				code <- c
			}
		}
	}()
	if _, err := os.Stat(filepath.Join(base.Station(), configFile)); err != nil {
		f.setupCode = <-code
	}
	return f
}

// secretsOf are the secrets of a station that runs, as they could be written.
func secretsOf(t *testing.T, base place.Base) (list []string) {
	t.Helper()
	keys, err := store.ReadKeys(journal.OS, base.StationKey())
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(base.Station(), controlFile))
	var point controlPoint
	if err != nil || json.Unmarshal(b, &point) != nil {
		t.Fatal(err)
	}
	for _, raw := range [][]byte{keys.Secret[:], keys.Signer.Seed()} {
		list = append(list, hex.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw))
	}
	return append(list, point.Token)
}

// tellsNobody wants none of the words in the files of a zip.
func tellsNobody(t *testing.T, bundle string, words ...string) {
	t.Helper()
	z, err := zip.NewReader(strings.NewReader(bundle), int64(len(bundle)))
	if err != nil || len(z.File) < 5 {
		t.Fatalf("not the bundle: %v", err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range words {
			if w == "" || strings.Contains(strings.ToLower(string(b)), strings.ToLower(w)) {
				t.Errorf("%q is in %s of the diagnosis bundle", w, f.Name)
			}
		}
	}
}

func (f *firstStart) end() {
	f.t.Helper()
	f.stop()
	if err := <-f.done; err != nil {
		f.t.Error(err)
	}
}

// code is the recovery code that the sheet shows.
func (f *firstStart) code() string {
	f.t.Helper()
	b, err := os.ReadFile(filepath.Join(f.base.Keys(), foundingSecret))
	if err != nil {
		f.t.Fatal(err)
	}
	var s secret
	if err := store.Unseal(b, &s); err != nil {
		f.t.Fatal(err)
	}
	return s.Code
}

// asked are the numbers of the groups that the page wants typed from the sheet.
var askedGroup = regexp.MustCompile(`Nhóm (\d) ▢`)

// through fills in every page of the setup from the first that is open.
func (f *firstStart) through(c *clerkAtPC) (code string) {
	f.t.Helper()
	code = f.untilData(c)
	if page := c.post("/cai-dat/du-lieu", url.Values{"data": {"empty"}}); !strings.Contains(page, "Trạm đã sẵn sàng") {
		f.t.Fatalf("the setup did not end:\n%s", page)
	}
	return code
}

// untilData goes to the page whose button makes the station.
func (f *firstStart) untilData(c *clerkAtPC) (code string) {
	f.t.Helper()
	c.post("/cai-dat/ngon-ngu", url.Values{"language": {"vi"}})
	c.post("/cai-dat/don-vi", url.Values{"unit": {"23764"}, "unit_name": {"Xã Ia Grai"}, "place": {"Trạm y tế xã Ia Grai"}})
	page := c.get("/cai-dat/dong-ho")
	form := url.Values{}
	for _, m := range regexp.MustCompile(`name="(date|time|shown)"[^>]*value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		form.Set(m[1], m[2])
	}
	c.post("/cai-dat/dong-ho", form)
	c.post("/cai-dat/may", nil)
	c.post("/cai-dat/noi-tinh", url.Values{"station": {"135"}, "later": {"1"}})
	c.post("/cai-dat/truong-tram", url.Values{"name": {"Nguyễn Thị Hương"}, "login": {"huong"}, "password": {"con mèo ăn khế"}, "again": {"con mèo ăn khế"}})
	code = f.code()
	groups := strings.Split(code, "-")
	form = url.Values{}
	for i, m := range askedGroup.FindAllStringSubmatch(c.get("/cai-dat/phieu"), -1) {
		form.Set(fmt.Sprintf("group%d", i+1), groups[m[1][0]-'1'])
	}
	c.post("/cai-dat/phieu", form)
	return code
}

// TestFirstStartMakesTheStation goes from an empty directory to the first page
// of a station, stops, and finds it there at the next start.
func TestFirstStartMakesTheStation(t *testing.T) {
	base := place.Base(filepath.Join(t.TempDir(), "tramxa"))
	f := startFirst(t, base)
	c := newClerkAtPC(t, f.page)
	c.waitFor("/cai-dat/ngon-ngu")
	c.get("/cai-dat/phieu") // leads to the first step, and makes the secret
	if _, err := os.Stat(filepath.Join(base.Station(), configFile)); err == nil {
		t.Fatal("there is a station before anything was answered")
	}
	sheetOpens(t, base, f.through(c))
	c.post("/cai-dat/mo", nil)
	c.waitFor("/dang-nhap")
	page := c.post("/dang-nhap", url.Values{"_login": {"huong"}, "_password": {"con mèo ăn khế"}})
	if !strings.Contains(page, "Nguyễn Thị Hương") || !strings.Contains(page, "Trạm y tế xã Ia Grai") {
		t.Fatalf("not the station's first page:\n%s", page)
	}
	tellsNobody(t, c.get("/ky-thuat/chan-doan.zip"), append(secretsOf(t, base), "Hương", "huong", "con mèo", f.setupCode)...)
	f.end()

	f = startFirst(t, base)
	c = newClerkAtPC(t, f.page)
	c.waitFor("/dang-nhap")
	if page := c.post("/dang-nhap", url.Values{"_login": {"huong"}, "_password": {"con mèo ăn khế"}}); !strings.Contains(page, "Nguyễn Thị Hương") {
		t.Errorf("not there after a restart:\n%s", page)
	}
	f.end()
}

// TestFirstStartBringsAStationBack makes a station, copies it, loses the machine,
// and restores it through the setup pages of another with the code of the sheet.
func TestFirstStartBringsAStationBack(t *testing.T) {
	lost := place.Base(filepath.Join(t.TempDir(), "lost"))
	f := startFirst(t, lost)
	c := newClerkAtPC(t, f.page)
	c.waitFor("/cai-dat/ngon-ngu")
	c.get("/cai-dat/phieu")
	code := f.through(c)
	c.post("/cai-dat/mo", nil)
	c.waitFor("/dang-nhap")
	c.post("/dang-nhap", url.Values{"_login": {"huong"}, "_password": {"con mèo ăn khế"}})
	c.post("/ky-thuat/sao-luu", nil)
	c.waitForText("/ky-thuat", "đã thử phục hồi, khớp với sổ")
	f.end()

	base := place.Base(filepath.Join(t.TempDir(), "new"))
	if err := os.CopyFS(base.Backups(), os.DirFS(lost.Backups())); err != nil {
		t.Fatal(err)
	}
	f = startFirst(t, base)
	c = newClerkAtPC(t, f.page)
	c.waitFor("/cai-dat/ngon-ngu")
	page := c.get("/cai-dat/khoi-phuc")
	id := regexp.MustCompile(`name="id"[^>]*value="([^"]+)"`).FindStringSubmatch(page)
	if id == nil {
		t.Fatalf("no backup is offered:\n%s", page)
	}
	wrong := c.try("/cai-dat/khoi-phuc", url.Values{"id": {id[1]}, "code": {"AAAAA-" + code[6:]}})
	if strings.Contains(wrong, code) {
		t.Error("the code stands on the page")
	}
	c.waitForText("/cai-dat/khoi-phuc", "nhóm 1") // a wrong code is told by its group
	c.try("/cai-dat/khoi-phuc", url.Values{"id": {id[1]}, "code": {strings.ToLower(code)}})
	c.waitFor("/cai-dat/xong")
	c.post("/cai-dat/mo", nil)
	c.waitFor("/bat-dau") // the book is there, passwords are in no backup
	page = c.post("/bat-dau", url.Values{"name": {"Nguyễn Thị Hương"}, "login": {"huong"}, "password": {"con mèo ăn khế"}, "again": {"con mèo ăn khế"}})
	if !strings.Contains(page, "Trạm y tế xã Ia Grai") || !strings.Contains(page, "Nguyễn Thị Hương") {
		t.Errorf("not the station that was lost:\n%s", page)
	}
	f.end()
	was, err := store.ReadKeys(journal.OS, lost.StationKey())
	if err != nil {
		t.Fatal(err)
	}
	if now, err := store.ReadKeys(journal.OS, base.StationKey()); err != nil || now.Data != was.Data {
		t.Errorf("not its keys: %v", err)
	}
}
