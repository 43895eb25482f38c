//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tramxa/replication/hub"
	"tramxa/replication/replicationtest"
)

// province is a real hub node of the installed program, and the line to it,
// which carries so many bytes to the station and can be cut.
type province struct {
	t       *testing.T
	dir     string
	pin     string
	program string
	line    net.Listener
	link    string
	carried atomic.Int64
	cutAt   atomic.Int64 // bytes of one connection after which it is cut, once; 0: never
	cuts    atomic.Int64
	fragile atomic.Bool // when it is cut it stays down
	down    atomic.Bool // nobody gets through
}

func openProvince(t *testing.T, r *releases) *province {
	t.Helper()
	dir := t.TempDir()
	p := &province{t: t, dir: filepath.Join(dir, "n1"), program: filepath.Join(r.dir, "one"), link: replicationtest.FreeAddress(t)}
	var made struct{ Pin string }
	out, err := exec.Command(p.program, "hub", "init", "--dir", p.dir, "--ca", filepath.Join(dir, "authority.key"),
		"--peer", "n1="+replicationtest.FreeAddress(t)+","+p.link, "--page", "127.0.0.1:0", "--json").Output()
	noError(t, err)
	noError(t, json.Unmarshal(out, &made))
	p.pin = made.Pin
	log := &lockedBuffer{}
	node := exec.Command(p.program, "hub", "run", "--dir", p.dir)
	node.Stderr = log
	noError(t, node.Start())
	t.Cleanup(func() {
		_ = node.Process.Signal(os.Interrupt)
		if err := node.Wait(); err != nil || t.Failed() {
			t.Logf("the hub node ended: %v\n%s", err, log.String())
		}
	})
	p.line, err = net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	t.Cleanup(func() { _ = p.line.Close() })
	go p.carry()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		out, err := exec.Command(p.program, "hub", "status", "--dir", p.dir, "--json").Output()
		var st hub.Status
		if err == nil && json.Unmarshal(out, &st) == nil && st.State == "leader" {
			return p
		}
		if time.Now().After(end) {
			t.Fatalf("no leader: %v %s", err, out)
		}
	}
}

// carry is the line.
func (p *province) carry() {
	for {
		near, err := p.line.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.link)
		if err != nil || p.down.Load() {
			_ = near.Close()
			continue
		}
		go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
		go func() { p.toStation(near, far); _ = near.Close(); _ = far.Close() }()
	}
}

func (p *province) toStation(near io.Writer, far io.Reader) {
	here, b := int64(0), make([]byte, 32<<10)
	for {
		n, err := far.Read(b)
		if n > 0 {
			p.carried.Add(int64(n))
			here += int64(n)
			if _, err := near.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
		if at := p.cutAt.Load(); at > 0 && here >= at && p.cutAt.CompareAndSwap(at, 0) {
			p.down.Store(p.fragile.Load())
			p.cuts.Add(1)
			return
		}
	}
}

// do runs a verb of the hub.
func (p *province) do(words ...string) []byte {
	p.t.Helper()
	cmd := exec.Command(p.program, append(append([]string{"hub"}, words...), "--dir", p.dir)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("hub %s: %v\n%s", strings.Join(words, " "), err, errs.String())
	}
	return out
}

func (p *province) board() hub.StationStatus {
	p.t.Helper()
	var list []hub.StationStatus
	noError(p.t, json.Unmarshal(p.do("stations", "list", "--json"), &list))
	if len(list) != 1 {
		p.t.Fatalf("%d stations on the board", len(list))
	}
	return list[0]
}

func (p *province) releases() []hub.ReleaseStatus {
	p.t.Helper()
	var list []hub.ReleaseStatus
	noError(p.t, json.Unmarshal(p.do("release", "list", "--json"), &list))
	return list
}

// told waits until the board shows how a release went.
func (p *province) told(sequence uint64, outcome string) hub.StationStatus {
	p.t.Helper()
	for end := time.Now().Add(proofPatience); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		if s := p.board(); s.Update != nil && s.Update.Sequence == sequence && string(s.Update.Outcome) == outcome {
			return s
		}
	}
	p.t.Fatalf("the board does not show %s of release %d within %v: %+v", outcome, sequence, proofPatience, p.board().Update)
	return hub.StationStatus{}
}

// take presses the two buttons on the station's page. A minute after its start the
// station looks by itself, which takes the second button away for a moment, and
// where this is run at night it may have begun to fetch before anybody presses.
func (s *installed) take(want string) {
	s.t.Helper()
	page := s.page()
	page.post("/ky-thuat/cap-nhat", url.Values{"viec": {"kiem-tra"}})
	for end := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		got := page.get("/ky-thuat")
		switch {
		case strings.Contains(got, "Đang tải bản mới"):
			return
		case strings.Contains(got, want):
			page.post("/ky-thuat/cap-nhat", url.Values{"viec": {"ap-dung"}})
			return
		case time.Now().After(end):
			s.t.Fatalf("%s is not offered:\n%s", want, got)
		}
	}
}

// TestUpdateByTheProvince: a release is fetched over a line that breaks, proves
// itself and is told as confirmed; the next is bad, the station goes back, tells
// why, and the ring stops; the one after comes as a patch.
func TestUpdateByTheProvince(t *testing.T) {
	longOnly(t)
	r := buildReleases(t)
	p := openProvince(t, r)
	s := install(t, r, "--hub", p.line.Addr().String(), "--hub-pin", p.pin)
	p.do("stations", "add", filepath.Join(s.dir, registrationFile), "--name", "Trạm mẫu")
	s.start()
	s.write(s.runs(patience, "one").control, 5)

	p.do("release", "publish", r.bundle(t, 2, r.dir+"/two"))
	p.do("release", "ring", "2", "3")
	before := p.carried.Load()
	s.losesPower(p, 4<<20)
	p.cutAt.Store(2 << 20)
	began := time.Now()
	s.take("2.0.0")
	c := s.runs(proofPatience, "two")
	fetched := p.carried.Load() - before
	t.Logf("whole: serving %v after the last button, %d bytes came over the line, cut %d times", time.Since(began).Round(10*time.Millisecond), fetched, p.cuts.Load())
	if p.cuts.Load() != 2 || fetched > 12<<20 {
		t.Error("the line was not cut while it fetched, or it was all fetched again")
	}
	s.write(c.control, 5)
	if at := p.told(2, "confirmed"); at.Version != "2.0.0" {
		t.Errorf("%+v", at)
	}
	t.Logf("the board shows it confirmed %v after the button", time.Since(began).Round(time.Second))
	s.asked(c.control)

	p.do("release", "publish", r.bundle(t, 3, r.bad(t, "broken-page")))
	p.do("release", "ring", "3", "3")
	s.take("3.0.0")
	bad := s.left("3.0.0")
	c = s.runs(proofPatience, "two")
	t.Logf("bad: 2.0.0 serves again after %v", time.Since(bad).Round(10*time.Millisecond))
	s.asked(c.control)
	if got := s.page().try("/ky-thuat/cap-nhat", url.Values{"viec": {"kiem-tra"}}); !strings.Contains(got, "đã thử trên máy này") {
		t.Errorf("offered again, and the page does not say why not:\n%s", got)
	}
	at := p.told(3, "rolled_back")
	t.Logf("the board shows it %v after the first start of the bad one: %s", time.Since(bad).Round(time.Second), at.Update.Reason)
	if !strings.Contains(at.Update.Reason, "500") {
		t.Errorf("the reason says nothing: %+v", at.Update)
	}
	time.Sleep(5 * time.Second) // whatever else it has to tell
	for _, one := range p.releases() {
		bad := 0
		for _, ring := range one.Rings {
			bad += ring.Bad
		}
		if one.Sequence == 3 && (!one.Stopped || bad != 1) {
			t.Errorf("the ring goes on, or the hub forgot why it stopped: %+v", one)
		}
	}
	s.patch(p)
}

// losesPower lets the line go down in the middle of the fetch of release 2, and
// then the power.
func (s *installed) losesPower(p *province, after int64) {
	s.t.Helper()
	p.cutAt.Store(after)
	p.fragile.Store(true)
	s.take("2.0.0")
	for end := time.Now().Add(patience); p.cuts.Load() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatal("nothing is fetched")
		}
	}
	s.said(patience, `fetching a part goes on`, 1) // it has all that came through
	s.powerCut()
	p.fragile.Store(false)
	p.down.Store(false)
	s.start()
	s.asked(s.runs(patience, "one").control)
}

// patch fetches a release that differs little from what runs.
func (s *installed) patch(p *province) {
	s.t.Helper()
	s.releases.tramxa(s.t, "four", 4)
	p.do("release", "publish", s.releases.bundle(s.t, 4, filepath.Join(s.releases.dir, "four"), filepath.Join(s.releases.dir, "two")))
	p.do("release", "ring", "4", "3")
	before := p.carried.Load()
	s.take("4.0.0")
	s.runs(proofPatience, "four")
	fetched := p.carried.Load() - before
	s.t.Logf("patch: %d bytes came over the line", fetched)
	if fetched > 4<<20 {
		s.t.Error(fmt.Sprint("that is the whole: ", fetched))
	}
}
