package crashfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func create(t testing.TB, disk *crashfs.FS, name string) journal.File {
	t.Helper()
	f, err := disk.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	must(t, err)
	return f
}

// outcomes runs the same story under many crashes and counts what was left.
func outcomes(t *testing.T, story func(*crashfs.FS), left func(*crashfs.FS) string) map[string]int {
	t.Helper()
	got := map[string]int{}
	for seed := range uint64(400) {
		disk := crashfs.New(crashfs.Options{})
		story(disk)
		disk.Crash(rand.New(rand.NewPCG(seed, 0)))
		got[left(disk)]++
	}
	return got
}

func content(disk *crashfs.FS, name string) string {
	b, err := journal.ReadFile(disk, name, 1<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return "gone"
	}
	return string(b)
}

func wantAll(t *testing.T, got map[string]int, want ...string) {
	t.Helper()
	var have []string
	for k := range got {
		have = append(have, k)
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Fatalf("outcomes %q, want %q", have, want)
	}
}

func TestSyncedContentAndNamesStay(t *testing.T) {
	got := outcomes(t, func(disk *crashfs.FS) {
		f := create(t, disk, "/f")
		_, err := f.Write([]byte("kept"))
		must(t, err)
		must(t, f.Sync())
		must(t, disk.SyncDir("/"))
	}, func(disk *crashfs.FS) string { return content(disk, "/f") })
	wantAll(t, got, "kept")
}

func TestUnsyncedWritesMayStayInPart(t *testing.T) {
	block := func(c byte) []byte { return bytes.Repeat([]byte{c}, 512) }
	got := outcomes(t, func(disk *crashfs.FS) {
		f := create(t, disk, "/f")
		_, err := f.Write(append(block('a'), block('b')...))
		must(t, err)
		must(t, f.Sync())
		must(t, disk.SyncDir("/"))
		_, err = f.WriteAt(append(block('c'), block('d')...), 0)
		must(t, err)
	}, func(disk *crashfs.FS) string {
		b := content(disk, "/f")
		return string(b[0]) + string(b[511]) + string(b[512]) + string(b[1023])
	})
	wantAll(t, got, "aabb", "ccbb", "aadd", "ccdd")
}

func TestUnsyncedSizeMayStayOrNot(t *testing.T) {
	got := outcomes(t, func(disk *crashfs.FS) {
		f := create(t, disk, "/f")
		must(t, f.Allocate(0, 100))
		must(t, f.Sync())
		must(t, disk.SyncDir("/"))
		must(t, f.Allocate(100, 50))
		must(t, f.Truncate(7))
	}, func(disk *crashfs.FS) string { return fmt.Sprint(len(content(disk, "/f"))) })
	wantAll(t, got, "100", "150", "7")
}

func TestUnsyncedNamesMayVanishOrComeBack(t *testing.T) {
	story := func(disk *crashfs.FS) {
		for _, name := range []string{"old", "gone"} {
			must(t, journal.WriteFileAtomic(disk, "/"+name, []byte("1"), 0o600))
		}
		f := create(t, disk, "/tmp")
		_, err := f.Write([]byte("2"))
		must(t, err)
		must(t, f.Sync())
		must(t, disk.Rename("/tmp", "/old"))
		must(t, disk.Remove("/gone"))
	}
	got := outcomes(t, story, func(disk *crashfs.FS) string { return content(disk, "/old") + content(disk, "/gone") })
	wantAll(t, got, "11", "1gone", "21", "2gone")
	got = outcomes(t, func(disk *crashfs.FS) {
		story(disk)
		must(t, disk.SyncDir("/"))
	}, func(disk *crashfs.FS) string { return content(disk, "/old") + content(disk, "/gone") })
	wantAll(t, got, "2gone")
}

func TestAtomicFileIsOldOrNew(t *testing.T) {
	seen := map[string]int{}
	for n := 1; n <= 8; n++ {
		for seed := range uint64(50) {
			disk := crashfs.New(crashfs.Options{})
			must(t, journal.WriteFileAtomic(disk, "/f", []byte("old"), 0o600))
			disk.CutAt(n)
			err := journal.WriteFileAtomic(disk, "/f", bytes.Repeat([]byte("new"), 700), 0o600)
			disk.Crash(rand.New(rand.NewPCG(seed, 3)))
			got := content(disk, "/f")
			if got != "old" && got != string(bytes.Repeat([]byte("new"), 700)) {
				t.Fatalf("cut at call %d: a file of %d bytes", n, len(got))
			}
			if err == nil && got == "old" {
				t.Fatal("answered and lost")
			}
			seen[got[:3]]++
		}
	}
	if len(seen) != 2 {
		t.Fatalf("outcomes %v", seen)
	}
}

// After a failed sync the data can be read, counts as clean, and is lost.
func TestFailedSyncForgets(t *testing.T) {
	lost := 0
	for seed := range uint64(40) {
		disk := crashfs.New(crashfs.Options{Seed: seed})
		f := create(t, disk, "/f")
		must(t, f.Allocate(0, 4))
		must(t, f.Sync())
		must(t, disk.SyncDir("/"))
		_, err := f.Write([]byte("data"))
		must(t, err)
		disk.FailAt(1, syscall.EIO, crashfs.OpSync)
		if err := f.Sync(); !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		must(t, f.Sync())
		if content(disk, "/f") != "data" {
			t.Fatal("the cache must still show it")
		}
		disk.Crash(rand.New(rand.NewPCG(seed, 0)))
		if content(disk, "/f") != "data" {
			lost++
		}
	}
	if lost == 0 || lost == 40 {
		t.Fatalf("lost %d of 40", lost)
	}
}

func TestFailingWriteIsShortAndAFullDiskRefuses(t *testing.T) {
	short := 0
	for seed := range uint64(20) {
		disk := crashfs.New(crashfs.Options{Seed: seed, Quota: 100})
		f := create(t, disk, "/f")
		disk.FailAt(2, syscall.EIO)
		_, err := f.WriteAt(make([]byte, 10), 0)
		must(t, err)
		n, err := f.WriteAt(make([]byte, 50), 10)
		if !errors.Is(err, syscall.EIO) || n > 50 {
			t.Fatalf("%d, %v", n, err)
		}
		if n < 50 {
			short++
		}
		if err := f.Allocate(60, 50); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("allocate: %v", err)
		}
		if n, err := f.WriteAt(make([]byte, 60), 60); n != 40 || !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("write: %d, %v", n, err)
		}
		if free, err := disk.Free("/"); free != 0 || err != nil {
			t.Fatalf("free %d, %v", free, err)
		}
	}
	if short == 0 {
		t.Fatal("no write was short")
	}
}

func TestPowerOffEndsEverythingUntilCrash(t *testing.T) {
	disk := crashfs.New(crashfs.Options{})
	f := create(t, disk, "/f")
	disk.CutAt(1)
	if err := f.Sync(); !errors.Is(err, crashfs.ErrPower) {
		t.Fatal(err)
	}
	_, err := f.ReadAt(make([]byte, 1), 0)
	for _, err := range []error{err, f.Sync(), disk.Remove("/f"), disk.SyncDir("/"), disk.MkdirAll("/d", 0)} {
		if !errors.Is(err, crashfs.ErrPower) {
			t.Fatalf("with the power off: %v", err)
		}
	}
	disk.Crash(rand.New(rand.NewPCG(1, 1)))
	if err := f.Sync(); !errors.Is(err, crashfs.ErrDead) {
		t.Fatalf("a file from before: %v", err)
	}
	must(t, create(t, disk, "/g").Sync())
}

func TestTheSameSeedsGiveTheSameDisk(t *testing.T) {
	run := func() string {
		disk := crashfs.New(crashfs.Options{Seed: 5})
		rng := rand.New(rand.NewPCG(5, 5))
		all := ""
		for i := range 30 {
			f := create(t, disk, fmt.Sprint("/", i%4))
			_, err := f.WriteAt(bytes.Repeat([]byte{byte(i)}, 900*i), int64(i*100))
			must(t, err)
			if i%7 == 0 {
				disk.Crash(rng)
				name, off := disk.Flip(rng, "/")
				all += fmt.Sprint(name, off)
			}
			for _, name := range disk.Files() {
				all += name + content(disk, name)
			}
		}
		return all
	}
	first := run()
	if second := run(); first != second {
		t.Fatal("two runs differ")
	}
}

func TestCloneIsApart(t *testing.T) {
	disk := crashfs.New(crashfs.Options{})
	f := create(t, disk, "/f")
	_, err := f.Write([]byte("abc"))
	must(t, err)
	c := disk.Clone()
	must(t, c.FlipBit("/f", 1, 0))
	c.Crash(rand.New(rand.NewPCG(1, 1)))
	if content(c, "/f") != "acc" || content(disk, "/f") != "abc" {
		t.Fatalf("%q, %q", content(c, "/f"), content(disk, "/f"))
	}
}

// TestRenamedDirectoryIsThereOnce: whole under the old name or whole under the
// new one, until the directory above is synced.
func TestRenamedDirectoryIsThereOnce(t *testing.T) {
	for _, synced := range []bool{false, true} {
		got := outcomes(t, func(disk *crashfs.FS) {
			must(t, disk.MkdirAll("a/b/old", 0o700))
			for _, name := range []string{"a/b/old/x", "a/b/old/y"} {
				must(t, journal.WriteFileAtomic(disk, name, []byte(name[8:]), 0o600))
			}
			must(t, disk.Rename("a/b/old", "a/b/new"))
			if synced {
				must(t, disk.SyncDir("a/b"))
			}
		}, func(disk *crashfs.FS) string {
			names, err := disk.ReadDir("a/b")
			must(t, err)
			return fmt.Sprint(names, content(disk, "a/b/"+names[0]+"/x"), content(disk, "a/b/"+names[0]+"/y"))
		})
		if synced {
			wantAll(t, got, "[new]xy")
		} else {
			wantAll(t, got, "[new]xy", "[old]xy")
		}
	}
	disk := crashfs.New(crashfs.Options{})
	must(t, disk.MkdirAll("a", 0o700))
	create(t, disk, "a/x")
	if err := disk.Rename("a", "b"); err == nil {
		t.Error("a directory with unsynced names was renamed")
	}
}
