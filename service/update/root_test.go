package update

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
	"tramxa/images/grubenv"
)

const (
	imageSystem = "image/amd64"
	bootDir     = "/run/tramxa/boot"
	rootRoom    = 64 << 10 // bytes of a partition
)

// imagePC is an image machine in memory: boot partition and two roots.
type imagePC struct {
	*testMachine
}

// rootFiles are the three files of an image release.
func rootFiles(sequence uint64) (out [3][]byte) {
	for i, size := range []int{40_000, 9000, 12_000} {
		out[i] = program(size, byte(sequence), byte(i))
	}
	return out
}

// imageRelease makes a release of an image machine.
func (m *maker) imageRelease(sequence uint64) made {
	m.t.Helper()
	older, edit := m.older, m.edit
	defer func() { m.older, m.edit = older, edit }()
	m.older = nil
	files := rootFiles(sequence)
	m.edit = func(d *Draft) {
		for i, kind := range []string{KindRoot, KindKernel, KindInitrd} {
			f := DraftFile{System: imageSystem, Kind: kind, Path: writeFile(m.t, m.dir, fmt.Sprintf("%s-%d", kind, sequence), files[i])}
			if kind == KindRoot && sequence > 2 {
				f.Older = []string{filepath.Join(m.dir, fmt.Sprintf("%s-%d", kind, sequence-1))}
			}
			d.Files = append(d.Files, f)
		}
	}
	return m.release(sequence, one)
}

func newImagePC(t testing.TB, m *maker) *imagePC {
	t.Helper()
	pc := &imagePC{testMachine: newMachine(t, m, 1)}
	put := func(name string, b []byte) {
		must(t, pc.disk.MkdirAll(filepath.Dir(name), 0o755))
		must(t, journal.WriteFileAtomic(pc.disk, name, b, 0o644))
	}
	files := rootFiles(1)
	put("/dev/sda2", append(bytes.Clone(files[0]), make([]byte, rootRoom-len(files[0]))...))
	put("/dev/sda3", make([]byte, rootRoom))
	put(bootDir+"/A/vmlinuz", files[1])
	put(bootDir+"/A/initrd.img", files[2])
	put(bootDir+"/grub/grubenv", grubenv.New().Marshal())
	return pc
}

func (pc *imagePC) machine(running grubenv.Slot) RootMachine {
	return RootMachine{Dir: appDir + "/root", Boot: bootDir, System: imageSystem, Trust: &pc.trust, FS: pc.disk, Running: running,
		Devices: map[grubenv.Slot]string{grubenv.A: "/dev/sda2", grubenv.B: "/dev/sda3"}}
}

// boot is what the loader does; it says which release is started, by its files.
func (pc *imagePC) boot() (grubenv.Slot, uint64, error) {
	b, err := journal.ReadFile(pc.disk, bootDir+"/grub/grubenv", grubenv.Size)
	if err != nil {
		return 0, 0, err
	}
	env, err := grubenv.Parse(b)
	if err != nil {
		return 0, 0, err
	}
	slot, env := env.Boot(func(s grubenv.Slot) bool {
		_, err := pc.disk.Stat(bootDir + "/" + s.String() + "/vmlinuz")
		return err == nil
	})
	f, err := pc.disk.OpenFile(bootDir+"/grub/grubenv", os.O_RDWR, 0)
	if err == nil {
		_, err = f.WriteAt(env.Marshal(), 0)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return 0, 0, err
	}
	seq, err := pc.whole(slot)
	return slot, seq, err
}

// whole says which release lies in a slot, all three files of it.
func (pc *imagePC) whole(slot grubenv.Slot) (uint64, error) {
	device := map[grubenv.Slot]string{grubenv.A: "/dev/sda2", grubenv.B: "/dev/sda3"}[slot]
	var got [3][]byte
	for i, name := range []string{device, bootDir + "/" + slot.String() + "/vmlinuz", bootDir + "/" + slot.String() + "/initrd.img"} {
		b, err := journal.ReadFile(pc.disk, name, 1<<20)
		if err != nil {
			return 0, err
		}
		got[i] = b
	}
	for seq := uint64(1); seq < 9; seq++ {
		want := rootFiles(seq)
		if bytes.HasPrefix(got[0], want[0]) && bytes.Equal(got[1], want[1]) && bytes.Equal(got[2], want[2]) {
			return seq, nil
		}
	}
	return 0, fmt.Errorf("slot %s holds no whole system", slot)
}

func (pc *imagePC) wantBoot(want grubenv.Slot, release uint64) {
	pc.t.Helper()
	slot, seq, err := pc.boot()
	must(pc.t, err)
	if slot != want || seq != release {
		pc.t.Fatalf("slot %s with release %d starts, want %s with %d", slot, seq, want, release)
	}
}

func (pc *imagePC) onTrial(running grubenv.Slot, want bool) {
	pc.t.Helper()
	if got, err := pc.machine(running).OnTrial(); err != nil || got != want {
		pc.t.Fatalf("root %s on trial: %v, %v; want %v", running, got, err, want)
	}
}

func (pc *imagePC) rootResult(s *Store) RootResult {
	pc.t.Helper()
	r, err := s.RootResult()
	must(pc.t, err)
	return r
}

func TestRootIsWrittenTriedAndConfirmed(t *testing.T) {
	m := newMaker(t)
	r2, r3 := m.imageRelease(2), m.imageRelease(3)
	pc := newImagePC(t, m)
	s := pc.store()
	pc.wantBoot(grubenv.A, 1)
	must(t, s.StageRoot(context.Background(), r2.open(t, pc.trust), imageSystem))
	_, err := pc.machine(grubenv.A).Apply(context.Background())
	must(t, err)
	if r := pc.rootResult(s); r.Outcome != OutcomeStaged || r.Sequence != 2 {
		t.Fatalf("%+v", r)
	}
	pc.onTrial(grubenv.A, false) // it runs still
	pc.wantBoot(grubenv.B, 2)
	pc.onTrial(grubenv.B, true)
	must(t, s.AskRootConfirm())
	res, err := pc.machine(grubenv.B).Confirm()
	must(t, err)
	if res.Outcome != OutcomeConfirmed {
		t.Fatalf("%+v", res)
	}
	pc.onTrial(grubenv.B, false)
	for range 30 { // nervous power cycles
		pc.wantBoot(grubenv.B, 2)
	}
	must(t, s.ReportRoot())
	must(t, s.ReportRoot())
	if reports, _ := s.Reports(); len(reports) != 1 || reports[0].Outcome != OutcomeConfirmed {
		t.Fatalf("%+v", reports)
	}
	// The next one does not start: the loader goes back by itself.
	must(t, s.StageRoot(context.Background(), r3.open(t, pc.trust), imageSystem))
	_, err = pc.machine(grubenv.B).Apply(context.Background())
	must(t, err)
	for range grubenv.MaxTries {
		pc.wantBoot(grubenv.A, 3)
	}
	pc.wantBoot(grubenv.B, 2)
	res, err = pc.machine(grubenv.B).Confirm()
	must(t, err)
	if res.Outcome != OutcomeRolledBack || res.Sequence != 3 || res.Text.VI == "" {
		t.Fatalf("%+v", res)
	}
	// An older one is refused, the failed one may be tried again.
	must(t, s.StageRoot(context.Background(), r2.open(t, pc.trust), imageSystem))
	_, err = pc.machine(grubenv.B).Apply(context.Background())
	refused(t, err, ReasonOlder)
	must(t, s.StageRoot(context.Background(), r3.open(t, pc.trust), imageSystem))
	_, err = pc.machine(grubenv.B).Apply(context.Background())
	must(t, err)
}

// TestRootArrivesAsAPatch: of a root that the province offers only the
// difference from the running one is fetched.
func TestRootArrivesAsAPatch(t *testing.T) {
	m := newMaker(t)
	r2, r3 := m.imageRelease(2), m.imageRelease(3)
	pc := newImagePC(t, m)
	s := pc.store()
	pc.next(s) // the launcher has run
	fetch := func(r made) Part {
		t.Helper()
		parts, err := s.NeededRoot(r.Release, imageSystem)
		must(t, err)
		for _, p := range parts {
			src, err := r.open(t, pc.trust).OpenPart(p.SHA256)
			must(t, err)
			b := make([]byte, p.Size)
			must(t, readRange(src, b, 0))
			in, err := s.Incoming(p)
			must(t, err)
			_, err = in.WriteAt(b, 0)
			must(t, errors.Join(err, in.Done(), in.Close()))
		}
		must(t, s.StageRootIncoming(context.Background(), r.Release, imageSystem))
		return parts[0]
	}
	if p := fetch(r2); p.Encoding != EncodingZstd {
		t.Fatalf("nobody knows the first root: %+v", p)
	}
	_, err := pc.machine(grubenv.A).Apply(context.Background())
	must(t, err)
	pc.wantBoot(grubenv.B, 2)
	_, err = pc.machine(grubenv.B).Confirm()
	must(t, err)
	whole, _ := r3.File(imageSystem, KindRoot)
	if p := fetch(r3); p.Encoding != EncodingPieces || p.Size*10 > whole.Packings[0].Size {
		t.Fatalf("%+v of %+v", p, whole)
	}
	for _, name := range pc.disk.Files() {
		if strings.HasSuffix(name, partSuffix) && strings.Contains(name, "incoming") {
			t.Errorf("%s was left", name)
		}
	}
	saved := pc.disk.Clone()
	_, err = pc.machine(grubenv.B).Apply(context.Background())
	must(t, err)
	pc.wantBoot(grubenv.A, 3)

	// From a running root that was altered nothing is made.
	pc.disk = saved
	must(t, pc.disk.FlipBit("/dev/sda3", 123, 1))
	if _, err := pc.machine(grubenv.B).Apply(context.Background()); !errors.Is(err, ErrFormat) {
		t.Fatalf("patched an altered root: %v", err)
	}
	if slot, _, _ := pc.boot(); slot != grubenv.B {
		t.Fatal("the half-written root is started")
	}
}

// TestRootAppliesNothingThatIsNotSigned: the directory belongs to the station's
// user, who must not be able to write a system.
func TestRootAppliesNothingThatIsNotSigned(t *testing.T) {
	m := newMaker(t)
	r2 := m.imageRelease(2)
	other := newSigner(t, 7)
	for name, harm := range map[string]func(*imagePC){
		"manifest": func(pc *imagePC) { must(t, pc.disk.FlipBit(appDir+"/root/"+manifestName, 300, 1)) },
		"part": func(pc *imagePC) {
			f, _ := r2.File(imageSystem, KindInitrd)
			must(t, pc.disk.FlipBit(appDir+"/root/"+f.Packings[0].SHA256.String()+partSuffix, 200, 1))
		},
		"keys": func(pc *imagePC) { pc.trust = other.trust() },
		"pending": func(pc *imagePC) {
			must(t, journal.WriteFileAtomic(pc.disk, appDir+"/root/"+pendingName, []byte("{}"), 0o644))
		},
		"room": func(pc *imagePC) {
			must(t, journal.WriteFileAtomic(pc.disk, "/dev/sda3", make([]byte, 1000), 0o644))
		},
	} {
		t.Run(name, func(t *testing.T) {
			pc := newImagePC(t, m)
			s := pc.store()
			must(t, s.StageRoot(context.Background(), r2.open(t, pc.trust), imageSystem))
			harm(pc)
			if _, err := pc.machine(grubenv.A).Apply(context.Background()); err == nil {
				t.Fatal("written")
			}
			pc.wantBoot(grubenv.A, 1)
			if r := pc.rootResult(s); r.Outcome != OutcomeFailed || r.Text.IsZero() {
				t.Fatalf("%+v", r)
			}
			if _, err := pc.disk.Stat(appDir + "/root/" + pendingName); err == nil {
				t.Fatal("it would be tried for ever")
			}
		})
	}
}

func TestPowerCutAnywhereInARootUpdate(t *testing.T) {
	m := newMaker(t)
	r2 := m.imageRelease(2)
	start := newImagePC(t, m)
	must(t, start.store().StageRoot(context.Background(), r2.open(t, start.trust), imageSystem))
	life := func(pc *imagePC) error {
		if _, err := pc.machine(grubenv.A).Apply(context.Background()); err != nil {
			return err
		}
		if _, _, err := pc.boot(); err != nil {
			return err
		}
		_, err := pc.machine(grubenv.B).Confirm()
		return err
	}
	at := func() *imagePC {
		w := *start.testMachine
		w.disk = start.disk.Clone()
		return &imagePC{testMachine: &w}
	}
	whole := at()
	must(t, life(whole))
	ways := 4
	if os.Getenv("TRAMXA_LONG") != "" {
		ways = 100
	}
	calls := whole.disk.Calls()
	for cut := 1; cut <= calls; cut++ {
		for way := range ways {
			pc := at()
			pc.disk.CutAt(cut)
			if err := life(pc); !errors.Is(err, crashfs.ErrPower) {
				t.Fatalf("cut %d: %v", cut, err)
			}
			pc.disk.Crash(rand.New(rand.NewPCG(uint64(cut), uint64(way))))
			slot, _, err := pc.boot()
			if err != nil {
				t.Fatalf("cut %d of %d, way %d: %v", cut, calls, way, err)
			}
			if slot == grubenv.A { // what was left there is taken up, or refused, and a system starts
				if _, err := pc.machine(grubenv.A).Apply(context.Background()); err == nil {
					if slot, _, err := pc.boot(); err != nil || slot != grubenv.B {
						t.Fatalf("cut %d, way %d, again: slot %s, %v", cut, way, slot, err)
					}
				}
			}
		}
	}
	t.Logf("%d power cuts at %d places", calls*ways, calls)
}

func TestHashHasOneSpelling(t *testing.T) {
	h := Hash(sha256.Sum256(nil))
	got, err := ParseHash(h.String())
	must(t, err)
	if got != h {
		t.Fatal(got)
	}
	for _, bad := range []string{"", "00", h.String() + "0", "E" + h.String()[1:]} {
		if _, err := ParseHash(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
