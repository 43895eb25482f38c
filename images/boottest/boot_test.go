package boottest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tramxa/images/disk"
	"tramxa/images/grubenv"
)

// patience is for one start; a loaded machine emulates slowly.
const patience = 25 * time.Minute

func long() bool { return os.Getenv("TRAMXA_LONG") == "1" }

// image finds the built image, or skips.
func image(t *testing.T) (file, key string) {
	t.Helper()
	dir := os.Getenv("TRAMXA_IMAGE")
	if dir == "" {
		t.Skip("skipped: TRAMXA_IMAGE names no built image")
	}
	for _, tool := range []string{"qemu-system-x86_64", "mcopy", "mdel", "ssh"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("skipped: no " + tool + " here")
		}
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.manifest.json"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: %d images, %v", dir, len(found), err)
	}
	return strings.TrimSuffix(found[0], ".manifest.json") + ".img", os.Getenv("TRAMXA_KEY")
}

func copyOf(t *testing.T, img string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "disk.img")
	if out, err := exec.Command("cp", "--sparse=always", img, name).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	// As on a stick of 4 GB: the data partition grows, or there is no room to write.
	if err := os.Truncate(name, 4<<30); err != nil {
		t.Fatal(err)
	}
	return name
}

func start(t *testing.T, pc PC) *VM {
	t.Helper()
	pc.Dir = t.TempDir()
	v, err := pc.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Cut)
	return v
}

// boot is the boot partition inside an image, for mtools.
func boot(img string) string { return img + "@@1M" }

func mtool(t *testing.T, in []byte, args ...string) []byte {
	t.Helper()
	c := exec.Command(args[0], args[1:]...)
	c.Stdin = bytes.NewReader(in)
	var problems bytes.Buffer
	c.Stderr = &problems
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, problems.String())
	}
	return out
}

// TestLoaderFollowsTheRule starts the loader with each state and compares what
// it takes and writes with the rule in package grubenv. Only the loader runs.
func TestLoaderFollowsTheRule(t *testing.T) {
	img, _ := image(t)
	for name, c := range map[string]struct {
		env  grubenv.Env
		hasB bool
	}{
		"fresh":              {grubenv.New(), false},
		"first trial":        {grubenv.New().Trial(4), true},
		"last trial":         {grubenv.Env{Slot: grubenv.B, Tries: 1, Seq: 4}, true},
		"trials used up":     {grubenv.Env{Slot: grubenv.B, Tries: 0, Seq: 4}, true},
		"confirmed":          {grubenv.Env{Slot: grubenv.B, Good: true, Seq: 4}, true},
		"good but not there": {grubenv.Env{Slot: grubenv.B, Good: true, Seq: 4}, false},
		"trial not there":    {grubenv.New().Trial(4), false},
	} {
		t.Run(name, func(t *testing.T) {
			file := copyOf(t, img)
			env := filepath.Join(t.TempDir(), "env")
			if err := os.WriteFile(env, c.env.Marshal(), 0o600); err != nil {
				t.Fatal(err)
			}
			mtool(t, nil, "mcopy", "-o", "-i", boot(file), env, "::grub/grubenv")
			if c.hasB {
				kernel := mtool(t, nil, "mtype", "-i", boot(file), "::A/vmlinuz")
				part := filepath.Join(t.TempDir(), "vmlinuz")
				if err := os.WriteFile(part, kernel, 0o600); err != nil {
					t.Fatal(err)
				}
				mtool(t, nil, "mcopy", "-i", boot(file), part, "::B/vmlinuz")
			}
			want, after := c.env.Boot(func(s grubenv.Slot) bool { return s == grubenv.A || c.hasB })
			v := start(t, PC{Disks: []string{file}})
			m, err := v.Await(`tramxa \S+ \(([AB])\) \.\.\.`, patience)
			if err != nil {
				t.Fatal(err)
			}
			v.Cut()
			if m[1] != want.String() {
				t.Errorf("took %s, the rule says %s", m[1], want)
			}
			got, err := grubenv.Parse(mtool(t, nil, "mtype", "-i", boot(file), "::grub/grubenv"))
			if err != nil || got != after {
				t.Errorf("left %+v, %v; the rule says %+v", got, err, after)
			}
		})
	}
}

// TestStationFromTheStick starts a fresh image, sets it up over the LAN, writes,
// cuts the power and starts again: nothing answered is lost, the root is as it
// was.
func TestStationFromTheStick(t *testing.T) {
	img, key := image(t)
	if key == "" {
		t.Skip("skipped: TRAMXA_KEY names no private key of the image")
	}
	firmware, cuts := []string{"bios"}, 1
	if long() {
		cuts = 50
		if Firmware() != "" {
			firmware, cuts = append(firmware, "uefi"), cuts/2
		}
	}
	for _, f := range firmware {
		t.Run(f, func(t *testing.T) {
			t.Parallel()
			stationFromTheStick(t, PC{Disks: []string{copyOf(t, img)}, Firmware: f, Key: key}, cuts)
		})
	}
}

func stationFromTheStick(t *testing.T, pc PC, cuts int) {
	root := rootHash(t, pc.Disks[0])
	v := start(t, pc)
	m, err := v.Await(`tramxa: stage=setup .*memory_kb=(\d+) available_kb=(\d+) code=(\S+)\s`, patience)
	if err != nil {
		t.Fatal(err)
	}
	used := (atoi(t, m[1]) - atoi(t, m[2])) >> 10
	t.Logf("%s: the setup asks after %.0f s, %d MB of memory used", pc.Firmware, v.Age().Seconds(), used)
	if used > 200 {
		t.Errorf("%d MB of memory used at rest", used)
	}
	c, err := NewClerk(v.HTTPS)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetUp(t.Context(), v, m[3]); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Await(`tramxa: stage=running`, patience); err != nil {
		t.Fatal(err)
	}
	t.Logf("the station runs after %.0f s", v.Age().Seconds())
	book := &writer{}
	for i := range cuts {
		book.write(t, v, 8+i%5)
		v.Cut()
		if rootHash(t, pc.Disks[0]) != root {
			t.Fatalf("cut %d: the root was changed", i)
		}
		v = start(t, pc)
		if _, err := v.Await(`tramxa: stage=running`, patience); err != nil {
			t.Fatal(err)
		}
		book.compare(t, v)
	}
	t.Logf("%d power cuts, %d answered entries, none lost", cuts, len(book.answered))
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// partition finds one of an image.
func partition(t *testing.T, img string, which int) disk.Part {
	t.Helper()
	f, err := os.Open(img)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	first := make([]byte, disk.Sector)
	if _, err := f.ReadAt(first, 0); err != nil {
		t.Fatal(err)
	}
	tab, err := disk.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	return tab.Parts[which]
}

// rootHash is the hash of the partition of root A.
func rootHash(t *testing.T, img string) string {
	t.Helper()
	p := partition(t, img, disk.RootA)
	f, err := os.Open(img)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(f, p.Start(), p.Size())); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// writer writes into the book over SSH and remembers what was answered.
type writer struct {
	sent     int
	area     string // id of the area that the first command made
	answered []answer
}

type answer struct{ line, got string }

const recordVerb = "tramxa station record --dir /var/lib/tramxa/station --as huong"

// Invented persons, different enough that none is taken for another.
var (
	families = strings.Fields("Puih Siu Ksor Kpă Nay Rahlan Nguyễn Trần Lê Phạm Hoàng")
	given    = strings.Fields("Thưn Hơn Bình Hyơh Lan Tuấn Dung Phúc Khánh Yến Quang Mai Sơn")
)

// next is a command with a key of its own.
func (w *writer) next() string {
	w.sent++
	if w.sent == 1 {
		return `{"key":"9:1","entry":{"kind":"area_defined","number":1,"unit":23764,"hamlet":"Làng Dút","date":"2026-03-01"}}`
	}
	return fmt.Sprintf(`{"key":"9:%d","entry":{"kind":"household_opened","area":%q,"number":"%d","type":"family","date":"2026-03-01","members":[{"relation":1,"name":%q,"sex":"male","born":"%d","ethnicity":10,"marital":1,"residence":1}]}}`,
		w.sent, w.area, w.sent, families[w.sent%len(families)]+" "+given[w.sent/len(families)%len(given)], 1930+w.sent%70)
}

// write sends commands one after the other until n are answered and one more is
// on its way.
func (w *writer) write(t *testing.T, v *VM, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := v.Shell(ctx, "", recordVerb)
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range n {
		line := w.next()
		if _, err := io.WriteString(in, line+"\n"); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() {
			t.Fatalf("no answer to %s: %v", line, lines.Err())
		}
		if !strings.Contains(lines.Text(), `"status":"recorded"`) {
			t.Fatalf("%s was not recorded: %s", line, lines.Text())
		}
		if w.area == "" {
			w.area = firstID(t, lines.Text())
		}
		w.answered = append(w.answered, answer{line, lines.Text()})
	}
	_, _ = io.WriteString(in, w.next()+"\n")
	go func() { _ = c.Wait() }() // ends with the machine
}

// compare sends everything answered again: a key that was kept gives the same
// answer, one that was lost another.
func (w *writer) compare(t *testing.T, v *VM) {
	t.Helper()
	var all strings.Builder
	for _, a := range w.answered {
		all.WriteString(a.line + "\n")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := v.Shell(ctx, all.String(), recordVerb).Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(got) != len(w.answered) {
		t.Fatalf("%d answers to %d commands", len(got), len(w.answered))
	}
	for i, a := range w.answered {
		if sequence(t, got[i]) != sequence(t, a.got) {
			t.Errorf("lost: %s was answered %s, now %s", a.line, a.got, got[i])
		}
	}
}

// firstID is the id that a command made.
func firstID(t *testing.T, line string) string {
	t.Helper()
	var a struct{ IDs []string }
	if err := json.Unmarshal([]byte(line), &a); err != nil || len(a.IDs) == 0 {
		t.Fatalf("no id in %s: %v", line, err)
	}
	return a.IDs[0]
}

// sequence is the number of the record in an answer.
func sequence(t *testing.T, line string) string {
	t.Helper()
	var a map[string]any
	if err := json.Unmarshal([]byte(line), &a); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if a["seqs"] == nil {
		t.Fatalf("no sequence in %s", line)
	}
	return fmt.Sprint(a["seqs"])
}

// TestInstallsWithoutQuestions starts a stick whose seed orders an installation:
// the machine switches itself off, and then its own disk starts alone. The stick
// left in does not erase it again.
func TestInstallsWithoutQuestions(t *testing.T) {
	img, key := image(t)
	if !long() {
		t.Skip("skipped: three starts; TRAMXA_LONG=1 runs it")
	}
	stick := copyOf(t, img)
	order := filepath.Join(t.TempDir(), "seed.toml")
	if err := os.WriteFile(order, []byte("version = 1\nunit = \"23764\"\nunattended = true\nerase_disk = \"only\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mtool(t, nil, "mcopy", "-o", "-i", boot(stick), order, "::tramxa/seed.toml")
	internal := filepath.Join(t.TempDir(), "internal.img")
	if err := errors.Join(os.WriteFile(internal, nil, 0o600), os.Truncate(internal, 16<<30)); err != nil {
		t.Fatal(err)
	}
	v := start(t, PC{Stick: stick, Disks: []string{internal}, Key: key})
	if err := v.Ended(patience); err != nil {
		t.Fatal(err, v.Said())
	}
	t.Logf("installed and off after %.0f s", v.Age().Seconds())
	alone := start(t, PC{Disks: []string{internal}, Key: key})
	if _, err := alone.Await(`tramxa: stage=setup`, patience); err != nil {
		t.Fatal(err)
	}
	t.Logf("the disk alone: the setup asks after %.0f s", alone.Age().Seconds())
	alone.Cut()
	again := start(t, PC{Stick: stick, Disks: []string{internal}, Key: key})
	if _, err := again.Await(`tramxa: stage=setup`, patience); err != nil {
		t.Fatal("the stick left in:", err)
	}
}

// TestRootOnTrial writes a second root beside the first as an update does. One
// that panics is left by itself; one that works and is confirmed stays.
func TestRootOnTrial(t *testing.T) {
	img, key := image(t)
	if !long() {
		t.Skip("skipped: several starts; TRAMXA_LONG=1 runs it")
	}
	file := copyOf(t, img)
	for _, name := range []string{"vmlinuz", "initrd.img"} {
		part := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(part, mtool(t, nil, "mtype", "-i", boot(file), "::A/"+name), 0o600); err != nil {
			t.Fatal(err)
		}
		mtool(t, nil, "mcopy", "-i", boot(file), part, "::B/"+name)
	}
	env := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(env, grubenv.New().Trial(4).Marshal(), 0o600); err != nil {
		t.Fatal(err)
	}
	mtool(t, nil, "mcopy", "-o", "-i", boot(file), env, "::grub/grubenv")
	// Slot B holds no root: the kernel panics, starts again, and again.
	v := start(t, PC{Disks: []string{file}, Key: key})
	if _, err := v.Await(`tramxa: stage=setup slot=A`, 2*patience); err != nil {
		t.Fatal("a bad root was not left:", err)
	}
	t.Logf("left a root that panics after %.0f s", v.Age().Seconds())
	v.Cut()
	got, err := grubenv.Parse(mtool(t, nil, "mtype", "-i", boot(file), "::grub/grubenv"))
	if want := grubenv.New().Trial(4).Back(); err != nil || got != want {
		t.Errorf("left %+v, %v; wanted %+v", got, err, want)
	}
}
