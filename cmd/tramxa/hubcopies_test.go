package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/register"
	"tramxa/replication/fsm"
	"tramxa/replication/hub"
	"tramxa/replication/hubcopy"
	"tramxa/replication/replicationtest"
)

// oneHub is a hub of one node and a station, as processes.
type oneHub struct {
	*killing
	base, links string
	hub         *exec.Cmd
	station     *exec.Cmd
}

func (p *oneHub) start(dir string, words ...string) *exec.Cmd {
	p.t.Helper()
	cmd := exec.Command(p.program, append(words, "--dir", dir)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		p.kill(cmd)
		if p.t.Failed() {
			p.t.Logf("%v:\n%s", words, said.String())
		}
	})
	return cmd
}

// kill ends a process as a cut of power does.
func (p *oneHub) kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it says "killed", as it should
}

// control waits until a process answers.
func (p *oneHub) control(dir string) *control {
	p.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if c, err := dialControl(p.t.Context(), dir); err == nil && c != nil {
			return c
		}
	}
	p.t.Fatalf("%s does not answer after %v", dir, patience)
	return nil
}

// held waits until the hub in dir holds at least so many records of the station,
// which is told to try at once again and again.
func (p *oneHub) held(dir string, want uint64) (watermark uint64) {
	p.t.Helper()
	h, s := p.control(dir), p.control(p.dir)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		var board []hub.StationStatus
		if err := h.get(p.t.Context(), "/v1/stations", nil, &board); err == nil && len(board) == 1 && uint64(board[0].Watermark) >= want {
			return uint64(board[0].Watermark)
		}
		_ = s.call(p.t.Context(), http.MethodPost, "/v1/sync", nil, nil, &bytes.Buffer{}) // refused while the hub is away
	}
	p.t.Fatalf("the hub does not hold %d records", want)
	return 0
}

// write lets a clerk write n commands, and waits until the station shows all as
// received by the province. It returns how many records there are.
func (p *oneHub) write(dir string, n int) uint64 {
	p.t.Helper()
	c := p.control(p.dir)
	for range n {
		if err := p.clerks[0].send(c); err != nil {
			p.t.Fatal(err)
		}
	}
	var st stationStatus
	if err := c.get(p.t.Context(), "/v1/status", nil, &st); err != nil {
		p.t.Fatal(err)
	}
	p.held(dir, st.Saved)
	for end := time.Now().Add(patience); st.Acked < st.Saved && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err := c.get(p.t.Context(), "/v1/status", nil, &st); err != nil {
			p.t.Fatal(err)
		}
	}
	if st.Acked != st.Saved {
		p.t.Fatalf("%d of %d records are acknowledged", st.Acked, st.Saved)
	}
	return st.Saved
}

// TestLostHubIsRestored: real processes. A station sends, the hub is copied, the
// station sends more and shows it as received, the hub's machine is lost with its
// authority, and a new one is made elsewhere from the copy and the code on paper.
// Nothing of what was shown as received is missing on it, and both ends have the
// same register.
func TestLostHubIsRestored(t *testing.T) {
	base := t.TempDir()
	in := func(name string) string { return filepath.Join(base, name) }
	port := func() string { return replicationtest.FreeAddress(t) }
	p := &oneHub{killing: &killing{t: t, program: buildProgram(t), dir: in("xa"), random: rand.New(rand.NewPCG(20261122, 1))}, base: base, links: port()}
	p.verb("", "hub", "init", "--dir", in("tinh"), "--ca", in("authority.key"), "--peer", "n1="+port()+","+p.links, "--page", "127.0.0.1:0")
	pin, err := os.ReadFile(in("tinh/hub.pin"))
	if err != nil {
		t.Fatal(err)
	}
	p.settle("--hub", p.links, "--hub-pin", strings.TrimSpace(string(pin)))
	p.hub = p.start(in("tinh"), "hub", "run")
	p.control(in("tinh"))
	p.untilLeads(in("tinh"))
	p.verb("", "hub", "stations", "add", in("xa/registration.json"), "--dir", in("tinh"))
	p.station = p.start(p.dir, "station", "run")

	first := p.write(in("tinh"), 6)
	if code, _, errs := p.try("", "hub", "backup", "--to", in("disk"), "--dir", in("tinh")); code != exitFailed || !strings.Contains(errs, "hub backup code") {
		t.Errorf("a copy without a key: %d, %s", code, errs)
	}
	var key struct {
		Code string `json:"recovery_code"`
	}
	p.json(&key, "", "hub", "backup", "code", "--ca", in("authority.key"), "--dir", in("tinh"), "--json")
	var copied, verified hubCopyAnswer
	p.json(&copied, "", "hub", "backup", "--to", in("disk"), "--dir", in("tinh"), "--json")
	if copied.Stations != 1 || copied.Records != first || !copied.Proven || copied.CutOff {
		t.Errorf("%+v, %d records were sent", copied, first)
	}
	p.json(&verified, key.Code+"\n", "hub", "backup", "verify", in("disk"), "--code", "--json")
	if verified.State != copied.State || !verified.Authority {
		t.Errorf("%+v", verified)
	}
	second := p.write(in("tinh"), 8)

	// The machine burns, and what the province's office had in its drawer.
	p.kill(p.hub)
	for _, name := range []string{in("tinh"), in("authority.key")} {
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"hub", "restore", "--from", in("disk"), "--code", "--dir", in("tinh-moi"), "--id", "n4", "--peer", "n4=" + port() + "," + p.links, "--page", "127.0.0.1:0"}
	// What a restore that was cut off left behind is no node and in nobody's way,
	// and is told of.
	if err := os.MkdirAll(in("tinh-moi.restoring/data/raft/leftover"), 0o700); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := p.try("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA\n", args...); code == exitDone || !strings.Contains(errs, "a restore that was cut off") {
		t.Errorf("a wrong code: %s", errs)
	}
	if _, err := os.Stat(in("tinh-moi")); err == nil {
		t.Error("a wrong code left something behind")
	}
	var restored hubRestored
	p.json(&restored, key.Code+"\n", append(args, "--ca", in("authority-again.key"), "--json")...)
	if restored.Pin != strings.TrimSpace(string(pin)) || restored.Copy.State != copied.State {
		t.Errorf("%+v", restored)
	}
	if code, _, errs := p.try(key.Code+"\n", args...); code != exitFailed || !strings.Contains(errs, "is not empty") {
		t.Errorf("over a node: %d, %s", code, errs)
	}
	if _, err := os.Stat(in("authority-again.key")); err != nil {
		t.Error(err)
	}
	left := in("tinh-moi/copies-work/proof") // by a copy that was killed
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	p.hub = p.start(in("tinh-moi"), "hub", "run")
	if got := p.held(in("tinh-moi"), second); got != second {
		t.Errorf("the restored hub holds %d records, %d were shown as received", got, second)
	}
	if _, err := os.Stat(left); err == nil {
		t.Errorf("%s is left", left)
	}
	third := p.write(in("tinh-moi"), 3)

	p.kill(p.hub)
	p.kill(p.station)
	there, stands := p.hubState(in("tinh-moi"))
	here := p.stationState()
	if here != there || uint64(stands) != third {
		t.Errorf("register %x at the station, %x at the hub at %d of %d", here[:8], there[:8], stands, third)
	}
	t.Logf("copied at %d records, lost at %d, restored and gone on to %d; register %x on both ends", first, second, third, here[:8])

	// A copy of the stopped node, by the key it does not have yet: a new code.
	p.json(&key, "", "hub", "backup", "code", "--dir", in("tinh-moi"), "--json")
	p.json(&copied, "", "hub", "backup", "--to", in("disk"), "--dir", in("tinh-moi"), "--json")
	if copied.Records != third || !copied.CutOff || copied.Number != 1 {
		t.Errorf("of the stopped node: %+v", copied)
	}
}

func (p *oneHub) untilLeads(dir string) {
	p.t.Helper()
	var st hub.Status
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if p.control(dir).get(p.t.Context(), "/v1/status", nil, &st) == nil && st.State == "leader" {
			return
		}
	}
	p.t.Fatalf("does not lead: %+v", st)
}

// try runs a verb that may fail.
func (p *oneHub) try(in string, args ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = run(p.t.Context(), args, stdio{in: strings.NewReader(in), out: &o, err: &e})
	return code, o.String(), e.String()
}

func (p *oneHub) json(v any, in string, args ...string) {
	p.t.Helper()
	if b := p.verb(in, args...); json.Unmarshal(b, v) != nil {
		p.t.Fatalf("%s", b)
	}
}

// hubState is the register of the station as the stopped hub holds it.
func (p *oneHub) hubState(dir string) (hash journal.Hash, at journal.Seq) {
	p.t.Helper()
	f, err := fsm.Open(fsm.Options{Dir: filepath.Join(dir, "data", "state")})
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	err = f.View(func(v *fsm.View) error {
		st, ok, err := v.Station(1)
		if err != nil || !ok {
			return fmt.Errorf("not known: %w", err)
		}
		at = st.Lane[0].Seq
		hash, err = v.RegisterHash(1)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return hash, at
}

// stationState is the register of the stopped station.
func (p *oneHub) stationState() (hash journal.Hash) {
	p.t.Helper()
	n, err := openStation(p.t.Context(), p.dir, newLogger(nil, 0), nil)
	if err != nil {
		p.t.Fatal(err)
	}
	defer n.Close()
	err = n.View(p.t.Context(), func(v *register.View) (err error) {
		hash, err = v.Hash()
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return hash
}

// TestNightlyCopiesOfTheHub: each configured place gets one, not another one on
// the same day, and what goes wrong is shown until it goes right.
func TestNightlyCopiesOfTheHub(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "disk"), filepath.Join(dir, "file")
	if err := os.WriteFile(bad, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	p := newPlace(t)
	p.dir = dir
	calls := p.calls()
	p.answers(calls[1]) // hub init, and serves
	c := p.node.copies
	p.answers(call{verb: "hub backup", dir: "tinh", args: []string{"code"}})
	c.config.Backup = []string{good, bad}
	now := time.Now()
	c.night(t.Context(), now, 23*time.Hour)
	if list := c.look(); list[0].Number != 0 || !strings.Contains(list[0].Problem, "is not there") {
		t.Errorf("without the disk: %+v", list)
	}
	if err := os.Mkdir(good, 0o700); err != nil {
		t.Fatal(err)
	}
	c.night(t.Context(), now, 23*time.Hour)
	if list := c.look(); list[0].Number != 0 || !strings.Contains(list[0].Problem, "own data") {
		t.Errorf("on the disk of the data: %+v", list)
	}
	c.sameDisk = func(string, string) bool { return false }
	c.night(t.Context(), now, 23*time.Hour)
	list := c.look()
	if list[0].Number != 1 || list[0].Problem != "" || list[1].Problem == "" {
		t.Fatalf("%+v", list)
	}
	if err := errors.Join(os.Remove(bad), os.Mkdir(bad, 0o700)); err != nil {
		t.Fatal(err)
	}
	c.night(t.Context(), now.Add(time.Hour), 23*time.Hour)
	if list = c.look(); list[0].Number != 1 || list[1].Number != 1 || list[1].Problem != "" {
		t.Fatalf("%+v", list)
	}
	c.night(t.Context(), now.Add(25*time.Hour), 23*time.Hour)
	if list = c.look(); list[0].Number != 2 {
		t.Errorf("%+v", list)
	}
	if bad := oldCopies(list, now.Add(time.Hour)); len(bad) != 0 {
		t.Errorf("%v", bad)
	}
	if bad := oldCopies(list, now.Add(72*time.Hour)); len(bad) != 2 || !strings.HasPrefix(bad[0], "Bản sao máy chủ") {
		t.Errorf("%v", bad)
	}
	var shown bytes.Buffer
	if err := showCopies(&shown, p.node.status().Copies, now.Add(26*time.Hour)); err != nil || !strings.Contains(shown.String(), "copy 2 in "+good) {
		t.Errorf("%s %v", shown.String(), err)
	}
	// A state that is not to be relied on is not copied, and no older copy goes.
	c.sick = func() string { return "it has parted from the leader's" }
	c.night(t.Context(), now.Add(50*time.Hour), 23*time.Hour)
	if sick := c.look(); sick[0].Number != 2 || !strings.Contains(sick[0].Problem, "parted") || !strings.Contains(sick[1].Problem, "not to be relied on") {
		t.Errorf("%+v", sick)
	}
	var out bytes.Buffer
	if err := showCopies(&out, p.node.status().Copies, now); err != nil || strings.Count(out.String(), "parted from the leader's") != 2 {
		t.Errorf("%s %v", out.String(), err)
	}
	c.sick = func() string { return "" }
	c.night(t.Context(), now.Add(50*time.Hour), 23*time.Hour)
	if list = c.look(); list[0].Number != 3 || list[0].Problem != "" {
		t.Errorf("%+v", list)
	}
	third := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	c.config.ID, c.config.Peers = "n3", []hubPeer{{ID: "n3"}, {ID: "n1"}, {ID: "n2"}}
	if at := nextNight(third, 0); at != third.AddDate(0, 0, 1) {
		t.Errorf("the night after is %v", at)
	}
	if at := nextNight(third, c.turn()); at != third.Add(80*time.Minute) {
		t.Errorf("the third node begins at %v", at)
	}
}

// noPaper is a terminal that is gone.
type noPaper struct{}

func (noPaper) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestUnseenCodeIsNotTaken: while nobody has seen the new code, copies go on
// opening with the one before.
func TestUnseenCodeIsNotTaken(t *testing.T) {
	p := newPlace(t)
	p.dir = t.TempDir()
	p.answers(p.calls()[1]) // hub init, and serves
	p.answers(call{verb: "hub backup", dir: "tinh", args: []string{"code"}})
	name := filepath.Join(p.dir, "tinh", hubcopy.KeyName)
	before, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, asJSON := range []bool{false, true} {
		if err := newHubCode(filepath.Join(p.dir, "tinh"), "", asJSON, stdio{out: noPaper{}}); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%v", err)
		}
	}
	if after, err := os.ReadFile(name); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the key has changed, %v", err)
	}
}

// TestKilledCopiesAndRestores: 'hub backup' and 'hub restore' are killed at any
// moment. What bears the name of a copy is whole each time, what bears the name
// of a node is one, and the next try needs nobody to clean up.
func TestKilledCopiesAndRestores(t *testing.T) {
	kills := 8
	if long() {
		kills = 100
	} else {
		t.Log("8 kills of each; TRAMXA_LONG=1 makes it 100")
	}
	p := &oneHub{killing: &killing{t: t, program: buildProgram(t), dir: t.TempDir(), random: rand.New(rand.NewPCG(20261122, 2))}}
	in := func(name string) string { return filepath.Join(p.dir, name) }
	s := newPlace(t)
	s.dir = p.dir
	for _, c := range s.calls() {
		s.answers(c)
		if c.verb == "station sync" {
			break
		}
	}
	s.stop()
	p.verb("", "hub", "backup", "code", "--ca", in("ca.key"), "--dir", in("tinh"))
	p.verb("", "hub", "backup", "--to", in("disk"), "--dir", in("tinh"))
	keys, err := hubcopy.LoadKeys(in("tinh/copies.key"))
	if err != nil {
		t.Fatal(err)
	}
	finished := 0
	killed := func(takes *time.Duration, args ...string) { // as it did when it last came to its end
		began := time.Now()
		cmd := exec.Command(p.program, args...)
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("%v: %v\n%s", args, err, said.String())
			}
			finished++
			*takes = time.Since(began)
		case <-time.After(time.Duration(p.random.Int64N(int64(*takes)))):
			_ = cmd.Process.Kill()
			<-done
		}
	}
	backup, restored := 400*time.Millisecond, 120*time.Millisecond
	for range kills {
		killed(&backup, "hub", "backup", "--to", in("disk"), "--dir", in("tinh"))
		names, err := filepath.Glob(in("disk/*/*.tramhub"))
		if err != nil || len(names) == 0 {
			t.Fatalf("%v, %v", names, err)
		}
		c, err := hubcopy.Open(names[len(names)-1], keys)
		if err == nil {
			err = c.Prove(t.Context(), t.TempDir(), nil)
		}
		if err != nil {
			t.Errorf("%s: %v", names[len(names)-1], err)
		}
	}
	restore := []string{"hub", "restore", "--from", in("disk"), "--key", in("tinh/copies.key"), "--ca", in("ca.key"), "--dir", in("moi"), "--id", "n4", "--peer", "n4=127.0.0.1:1,127.0.0.1:2"}
	whole := func() bool {
		if _, err := os.Stat(in("moi")); err != nil {
			return false
		}
		if _, err := hubPart(in("moi")); err != nil {
			t.Errorf("half a node bears its name: %v", err)
		}
		if _, err := os.Stat(in("moi/data/LINEAGE")); err != nil {
			t.Errorf("half a node bears its name: %v", err)
		}
		if err := os.RemoveAll(in("moi")); err != nil {
			t.Fatal(err)
		}
		return true
	}
	nodes := 0
	for range kills {
		killed(&restored, restore...)
		if whole() {
			nodes++
		}
	}
	p.verb("", restore...)
	if !whole() {
		t.Error("no node at the end")
	}
	t.Logf("%d kills of each; %d of both came to their end before, %d nodes were made", kills, finished, nodes)
	if finished == 2*kills {
		t.Error("nothing was killed in its middle: this run proves nothing")
	}
}
