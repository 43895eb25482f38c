package machine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
	"tramxa/service/machine"
)

func booted(id string) machine.Facts {
	return machine.Facts{Boot: machine.Boot{ID: id, Uptime: time.Minute}}
}

// cutTest runs a disk test until the power goes at a call picked from rng, and
// judges it after the reboot. lies makes the disk lie once the test is armed.
func cutTest(t *testing.T, seed uint64, lies, seen bool) (r machine.DiskResult, found bool, promised uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	disk := crashfs.New(crashfs.Options{Seed: seed})
	if err := disk.MkdirAll("/data", 0o700); err != nil {
		t.Fatal(err)
	}
	var lying atomic.Bool
	fsys := liar{disk, &lying}
	at := 1 + rng.IntN(900)
	armed := false
	o := machine.TestOptions{FS: fsys, Facts: booted("first"), Size: 64 * 4096, Duration: time.Hour, Writes: 200}
	o.Progress = func(p machine.TestProgress) {
		if p.Stage != machine.TestSync {
			return
		}
		if !armed {
			armed = true
			lying.Store(lies)
			disk.CutAt(at)
		}
		promised = p.Seq
	}
	_, err := machine.DiskTest(context.Background(), "/data", o)
	if err == nil {
		if promised != 200 {
			t.Fatalf("seed %d: ended after %d writes", seed, promised)
		}
		return r, false, promised
	}
	if !errors.Is(err, crashfs.ErrPower) {
		t.Fatalf("seed %d: %v", seed, err)
	}
	disk.Crash(rng)
	lying.Store(false)
	after := machine.TestOptions{FS: fsys, Facts: booted("second")}
	if seen {
		after.Seen = promised
	}
	r, found, err = machine.DiskTestAfter("/data", after)
	if err != nil {
		t.Fatalf("seed %d: judge: %v", seed, err)
	}
	if names, _ := disk.ReadDir("/data/disktest"); len(names) != 0 {
		t.Errorf("seed %d: %v are left", seed, names)
	}
	return r, found, promised
}

// cuts is how many power cuts are tried; some come when the test is over.
func cuts() uint64 {
	if os.Getenv("TRAMXA_LONG") == "1" {
		return 1500
	}
	return 160
}

func TestHonestDiskIsNeverAccused(t *testing.T) {
	honest, torn, cut := 0, 0, 0
	for seed := range cuts() {
		r, found, promised := cutTest(t, seed, false, true)
		if !found { // ended, or the cut came while it was tidied up
			continue
		}
		cut++
		if !r.Cut || r.Promised < promised {
			t.Errorf("seed %d: promised %d, judged %+v", seed, promised, r)
		}
		want := machine.Honest
		if r.Promised < 50 {
			want = machine.Unproven
		}
		if r.Verdict != want {
			t.Errorf("seed %d: %d promised, verdict %s %v", seed, promised, r.Verdict, r.Reasons)
		}
		if r.Verdict == machine.Honest {
			honest++
		}
		if r.Torn {
			torn++
		}
	}
	if cut < 100 || honest < 50 || torn == 0 {
		t.Errorf("%d cuts, %d honest, %d torn: the test says too little", cut, honest, torn)
	}
	t.Logf("%d power cuts: %d honest, %d with a torn block in flight, 0 accused", cut, honest, torn)
}

// TestLyingDiskIsFound runs the same with a disk that syncs nothing. Whoever
// remembers the number on the screen finds every loss.
func TestLyingDiskIsFound(t *testing.T) {
	cut, alone, helped, inOrder := 0, 0, 0, 0
	for seed := range cuts() {
		r, found, promised := cutTest(t, seed, true, false)
		if !found || promised < 3 {
			continue
		}
		cut++
		if r.Verdict == machine.Lies {
			alone++
		}
		if r.Verdict == machine.Honest && r.Promised < promised {
			inOrder++
		}
		r, _, _ = cutTest(t, seed, true, true)
		if r.Verdict == machine.Lies {
			helped++
		} else if r.Promised < promised {
			t.Errorf("seed %d: %d of %d are there, verdict %s %v", seed, r.Promised, promised, r.Verdict, r.Reasons)
		}
	}
	if cut < 50 || alone*10 < cut*5 || helped*10 < cut*6 {
		t.Errorf("%d cuts: %d found alone, %d with the number on the screen", cut, alone, helped)
	}
	t.Logf("%d power cuts on a lying disk: %d found by ledger and pattern alone, %d with the number seen on the screen; %d lost their newest writes in order", cut, alone, helped, inOrder)
}

func TestDiskTestOnThisDisk(t *testing.T) {
	dir := t.TempDir()
	stages := map[string]bool{}
	o := machine.TestOptions{Facts: machine.Look(t.Context(), dir), Size: 4 << 20, Duration: time.Hour, Writes: 60,
		Progress: func(p machine.TestProgress) { stages[p.Stage] = true }}
	r, err := machine.DiskTest(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	if r.Promised == 0 || r.Flush.Count != int(2*r.Promised) || r.Flush.Median <= 0 || r.Flush.Worst < r.Flush.P99 || r.Write == 0 {
		t.Errorf("result %+v", r)
	}
	if r.Verdict == machine.Honest || r.Verdict == "" || len(r.Reasons) == 0 {
		t.Errorf("without a power cut the verdict is %q %v", r.Verdict, r.Reasons)
	}
	for _, s := range []string{machine.TestFill, machine.TestRead, machine.TestSync, machine.TestDone} {
		if !stages[s] {
			t.Errorf("stage %s was not told", s)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	t.Logf("%d synced writes, flush %v, write %d MB/s, read %d MB/s, verdict %s %v", r.Promised, r.Flush, r.Write/1e6, r.Read/1e6, r.Verdict, r.Reasons)
}

// childDir, in the environment, makes the test program run a disk test there
// until it is killed, and say each number.
const childDir = "TRAMXA_DISKTEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		_, err := machine.DiskTest(context.Background(), dir, machine.TestOptions{Facts: booted("same"), Size: 1 << 20, Duration: time.Hour,
			Progress: func(p machine.TestProgress) { fmt.Println(p.Seq) }})
		fmt.Println("ended", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKilledDiskTestIsNoVerdict: the process is killed, the machine stays on.
func TestKilledDiskTestIsNoVerdict(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	for lines := bufio.NewScanner(out); last < 60 && lines.Scan(); {
		if last, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Errorf("child: %s", lines.Text())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	if err := os.CopyFS(filepath.Join(copied, "disktest"), os.DirFS(filepath.Join(dir, "disktest"))); err != nil {
		t.Fatal(err)
	}
	r, found, err := machine.DiskTestAfter(dir, machine.TestOptions{Facts: booted("same")})
	if err != nil || !found || r.Cut || r.Verdict != machine.Unproven || r.Promised < last {
		t.Errorf("after a kill at %d: %+v, %v, %v", last, r, found, err)
	}
	if _, found, err := machine.DiskTestAfter(dir, machine.TestOptions{Facts: booted("same")}); found || err != nil {
		t.Errorf("judged twice: %v", err)
	}
	// The same files after a reboot are those of a disk that kept everything.
	r, found, err = machine.DiskTestAfter(copied, machine.TestOptions{Facts: booted("other"), Seen: last})
	if err != nil || !found || !r.Cut || r.Verdict != machine.Honest {
		t.Errorf("after a reboot: %+v, %v, %v", r, found, err)
	}
	if left, _ := os.ReadDir(copied); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestWitnessFindsALossInOrder: the disk goes back to how it was a while ago, as
// one does that loses its cache, and only the witness knows better.
func TestWitnessFindsALossInOrder(t *testing.T) {
	witness, kept := t.TempDir(), t.TempDir()
	disk := crashfs.New(crashfs.Options{})
	var early *crashfs.FS
	stop := errors.New("stop")
	_, err := machine.DiskTest(t.Context(), "/", machine.TestOptions{FS: disk, Facts: booted("a"), Size: 64 * 4096, Duration: time.Hour, Witness: witness,
		Progress: func(p machine.TestProgress) {
			switch p.Seq {
			case 100:
				early = disk.Clone()
			case 120:
				if err := os.CopyFS(kept, os.DirFS(witness)); err != nil {
					t.Error(err)
				}
				disk.FailAt(1, stop)
			}
		}})
	if !errors.Is(err, stop) {
		t.Fatal(err)
	}
	again := early.Clone()
	r, found, err := machine.DiskTestAfter("/", machine.TestOptions{FS: early, Facts: booted("b")})
	if err != nil || !found || r.Verdict != machine.Honest || r.Promised != 100 {
		t.Errorf("without the witness: %+v, %v, %v", r, found, err)
	}
	r, found, err = machine.DiskTestAfter("/", machine.TestOptions{FS: again, Facts: booted("b"), Witness: kept})
	if err != nil || !found || r.Verdict != machine.Lies {
		t.Errorf("lost in order: %+v, %v, %v", r, found, err)
	}
	if left, _ := os.ReadDir(kept); len(left) != 0 {
		t.Errorf("the witness keeps %v", left)
	}
}

func TestDiskTestNeedsRoom(t *testing.T) {
	disk := crashfs.New(crashfs.Options{Quota: 50 << 20})
	if _, err := machine.DiskTest(t.Context(), "/", machine.TestOptions{FS: disk}); !errors.Is(err, machine.ErrNoRoom) {
		t.Errorf("on a full disk: %v", err)
	}
	if files := disk.Files(); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestFailingDiskIsAnError(t *testing.T) {
	disk := crashfs.New(crashfs.Options{})
	bad := errors.New("medium error")
	o := machine.TestOptions{FS: disk, Size: 64 * 4096, Duration: time.Hour, Writes: 100}
	o.Progress = func(p machine.TestProgress) {
		if p.Seq == 30 {
			disk.FailAt(1, bad, crashfs.OpSync)
		}
	}
	if _, err := machine.DiskTest(t.Context(), "/", o); !errors.Is(err, bad) {
		t.Errorf("a sync that fails: %v", err)
	}
}

// slowFile takes long to sync a small write.
type slowFile struct{ journal.File }

type slow struct{ journal.FS }

func (s slow) OpenFile(name string, flag int, perm fs.FileMode) (journal.File, error) {
	f, err := s.FS.OpenFile(name, flag, perm)
	return slowFile{f}, err
}

func (f slowFile) Sync() error {
	time.Sleep(3 * time.Second)
	return f.File.Sync()
}

// TestSlowDiskIsTestedToo: one whose first write takes longer than the test still
// gets a pattern, and its number is told.
func TestSlowDiskIsTestedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := uint64(0)
		r, err := machine.DiskTest(t.Context(), "/", machine.TestOptions{FS: slow{crashfs.New(crashfs.Options{})}, Facts: booted("a"), Size: 64 * 4096, Duration: 2 * time.Second,
			Progress: func(p machine.TestProgress) {
				if p.Left < 0 || p.Done > p.Total {
					t.Errorf("%+v", p)
				}
				if p.Stage == machine.TestSync {
					told = p.Seq
				}
			}})
		if err != nil || r.Promised != 1 || told != 1 {
			t.Errorf("%d confirmed, %d told, %v", r.Promised, told, err)
		}
	})
}
