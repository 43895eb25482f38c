//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tramxa/images/pack"
	"tramxa/service/place"
	"tramxa/service/update"
)

// releases are real programs, built as a release builds them, and the keys of
// those who sign them.
type releases struct {
	dir   string // one, two, bad
	keys  []*update.PrivateKey
	chain update.Chain
}

// buildReleases builds what installs itself as 1.0.0, its successor 2.0.0 and
// one that is bad. Two of three new keys sign; the programs know all three.
func buildReleases(t *testing.T) *releases {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("skipped: the go command is not on the path, it builds the programs that are installed")
	}
	r := &releases{dir: t.TempDir()}
	var public []update.PublicKey
	for range 3 {
		k, err := update.NewPrivateKey()
		noError(t, err)
		r.keys, public = append(r.keys, k), append(public, k.Public())
	}
	set, err := update.NewKeySet(1, 2, public...)
	noError(t, err)
	r.chain, err = update.NewChain(set)
	noError(t, err)
	r.tramxa(t, "one", 1)
	r.tramxa(t, "two", 2)
	r.build(t, "bad", "./cmd/tramxa/testdata/badprogram", nil)
	return r
}

// tramxa builds the program itself as release number sequence.
func (r *releases) tramxa(t *testing.T, name string, sequence uint64) {
	t.Helper()
	r.build(t, name, "", map[string]string{"main.version": fmt.Sprintf("%d.0.0", sequence), "main.commit": strings.Repeat("a", 40),
		"tramxa/service/update.releaseSequence": fmt.Sprint(sequence), "tramxa/service/update.releaseKeys": r.chain.Last().Embedded()})
}

func (r *releases) build(t *testing.T, name, what string, set map[string]string) {
	t.Helper()
	system, arch, _ := strings.Cut(update.System(), "/")
	b := pack.Build{Root: filepath.Join("..", ".."), Package: what, Set: set}
	noError(t, b.Program(t.Context(), pack.Target{OS: system, Arch: arch}, filepath.Join(r.dir, name)))
}

// bad writes the bad program with what is wrong with it.
func (r *releases) bad(t *testing.T, behaviour string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.dir, "bad"))
	noError(t, err)
	name := filepath.Join(r.dir, "bad-"+behaviour)
	noError(t, os.WriteFile(name, fmt.Appendf(b, "\n%63s\n", behaviour), 0o755))
	return name
}

// bundle signs a program as release number sequence, with patches from older
// ones.
func (r *releases) bundle(t *testing.T, sequence uint64, program string, older ...string) string {
	t.Helper()
	now := time.Now()
	d := update.Draft{Channel: update.DefaultChannel, Sequence: sequence, Version: fmt.Sprintf("%d.0.0", sequence), Commit: strings.Repeat("b", 40),
		Released: now, Expires: now.AddDate(2, 0, 0), Formats: update.ThisFormats,
		Files: []update.DraftFile{{System: update.System(), Kind: update.KindProgram, Path: program, Older: older}}}
	name := filepath.Join(r.dir, fmt.Sprintf("%d-%s%s", sequence, filepath.Base(program), update.BundleExt))
	p, err := update.BuildBundle(t.Context(), d, t.TempDir(), name, r.chain, r.keys[0], r.keys[2])
	noError(t, err)
	for _, part := range p.Manifest.Parts() {
		t.Logf("release %d: %s part of %d bytes, the program has %d", sequence, part.Encoding, part.Size, p.Manifest.Files[0].Size)
	}
	return name
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// installed is a real station under the real launcher.
type installed struct {
	*killing // its clerks, and their ledgers
	releases *releases
	base     place.Base
	hub      bool // a hub node instead
	env      []string
	launcher *exec.Cmd
	log      *lockedBuffer
}

// lockedBuffer takes the log of a process while it is read.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// install makes a station below a new base, and does not start it.
func install(t *testing.T, r *releases, flags ...string) *installed {
	t.Helper()
	base := place.Base(filepath.Join(t.TempDir(), "tramxa"))
	noError(t, os.MkdirAll(string(base), 0o755))
	s := &installed{releases: r, base: base, log: &lockedBuffer{},
		killing: &killing{t: t, dir: base.Station(), program: filepath.Join(r.dir, "one"), random: rand.New(rand.NewPCG(20260701, 7))}}
	s.settle(flags...)
	t.Cleanup(s.cleanUp)
	return s
}

func (s *installed) cleanUp() {
	s.end()
	if s.t.Failed() {
		s.t.Logf("the launcher and its programs said:\n%s", s.log.String())
	}
}

// start starts the launcher, as the service manager would.
func (s *installed) start() {
	s.t.Helper()
	s.launcher = exec.Command(s.program, "service", "run", "--base", string(s.base), fmt.Sprintf("--hub=%v", s.hub))
	s.launcher.Env = append(os.Environ(), s.env...)
	s.launcher.Stderr, s.launcher.Dir = s.log, string(s.base)
	noError(s.t, s.launcher.Start())
}

// end stops everything, as the service manager would.
func (s *installed) end() {
	if s.launcher == nil {
		return
	}
	_ = s.launcher.Process.Signal(os.Interrupt)
	ended := make(chan struct{})
	go func() { _ = s.launcher.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(patience):
		s.t.Error("the launcher does not stop")
		_ = s.launcher.Process.Kill()
	}
	s.launcher = nil
}

// powerCut ends the launcher and all it has started at once.
func (s *installed) powerCut() {
	s.t.Helper()
	_ = s.launcher.Process.Signal(syscall.SIGSTOP) // it starts nothing any more
	children := childrenOf(s.launcher.Process.Pid)
	for _, pid := range children {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = s.launcher.Process.Kill()
	_ = s.launcher.Wait()
	s.launcher = nil
	for _, pid := range children {
		for end := time.Now().Add(patience); alive(pid); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				s.t.Fatal("a killed program does not end")
			}
		}
	}
}

func childrenOf(pid int) []int {
	var list []int
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, name := range tasks {
		b, _ := os.ReadFile(name)
		for _, f := range strings.Fields(string(b)) {
			if n, err := strconv.Atoi(f); err == nil {
				list = append(list, n)
			}
		}
	}
	return list
}

// alive says whether a process runs; one that is dead and not yet buried does
// not.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(after, "Z")
}

// serving is a station that answers: its control port, its process, and the
// file of its program.
type serving struct {
	*control
	pid  int
	file string
}

// now is what serves at this moment; nil: nothing.
func (s *installed) now() *serving {
	c, err := dialControl(s.t.Context(), s.dir)
	if err != nil || c == nil {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(s.dir, controlFile))
	var p controlPoint
	if err != nil || json.Unmarshal(b, &p) != nil || p.Token != c.token {
		return nil // another one has taken its place meanwhile
	}
	file, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.PID))
	if err != nil {
		return nil
	}
	return &serving{c, p.PID, file}
}

// until waits for a program that serves and pleases.
func (s *installed) until(most time.Duration, pleases func(*serving) bool) *serving {
	s.t.Helper()
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if now := s.now(); now != nil && pleases(now) {
			return now
		}
	}
	s.t.Fatalf("not within %v", most)
	return nil
}

func anyone(*serving) bool { return true }

// runs waits until the program of this version serves: 1.0.0 is the package's,
// later ones lie in slots.
func (s *installed) runs(most time.Duration, name string) *serving {
	s.t.Helper()
	sum, _, err := update.HashFile(filepath.Join(s.releases.dir, name))
	noError(s.t, err)
	return s.until(most, func(now *serving) bool {
		got, _, err := update.HashFile(fmt.Sprintf("/proc/%d/exe", now.pid))
		return err == nil && got == sum
	})
}

// said waits until the log has so many lines that match, and returns when the
// last of these was written.
func (s *installed) said(most time.Duration, pattern string, count int) time.Time {
	s.t.Helper()
	re := regexp.MustCompile(`(?m)^time=(\S+) .*` + pattern)
	for end := time.Now().Add(most); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if all := re.FindAllStringSubmatch(s.log.String(), -1); len(all) >= count {
			at, err := time.Parse(time.RFC3339, all[count-1][1])
			noError(s.t, err)
			return at
		}
	}
	s.t.Fatalf("%q was not said %d times within %v", pattern, count, most)
	return time.Time{}
}

// nearlyLate is a little less than how long a start on trial must have run for
// its failure to end the trial at once (lateAfter of service/update): the log is
// not written at the very moment.
const nearlyLate = 65 * time.Second

// left waits until the launcher has left a bad version, and wants two starts of
// it: a short crash gets a second chance. One will do only when that came late, as
// it may on a busy machine. It returns when the first began.
func (s *installed) left(version string) time.Time {
	s.t.Helper()
	re := regexp.MustCompile(`(?m)^time=(\S+) .*msg=starting .* version=(\S+) trial=(?:true|false)$`)
	for end := time.Now().Add(proofPatience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var starts []time.Time // of the bad one, and then of the next
		for _, m := range re.FindAllStringSubmatch(s.log.String(), -1) {
			if m[2] != version && len(starts) == 0 {
				continue
			}
			at, err := time.Parse(time.RFC3339, m[1])
			noError(s.t, err)
			starts = append(starts, at)
			if m[2] != version {
				s.twice(version, starts)
				return starts[0]
			}
		}
	}
	s.t.Fatalf("%s was not left within %v", version, proofPatience)
	return time.Time{}
}

// twice judges the starts of a bad version and that of the one after it.
func (s *installed) twice(version string, starts []time.Time) {
	s.t.Helper()
	tries, first := len(starts)-1, starts[1].Sub(starts[0])
	if tries > 2 || tries == 1 && first < nearlyLate {
		s.t.Errorf("%s was started %d times, the first took %v", version, tries, first)
	}
	if failed := strings.Count(s.log.String(), `msg="program failed" version=`+version+` trial=true`); failed != tries {
		s.t.Errorf("%s was started %d times and failed %d times", version, tries, failed)
	}
}

// confirmed waits until the trial of the program that runs is confirmed, does
// something meanwhile, and returns how long that one had been ready, by the
// launcher's own log.
func (s *installed) confirmed(version string, meanwhile func()) time.Duration {
	s.t.Helper()
	for end := time.Now().Add(proofPatience); s.slots().Trial != nil; time.Sleep(500 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatal("never confirmed")
		}
		meanwhile()
	}
	is := ` version=` + regexp.QuoteMeta(version) + `$`
	took := s.said(patience, `msg=confirmed`+is, 1).Sub(s.said(patience, `msg=ready`+is, 1))
	s.t.Logf("confirmed %v after it was ready", took.Round(time.Second))
	return took
}

// proofPatience bounds the waiting for a trial's outcome: the launcher gives up
// after fifteen minutes, and the province is told within ten.
const proofPatience = 30 * time.Minute

// slots is what 'tramxa update status' says.
func (s *installed) slots() update.Status {
	s.t.Helper()
	var st update.Status
	noError(s.t, json.Unmarshal(s.do("update", "status", "--base", string(s.base), "--json"), &st))
	return st
}

// do runs a verb of the installed program, in a process of its own.
func (s *installed) do(words ...string) []byte {
	s.t.Helper()
	out, err := s.try(words...)
	if err != nil {
		s.t.Fatalf("tramxa %s: %v", strings.Join(words, " "), err)
	}
	return out
}

func (s *installed) try(words ...string) ([]byte, error) {
	ctx, stop := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer stop()
	out, err := exec.CommandContext(ctx, s.program, words...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return out, err
}

func (s *installed) apply(bundle string, flags ...string) {
	s.t.Helper()
	out := s.do(append([]string{"update", "apply", "--from", bundle, "--base", string(s.base)}, flags...)...)
	if !strings.Contains(string(out), "the service starts again now") {
		s.t.Fatalf("the running service was not asked to start again:\n%s", out)
	}
}

// write lets a clerk write so many commands.
func (s *installed) write(c *control, count int) {
	s.t.Helper()
	for range count {
		noError(s.t, s.clerks[0].send(c))
	}
}

// asked has every answer given again: nothing is lost.
func (s *installed) asked(c *control) {
	s.t.Helper()
	n := 0
	for _, w := range s.clerks {
		if w.pending != "" {
			noError(s.t, w.send(c))
		}
		w.ask(c, w.answered)
		n += len(w.answered)
	}
	if n == 0 {
		s.t.Error("nothing was answered: this proves nothing")
	}
	s.t.Logf("%d answered, all there", n)
}

// page is the station's page in a browser, with the head at it.
func (s *installed) page() *clerkAtPC {
	s.t.Helper()
	c := s.browser("/dang-nhap")
	c.post("/dang-nhap", map[string][]string{"_login": {"lan"}, "_password": {"gạo trắng nước trong"}})
	return c
}

// browser is one at the pages of the program that serves, where path is. What
// that has written of its address may come out of the pipe after it has answered
// elsewhere, so the last address is looked up until it answers.
func (s *installed) browser(path string) *clerkAtPC {
	s.t.Helper()
	pages := regexp.MustCompile(`(?m)^pages: http://(\S+)$`)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		all := pages.FindAllStringSubmatch(s.log.String(), -1)
		if all == nil {
			continue
		}
		if c := newClerkAtPC(s.t, all[len(all)-1][1]); c.sees(path) {
			return c
		}
	}
	s.t.Fatalf("no page %s within %v", path, patience)
	return nil
}

// quarantine takes a file away, as an antivirus does.
func (s *installed) quarantine(file string) {
	s.t.Helper()
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.t.Fatal(err)
	}
}

func sumOf(t *testing.T, file string) update.Hash {
	t.Helper()
	sum, _, err := update.HashFile(file)
	noError(t, err)
	return sum
}
