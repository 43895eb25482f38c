package boottest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/images"
	"tramxa/images/pack"
	"tramxa/service/update"
)

// publisher makes releases of whole images, signed by two of three new keys.
type publisher struct {
	t     *testing.T
	dir   string
	keys  []*update.PrivateKey
	chain update.Chain
	ssh   string // private key of the images
	pub   string
}

func newPublisher(t *testing.T) *publisher {
	t.Helper()
	p := &publisher{t: t, dir: t.TempDir()}
	var public []update.PublicKey
	for range 3 {
		k, err := update.NewPrivateKey()
		p.must(err)
		p.keys, public = append(p.keys, k), append(public, k.Public())
	}
	set, err := update.NewKeySet(1, 2, public...)
	p.must(err)
	p.chain, err = update.NewChain(set)
	p.must(err)
	p.ssh = filepath.Join(p.dir, "key")
	p.tool("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", p.ssh)
	b, err := os.ReadFile(p.ssh + ".pub")
	p.must(err)
	p.pub = strings.TrimSpace(string(b))
	return p
}

func (p *publisher) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *publisher) tool(args ...string) {
	p.t.Helper()
	if out, err := exec.CommandContext(p.t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
		p.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// in is the folder of a release.
func (p *publisher) in(sequence uint64, name ...string) string {
	return filepath.Join(append([]string{p.dir, fmt.Sprint(sequence)}, name...)...)
}

func version(sequence uint64) string { return fmt.Sprintf("%d.0.0", sequence) }

// plan builds the program of a release and plans its image.
func (p *publisher) plan(sequence uint64) images.Plan {
	p.t.Helper()
	p.must(os.MkdirAll(p.in(sequence), 0o755))
	b := pack.Build{Root: filepath.Join("..", ".."), Set: map[string]string{"main.version": version(sequence),
		"tramxa/service/update.releaseSequence": fmt.Sprint(sequence), "tramxa/service/update.releaseKeys": p.chain.Last().Embedded()}}
	p.must(b.Program(p.t.Context(), pack.Target{OS: "linux", Arch: "amd64"}, p.in(sequence, "tramxa")))
	name := p.in(sequence, "plan.toml")
	p.must(os.WriteFile(name, fmt.Appendf(nil, "version = 1\nname = \"tramxa-pc\"\nconsole = [\"ttyS0,115200\", \"tty1\"]\nauthorized_key = %q\n", p.pub), 0o600))
	plan, err := images.ReadPlanOfRelease(name, images.OfRelease{Version: version(sequence), Sequence: sequence, Program: p.in(sequence, "tramxa"),
		At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)})
	p.must(err)
	return plan
}

// empty makes a release whose root starts and has nothing in it; kernel and
// ramdisk are those of another one.
func (p *publisher) empty(sequence, from uint64) {
	p.t.Helper()
	p.plan(sequence)
	nothing := p.in(sequence, "nothing")
	p.must(os.Mkdir(nothing, 0o755))
	p.tool("mksquashfs", nothing, p.in(sequence, images.RootFile), "-quiet", "-no-progress")
	for _, name := range []string{images.KernelFile, images.RamdiskFile} {
		p.must(os.Link(p.in(from, name), p.in(sequence, name)))
	}
}

// stick writes the bundle of a release onto a stick for data.
func (p *publisher) stick(sequence uint64) string {
	p.t.Helper()
	now := time.Now()
	d := update.Draft{Channel: update.DefaultChannel, Sequence: sequence, Version: version(sequence), Commit: strings.Repeat("b", 40),
		Released: now, Expires: now.AddDate(2, 0, 0), Formats: update.ThisFormats,
		Files: []update.DraftFile{{System: "linux/amd64", Kind: update.KindProgram, Path: p.in(sequence, "tramxa")}}}
	for kind, name := range map[string]string{update.KindRoot: images.RootFile, update.KindKernel: images.KernelFile, update.KindInitrd: images.RamdiskFile} {
		d.Files = append(d.Files, update.DraftFile{System: "image/amd64", Kind: kind, Path: p.in(sequence, name)})
	}
	bundle := p.in(sequence, version(sequence)+update.BundleExt)
	_, err := update.BuildBundle(p.t.Context(), d, p.t.TempDir(), bundle, p.chain, p.keys[0], p.keys[2])
	p.must(err)
	name := p.in(sequence, "stick.img")
	p.must(errors.Join(os.WriteFile(name, nil, 0o600), os.Truncate(name, 256<<20)))
	p.tool("mkfs.vfat", "-F", "32", "-n", "TRAMXA", name)
	p.tool("mmd", "-i", name, "::tram-update")
	p.tool("mcopy", "-i", name, bundle, "::tram-update/")
	return name
}

// updated drives one machine through its updates.
type updated struct {
	t    *testing.T
	pc   PC
	v    *VM
	book *writer
}

// start switches on, with a stick plugged in or none, and waits for the station
// to run from a slot.
func (u *updated) start(stick, slot string) {
	u.t.Helper()
	u.pc.Plugged = stick
	u.v = start(u.t, u.pc)
	u.await(`tramxa: stage=running slot=` + slot)
	u.t.Logf("runs from slot %s after %.0f s", slot, u.v.Age().Seconds())
}

func (u *updated) await(what string) {
	u.t.Helper()
	if _, err := u.v.Await(what, patience); err != nil {
		u.t.Fatal(err)
	}
}

// sh runs a command in the machine and returns what it says.
func (u *updated) sh(command string) (string, error) {
	ctx, cancel := context.WithTimeout(u.t.Context(), patience)
	defer cancel()
	out, err := u.v.Shell(ctx, "", command+" 2>&1").Output()
	return string(out), err
}

// outcome waits for what came of the update of a system.
func (u *updated) outcome(sequence uint64, want string) {
	u.t.Helper()
	began := time.Now()
	for last := ""; ; time.Sleep(5 * time.Second) {
		said, err := u.sh("cat /var/lib/tramxa/app/root/result.json")
		var got update.RootResult
		if err == nil {
			err = json.Unmarshal([]byte(said), &got)
		}
		if err == nil && got.Sequence == sequence && got.Outcome == want {
			u.t.Logf("system %d: %s after %.0f s: %s", sequence, want, time.Since(began).Seconds(), got.Text.EN)
			return
		}
		if got.Outcome == update.OutcomeFailed || time.Since(began) > patience {
			status, _ := u.sh("tramxa update status; journalctl -b --no-pager -u tramxa-root-apply -u tramxa-root-confirm -u tramxa | tail -30")
			u.t.Fatalf("system %d is not %s: %s %v\n%s", sequence, want, said, err, status)
		}
		if got.Outcome != last {
			last = got.Outcome
			u.t.Logf("system %d: %s so far", got.Sequence, last)
		}
	}
}

// install takes the bundle from the stick that udev has mounted.
func (u *updated) install(sequence uint64) {
	u.t.Helper()
	if out, err := u.sh("for i in $(seq 60); do [ -d /run/tramxa/sticks/*/tram-update ] && break; sleep 1; done; tramxa update apply"); err != nil {
		u.t.Fatalf("%v: %s", err, out)
	} else {
		u.t.Log(strings.TrimSpace(out))
	}
	u.outcome(sequence, update.OutcomeStaged)
}

// TestRootUpdateByStick updates a whole machine, system and program, from a
// stick: the power goes right after the writing, and once more in the trial. The
// next one does not start and is left by itself. Nothing that was answered is
// lost on the way.
func TestRootUpdateByStick(t *testing.T) {
	image(t)
	if !long() {
		t.Skip("skipped: builds two images and starts them often; TRAMXA_LONG=1 runs it")
	}
	if missing := images.Missing(); len(missing) > 0 {
		t.Skip("skipped: no tools for images here: ", missing)
	}
	p := newPublisher(t)
	if _, err := images.BuildDisk(t.Context(), p.plan(1), images.Options{Out: p.in(1)}); err != nil {
		t.Fatal(err)
	}
	if _, err := images.BuildRoot(t.Context(), p.plan(2), images.Options{Out: p.in(2)}); err != nil {
		t.Fatal(err)
	}
	p.empty(3, 2)

	u := &updated{t: t, book: &writer{}, pc: PC{Disks: []string{copyOf(t, p.in(1, "tramxa-pc.img"))}, Key: p.ssh, Plugged: p.stick(2)}}
	u.v = start(t, u.pc)
	m, err := u.v.Await(`tramxa: stage=setup .*code=(\S+)\s`, patience)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClerk(u.v.HTTPS)
	p.must(err)
	p.must(c.SetUp(t.Context(), u.v, m[1]))
	u.await(`tramxa: stage=running slot=A`)
	u.book.write(t, u.v, 5)
	u.install(2)
	u.v.Cut()
	u.start("", "B")
	u.book.compare(t, u.v)
	u.v.Cut() // in the middle of the trial
	u.start(p.stick(3), "B")
	u.outcome(2, update.OutcomeConfirmed)
	if got, err := u.sh("tramxa version"); err != nil || !strings.Contains(got, version(2)) {
		t.Errorf("the system confirmed carries %q, %v", got, err)
	}
	u.book.write(t, u.v, 5)

	u.install(3)
	u.v.Cut()
	u.pc.Plugged = ""
	u.v = start(t, u.pc)
	u.await(`tramxa \S+ \(A\) \.\.\.`) // the empty one is tried
	u.await(`tramxa: stage=running slot=B`)
	t.Logf("left a system that does not start after %.0f s", u.v.Age().Seconds())
	u.outcome(3, update.OutcomeRolledBack)
	u.book.compare(t, u.v)
	t.Logf("%d answered entries, none lost", len(u.book.answered))
}
