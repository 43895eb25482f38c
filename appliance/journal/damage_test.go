package journal_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"math/rand/v2"
	"path"
	"strings"
	"syscall"
	"testing"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
)

// place says what a byte of a segment file belongs to.
type place struct {
	name     string
	from, to journal.Seq // records that depend on it
	dead     bool        // behind the last frame of a segment never closed
}

// segments are the segment files of the journal, in order.
func segments(disk *crashfs.FS) (names []string) {
	for _, f := range disk.Files() {
		if strings.HasSuffix(f, ".txj") {
			names = append(names, f)
		}
	}
	return names
}

// places maps every byte of the journal on disk.
func places(t *testing.T, disk *crashfs.FS) map[string][]place {
	t.Helper()
	next := journal.Seq(1)
	all := map[string][]place{}
	for _, file := range segments(disk) {
		seg, err := journal.ReadFile(disk, file, 1<<23)
		if err != nil {
			t.Fatal(err)
		}
		first, offs := next, journal.FrameOffsets(seg)
		sealed := len(seg)-int(offs[len(offs)-1]) == journal.TrailerLen
		bytes := make([]place, len(seg))
		for i := 1; i < len(offs); i++ {
			count := journal.Seq(seg[offs[i-1]+13]) // count of the frame header, low byte
			for b := offs[i-1]; b < offs[i]; b++ {
				bytes[b] = place{"frame", next, next + count - 1, false}
				if b < offs[i-1]+22 && i == len(offs)-1 && !sealed {
					bytes[b].to = next // nobody can say how many it held
				}
			}
			next += count
		}
		for b := range bytes {
			switch {
			case b < journal.HeaderLen:
				bytes[b] = place{"header", first, next - 1, false}
			case int64(b) >= offs[len(offs)-1]:
				bytes[b] = place{name: "tail", dead: !sealed}
			}
		}
		all[file] = bytes
	}
	return all
}

// TestEveryFlippedBitIsFoundAndNamed flips bits one at a time, in closed segments
// and in one that was never closed, and wants the very records named. A flip that
// makes what a power cut leaves is the exception: see leavesACut.
func TestEveryFlippedBitIsFoundAndNamed(t *testing.T) {
	step := 29
	if long() {
		step = 1
	} else {
		t.Log("every 29th byte; TRAMXA_LONG=1 takes every byte")
	}
	for _, closed := range []bool{true, false} {
		disk, o := build(t, 45, closed)
		flips, dead, cut := 0, 0, 0
		for file, bytes := range places(t, disk) {
			for off := 0; off < len(bytes); off += step {
				at := bytes[off]
				d := disk.Clone()
				if err := d.FlipBit(file, int64(off), off%8); err != nil {
					t.Fatal(err)
				}
				flips++
				if !at.dead && leavesACut(t, d, file, off) {
					cut++
					cutShort(t, on(o, d), disk, file, at)
					continue
				}
				flipped(t, on(o, d), file, off, at)
				if at.dead {
					off += 36 // the zeros behind the last frame are many and alike
					dead++
				}
			}
		}
		t.Logf("closed %v: %d flips, %d of them behind the last frame, %d as of a power cut", closed, flips, dead, cut)
	}
}

// leavesACut says whether a flip at off has left nothing but zeros from there to the
// end of the file. What stands last, a group or a seal, then only misses its last
// bytes, and nobody can tell that from a power cut. One salt in 256 makes the last
// byte one that a given flip takes to zero.
func leavesACut(t testing.TB, disk *crashfs.FS, file string, off int) bool {
	t.Helper()
	seg, err := journal.ReadFile(disk, file, 1<<23)
	must(t, err)
	return len(bytes.Trim(seg[off:], "\x00")) == 0
}

// cutShort wants the journal taken as after a power cut: no word of damage, all
// records but those of the group that lost its end, which whole has yet.
func cutShort(t *testing.T, o journal.Options, whole *crashfs.FS, file string, at place) {
	t.Helper()
	files := segments(whole)
	before, err := journal.Verify(context.Background(), on(o, whole), nil)
	must(t, err)
	head := before.Head
	if at.name == "frame" {
		head = at.from - 1
	}
	newest := file == files[len(files)-1]
	r, err := journal.Verify(context.Background(), o, nil)
	if err != nil || r.Head != head || r.Torn != newest {
		t.Fatalf("%s cut in its %s, head %d wanted: %+v, %v", path.Base(file), at.name, head, r, err)
	}
	j, rec, err := journal.Open(context.Background(), o)
	if err != nil || rec.Head != head || (rec.Torn > 0) != newest {
		t.Fatalf("%s cut in its %s, head %d wanted: %+v, %v", path.Base(file), at.name, head, rec, err)
	}
	must(t, check(j, o, 1))
	closeJournal(t, j)
}

// TestAFlipThatLeavesACutIsTakenAsOne looks for salts that make the last byte of a
// group or a seal one that a single flip takes to zero.
func TestAFlipThatLeavesACutIsTakenAsOne(t *testing.T) {
	met := map[string]bool{}
	const kinds = 3 // the group at the end, the seal at the end, a seal before
	for seed := uint64(1); len(met) < kinds; seed++ {
		if seed > 500 {
			t.Fatalf("met only %v", met)
		}
		disk, o := buildSalted(t, 45, seed%2 == 0, seed)
		at, files := places(t, disk), segments(disk)
		for i, file := range files {
			off := len(at[file]) - 1
			for at[file][off].dead {
				off--
			}
			kind := fmt.Sprintf("%s, newest %v", at[file][off].name, i == len(files)-1)
			if met[kind] {
				continue
			}
			seg, err := journal.ReadFile(disk, file, 1<<23)
			must(t, err)
			if bits.OnesCount8(seg[off]) != 1 {
				continue
			}
			met[kind] = true
			d := disk.Clone()
			must(t, d.FlipBit(file, int64(off), bits.TrailingZeros8(seg[off])))
			if !leavesACut(t, d, file, off) {
				t.Fatalf("seed %d: something follows byte %d of %s", seed, off, path.Base(file))
			}
			cutShort(t, on(o, d), disk, file, at[file][off])
			t.Logf("seed %d: %s", seed, kind)
		}
	}
}

func flipped(t *testing.T, o journal.Options, file string, off int, at place) {
	t.Helper()
	_, err := journal.Verify(context.Background(), o, nil)
	if at.dead {
		if err != nil {
			t.Fatalf("%s byte %d, behind the last frame: %v", path.Base(file), off, err)
		}
		return
	}
	d := damageIn(t, err)
	if d.Segment != path.Base(file) || d.From != at.from || d.To != at.to {
		t.Fatalf("%s byte %d (%s of %d to %d): %v", path.Base(file), off, at.name, at.from, at.to, d)
	}
	if o := int64(off); o < d.Offset || o >= d.Offset+d.Length {
		t.Fatalf("%s byte %d is not in the range named: %v", path.Base(file), off, d)
	}
	noWrongRecord(t, o, at)
}

// noWrongRecord opens the damaged journal as a station would: it refuses, or
// serves exactly the good records and names the others.
func noWrongRecord(t *testing.T, o journal.Options, at place) {
	t.Helper()
	j, _, err := journal.Open(context.Background(), o)
	if err == nil {
		err = check(j, o, 1)
	}
	if at.from == 0 {
		if err != nil {
			t.Fatalf("no record is lost, but: %v", err)
		}
		return
	}
	if d := damageIn(t, err); d.From != at.from {
		t.Fatalf("lost are %d to %d, named %v", at.from, at.to, d)
	}
}

func TestFlippedGenesisIsRefused(t *testing.T) {
	disk, o := build(t, 5, true)
	name := dir + "/" + journal.GenesisName
	size, err := disk.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	for off := range size {
		d := disk.Clone()
		if err := d.FlipBit(name, off, int(off%8)); err != nil {
			t.Fatal(err)
		}
		_, err := journal.Verify(context.Background(), on(o, d), nil)
		if !errors.Is(err, journal.ErrFormat) && !errors.Is(err, journal.ErrSignature) {
			t.Fatalf("byte %d: %v", off, err)
		}
	}
}

func TestDamageLeavesTheFilesAlone(t *testing.T) {
	disk, o := build(t, 45, false)
	files := segments(disk)
	last := files[len(files)-1]
	seg, err := journal.ReadFile(disk, last, 1<<23)
	if err != nil {
		t.Fatal(err)
	}
	offs := journal.FrameOffsets(seg)
	if err := disk.FlipBit(last, offs[len(offs)-2]+30, 3); err != nil {
		t.Fatal(err)
	}
	calls := disk.Calls()
	_, r, err := journal.Open(context.Background(), on(o, disk))
	damageIn(t, err)
	if text := err.Error(); !strings.Contains(text, path.Base(last)) || !strings.Contains(text, "restore the range") {
		t.Errorf("the message names neither place nor way out: %s", text)
	}
	if r.Damage == nil || disk.Calls() != calls {
		t.Fatalf("Open changed the disk: %+v", r)
	}
}

func TestMissingSegmentIsDamage(t *testing.T) {
	disk, o := build(t, 45, true)
	files := segments(disk)
	if len(files) < 3 {
		t.Fatalf("%d segments", len(files))
	}
	for _, gone := range files[:len(files)-1] {
		d := disk.Clone()
		at := places(t, disk)[gone][0]
		if err := d.Remove(gone); err != nil {
			t.Fatal(err)
		}
		_, _, err := journal.Open(context.Background(), on(o, d))
		if got := damageIn(t, err); got.From != at.from || got.To != at.to {
			t.Fatalf("without %s: %v, want %d to %d", gone, got, at.from, at.to)
		}
	}
}

// overwrite puts data in place of a file, durably.
func overwrite(t testing.TB, disk *crashfs.FS, name string, data []byte) {
	t.Helper()
	if err := journal.WriteFileAtomic(disk, name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// blind is a disk that does not give one file's content back.
type blind struct {
	*crashfs.FS
	name string
}

type blindFile struct{ journal.File }

func (b blind) OpenFile(name string, flag int, perm fs.FileMode) (journal.File, error) {
	f, err := b.FS.OpenFile(name, flag, perm)
	if err == nil && name == b.name {
		return blindFile{f}, nil
	}
	return f, err
}

func (blindFile) ReadAt([]byte, int64) (int, error) { return 0, syscall.EIO }

func TestUnreadableSegmentIsNamedAndTheRestIsVerified(t *testing.T) {
	disk, o := build(t, 45, true)
	all, err := journal.Verify(context.Background(), on(o, disk), nil)
	must(t, err)
	for i, name := range segments(disk) {
		at := places(t, disk)[name][0]
		o.FS = blind{disk, name}
		r, err := journal.Verify(context.Background(), o, nil)
		d := damageIn(t, err)
		if i == len(segments(disk))-1 {
			at.to = at.from // nothing after it says how many it held
		}
		if d.Segment != path.Base(name) || d.From != at.from || d.To != at.to || len(r.Damage) != 1 {
			t.Fatalf("%s: %v", name, r.Damage)
		}
		if i == 0 && r.Records != all.Records-uint64(at.to-at.from)-1 {
			t.Fatalf("%d records verified", r.Records)
		}
		if _, _, err := journal.Open(context.Background(), o); !errors.Is(err, syscall.EIO) {
			t.Fatalf("open: %v", err)
		}
	}
}

func TestForgedSealIsFound(t *testing.T) {
	disk, o := build(t, 45, true)
	name := segments(disk)[1]
	seg, err := journal.ReadFile(disk, name, 1<<23)
	if err != nil {
		t.Fatal(err)
	}
	other := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	if err := journal.ForgeSeal(seg, other); err != nil {
		t.Fatal(err)
	}
	overwrite(t, disk, name, seg)
	_, err = journal.Verify(context.Background(), on(o, disk), nil)
	if d := damageIn(t, err); d.Segment != path.Base(name) || d.From != 0 {
		t.Fatal(d)
	}
	_, r, err := journal.Open(context.Background(), on(o, disk))
	if err != nil || r.Damage == nil {
		t.Fatalf("no record is lost, so it opens and says so: %+v, %v", r, err)
	}
}

// A segment of another copy of the same station has the right keys and sequences.
func TestSegmentOfAnotherHistoryIsDamage(t *testing.T) {
	disk, o := build(t, 45, true)
	twin := crashfs.New(crashfs.Options{})
	p := on(o, twin)
	create(t, p)
	j, _ := open(t, p)
	for head := journal.Seq(0); head < 45; {
		for n := 1; n <= 5; n++ {
			group := drafts(head, n)
			group[0].Envelope.Actor++
			if _, err := j.Append(group); err != nil {
				t.Fatal(err)
			}
			head += journal.Seq(n)
		}
	}
	closeJournal(t, j)
	name := segments(disk)[1]
	seg, err := journal.ReadFile(twin, name, 1<<23)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, disk, name, seg)
	_, _, err = journal.Open(context.Background(), on(o, disk))
	if d := damageIn(t, err); d.Segment != path.Base(name) {
		t.Fatal(d)
	}
}

// TestFlipsAndCutsTogether: after a power cut of a journal with one flipped bit,
// nothing wrong is ever served.
func TestFlipsAndCutsTogether(t *testing.T) {
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 9))
		disk := crashfs.New(crashfs.Options{Seed: seed})
		o := small(options(disk, dir))
		create(t, o)
		disk.SetQuota(0)
		j, _ := open(t, o)
		disk.CutAt(4 + rng.IntN(60))
		answered := journal.Seq(0)
		for {
			if _, err := j.Append(drafts(answered, 2)); err != nil {
				break
			}
			answered += 2
		}
		disk.Crash(rng)
		disk.Flip(rng, dir)
		j, r, err := journal.Open(context.Background(), o)
		if err != nil {
			continue // refused: that it names the place is shown above
		}
		if r.Head < answered {
			t.Fatalf("seed %d: %d answered, head %d, and no word of damage", seed, answered, r.Head)
		}
		if err := check(j, o, 1); err != nil {
			damageIn(t, err)
		}
	}
}
