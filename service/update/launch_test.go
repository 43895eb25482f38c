package update_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tramxa/service"
	"tramxa/service/update"
)

// buildProgram compiles testdata/program once. What it does is appended to it.
var buildProgram = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "update-program-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "program")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", name, "./testdata/program")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return os.ReadFile(name)
})

// pc is a real directory with real programs, and the keys of those who release
// for it.
type pc struct {
	t     *testing.T
	dir   string
	data  string // a line for each start
	keys  []*update.PrivateKey
	chain update.Chain
	trust update.Trust
	self  update.Build
	late  bool // in the last run a failure may have come late
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newPC installs version 1, which works, as a package would.
func newPC(t *testing.T) *pc {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("skipped: the go command is not on the path, it builds the programs that are tried")
	}
	p := &pc{t: t, dir: t.TempDir()}
	p.data = filepath.Join(p.dir, "starts")
	var public []update.PublicKey
	for range 3 {
		k, err := update.NewPrivateKey()
		must(t, err)
		p.keys, public = append(p.keys, k), append(public, k.Public())
	}
	set, err := update.NewKeySet(1, 2, public...)
	must(t, err)
	p.chain, err = update.NewChain(set)
	must(t, err)
	p.trust = update.NewTrust(set)
	path := p.program(1, "works")
	b, err := os.ReadFile(path)
	must(t, err)
	p.self = update.Build{Version: "v1", Sequence: 1, System: update.System(), SHA256: sha256.Sum256(b), Size: int64(len(b)), Formats: update.ThisFormats, Path: path}
	return p
}

// program writes version n with a behaviour.
func (p *pc) program(n int, behaviour string) string {
	p.t.Helper()
	b, err := buildProgram()
	must(p.t, err)
	name := filepath.Join(p.dir, fmt.Sprintf("program-%d", n))
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	last := fmt.Appendf(nil, "\n%63s\n", fmt.Sprintf("v%d %s", n, behaviour))
	must(p.t, os.WriteFile(name, append(bytes.Clone(b), last...), 0o755))
	return name
}

// bundle makes release n of a program with a behaviour.
func (p *pc) bundle(n int, behaviour string) *update.Bundle {
	p.t.Helper()
	now := time.Now()
	d := update.Draft{Channel: "stable", Sequence: uint64(n), Version: fmt.Sprintf("v%d", n), Released: now, Expires: now.AddDate(1, 0, 0), Formats: update.ThisFormats,
		Files: []update.DraftFile{{System: update.System(), Kind: update.KindProgram, Path: p.program(n, behaviour)}}}
	name := filepath.Join(p.dir, fmt.Sprintf("v%d.tramup", n))
	parts := p.t.TempDir()
	_, err := update.BuildBundle(context.Background(), d, parts, name, p.chain, p.keys[0], p.keys[2])
	must(p.t, err)
	b, closer, err := update.OpenBundleFile(name, p.trust)
	must(p.t, err)
	p.t.Cleanup(func() { _ = closer.Close() })
	return b
}

func (p *pc) store() *update.Store {
	p.t.Helper()
	s, err := update.Open(update.Options{Dir: filepath.Join(p.dir, "app"), Self: p.self, Trust: &p.trust})
	must(p.t, err)
	return s
}

// source is the slots as the launcher asks for them.
type source struct {
	*update.Store
	asked time.Time
	late  bool // a failure may have come late
}

func (s *source) Next(ctx context.Context) (service.Program, error) {
	s.asked = time.Now()
	p, err := s.Store.Next(ctx)
	return service.Program(p), err
}
func (s *source) Confirmed(p service.Program) error { return s.Store.Confirmed(update.Program(p)) }

// Failed measures more than the store does: from before Next to after Failed.
func (s *source) Failed(p service.Program, why string) error {
	err := s.Store.Failed(update.Program(p), why)
	s.late = s.late || time.Since(s.asked) >= update.LateAfter
	return err
}

// run lets the real launcher run until enough says so of the starts, and
// returns them with the time it took.
func (p *pc) run(limits service.Limits, most time.Duration, enough func(starts []string) bool) ([]string, time.Duration) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), most)
	defer stop()
	done := make(chan error, 1)
	began := time.Now()
	src := &source{Store: p.store()}
	go func() {
		done <- service.Supervise(ctx, service.SuperviseOptions{Source: src, Args: []string{p.data}, Limits: limits})
	}()
	var took time.Duration
	for ctx.Err() == nil {
		if enough(p.starts()) {
			took = time.Since(began)
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	must(p.t, <-done)
	p.late = src.late
	return p.starts(), took
}

// starts are the lines that programs wrote.
func (p *pc) starts() []string {
	b, err := os.ReadFile(p.data)
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

func last(starts []string) string {
	if len(starts) == 0 {
		return ""
	}
	return starts[len(starts)-1]
}

// quick are limits of the launcher with short pauses and deadlines that no
// program meets which works, however busy machine and disk are.
var quick = service.Limits{Start: 40 * time.Second, Alive: 40 * time.Second, Trial: 50 * time.Second, Stop: 40 * time.Second, Backoff: 50 * time.Millisecond, MaxOff: time.Second, Steady: time.Second}

// soonDead are quick ones for programs that hang: until its first line a program
// takes milliseconds.
func soonDead() service.Limits {
	l := quick
	l.Start, l.Alive = 4*time.Second, 4*time.Second
	return l
}

// TestBadVersionsAreLeftByThemselves tries real programs under the real
// launcher, with TRAMXA_LONG=1 with the deadlines of the product. That these are
// over in three minutes is held by tests of package service, with a clock of
// their own; here a bound only ends what hangs.
func TestBadVersionsAreLeftByThemselves(t *testing.T) {
	limits, most := soonDead(), 5*time.Minute
	if os.Getenv("TRAMXA_LONG") != "" {
		limits, most = service.Limits{}, 30*time.Minute
	}
	for _, behaviour := range []string{"crashes", "cannot-read", "hangs", "goes-silent"} {
		t.Run(behaviour, func(t *testing.T) {
			t.Parallel()
			p := newPC(t)
			p.run(limits, most, func(s []string) bool { return len(s) == 1 })
			must(t, p.store().StageBundle(context.Background(), p.bundle(2, behaviour), update.Choice{}))
			starts, took := p.run(limits, most, func(s []string) bool { return len(s) > 2 && strings.HasPrefix(last(s), "v1 ") })
			if took == 0 {
				t.Fatalf("not left in %v: %q", most, starts)
			}
			want := []string{"v1 trial= level=1", "v2 trial=1 level=1", "v2 trial=1 level=1", "v1 trial= level=1"}
			if p.late && len(starts) == 3 { // the machine stood still meanwhile: no second chance
				want = slices.Delete(want, 2, 3)
			}
			if fmt.Sprint(starts) != fmt.Sprint(want) {
				t.Fatalf("started: %q", starts)
			}
			st, err := p.store().Status()
			must(t, err)
			if st.Current.Version != "v1" || len(st.Left) != 1 || st.Left[0].Version != "v2" {
				t.Fatalf("%+v", st)
			}
			t.Logf("%s: gone after %v: %s", behaviour, took.Round(10*time.Millisecond), st.Left[0].Reason.EN)
		})
	}
}

func TestGoodVersionIsKept(t *testing.T) {
	p := newPC(t)
	p.run(quick, 2*time.Minute, func(s []string) bool { return len(s) == 1 })
	must(t, p.store().StageBundle(context.Background(), p.bundle(2, "works"), update.Choice{}))
	p.run(quick, 2*time.Minute, func([]string) bool {
		st, err := p.store().Status()
		return err == nil && st.Current.Version == "v2" && st.Trial == nil
	})
	starts, _ := p.run(quick, 2*time.Minute, func(s []string) bool { return len(s) == 3 })
	if want := "[v1 trial= level=1 v2 trial=1 level=1 v2 trial= level=1]"; fmt.Sprint(starts) != want {
		t.Fatalf("started: %v", starts)
	}
	// 30 nervous power cycles: the launcher is stopped as soon as the program
	// has started, well before it could have proved anything.
	for range 30 {
		n := len(p.starts())
		starts, _ := p.run(quick, 2*time.Minute, func(s []string) bool { return len(s) > n })
		if last(starts) != "v2 trial= level=1" {
			t.Fatalf("demoted to %q", last(starts))
		}
	}
}

func TestTrialCutShortEachTime(t *testing.T) {
	p := newPC(t)
	p.run(quick, 2*time.Minute, func(s []string) bool { return len(s) == 1 })
	must(t, p.store().StageBundle(context.Background(), p.bundle(2, "never-proved"), update.Choice{}))
	for n := 2; n <= 5; n++ {
		p.run(quick, 2*time.Minute, func(s []string) bool { return len(s) == n })
	}
	if got := p.starts(); last(got) != "v1 trial= level=1" || got[3] != "v2 trial=1 level=1" {
		t.Fatalf("started: %q", got)
	}
}
