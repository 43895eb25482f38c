package hubcopy_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
	"tramxa/replication/fsm"
	"tramxa/replication/hub"
	"tramxa/replication/hubcopy"
)

// TestTakenCopiesAreNumberedAndPruned: the newest is found, the oldest go, and
// what was not finished is swept.
func TestTakenCopiesAreNumberedAndPruned(t *testing.T) {
	f, _ := state(t, 12)
	k, code := testKeys(t, nil)
	o := options(t, f, k)
	o.Keep = 2
	for range 3 {
		take(t, o)
	}
	folder := filepath.Dir(hubcopy.PathOf(o.Place, k.Pin, "n1", 1))
	if err := os.WriteFile(filepath.Join(folder, "copy-000009.tramhub.part"), []byte("cut off"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := take(t, o)
	names, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(names) != 2 || filepath.Base(names[0]) != "copy-000003.tramhub" || filepath.Base(names[1]) != "copy-000004.tramhub" {
		t.Errorf("%v, %v", names, err)
	}
	if found, err := hubcopy.Find(o.Place, 0); err != nil || found != c.Path() || c.Header.Number != 4 {
		t.Errorf("%s, %v", found, err)
	}
	if found, err := hubcopy.Find(folder, 3); err != nil || found != names[0] {
		t.Errorf("%s, %v", found, err)
	}
	if _, err := hubcopy.Find(o.Place, 1); !errors.Is(err, hubcopy.ErrNoCopy) {
		t.Errorf("a copy that is gone: %v", err)
	}
	if h, err := hubcopy.Newest(o.Place, k.Pin, "n1"); err != nil || h.Number != 4 {
		t.Errorf("%+v, %v", h, err)
	}
	if c, err = hubcopy.OpenWithCode(c.Path(), code); err != nil || c.CA != nil {
		t.Errorf("by code: %v", err)
	}
}

// TestDamagedCopiesAreFound: any flipped bit, any cut, and a file that is gone, at
// opening, proving and restoring.
func TestDamagedCopiesAreFound(t *testing.T) {
	f, _ := state(t, 40)
	ca, _ := authority()
	k, _ := testKeys(t, ca)
	path := take(t, options(t, f, k)).Path()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "copy")
	try := func(what string, b []byte) {
		t.Helper()
		if err := os.WriteFile(bad, b, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := hubcopy.Open(bad, k)
		if err == nil {
			_, err = c.Restore(filepath.Join(t.TempDir(), "node"), newPeers, nil)
		}
		if !errors.Is(err, hubcopy.ErrDamaged) && !errors.Is(err, fsm.ErrSnapshot) {
			t.Errorf("%s: %v", what, err)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for at := 0; at < len(whole); at += 1 + rng.IntN(len(whole)/40) {
		b := bytes.Clone(whole)
		b[at] ^= 1 << rng.IntN(8)
		try("flipped", b)
		try("cut", whole[:at])
	}
	try("longer", append(bytes.Clone(whole), 0))
	if _, err := hubcopy.Open(filepath.Join(t.TempDir(), "gone"), k); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
}

var newPeers = []hub.Peer{{ID: "n4", Raft: "10.0.0.4:8491", Link: "hub.example:8492"}}

// roomy is a disk that says it has room, as one does that another fills meanwhile.
type roomy struct{ journal.FS }

func (roomy) Free(string) (uint64, error) { return 1 << 40, nil }

// TestFullDiskLeavesTheEarlierCopy: a disk that runs full while it is written, and
// one on which the room that must stay free is not there.
func TestFullDiskLeavesTheEarlierCopy(t *testing.T) {
	f, _ := state(t, 40)
	k, _ := testKeys(t, nil)
	for name, c := range map[string]struct {
		quota   int64
		full    bool
		reserve uint64
		want    error
	}{
		"runs full":  {quota: 24 << 10, full: true, reserve: 1, want: syscall.ENOSPC},
		"stays free": {quota: 1 << 30, reserve: 1 << 40, want: hubcopy.ErrNoRoom},
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t, f, k)
			disk := crashfs.New(crashfs.Options{Seed: 1, Quota: c.quota})
			o.FS, o.Place = roomy{disk}, "/disk"
			first := take(t, o)
			if !c.full {
				o.FS, o.Reserve = disk, c.reserve
			}
			var err error
			for range 12 { // each takes more of the disk
				if _, err = hubcopy.Take(t.Context(), o); err != nil {
					break
				}
			}
			if !errors.Is(err, c.want) {
				t.Fatalf("%v", err)
			}
			c, err := hubcopy.OpenOn(disk, first.Path(), k)
			if err == nil {
				err = c.Prove(t.Context(), t.TempDir(), nil)
			}
			if err != nil {
				t.Errorf("the earlier copy: %v", err)
			}
			if all, err := hubcopy.NumbersOn(disk, o.Place, k.Pin, "n1"); err != nil || len(all) == 0 || all[0] != 1 {
				t.Errorf("%v, %v", all, err)
			}
		})
	}
}

// TestProofLeavesRoom: a disk that another fills while a copy is proven stops the
// proof, which leaves nothing there and does not call the copy damaged.
func TestProofLeavesRoom(t *testing.T) {
	f, _ := state(t, 12)
	k, _ := testKeys(t, nil)
	c := take(t, options(t, f, k))
	work := t.TempDir()
	looks := 0
	err := c.ProveOn(t.Context(), work, func(string) (uint64, error) {
		if looks++; looks == 1 {
			return 1 << 40, nil
		}
		return 255 << 20, nil
	})
	if !errors.Is(err, hubcopy.ErrNoRoom) || errors.Is(err, hubcopy.ErrDamaged) {
		t.Errorf("%v", err)
	}
	if left, err := filepath.Glob(filepath.Join(work, "*")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestPowerCutLeavesEarlierCopies: the power goes during any call that changes
// the disk; what bears the name of a finished copy is whole each time, the one
// before is there, and the next copy is made.
func TestPowerCutLeavesEarlierCopies(t *testing.T) {
	f, _ := state(t, 12)
	k, _ := testKeys(t, nil)
	o := options(t, f, k)
	o.Place = "/disk"
	// The first counts the calls of one copy.
	disk := crashfs.New(crashfs.Options{Seed: 1})
	o.FS = disk
	take(t, o)
	before := disk.Calls()
	take(t, o)
	calls := disk.Calls() - before
	cuts := 0
	for at := 1; at <= calls; at++ {
		disk := crashfs.New(crashfs.Options{Seed: uint64(at)})
		o.FS = disk
		take(t, o)
		disk.CutAt(at)
		if _, err := hubcopy.Take(t.Context(), o); err == nil {
			t.Fatalf("cut %d of %d did not happen", at, calls)
		}
		disk.Crash(rand.New(rand.NewPCG(uint64(at), 3)))
		cuts++
		all, err := hubcopy.NumbersOn(disk, o.Place, k.Pin, "n1")
		if err != nil || len(all) == 0 || all[0] != 1 {
			t.Fatalf("cut %d: %v, %v", at, all, err)
		}
		for _, n := range all {
			c, err := hubcopy.OpenOn(disk, hubcopy.PathOf(o.Place, k.Pin, "n1", n), k)
			if err == nil {
				err = c.Prove(t.Context(), t.TempDir(), nil)
			}
			if err != nil {
				t.Errorf("cut %d: copy %d: %v", at, n, err)
			}
		}
		take(t, o)
	}
	t.Logf("%d cuts", cuts)
}

// lying is a node whose tables are what verify says.
type lying struct {
	hubcopy.Source
	verify func() error
}

func (l lying) VerifyTables() error { return l.verify() }

// TestRottenTablesMakeNoCopy: rows may be missing when a table cannot be read, so
// no copy of them gets a name.
func TestRottenTablesMakeNoCopy(t *testing.T) {
	f, _ := state(t, 12)
	k, _ := testKeys(t, nil)
	o := options(t, lying{f, func() error { return fsm.ErrDamaged }}, k)
	if _, err := hubcopy.Take(t.Context(), o); !errors.Is(err, fsm.ErrDamaged) {
		t.Fatal(err)
	}
	if _, err := hubcopy.Find(o.Place, 0); !errors.Is(err, hubcopy.ErrNoCopy) {
		t.Error(err)
	}
}

// TestStoppedCopyIsNone: a node that is stopped in the middle of a copy does not
// wait for it.
func TestStoppedCopyIsNone(t *testing.T) {
	f, _ := state(t, 12)
	k, _ := testKeys(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t, lying{f, func() error { cancel(); return nil }}, k)
	for range 2 { // in its middle, and before it
		if _, err := hubcopy.Take(ctx, o); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if _, err := hubcopy.Find(o.Place, 0); !errors.Is(err, hubcopy.ErrNoCopy) {
			t.Error(err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(o.Place, "*", "*")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	if left, err := filepath.Glob(filepath.Join(o.Work, "*")); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestRestoreRefusesWhatIsThere: no node is planted over another.
func TestRestoreRefusesWhatIsThere(t *testing.T) {
	f, _ := state(t, 12)
	k, _ := testKeys(t, nil)
	c := take(t, options(t, f, k))
	dir := filepath.Join(t.TempDir(), "node")
	r, err := c.Restore(dir, newPeers, nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Was != c.Manifest.StateHash() || r.Is == r.Was {
		t.Errorf("read %x, written %x, stated %s", r.Was, r.Is, c.Manifest.State)
	}
	if _, err := c.Restore(dir, newPeers, nil); !errors.Is(err, hub.ErrPlanted) {
		t.Errorf("over a node: %v", err)
	}
}

// TestLineage: the same for each node of a new hub, another for another copy or
// other peers.
func TestLineage(t *testing.T) {
	f, _ := state(t, 12)
	k, _ := testKeys(t, nil)
	o := options(t, f, k)
	a, b := take(t, o), take(t, o)
	two := []hub.Peer{{ID: "n5", Raft: "x:1"}, {ID: "n4", Raft: "y:1"}}
	turned := []hub.Peer{two[1], two[0]}
	if a.Lineage(two) != a.Lineage(turned) {
		t.Error("the order of the peers counts")
	}
	if a.Lineage(two) == b.Lineage(two) || a.Lineage(two) == a.Lineage(two[:1]) {
		t.Error("two hubs have one lineage")
	}
}
