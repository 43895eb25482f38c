package fsm_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"tramxa/replication/fsm"
	"tramxa/replication/replicationtest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// samples has every command once, as frozen in testdata.
func samples() map[string]fsm.Command {
	s := replicationtest.NewStation(7, 1)
	return map[string]fsm.Command{
		"take":     fsm.TakeBatch{At: 1_772_000_000, Batch: []byte("the batch's own bytes")},
		"register": fsm.RegisterStation{At: 5, Name: "Trạm mẫu", Secret: s.Secret, Genesis: s.Genesis.Marshal()},
		"fence":    fsm.FenceStation{At: 6, Station: 7, Epoch: 2},
		"units":    fsm.AddUnits{At: 7, Rows: []fsm.UnitRow{{Code: "23764", Kind: "xa", Name: "Xã Mẫu", Province: "52", From: "2025-07-01"}}},
		"raise":    fsm.RaiseFold{To: 2},
		"mark":     fsm.MarkState{At: 8},
		"state":    fsm.StateHash{Index: 9, Hash: [32]byte{1, 2, 3}},
		"contact":  fsm.Contact{At: 10, Station: 7, Epoch: 2, Install: [16]byte{4}},
		"found":    fsm.Found{At: 11, Incarnation: [8]byte{5}},
		"release":  fsm.ReleaseInstall{At: 12, Station: 7, Epoch: 2},
		"publish": fsm.PublishRelease{At: 13, By: "lan", Sequence: 9, MinFrom: 4, Version: "1.9.0", Manifest: []byte("manifest"), Signatures: []byte("signed"),
			Parts: []fsm.ReleasePart{{Hash: [32]byte{1}, Size: 100, System: "linux/amd64"}, {Hash: [32]byte{2}, Size: 30, System: "linux/amd64", From: [32]byte{3}}}},
		"ring": fsm.SetRing{At: 14, Sequence: 9, Ring: fsm.RingTen, By: "lan", Reason: "quiet week"},
		"update": fsm.UpdateReport{At: 15, Station: 7, Epoch: 2, Sequence: 9, Stage: fsm.StageRolledBack, Running: 8, Version: "1.8.2",
			Reason: "the page did not answer"},
	}
}

// TestOldCommandsStillDecode: what stands in the raft log of an older program
// means the same to this one.
func TestOldCommandsStillDecode(t *testing.T) {
	for name, want := range samples() {
		enc, err := fsm.EncodeCommand(want)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", "command-v1-"+name)
		if *update {
			if err := os.WriteFile(file, enc, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		golden, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(enc, golden) {
			t.Errorf("%s: other bytes than version 1 had", name)
		}
		got, err := fsm.DecodeCommand(golden)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		for bit := range len(enc) * 8 {
			enc[bit/8] ^= 1 << (bit % 8)
			if _, err := fsm.DecodeCommand(enc); err == nil {
				t.Fatalf("%s: bit %d flipped and still a command", name, bit)
			}
			enc[bit/8] ^= 1 << (bit % 8)
		}
	}
}

// TestOldSnapshotsStillRestore: a snapshot of version 1 gives the state it was
// taken of, which is written the same way again.
func TestOldSnapshotsStillRestore(t *testing.T) {
	file := filepath.Join("testdata", "snapshot-v1")
	if *update {
		m := open(t, t.TempDir())
		m.do(fsm.Found{At: 1, Incarnation: [8]byte{1}})
		m.do(samples()["units"])
		m.register(replicationtest.NewStation(7, 1))
		m.do(fsm.Contact{At: 10, Station: 7, Epoch: 1, Install: [16]byte{4}})
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
		t.Fatal("written otherwise than version 1 was")
	}
	st := m.station(7)
	if st.Unit != "23764" || st.Name != "Trạm mẫu" || st.Mint != 17 || st.Install != ([16]byte{4}) || st.Contact != 10 {
		t.Fatalf("%+v", st)
	}
}

// TestContactHasOneForm: an installation of zeros, written out, would be a second
// form of a contact that states none.
func TestContactHasOneForm(t *testing.T) {
	b, err := fsm.EncodeCommand(fsm.Contact{At: 12, Station: 12, Epoch: 12, Install: [16]byte{4}})
	if err != nil {
		t.Fatal(err)
	}
	body := b[:len(b)-4]
	clear(body[len(body)-16:])
	if c, err := fsm.DecodeCommand(fsm.Seal(body)); !errors.Is(err, fsm.ErrCommand) {
		t.Fatalf("%+v, %v", c, err)
	}
}

// FuzzCommand: what decodes encodes to the same bytes; nothing panics.
func FuzzCommand(f *testing.F) {
	for _, c := range samples() {
		b, err := fsm.EncodeCommand(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b[:len(b)-4])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		b := fsm.Seal(body)
		c, err := fsm.DecodeCommand(b)
		if err != nil {
			if !errors.Is(err, fsm.ErrCommand) && !errors.Is(err, fsm.ErrNewer) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		again, err := fsm.EncodeCommand(c)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x decodes to %+v and encodes to %x (%v)", b, c, again, err)
		}
	})
}

// FuzzSnapshot: no stream makes the reader panic, and rows come in order.
func FuzzSnapshot(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "snapshot-v1"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add(golden[:40])
	f.Fuzz(func(t *testing.T, b []byte) {
		last := ""
		err := fsm.ReadSnapshot(bytes.NewReader(b), func(key, _ []byte) error {
			if string(key) <= last {
				t.Fatal("row out of order")
			}
			last = string(key)
			return nil
		})
		if err != nil && !errors.Is(err, fsm.ErrSnapshot) && !errors.Is(err, fsm.ErrNewer) {
			t.Fatalf("error of no kind: %v", err)
		}
	})
}

// TestAdminCommandsMayBeRepeated: an unknown outcome is answered by sending the
// command again, so the second must say what the first did.
func TestAdminCommandsMayBeRepeated(t *testing.T) {
	m := open(t, t.TempDir())
	s := replicationtest.NewStation(7, 1)
	for _, c := range []fsm.Command{registerCommand(s), fsm.AddUnits{Rows: []fsm.UnitRow{{Code: "1", Name: "Xã Mẫu"}}},
		fsm.Contact{Station: 7, Epoch: 1, Install: [16]byte{1}}, fsm.Found{Incarnation: [8]byte{9}}, fsm.RaiseFold{To: 1},
		fsm.FenceStation{At: 3, Station: 7, Epoch: 1}} {
		first := m.do(c)
		h := m.hash()
		if again := m.do(c); first.Outcome != fsm.Done || again != first && again.Outcome != fsm.Fenced || m.hash() != h {
			t.Fatalf("%T: %+v, then %+v", c, first, again)
		}
	}
}

// TestContradictionsAreRefused: each with a reason a person can act on, and
// without a trace.
func TestContradictionsAreRefused(t *testing.T) {
	m := open(t, t.TempDir())
	s, other := grown(t, 7, 20), replicationtest.NewStation(7, 2)
	m.register(s)
	m.do(fsm.Contact{Station: 7, Epoch: 1, Install: [16]byte{1}})
	m.take(s, 1, 20)
	thief := replicationtest.NewStation(8, 1)
	thief.Genesis.Origin.Mint = s.Origin.Mint
	thief.Genesis.Sign(thief.Key)
	next := replicationtest.NewStation(7, 1)
	next.Genesis.Origin.Epoch, next.Genesis.Origin.Mint = 2, 99
	next.Genesis.Sign(next.Key)
	forged := registerCommand(replicationtest.NewStation(9, 1))
	forged.Genesis[20] ^= 1
	before := m.hash()
	for _, tc := range []struct {
		c      fsm.Command
		want   fsm.Outcome
		reason string
	}{
		{registerCommand(other), fsm.Refused, "another genesis"},
		{registerCommand(thief), fsm.Refused, "mint number 17 belongs to station 7"},
		{registerCommand(next), fsm.Refused, "not supported yet"},
		{forged, fsm.Refused, "does not verify"},
		{fsm.FenceStation{Station: 8, Epoch: 1}, fsm.Unregistered, "not registered"},
		{fsm.Contact{Station: 7, Epoch: 1, Install: [16]byte{2}}, fsm.Fenced, "another installation"},
		{fsm.Contact{Station: 7, Epoch: 3}, fsm.Unregistered, "not registered"},
		{fsm.AddUnits{Rows: []fsm.UnitRow{{Code: "1"}}}, fsm.Refused, "needs a code and a name"},
		{fsm.RaiseFold{To: 9}, fsm.Refused, "does not follow"},
	} {
		if v := m.do(tc.c); v.Outcome != tc.want || !strings.Contains(v.Reason, tc.reason) {
			t.Errorf("%+v: %+v", tc.c, v)
		}
	}
	if m.hash() != before {
		t.Error("a refused command left a trace")
	}
}

// TestReplacedDiskTakesThePlace: once released, the next installation is bound and
// the one before is the copy.
func TestReplacedDiskTakesThePlace(t *testing.T) {
	m := open(t, t.TempDir())
	m.register(replicationtest.NewStation(7, 1))
	first, second := [16]byte{1}, [16]byte{2}
	for i, step := range []struct {
		c    fsm.Command
		want fsm.Outcome
	}{
		{fsm.Contact{Station: 7, Epoch: 1, Install: first}, fsm.Done},
		{fsm.Contact{Station: 7, Epoch: 1, Install: second}, fsm.Fenced},
		{fsm.ReleaseInstall{Station: 7, Epoch: 2}, fsm.Unregistered},
		{fsm.ReleaseInstall{Station: 7, Epoch: 1}, fsm.Done},
		{fsm.ReleaseInstall{Station: 7, Epoch: 1}, fsm.Done},
		{fsm.Contact{Station: 7, Epoch: 1, Install: second}, fsm.Done},
		{fsm.Contact{Station: 7, Epoch: 1, Install: first}, fsm.Fenced},
		{fsm.FenceStation{Station: 7, Epoch: 1}, fsm.Done},
		{fsm.ReleaseInstall{Station: 7, Epoch: 1}, fsm.Fenced},
	} {
		if v := m.do(step.c); v.Outcome != step.want {
			t.Fatalf("step %d: %T: %+v, want %s", i, step.c, v, step.want)
		}
	}
}
