//go:build linux

package servicetest

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tramxa/service"
)

// windows is a Windows as wine knows it: a prefix of its own in the Debian that
// TRAMXA_WINE_ROOT names. Every command gets a mount namespace of its own, so
// nothing is left mounted.
type windows struct {
	t      *testing.T
	root   string
	shared string // seen inside as /mnt
	page   string
}

const (
	winBase = `C:\ProgramData\tramxa`
	winExe  = `C:\Program Files\tramxa\tramxa.exe`
)

func bootWine(t *testing.T, program string) *windows {
	t.Helper()
	root := os.Getenv("TRAMXA_WINE_ROOT")
	if root == "" {
		t.Skip("skipped: TRAMXA_WINE_ROOT names no Debian with wine 10")
	}
	w := &windows{t: t, root: root, shared: t.TempDir(), page: freeAddress(t)}
	// Wine gives a service 10 s to begin, where Windows gives 30: too few for a busy
	// machine.
	control := `HKLM\SYSTEM\CurrentControlSet\Control`
	for _, args := range [][]string{{"wineboot", "-i"}, {"reg", "add", control, "/v", "ServicesPipeTimeout", "/d", "300000", "/f"}} {
		if code, out := w.wine(args...); code != 0 {
			t.Fatalf("%v: %d\n%s", args, code, out)
		}
		// Its session must be over: who joins one that ends gets a second service
		// manager beside the first, and they answer by turns.
		if err := w.command("wineserver", "-w").Run(); err != nil {
			t.Fatal(err)
		}
	}
	// The service manager ends with the last program that is not a service: one
	// that waits for its input keeps it. Nothing else starts before it answers.
	keep := w.within("3600", "wine", "cmd")
	said, err := os.Create(filepath.Join(w.shared, "keep"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	keep.Stdout = said
	in, err := keep.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := keep.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = w.command("wineserver", "-k").Run()
		_ = keep.Wait()
	})
	if _, err := io.WriteString(in, "echo it is %OS%\r\n"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "wine starts", func() bool {
		b, err := os.ReadFile(said.Name())
		return err == nil && strings.Contains(string(b), "it is Windows_NT") // the answer, not what was typed
	})
	dir := filepath.Join(w.drive(), "Program Files", "tramxa")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, exec.Command("cp", program, filepath.Join(dir, "tramxa.exe")))
	_, version := w.wine("--version")
	t.Logf("wine: %s", strings.TrimSpace(version))
	return w
}

func (w *windows) drive() string { return filepath.Join(w.shared, "prefix", "drive_c") }

// freeAddress is one that nobody uses. The system itself hands out ports from
// 32768 on, and would give this one to others before it is taken.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

// command runs inside the Debian with the prefix at hand.
func (w *windows) command(name string, args ...string) *exec.Cmd {
	return w.within("900", append([]string{name}, args...)...)
}

// within is a command that has so many seconds.
func (w *windows) within(seconds string, args ...string) *exec.Cmd {
	script := `mount --bind /proc "$0/proc" && mount --rbind /dev "$0/dev" && mount --bind "$1" "$0/mnt" && root=$0 && shift &&
exec chroot "$root" env -i PATH=/usr/bin:/bin HOME=/mnt WINEPREFIX=/mnt/prefix WINEDEBUG=-all DISPLAY= XDG_RUNTIME_DIR=/tmp "$@"`
	return exec.Command("unshare", append([]string{"-m", "sh", "-c", script, w.root, w.shared, "timeout", seconds}, args...)...)
}

// wine runs a command and gives its exit code and output. The output goes to a
// file: what wine starts behind a command keeps a pipe open for ever.
func (w *windows) wine(args ...string) (int, string) {
	w.t.Helper()
	out, err := os.CreateTemp(w.t.TempDir(), "out")
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Close()
	cmd := w.command("wine", args...)
	cmd.Stdout, cmd.Stderr = out, out
	err = cmd.Run()
	if cmd.ProcessState == nil {
		w.t.Fatal(err)
	}
	b, err := os.ReadFile(out.Name())
	if err != nil {
		w.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(b)
}

// tramxa runs the installed program.
func (w *windows) tramxa(args ...string) (int, string) {
	w.t.Helper()
	return w.wine(append([]string{winExe}, args...)...)
}

func (w *windows) run(args ...string) string {
	w.t.Helper()
	code, out := w.tramxa(args...)
	if code != 0 {
		w.t.Fatalf("tramxa %s: %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

func (w *windows) status() service.Status {
	w.t.Helper()
	out := w.run("service", "status", "--json")
	var s service.Status
	if err := json.Unmarshal([]byte(out[strings.Index(out, "{"):]), &s); err != nil {
		w.t.Fatalf("%v in %s", err, out)
	}
	return s
}

func (w *windows) answers() bool {
	code, err := fetch("http://" + w.page + "/healthz")
	return err == nil && code == 200
}

// process is the pid of the one process of this prefix with these words in its
// command line.
func (w *windows) process(words string) int {
	names, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil || !strings.Contains(strings.ReplaceAll(string(b), "\x00", " "), words) || !strings.HasPrefix(string(b), winExe) {
			continue
		}
		dir := filepath.Dir(name)
		info, err := os.Stat(dir + "/root/mnt/prefix")
		if err != nil {
			continue
		}
		if own, err := os.Stat(filepath.Join(w.shared, "prefix")); err != nil || !os.SameFile(info, own) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(dir))
		return pid
	}
	return 0
}

// station is the program that the launcher keeps.
func (w *windows) station() int { return w.process("station run") }

func (w *windows) log() string {
	b, _ := os.ReadFile(filepath.Join(w.drive(), "ProgramData", "tramxa", "log", "tramxa.log"))
	return string(b)
}

// TestLifeUnderWine is the life of the service under the service manager of
// wine. What wine does not have: recovery actions, so nobody starts a launcher
// again that was killed; accounts and their rights.
func TestLifeUnderWine(t *testing.T) {
	wanted(t, "unshare", "chroot")
	w := bootWine(t, build(t, "windows"))
	steps := []struct {
		name string
		do   func(*testing.T, *windows)
	}{
		{"install", wineInstall}, {"start", wineStart}, {"killed program", wineKilled},
		{"hanging program", wineHanging}, {"stop", wineStop}, {"killed launcher", wineKilledLauncher}, {"uninstall", wineUninstall},
	}
	for _, s := range steps {
		if !t.Run(s.name, func(t *testing.T) {
			inner := *w
			inner.t = t
			s.do(t, &inner)
		}) {
			t.Fatalf("after %q nothing else can be said; the log:\n%s", s.name, w.log())
		}
	}
}

// TestOldWindowsIsRefused before anything is changed, with the way out.
func TestOldWindowsIsRefused(t *testing.T) {
	wanted(t, "unshare", "chroot")
	w := bootWine(t, build(t, "windows"))
	if code, out := w.wine("winecfg", "-v", "win81"); code != 0 {
		t.Fatalf("winecfg: %d\n%s", code, out)
	}
	if code, out := w.tramxa("service", "install"); code != 3 || !strings.Contains(out, "Windows 10") || !strings.Contains(out, "USB") {
		t.Errorf("%d: %s", code, out)
	}
	if _, err := os.Stat(filepath.Join(w.drive(), "ProgramData", "tramxa")); !os.IsNotExist(err) {
		t.Errorf("something was made: %v", err)
	}
	if s := w.status(); s.State != service.StateAbsent {
		t.Errorf("%+v", s)
	}
}

func wineInstall(t *testing.T, w *windows) {
	for _, want := range []string{`"installed"`, `"unchanged"`} {
		if out := w.run("service", "install", "--json"); !strings.Contains(out, want) {
			t.Errorf("install: no %s in %s", want, out)
		}
	}
	// Over an older one that lay elsewhere.
	if out := w.run("service", "install", "--json", "--base", `C:\ProgramData\tram xa`); !strings.Contains(out, `"updated"`) {
		t.Errorf("moved: %s", out)
	}
	if out := w.run("service", "install", "--json"); !strings.Contains(out, `"updated"`) {
		t.Errorf("moved back: %s", out)
	}
	s := w.status()
	want := `"` + winExe + `" service run --service --base ` + winBase
	if s.State != service.StateStopped || !s.AtStart || s.Program != want {
		t.Errorf("status: %+v", s)
	}
	if out := w.run("service", "install", "--print"); !strings.Contains(out, want) {
		t.Errorf("printed: %s", out)
	}
}

func wineStart(t *testing.T, w *windows) {
	w.run("station", "init", "--dir", winBase+`\station`, "--key", winBase+`-keys\station.key`, "--station", "7", "--unit", "23764", "--listen", w.page)
	began := time.Now()
	w.run("service", "start")
	t.Logf("the service manager was answered within %s", time.Since(began).Round(time.Millisecond))
	took := eventually(t, "the page answers", w.answers)
	t.Logf("page after %s", took)
	eventually(t, "the state is known", func() bool { s := w.status(); return s.State == service.StateRunning && s.Text == "running dev" })
}

func wineKilled(t *testing.T, w *windows) {
	was := signal(t, w.station, syscall.SIGKILL)
	took := eventually(t, "the page is back", func() bool { now := w.station(); return now != 0 && now != was && w.answers() })
	t.Logf("back after %s", took)
	paused(t, w.log())
}

func wineHanging(t *testing.T, w *windows) {
	was := signal(t, w.station, syscall.SIGSTOP)
	took := eventually(t, "the page is back", func() bool { now := w.station(); return now != 0 && now != was && w.answers() })
	t.Logf("back after %s", took)
	if !strings.Contains(w.log(), "no sign of life for 45s") {
		t.Error("the log does not say why")
	}
	paused(t, w.log())
}

func wineStop(t *testing.T, w *windows) {
	began := time.Now()
	w.run("service", "stop")
	t.Logf("stopped in %s", time.Since(began).Round(time.Millisecond))
	if w.answers() {
		t.Error("something still runs")
	}
	// A service is stopped when it says so; its process ends after that.
	eventually(t, "nothing runs any more", func() bool { return w.process("tramxa.exe") == 0 })
	if log := w.log(); !strings.HasSuffix(strings.TrimSpace(log), `msg="launcher stopped"`) || strings.Contains(log, "not stopped in time") {
		t.Errorf("the stop was not clean: %s", log)
	}
	if s := w.status(); s.State != service.StateStopped {
		t.Errorf("status: %+v", s)
	}
}

// wineKilledLauncher: the program does not outlive its launcher, so the next
// start finds the data free.
func wineKilledLauncher(t *testing.T, w *windows) {
	w.run("service", "start")
	eventually(t, "the page answers", w.answers)
	signal(t, func() int { return w.process("service run") }, syscall.SIGKILL)
	took := eventually(t, "the program ends with it", func() bool { return w.station() == 0 })
	t.Logf("ended after %s", took)
	eventually(t, "the service manager knows", func() bool { return w.status().State == service.StateFailed })
	w.run("service", "start")
	eventually(t, "the page answers again", w.answers)
}

func wineUninstall(t *testing.T, w *windows) {
	out := w.run("service", "uninstall")
	if !strings.Contains(out, winBase) || !strings.Contains(out, winBase+"-keys") {
		t.Errorf("it does not say where the data is: %s", out)
	}
	if s := w.status(); s.State != service.StateAbsent || w.answers() {
		t.Errorf("status: %+v", s)
	}
	for _, name := range []string{"tramxa/station/tramxa.toml", "tramxa/station/journal", "tramxa-keys/station.key"} {
		if _, err := os.Stat(filepath.Join(w.drive(), "ProgramData", name)); err != nil {
			t.Error(err)
		}
	}
	if code, out := w.tramxa("service", "start"); code != 1 || !strings.Contains(out, "service install") {
		t.Errorf("start: %d %s", code, out)
	}
}
