package fsm_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/raft"

	"tramxa/appliance/journal"
	"tramxa/replication/fsm"
	"tramxa/replication/replicationtest"
)

// published is a release as an operator would publish it.
func published(sequence uint64) fsm.PublishRelease {
	return fsm.PublishRelease{At: 1000, By: "lan", Sequence: sequence, Version: fmt.Sprintf("1.%d.0", sequence), Manifest: fmt.Appendf(nil, "manifest %d", sequence),
		Signatures: []byte("signed"), Parts: []fsm.ReleasePart{{Hash: [32]byte{byte(sequence)}, Size: 100, System: "linux/amd64"}}}
}

// province registers n stations, each heard of lately.
func province(t testing.TB, n int) *machine {
	t.Helper()
	m := open(t, t.TempDir())
	var all []fsm.Command
	for i := range n {
		s := replicationtest.NewStation(journal.Station(i+1), 1)
		all = append(all, registerCommand(s), fsm.Contact{At: 900, Station: s.Origin.Station, Epoch: 1, Install: [16]byte{1}})
	}
	m.together(all)
	return m
}

// together applies commands as raft hands over many at once: one sync for all.
func (m *machine) together(all []fsm.Command) {
	m.t.Helper()
	var logs []*raft.Log
	for _, c := range all {
		logs = append(logs, m.entry(c))
	}
	for i, r := range m.ApplyBatch(logs) {
		if v, ok := r.(fsm.Verdict); !ok || v.Outcome != fsm.Done {
			m.t.Fatalf("%+v: %+v", all[i], r)
		}
	}
}

// is applies a command and compares what became of it.
func (m *machine) is(c fsm.Command, want fsm.Outcome, reason string) {
	m.t.Helper()
	if v := m.do(c); v.Outcome != want || !strings.Contains(v.Reason, reason) {
		m.t.Fatalf("%+v: %v (%s), want %v (%s)", c, v.Outcome, v.Reason, want, reason)
	}
}

func (m *machine) release(sequence uint64) (r fsm.ReleaseRow) {
	m.t.Helper()
	err := m.View(func(v *fsm.View) (err error) {
		var ok bool
		if r, ok, err = v.Release(sequence); err == nil && !ok {
			err = fmt.Errorf("release %d is not known", sequence)
		}
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return r
}

// rings returns the stations of each ring of a release.
func (m *machine) rings(sequence uint64, n int) (rings [4][]journal.Station) {
	r := m.release(sequence)
	for i := range n {
		s := journal.Station(i + 1)
		rings[r.RingOf(s)] = append(rings[r.RingOf(s)], s)
	}
	return rings
}

func (m *machine) offered(s journal.Station, running uint64) (list []uint64) {
	m.t.Helper()
	err := m.View(func(v *fsm.View) error {
		return v.Offers(s, running, func(r fsm.ReleaseRow) (bool, error) { list = append(list, r.Sequence); return false, nil })
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return list
}

func said(s journal.Station, sequence uint64, stage fsm.Stage) fsm.UpdateReport {
	return fsm.UpdateReport{At: 2000, Station: s, Epoch: 1, Sequence: sequence, Stage: stage, Running: sequence, Version: "x"}
}

func confirmed(list []journal.Station, sequence uint64) (all []fsm.Command) {
	for _, s := range list {
		all = append(all, said(s, sequence, fsm.StageConfirmed))
	}
	return all
}

// TestRings: one in a hundred, one in ten, all; never an empty first ring; the
// same station is not always the first; nobody changes rings when others come.
func TestRings(t *testing.T) {
	const n = 200
	m := province(t, n)
	m.is(published(9), fsm.Done, "")
	rings := m.rings(9, n)
	if len(rings[1]) != 2 || len(rings[2]) != 18 || len(rings[3]) != 180 {
		t.Fatalf("%d, %d, %d stations", len(rings[1]), len(rings[2]), len(rings[3]))
	}
	m.is(published(10), fsm.Done, "")
	if next := m.rings(10, n); next[1][0] == rings[1][0] && next[1][1] == rings[1][1] {
		t.Error("the same stations try every release first")
	}
	for ring := fsm.RingOne; ring <= fsm.RingAll; ring++ {
		if ring > fsm.RingOne {
			m.is(fsm.SetRing{At: 1, Sequence: 9, Ring: ring, By: "lan"}, fsm.Done, "")
		}
		for of, list := range rings {
			for _, s := range list {
				if got := m.offered(s, 8); (len(got) > 0 && got[len(got)-1] == 9) != (fsm.Ring(of) <= ring) {
					t.Fatalf("in ring %d station %d of ring %d is offered %v", ring, s, of, got)
				}
			}
		}
	}
	before := m.rings(9, n)
	var more []fsm.Command
	for i := n; i < n+50; i++ {
		more = append(more, registerCommand(replicationtest.NewStation(journal.Station(i+1), 1)))
	}
	m.together(more)
	if fmt.Sprint(m.rings(9, n)) != fmt.Sprint(before) {
		t.Error("new stations moved old ones to another ring")
	}
	for _, few := range []int{1, 2, 5, 11} {
		m := province(t, few)
		m.is(published(3), fsm.Done, "")
		if rings := m.rings(3, few); len(rings[1]) != 1 || len(rings[1])+len(rings[2]) != (few+9)/10 {
			t.Errorf("%d stations: %v", few, rings)
		}
	}
}

// TestTheSilentDoNotTryFirst: rings 1 and 2 are filled with stations that were
// heard of lately, so that somebody is there to tell how it went.
func TestTheSilentDoNotTryFirst(t *testing.T) {
	m := open(t, t.TempDir())
	var all []fsm.Command
	for i := range 60 {
		all = append(all, registerCommand(replicationtest.NewStation(journal.Station(i+1), 1)))
	}
	m.together(all)
	for _, s := range []journal.Station{20, 40} {
		m.is(fsm.Contact{At: 2_000_000, Station: s, Epoch: 1}, fsm.Done, "")
	}
	c := published(1)
	c.At = 2_000_500
	m.is(c, fsm.Done, "")
	r := m.release(1)
	if a, b := r.RingOf(20), r.RingOf(40); min(a, b) != fsm.RingOne {
		t.Errorf("the two that are there have rings %d and %d", a, b)
	}
}

// TestUnhealthyRingStopsTheRelease: the reports alone stop a release, with the
// reason; an operator lets it go on, the hub itself cannot.
func TestUnhealthyRingStopsTheRelease(t *testing.T) {
	const n = 200
	m := province(t, n)
	m.is(published(9), fsm.Done, "")
	rings := m.rings(9, n)
	m.is(said(rings[1][0], 9, fsm.StageConfirmed), fsm.Done, "")
	m.is(said(rings[1][1], 9, fsm.StageRefused), fsm.Done, "")
	if m.release(9).Stopped {
		t.Fatal("a machine that does not suit stopped the release")
	}
	bad := said(rings[1][1], 9, fsm.StageRolledBack)
	bad.Reason = "the page did not answer"
	m.is(bad, fsm.Done, "")
	r := m.release(9)
	want := fmt.Sprintf("ring 1: 1 of 2 stations that tried it went back, the last was station %d: the page did not answer", rings[1][1])
	if !r.Stopped || r.Stop.String() != want {
		t.Fatalf("%+v", r)
	}
	if got := m.offered(rings[1][0], 8); len(got) != 0 {
		t.Fatalf("stopped and still offered: %v", got)
	}
	m.is(fsm.SetRing{Sequence: 9, Ring: fsm.RingTen}, fsm.Refused, "only an operator")
	m.is(fsm.SetRing{Sequence: 9, Ring: fsm.RingTen, By: "lan"}, fsm.Done, "")
	if r = m.release(9); r.Stopped || r.Stop != (fsm.Stop{}) || r.Ring != fsm.RingTen {
		t.Fatalf("%+v", r)
	}
	// Ring 2: of eighteen, one may fail, a second is more than a tenth.
	m.together(confirmed(rings[2][:16], 9))
	m.is(said(rings[2][16], 9, fsm.StageFailed), fsm.Done, "")
	if m.release(9).Stopped {
		t.Fatal("one of seventeen stopped it")
	}
	m.is(said(rings[2][17], 9, fsm.StageRolledBack), fsm.Done, "")
	if !m.release(9).Stopped {
		t.Fatal("two of eighteen did not stop it")
	}
	m.is(fsm.SetRing{Sequence: 9, Ring: fsm.RingAll, By: "lan"}, fsm.Done, "")
	// Ring 3: two of thirty are fewer than a tenth; forgiven failures stay so.
	m.together(confirmed(rings[3][:28], 9))
	m.is(said(rings[3][28], 9, fsm.StageRolledBack), fsm.Done, "")
	m.is(said(rings[3][29], 9, fsm.StageRolledBack), fsm.Done, "")
	if m.release(9).Stopped {
		t.Fatal("two of thirty stopped it")
	}
	m.is(said(rings[3][30], 9, fsm.StageRolledBack), fsm.Done, "")
	m.is(said(rings[3][31], 9, fsm.StageRolledBack), fsm.Done, "")
	if !m.release(9).Stopped {
		t.Fatal("four of thirty-two did not stop it")
	}
	m.is(published(10), fsm.Done, "") // replaces it
	if got := m.offered(m.rings(10, n)[1][0], 8); len(got) != 1 || got[0] != 10 {
		t.Fatalf("after the replacement %v is offered", got)
	}
}

// TestStickFailuresStopAnEarlyRelease: while a release is in ring 1, anybody it
// failed at stops it, also who got it by stick.
func TestStickFailuresStopAnEarlyRelease(t *testing.T) {
	m := province(t, 30)
	m.is(published(9), fsm.Done, "")
	m.is(said(m.rings(9, 30)[3][0], 9, fsm.StageFailed), fsm.Done, "")
	if !m.release(9).Stopped {
		t.Fatal("not stopped")
	}
}

// TestOffers: nobody gets what he has, what he must not reach directly, or what
// he has just gone back from.
func TestOffers(t *testing.T) {
	m := province(t, 3)
	direct := published(5)
	jump := published(8)
	jump.MinFrom = 5
	for _, c := range []fsm.PublishRelease{direct, jump} {
		m.is(c, fsm.Done, "")
		m.is(fsm.SetRing{Sequence: c.Sequence, Ring: fsm.RingAll, By: "lan"}, fsm.Done, "")
	}
	for _, tc := range []struct {
		running uint64
		want    string
	}{{0, "[5]"}, {4, "[5]"}, {5, "[8]"}, {7, "[8]"}, {8, "[]"}, {9, "[]"}} {
		if got := fmt.Sprint(m.offered(2, tc.running)); got != tc.want {
			t.Errorf("running %d: %s, want %s", tc.running, got, tc.want)
		}
	}
	rings := m.rings(8, 3) // one is in ring 1, two in ring 3
	last, first := rings[3][0], rings[1][0]
	m.is(said(last, 8, fsm.StageRolledBack), fsm.Done, "")
	if got := fmt.Sprint(m.offered(last, 6)); got != "[]" {
		t.Errorf("after going back: %s", got)
	}
	if got := fmt.Sprint(m.offered(first, 6)); got != "[8]" {
		t.Errorf("somebody else: %s", got)
	}
	m.is(fsm.SetRing{Sequence: 8, Ring: fsm.RingStop, By: "lan", Reason: "looking"}, fsm.Done, "")
	if r := m.release(8); r.Stop.String() != "stopped by lan: looking" {
		t.Errorf("%+v", r.Stop)
	}
	m.is(fsm.SetRing{Sequence: 8, Ring: fsm.RingAll, By: "lan"}, fsm.Done, "")
	if got := fmt.Sprint(m.offered(last, 6)); got != "[8]" {
		t.Errorf("after the resumption: %s", got)
	}
}

// TestReleaseCommandsMayBeRepeated, and contradictions leave no trace.
func TestReleaseCommandsMayBeRepeated(t *testing.T) {
	m := province(t, 4)
	m.is(published(9), fsm.Done, "")
	bad := said(m.rings(9, 4)[1][0], 9, fsm.StageRolledBack)
	for _, c := range []fsm.Command{published(9), fsm.SetRing{At: 5, Sequence: 9, Ring: fsm.RingTen, By: "lan"},
		bad, fsm.SetRing{Sequence: 9, Ring: fsm.RingStop, By: "lan"}, fsm.SetRing{Sequence: 9, Ring: fsm.RingAll, By: "lan"}, bad} {
		m.is(c, fsm.Done, "")
		h := m.hash()
		m.is(c, fsm.Done, "")
		if m.hash() != h {
			t.Fatalf("%T: the second time changed the state", c)
		}
	}
	m.is(fsm.FenceStation{Station: 4, Epoch: 1}, fsm.Done, "")
	before := m.hash()
	other, empty, twice := published(9), published(11), published(11)
	other.Manifest = []byte("another")
	empty.Parts = nil
	twice.Parts = append(twice.Parts, fsm.ReleasePart{Hash: twice.Parts[0].Hash, Size: 7, System: "linux/arm64"})
	large := published(11)
	large.Manifest = bytes.Repeat([]byte{'m'}, fsm.MaxManifest)
	for _, tc := range []struct {
		c      fsm.Command
		want   fsm.Outcome
		reason string
	}{
		{published(8), fsm.Refused, "release 9 is newer"},
		{other, fsm.Refused, "another manifest"},
		{empty, fsm.Refused, "parts"},
		{twice, fsm.Refused, "not within bounds"},
		{large, fsm.Refused, "manifest and signatures"},
		{published(0), fsm.Refused, "above 0"},
		{fsm.SetRing{Sequence: 9}, fsm.Refused, "an operator stops"},
		{fsm.SetRing{Sequence: 12, Ring: fsm.RingOne, By: "lan"}, fsm.Refused, "not known"},
		{said(99, 9, fsm.StageStaged), fsm.Unregistered, ""},
		{said(4, 9, fsm.StageStaged), fsm.Fenced, ""},
		{said(1, 0, fsm.StageStaged), fsm.Refused, "names a release"},
		{fsm.UpdateReport{Station: 1, Epoch: 1, Sequence: 9, Stage: fsm.StageStaged, Version: "a\nb"}, fsm.Refused, "plain text"},
	} {
		m.is(tc.c, tc.want, tc.reason)
	}
	if m.hash() != before {
		t.Error("a refused command left a trace")
	}
	m.is(published(11), fsm.Done, "")
	m.is(fsm.SetRing{Sequence: 11, Ring: fsm.RingAll}, fsm.Refused, "does not follow")
	m.is(fsm.SetRing{At: 9, Sequence: 11, Ring: fsm.RingTen}, fsm.Done, "")
}

// TestSnapshotWithReleases: releases travel in snapshots, and those of today's
// program stay readable.
func TestSnapshotWithReleases(t *testing.T) {
	file := filepath.Join("testdata", "snapshot-v1-releases")
	if *update {
		m := province(t, 3)
		m.is(samples()["publish"], fsm.Done, "")
		m.is(samples()["ring"], fsm.Done, "")
		r := samples()["update"].(fsm.UpdateReport)
		r.Station, r.Epoch = 2, 1
		m.is(r, fsm.Done, "")
		r.Station = 3
		m.is(r, fsm.Done, "")
		if err := os.WriteFile(file, m.snapshot(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := open(t, t.TempDir())
	if err := m.restore(golden); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.snapshot(), golden) {
		t.Fatal("written otherwise than it was")
	}
	err = m.View(func(v *fsm.View) error {
		r, ok, err := v.Release(9)
		man, _, err2 := v.Manifest(9)
		parts, err3 := v.Parts(9)
		u, known, err4 := v.Update(2)
		want := samples()["publish"].(fsm.PublishRelease)
		for _, e := range []error{err, err2, err3, err4} {
			if e != nil {
				return e
			}
		}
		if !ok || r.Version != "1.9.0" || r.Ring != fsm.RingTen || !r.Stopped || string(man.Text) != "manifest" || string(man.Signatures) != "signed" ||
			fmt.Sprint(parts) != fmt.Sprint(want.Parts) || !known || u.Stage != fsm.StageRolledBack || u.Running != 8 {
			t.Errorf("%+v %+v %+v %+v", r, man, parts, u)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTallyAndHealth: what the page counts, and what lets the leader go on.
func TestTallyAndHealth(t *testing.T) {
	m := province(t, 40) // heard of at 900
	m.is(published(9), fsm.Done, "")
	rings := m.rings(9, 40)
	m.is(said(rings[1][0], 9, fsm.StageConfirmed), fsm.Done, "") // at 2000
	m.is(said(rings[2][0], 9, fsm.StageTrying), fsm.Done, "")
	m.is(said(rings[2][1], 9, fsm.StageRefused), fsm.Done, "")
	err := m.View(func(v *fsm.View) error {
		r := m.release(9)
		tally, err := v.Tally(r)
		if err != nil {
			return err
		}
		if want := [4]fsm.Tally{1: {Stations: 1, Confirmed: 1}, 2: {Stations: 3, Underway: 1, Refused: 1}, 3: {Stations: 36}}; tally != want {
			t.Errorf("%+v", tally)
		}
		for _, tc := range []struct {
			ring             fsm.Ring
			heard, confirmed int64
			want             fsm.Health
		}{
			{fsm.RingOne, 900, 2000, fsm.Health{Members: 1, Confirmed: 1}},
			{fsm.RingOne, 900, 1999, fsm.Health{Members: 1}},
			{fsm.RingOne, 901, 1999, fsm.Health{}},
			{fsm.RingTen, 900, 2000, fsm.Health{Members: 3, Confirmed: 1}}, // without the one that refused
		} {
			r.Ring = tc.ring
			if h, err := v.Health(r, tc.heard, tc.confirmed); err != nil || h != tc.want {
				t.Errorf("%+v: %+v, %v", tc, h, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
