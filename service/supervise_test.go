package service_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tramxa/service"
)

// quick are limits with short pauses and deadlines that no program meets which
// works, however busy the machine is. A test of a deadline shortens that one.
var quick = service.Limits{Start: 40 * time.Second, Alive: 40 * time.Second, Stop: 40 * time.Second, Trial: 50 * time.Second,
	Backoff: 20 * time.Millisecond, MaxOff: 80 * time.Millisecond, Steady: time.Hour}

// soonDead are limits under which a program that is not alive is soon ended; one
// that works says so each 20 ms.
func soonDead() service.Limits {
	l := quick
	l.Alive = 4 * time.Second
	return l
}

// supervision is one launcher with its source and all that it said.
type supervision struct {
	t      *testing.T
	dir    string
	src    *source
	limits service.Limits
	cancel context.CancelFunc

	mu    sync.Mutex
	said  []string // to the service manager
	log   bytes.Buffer
	ended chan error
}

func program(role, label string, trial bool) service.Program {
	return service.Program{Path: os.Args[0], Env: []string{envRole + "=" + role}, Label: label, Trial: trial}
}

// run supervises until enough says so, at most two minutes.
func run(t *testing.T, enough func(s *supervision) bool, programs ...service.Program) *supervision {
	t.Helper()
	return runWith(t, quick, enough, programs...)
}

func runWith(t *testing.T, limits service.Limits, enough func(s *supervision) bool, programs ...service.Program) *supervision {
	t.Helper()
	s := beginWith(t, &source{programs: programs}, limits)
	s.until(enough)
	s.finish()
	return s
}

func begin(t *testing.T, programs ...service.Program) *supervision {
	return beginWith(t, &source{programs: programs}, quick)
}

func beginWith(t *testing.T, src *source, limits service.Limits) *supervision {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	s := &supervision{t: t, dir: t.TempDir(), src: src, limits: limits, cancel: cancel, ended: make(chan error, 1)}
	go func() {
		s.ended <- service.Supervise(ctx, service.SuperviseOptions{Source: guarded{s}, Args: []string{s.dir}, Limits: limits,
			Log: slog.New(slog.NewTextHandler(lockedWriter{s}, nil)), Notify: func(state string) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.said = append(s.said, strings.Split(state, "\n")...)
			}})
	}()
	return s
}

// until waits for a condition, which may look at everything.
func (s *supervision) until(enough func(s *supervision) bool) {
	s.t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		ok := enough(s)
		s.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(end) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.t.Fatalf("nothing came of it in two minutes; failed %q, confirmed %q, log:\n%s", s.src.failed, s.src.confirmed, s.log.String())
		}
	}
}

// finish stops the launcher and wants it to end well.
func (s *supervision) finish() {
	s.t.Helper()
	s.cancel()
	select {
	case err := <-s.ended:
		if err != nil {
			s.t.Fatal(err)
		}
	case <-time.After(time.Minute):
		s.t.Fatal("the launcher does not end")
	}
}

func (s *supervision) heard(line string) int {
	n := 0
	for _, l := range s.said {
		if l == line {
			n++
		}
	}
	return n
}

// guarded and lockedWriter let the test look at any time.
type guarded struct{ s *supervision }

func (g guarded) Next(ctx context.Context) (service.Program, error) {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	return g.s.src.Next(ctx)
}
func (g guarded) Confirmed(p service.Program) error {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	return g.s.src.Confirmed(p)
}
func (g guarded) Failed(p service.Program, why string) error {
	g.s.mu.Lock()
	defer g.s.mu.Unlock()
	return g.s.src.Failed(p, why)
}

type lockedWriter struct{ s *supervision }

func (w lockedWriter) Write(b []byte) (int, error) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.s.log.Write(b)
}

// failures waits for n failures.
func failures(n int) func(*supervision) bool {
	return func(s *supervision) bool { return len(s.src.failed) >= n }
}

func TestGoodProgramIsReadyAliveAndStopsCleanly(t *testing.T) {
	t.Parallel()
	s := begin(t, program("good", "v1", false))
	s.until(func(s *supervision) bool { return s.heard("READY=1") == 1 && s.heard("WATCHDOG=1") > 5 })
	s.finish()
	if len(s.src.failed) != 0 || s.src.starts != 1 {
		t.Errorf("started %d times, failed: %q", s.src.starts, s.src.failed)
	}
	if notes(t, s.dir, "stopped cleanly") != 1 {
		t.Error("the program was not let go cleanly")
	}
	if s.heard("STOPPING=1") != 1 {
		t.Errorf("said to the service manager: %q", s.said)
	}
	before := strings.Join(s.said, " ")
	if i, j := strings.Index(before, "EXTEND_TIMEOUT_USEC="), strings.Index(before, "READY=1"); i < 0 || i > j {
		t.Errorf("no time asked for while starting: %q", s.said)
	}
}

func TestCrashedProgramIsStartedAgainForEver(t *testing.T) {
	t.Parallel()
	s := run(t, failures(8), program("crash", "v1", false))
	for _, f := range s.src.failed {
		if !strings.Contains(f, "exit status 3") {
			t.Errorf("reason: %s", f)
		}
	}
	// Pauses of 20, 40, 80, 80 … ms: it is not started in a tight loop.
	if got := strings.Count(s.log.String(), "pause=80ms"); got < 4 {
		t.Errorf("the longest pause was taken %d times:\n%s", got, s.log.String())
	}
}

func TestFailureBeforeReadyStillAnswersTheServiceManager(t *testing.T) {
	t.Parallel()
	s := run(t, failures(3), program("crash early", "v1", false))
	if s.heard("READY=1") != 1 {
		t.Errorf("a start job would hang: %q", s.said)
	}
	told := false
	for _, l := range s.said {
		told = told || strings.HasPrefix(l, "STATUS=not running: v1: ended with")
	}
	if !told {
		t.Errorf("nobody is told why: %q", s.said)
	}
}

func TestProgramThatLeavesUnaskedHasFailed(t *testing.T) {
	t.Parallel()
	s := run(t, failures(2), program("leave early", "v1", false))
	if !strings.Contains(s.src.failed[0], "without being asked") {
		t.Errorf("reason: %q", s.src.failed)
	}
}

func TestMuteProgramIsEndedBeforeReady(t *testing.T) {
	t.Parallel()
	limits := quick
	limits.Start = time.Second
	s := runWith(t, limits, failures(1), program("mute", "v1", false), program("good", "v2", false))
	if !strings.Contains(s.src.failed[0], "no sign of progress for 1s") {
		t.Errorf("reason: %q", s.src.failed)
	}
}

func TestConfirmedProgramOnASlowDiskGetsMoreTime(t *testing.T) {
	t.Parallel()
	limits := quick
	limits.Start = 400 * time.Millisecond
	s := beginWith(t, &source{programs: []service.Program{program("slow", "v1", false)}}, limits)
	s.until(func(s *supervision) bool { return len(s.src.failed) > 0 && s.heard("STATUS=running v1") > 0 })
	s.finish()
	for i, f := range s.src.failed { // 400 ms, 800 ms, 1.6 s …
		if want := "no sign of progress for " + (limits.Start << min(i, 4)).String(); !strings.Contains(f, want) {
			t.Errorf("start %d: %s, not %s", i+1, f, want)
		}
	}
}

func TestSlowTrialGetsNoMoreTime(t *testing.T) {
	t.Parallel()
	limits := quick
	limits.Start, limits.Stop = 400*time.Millisecond, 400*time.Millisecond // it does not hear the stop either
	s := beginWith(t, &source{programs: []service.Program{program("mute", "v2", true)}}, limits)
	s.until(failures(3))
	s.finish()
	for _, f := range s.src.failed {
		if !strings.Contains(f, "no sign of progress for 400ms") {
			t.Error(f)
		}
	}
}

func TestFrozenProgramIsEndedAndStartedAgain(t *testing.T) {
	t.Parallel()
	s := beginWith(t, &source{programs: []service.Program{program("freeze", "v1", false), program("good", "v1", false)}}, soonDead())
	s.until(failures(1))
	s.until(func(s *supervision) bool { return s.src.starts == 2 && s.heard("WATCHDOG=1") > 20 })
	s.finish()
	if !strings.Contains(s.src.failed[0], "no sign of life for 4s") {
		t.Errorf("reason: %q", s.src.failed)
	}
	if notes(t, s.dir, "stopped cleanly") != 1 {
		t.Error("the second one did not run")
	}
}

func TestSickProgramIsEndedWithItsOwnReason(t *testing.T) {
	t.Parallel()
	s := runWith(t, soonDead(), failures(1), program("sick", "v1", false), program("good", "v1", false))
	if !strings.Contains(s.src.failed[0], "journal: disk full") {
		t.Errorf("reason: %q", s.src.failed)
	}
}

func TestHangingProbeIsNoticed(t *testing.T) {
	t.Parallel()
	s := runWith(t, soonDead(), failures(1), program("stuck probe", "v1", false), program("good", "v1", false))
	if !strings.Contains(s.src.failed[0], "journal: hangs for") {
		t.Errorf("reason: %q", s.src.failed)
	}
}

func TestProgramIsStartedAgainAtItsWish(t *testing.T) {
	t.Parallel()
	s := begin(t, program("again", "v1", false), program("again", "v2", true), program("good", "v3", false))
	s.until(func(s *supervision) bool { return s.src.starts == 3 && s.heard("WATCHDOG=1") > 15 })
	s.finish()
	if len(s.src.failed) != 0 {
		t.Errorf("that is no failure: %q", s.src.failed)
	}
	if !strings.Contains(s.log.String(), "an update is there") {
		t.Error("the log does not say why")
	}
}

func TestProgramThatOnlyWantsToStartAgainDoesNotSpin(t *testing.T) {
	t.Parallel()
	s := run(t, func(s *supervision) bool { return s.src.starts >= 6 }, program("spin again", "v1", false))
	if !strings.Contains(s.log.String(), "pause=80ms") {
		t.Errorf("no growing pauses:\n%s", s.log.String())
	}
}

func TestTrialIsConfirmedOnce(t *testing.T) {
	t.Parallel()
	s := begin(t, program("good", "v2", true))
	s.until(func(s *supervision) bool { return len(s.src.confirmed) == 1 && s.heard("WATCHDOG=1") > 15 })
	s.finish()
	if len(s.src.failed) != 0 || len(s.src.confirmed) != 1 {
		t.Errorf("confirmed %q, failed %q", s.src.confirmed, s.src.failed)
	}
}

func TestConfirmedProgramIsNotConfirmedAgain(t *testing.T) {
	t.Parallel()
	s := run(t, func(s *supervision) bool { return s.heard("WATCHDOG=1") > 15 }, program("good", "v1", false))
	if len(s.src.confirmed) != 0 {
		t.Errorf("confirmed %q without a trial", s.src.confirmed)
	}
}

func TestFailedTrialLeadsOnAtOnce(t *testing.T) {
	t.Parallel()
	for role, reason := range map[string]string{
		"crash early": "exit status 3", "crash": "exit status 3", "sick": "disk full", "leave early": "without being asked",
	} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			limits := quick
			if role == "sick" {
				limits = soonDead()
			}
			s := beginWith(t, &source{programs: []service.Program{program(role, "v2", true), program("good", "v1", false)}}, limits)
			s.until(func(s *supervision) bool { return s.src.starts == 2 })
			s.until(func(s *supervision) bool { return s.heard("WATCHDOG=1") > 15 })
			s.finish()
			if len(s.src.failed) != 1 || !strings.HasPrefix(s.src.failed[0], "v2: ") || !strings.Contains(s.src.failed[0], reason) {
				t.Errorf("failed: %q", s.src.failed)
			}
			if strings.Contains(s.log.String(), "waiting before the next start") {
				t.Error("the way back had to wait")
			}
		})
	}
}

func TestTrialWhoseFailureCannotBeNotedDoesNotSpin(t *testing.T) {
	t.Parallel()
	s := beginWith(t, &source{programs: []service.Program{program("crash early", "v2", true)}, failErr: errors.New("disk full")}, quick)
	s.until(failures(4))
	s.finish()
	if !strings.Contains(s.log.String(), "pause=80ms") {
		t.Errorf("no pauses:\n%s", s.log.String())
	}
}

func TestTrialThatNeverProvesItselfIsEnded(t *testing.T) {
	t.Parallel()
	limits := quick
	limits.Trial = 300 * time.Millisecond
	// Neither healthy nor dead, as far as the deadlines of life go.
	s := beginWith(t, &source{programs: []service.Program{program("freeze", "v2", true), program("good", "v1", false)}}, limits)
	s.until(failures(1))
	s.finish()
	if !strings.Contains(s.src.failed[0], "not confirmed within 300ms") {
		t.Errorf("reason: %q", s.src.failed)
	}
}

func TestDeafProgramIsEndedAtTheStop(t *testing.T) {
	t.Parallel()
	limits := quick
	limits.Stop = 2 * time.Second
	s := beginWith(t, &source{programs: []service.Program{program("deaf", "v1", false)}}, limits)
	s.until(func(s *supervision) bool { return s.heard("READY=1") == 1 })
	began := time.Now()
	s.finish()
	if took := time.Since(began); took < limits.Stop-200*time.Millisecond {
		t.Errorf("it was given %s, the limit is %s", took, limits.Stop)
	}
	if !strings.Contains(s.log.String(), "not stopped in time, killed") {
		t.Errorf("the log:\n%s", s.log.String())
	}
	if len(s.src.failed) != 0 {
		t.Errorf("a stop is no failure: %q", s.src.failed)
	}
}

func TestNothingIsLeftOfAProgramThatCrashed(t *testing.T) {
	t.Parallel()
	s := begin(t, program("noisy grandchild", "v1", false), program("good", "v1", false))
	s.until(func(s *supervision) bool { return s.src.starts == 2 })
	s.finish()
	found, err := filepath.Glob(filepath.Join(s.dir, "grandchild-*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%q, %v", found, err)
	}
	name := strings.TrimPrefix(filepath.Base(found[0]), "grandchild-")
	number, _, _ := strings.Cut(name, ".")
	pid, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !gone(pid); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("process %d lives on", pid)
		}
	}
}

// gone says whether a process has ended; one that nobody has waited for counts.
func gone(pid int) bool {
	if !lives(pid) {
		return true
	}
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return os.IsNotExist(err) && !lives(pid)
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return strings.HasPrefix(rest, "Z")
}

func TestMissingProgramIsAFailure(t *testing.T) {
	t.Parallel()
	missing := service.Program{Path: filepath.Join(t.TempDir(), "removed-by-an-antivirus"), Label: "v1"}
	s := run(t, failures(2), missing, missing, program("good", "v1", false))
	if !strings.Contains(s.src.failed[0], "cannot be started") {
		t.Errorf("reason: %q", s.src.failed)
	}
}

func TestSourceWithoutAProgramIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := beginWith(t, &source{nextErr: errors.New("the state cannot be read")}, quick)
	s.until(func(s *supervision) bool { return s.src.starts >= 4 })
	s.finish()
	if s.heard("READY=1") != 1 || s.heard("STATUS=not running: no program to start: the state cannot be read") == 0 {
		t.Errorf("said: %q", s.said)
	}
}

func TestKilledLauncherStopsItsProgramCleanly(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("skipped: on Windows a program is ended with its launcher, at once; servicetest shows it")
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), envRole+"=launcher")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	wait := func(what string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); notes(t, dir, what) == 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("never %s", what)
			}
		}
	}
	wait("started")
	time.Sleep(200 * time.Millisecond)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	wait("stopped cleanly")
}
