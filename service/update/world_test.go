package update

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/journal/crashfs"
)

const (
	appDir      = "/base/app"
	dataDir     = "/base/station"
	factoryPath = "/usr/lib/tramxa/tramxa"
	smallFile   = dataDir + "/accounts.json"
)

// made is a release and its bundle in memory.
type made struct {
	Release
	file   []byte
	bundle []byte
}

// maker makes releases of small programs, signed by one set of keys.
type maker struct {
	t testing.TB
	signer
	dir   string
	older []string // files of earlier releases
	edit  func(*Draft)
}

func newMaker(t testing.TB) *maker { return &maker{t: t, signer: newSigner(t, 1), dir: t.TempDir()} }

// file is the program of a release.
func (m *maker) file(sequence uint64) []byte {
	return program(3000, byte(sequence), byte(sequence>>8))
}

// release makes release number sequence for this test's system.
func (m *maker) release(sequence uint64, f Formats) made {
	m.t.Helper()
	name := writeFile(m.t, m.dir, fmt.Sprintf("program-%d", sequence), m.file(sequence))
	d := draft(m.t, sequence, DraftFile{System: testSystem, Kind: KindProgram, Path: name, Older: m.older})
	d.Version, d.Formats = fmt.Sprintf("1.0.%d", sequence), f
	if m.edit != nil {
		m.edit(&d)
	}
	bundle := filepath.Join(m.dir, fmt.Sprintf("%d%s", sequence, BundleExt))
	_, err := BuildBundle(context.Background(), d, m.dir, bundle, m.chain, m.keys[0], m.keys[1])
	must(m.t, err)
	b, err := os.ReadFile(bundle)
	must(m.t, err)
	m.older = append(m.older, name)
	opened, err := OpenBundle(bytes.NewReader(b), int64(len(b)), NewTrust(m.chain[0].Keys))
	must(m.t, err)
	return made{opened.Release, m.file(sequence), b}
}

func (r made) sum() Hash { return sha256.Sum256(r.file) }

func (r made) open(t testing.TB, trust Trust) *Bundle {
	t.Helper()
	b, err := OpenBundle(bytes.NewReader(r.bundle), int64(len(r.bundle)), trust)
	must(t, err)
	return b
}

const testSystem = "linux/amd64"

var (
	one    = Formats{Reads: [2]int{1, 1}, Writes: 1}
	oneTwo = Formats{Reads: [2]int{1, 2}, Writes: 2}
	day    = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
)

// machine is a PC in memory with a program of the package on it.
type testMachine struct {
	t     testing.TB
	disk  *crashfs.FS
	trust Trust
	self  Build
	now   time.Time
	facts Machine
}

func newMachine(t testing.TB, m *maker, factory uint64) *testMachine {
	t.Helper()
	w := &testMachine{t: t, disk: crashfs.New(crashfs.Options{}), trust: m.trust(), now: day,
		facts: Machine{System: testSystem, OSVersion: "6.1.0", RAM: 2 << 30}}
	w.install(m, factory)
	must(t, w.disk.MkdirAll(dataDir, 0o700))
	must(t, journal.WriteFileAtomic(w.disk, smallFile, []byte(`{"users":1}`), 0o600))
	return w
}

// install is what a package does.
func (w *testMachine) install(m *maker, sequence uint64) {
	w.t.Helper()
	file := m.file(sequence)
	must(w.t, w.disk.MkdirAll(filepath.Dir(factoryPath), 0o755))
	must(w.t, journal.WriteFileAtomic(w.disk, factoryPath, file, 0o755))
	w.self = Build{Version: fmt.Sprintf("1.0.%d", sequence), Sequence: sequence, System: testSystem,
		SHA256: sha256.Sum256(file), Size: int64(len(file)), Formats: one, Path: factoryPath}
}

func (w *testMachine) options() Options {
	return Options{Dir: appDir, Self: w.self, Small: []string{smallFile}, Trust: &w.trust, FS: w.disk, Machine: &w.facts,
		Now: func() time.Time { return w.now }}
}

func (w *testMachine) store() *Store {
	w.t.Helper()
	s, err := Open(w.options())
	must(w.t, err)
	return s
}

// next starts the service: the program that the launcher would run, which must
// be whole.
func (w *testMachine) next(s *Store) (Program, Hash) {
	w.t.Helper()
	p, err := s.Next(context.Background())
	must(w.t, err)
	b, err := journal.ReadFile(w.disk, p.Path, 1<<20)
	must(w.t, err)
	return p, sha256.Sum256(b)
}

// runs wants this program to be started.
func (w *testMachine) runs(s *Store, want made, trial bool) Program {
	w.t.Helper()
	p, got := w.next(s)
	if got != want.sum() || p.Trial != trial {
		w.t.Fatalf("%s runs, trial %v; want %s, trial %v", p.Label, p.Trial, want.Version, trial)
	}
	return p
}

func (w *testMachine) stage(s *Store, r made) {
	w.t.Helper()
	must(w.t, s.StageBundle(context.Background(), r.open(w.t, w.trust), Choice{ByHand: true}))
}

// adopt stages a release and lets it prove itself.
func (w *testMachine) adopt(s *Store, r made) {
	w.t.Helper()
	w.stage(s, r)
	must(w.t, s.Confirmed(w.runs(s, r, true)))
}

func (w *testMachine) state(s *Store) State {
	w.t.Helper()
	st, err := s.State()
	must(w.t, err)
	return st
}

// refused wants a refusal for this reason and no change of the state.
func refused(t testing.TB, err error, want Reason) *Refusal {
	t.Helper()
	no := AsRefusal(err)
	if no == nil {
		t.Fatalf("error %v, want a refusal because of %s", err, want)
	}
	if no.Reason != want {
		t.Fatalf("refused because of %s (%v), want %s", no.Reason, no, want)
	}
	if no.Text.VI == "" || no.Text.EN == "" || no.Text.VI == no.Text.EN || strings.Contains(no.Text.VI+no.Text.EN, "%!") {
		t.Fatalf("refusal without two sentences: %+v", no.Text)
	}
	return no
}

// partsOf gives the bundle's parts to Stage, through wrap.
func partsOf(b *Bundle, wrap func(io.Reader) io.Reader) OpenPart {
	return func(p Part) (io.ReadCloser, error) {
		r, err := b.OpenPart(p.SHA256)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(wrap(r)), nil
	}
}
