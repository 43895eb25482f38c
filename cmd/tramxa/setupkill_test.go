package main

import (
	"bufio"
	"context"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tramxa/appliance"
	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/appliance/store"
	"tramxa/localui"
	"tramxa/service/place"
)

// realStart runs the real program over a base, to be killed.
type realStart struct {
	firstStart
	cmd *exec.Cmd
}

func startReal(t *testing.T, program string, base place.Base) *realStart {
	t.Helper()
	cmd := exec.Command(program, "station", "run", "--base", string(base))
	cmd.Env = append(os.Environ(), "TRAMXA_LISTEN=127.0.0.1:0", "TRAMXA_LAN=127.0.0.1:0", "TRAMXA_LAN_HELP=127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := &realStart{firstStart{t: t, base: base}, cmd}
	t.Cleanup(r.kill)
	in := bufio.NewReader(out)
	line, err := in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	r.page = strings.TrimSpace(strings.TrimPrefix(line, "pages: http://"))
	go func() { _, _ = io.Copy(io.Discard, in) }()
	return r
}

func (r *realStart) kill() {
	if r.cmd.ProcessState == nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
	}
}

// TestKilledWhileTheStationIsMade kills the real program at moments spread over
// the making of the station. Whatever was there by then, the next start leads on
// to a station whose head can log in and whose keys the printed sheet opens.
func TestKilledWhileTheStationIsMade(t *testing.T) {
	program := buildProgram(t)
	kills := 2
	if long() {
		kills = 60
	}
	resumed, opened := 0, 0
	for i := range kills {
		base := place.Base(filepath.Join(t.TempDir(), "tramxa"))
		r := startReal(t, program, base)
		c := newClerkAtPC(t, r.page)
		c.waitFor("/cai-dat/ngon-ngu")
		code := r.untilData(c)
		go func(c *clerkAtPC) {
			resp, err := c.http.PostForm(c.base+"/cai-dat/du-lieu", url.Values{"data": {"empty"}})
			if err == nil {
				resp.Body.Close()
			}
		}(c) // c will be another one
		time.Sleep(time.Duration(i) * 400 * time.Millisecond / time.Duration(kills))
		r.kill()

		r = startReal(t, program, base)
		c = newClerkAtPC(t, r.page)
		c.waitFor("/healthz")
		if page := c.get("/"); strings.Contains(page, "/cai-dat/") {
			resumed++
			c.post("/cai-dat/truong-tram", url.Values{"name": {"Nguyễn Thị Hương"}, "login": {"huong"}, "password": {"con mèo ăn khế"}, "again": {"con mèo ăn khế"}})
			if page := c.post("/cai-dat/du-lieu", url.Values{"data": {"empty"}}); !strings.Contains(page, "Trạm đã sẵn sàng") {
				t.Fatalf("kill %d: the setup did not go on:\n%s", i, page)
			}
			c.post("/cai-dat/mo", nil)
			c.waitFor("/dang-nhap")
		} else {
			opened++
			c.try("/bat-dau", url.Values{"name": {"Nguyễn Thị Hương"}, "login": {"huong"}, "password": {"con mèo ăn khế"}, "again": {"con mèo ăn khế"}})
		}
		c = newClerkAtPC(t, r.page)
		if page := c.post("/dang-nhap", url.Values{"_login": {"huong"}, "_password": {"con mèo ăn khế"}}); !strings.Contains(page, "Nguyễn Thị Hương") {
			t.Errorf("kill %d: the head is not in:\n%s", i, page)
		}
		r.kill()
		sheetOpens(t, base, code)
	}
	t.Logf("%d kills: %d times the setup went on, %d times there was a station", kills, resumed, opened)
}

// sheetOpens wants the recovery code to open the station's keys, and nothing of
// the setup to be left.
func sheetOpens(t *testing.T, base place.Base, typed string) {
	t.Helper()
	code, err := backups.ParseRecoveryCode(typed)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := store.ReadKeys(journal.OS, base.StationKey())
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(filepath.Join(base.Station(), backups.SealedName))
	if err != nil {
		t.Fatal(err)
	}
	if back, err := backups.OpenKeys(sealed, code); err != nil || back.Data != keys.Data || back.Secret != keys.Secret {
		t.Errorf("the sheet's code does not open the station's keys: %v", err)
	}
	for _, name := range []string{filepath.Join(base.Keys(), foundingSecret), filepath.Join(base.Keys(), "taken.key"), base.Setup()} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

// founder is a setup without its pages, over an empty base.
func founder(t *testing.T) *founding {
	t.Helper()
	r := &running{base: place.Base(filepath.Join(t.TempDir(), "tramxa")), out: io.Discard, log: newLogger(nil, 0), recent: newRecentLog()}
	r.atBase(false)
	for _, dir := range []string{r.dir, filepath.Dir(r.key)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.lookAround(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &founding{running: r}
}

var founded = localui.Answers{Unit: "23764", UnitName: "Xã Ia Grai", Place: "Trạm Ia Grai", Station: 135, Clock: localui.ClockAnswer{Confirmed: time.Unix(1800000000, 0)},
	HeadName: "Nguyễn Thị Hương", HeadLogin: "huong", HeadPassword: "con mèo ăn khế", Data: localui.DataEmpty}

// TestSheetOpensAfterTheConfiguration: the power goes right after the
// configuration was written, before anything was sealed.
func TestSheetOpensAfterTheConfiguration(t *testing.T) {
	f := founder(t)
	s, err := f.secret()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.makeStation(founded, s); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.takenKey(), []byte("another station's"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		if err := f.settleFounding(); err != nil {
			t.Fatal(err)
		}
		sheetOpens(t, f.base, s.Code)
	}
}

// TestAnswersAfterAnInterruption: what the interrupted attempt has made gives way
// to other answers; a book that is not of this setup does not.
func TestAnswersAfterAnInterruption(t *testing.T) {
	f := founder(t)
	s, err := f.secret()
	if err != nil {
		t.Fatal(err)
	}
	o := store.InitOptions{Dir: f.dir, KeyFile: f.key, Station: 135, Mint: 135, Unit: "23764", Now: time.Unix(1800000000, 0), Rand: s.source()}
	if _, err := appliance.Init(o); err != nil {
		t.Fatal(err)
	}
	other := founded
	other.Unit, other.Station = "23767", 136
	if err := f.finish(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	sheetOpens(t, f.base, s.Code)
	n, err := openStation(context.Background(), f.dir, f.log, f.tune)
	if err != nil {
		t.Fatal(err)
	}
	if g := n.Store().Genesis(); g.Unit != "23767" || g.Origin.Station != 136 {
		t.Errorf("the station of the first answers: %d %s", g.Origin.Station, g.Unit)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}

	// The configuration is lost: the setup opens, and must not take the book for its own.
	if err := os.Remove(filepath.Join(f.dir, configFile)); err != nil {
		t.Fatal(err)
	}
	var no localui.Refusal
	if err := f.finish(t.Context(), founded); !isRefusal(err, &no) || !strings.Contains(no.Vi, "136") {
		t.Errorf("over another book: %v", err)
	}
	if k, err := store.ReadKeys(journal.OS, f.key); err != nil || k.Station != 136 {
		t.Errorf("its key is gone: %v", err)
	}
	if err := f.finish(t.Context(), other); err != nil { // with its own answers it comes back
		t.Error(err)
	}
}

func isRefusal(err error, no *localui.Refusal) bool {
	r, ok := err.(localui.Refusal)
	*no = r
	return ok
}

// TestKilledWhileAStationComesBack kills the real program at moments spread over
// a restore through the setup pages. The next start offers the copy again, or has
// the station; in the end it is whole, with its own keys, and nothing is beside
// it that names them.
func TestKilledWhileAStationComesBack(t *testing.T) {
	program := buildProgram(t)
	lost := founder(t)
	s, err := lost.secret()
	if err != nil {
		t.Fatal(err)
	}
	if err := lost.finish(t.Context(), founded); err != nil {
		t.Fatal(err)
	}
	n, err := openStation(t.Context(), lost.dir, lost.log, lost.tune)
	if err != nil {
		t.Fatal(err)
	}
	if n.care, err = newCare(lost.running, n); err != nil {
		t.Fatal(err)
	}
	if _, err := n.care.backups.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	head := n.Status().Head
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	keys, err := store.ReadKeys(journal.OS, lost.key)
	if err != nil {
		t.Fatal(err)
	}

	kills, again := 1, 0
	if long() {
		kills = 60
	}
	for i := range kills {
		base := place.Base(filepath.Join(t.TempDir(), "tramxa"))
		if err := os.CopyFS(base.Backups(), os.DirFS(lost.base.Backups())); err != nil {
			t.Fatal(err)
		}
		r := startReal(t, program, base)
		r.bringBack(s.Code)
		time.Sleep(time.Duration(i+1) * 2500 * time.Millisecond / time.Duration(kills+1))
		r.kill()
		r = startReal(t, program, base)
		c := newClerkAtPC(t, r.page)
		c.waitFor("/healthz")
		if strings.Contains(c.get("/"), "/cai-dat/") {
			again++
			c = r.bringBack(s.Code)
			c.waitFor("/cai-dat/xong")
			c.post("/cai-dat/mo", nil)
		}
		c.waitFor("/bat-dau")
		r.kill()

		now, err := store.ReadKeys(journal.OS, base.StationKey())
		if err != nil || !now.Signer.Equal(keys.Signer) || now.Data != keys.Data {
			t.Errorf("kill %d: not its keys: %v", i, err)
		}
		sheetOpens(t, base, s.Code)
		n, err := openStation(t.Context(), base.Station(), newLogger(nil, 0), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := n.Status().Head; got != head {
			t.Errorf("kill %d: %d records of %d", i, got, head)
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d kills, %d times the restore began anew", kills, again)
}

// bringBack begins to restore the copy that is offered.
func (r *realStart) bringBack(code string) *clerkAtPC {
	r.t.Helper()
	c := newClerkAtPC(r.t, r.page)
	c.waitFor("/cai-dat/ngon-ngu")
	page := c.get("/cai-dat/khoi-phuc")
	id := regexp.MustCompile(`name="id"[^>]*value="([^"]+)"`).FindStringSubmatch(page)
	if id == nil {
		r.t.Fatalf("no copy is offered:\n%s", page)
	}
	c.try("/cai-dat/khoi-phuc", url.Values{"id": {id[1]}, "code": {code}})
	return c
}
