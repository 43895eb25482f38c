package pack

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const setupDir = "Program Files/tramxa"

// wine is a Windows as wine knows it: a prefix of its own in the Debian that
// TRAMXA_WINE_ROOT names.
type wine struct {
	t      *testing.T
	root   string
	prefix string // inside
}

func bootWine(t *testing.T, root string) *wine {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Join(root, "tmp"), "pack-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	must(t, exec.Command("mount", "-t", "proc", "proc", filepath.Join(root, "proc")))
	must(t, exec.Command("mount", "--rbind", "/dev", filepath.Join(root, "dev")))
	w := &wine{t: t, root: root, prefix: "/tmp/" + filepath.Base(dir)}
	// Wine gives a service 10 s to begin, where Windows gives 30: too few for a busy
	// machine.
	control := `HKLM\SYSTEM\CurrentControlSet\Control`
	for _, args := range [][]string{{"wineboot", "-i"}, {"wine", "reg", "add", control, "/v", "ServicesPipeTimeout", "/d", "300000", "/f"}} {
		w.must(args...)
		// Its session must be over: who joins one that ends gets a second service
		// manager beside the first.
		w.must("wineserver", "-w")
	}
	w.keep(filepath.Join(root, "tmp", filepath.Base(dir), "keep"))
	t.Log(strings.TrimSpace(w.must("wine", "--version")))
	return w
}

// keep starts what waits for its input until the test ends, and writes into the
// file name: the service manager ends with the last program that is no service.
// Nothing else starts before it answers, or that would be the one whose output the
// services hold open.
func (w *wine) keep(name string) {
	t := w.t
	said, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	keep := w.within("3600", "wine", "cmd")
	keep.Stdout, keep.Stderr = said, said
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
		_ = w.command("wineserver", "-w").Run() // nobody writes into the prefix any more
		_ = keep.Wait()
	})
	if _, err := io.WriteString(in, "echo it is %OS%\r\n"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "wine starts", func() bool {
		b, err := os.ReadFile(name)
		return err == nil && strings.Contains(string(b), "it is Windows_NT") // the answer, not what was typed
	})
}

func (w *wine) command(args ...string) *exec.Cmd { return w.within("900", args...) }

// within is a command that has so many seconds.
func (w *wine) within(seconds string, args ...string) *exec.Cmd {
	return exec.Command("chroot", append([]string{w.root, "env", "-i", "PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=" + w.prefix, "WINEPREFIX=" + w.prefix,
		"WINEDEBUG=-all", "DISPLAY=", "XDG_RUNTIME_DIR=/tmp", "timeout", seconds}, args...)...)
}

// c is a file of the drive C:.
func (w *wine) c(elem ...string) string {
	return filepath.Join(append([]string{w.root, w.prefix, "drive_c"}, elem...)...)
}

// run runs a program and gives its exit code.
func (w *wine) run(args ...string) (int, string) {
	w.t.Helper()
	return w.plain(append([]string{"wine"}, args...)...)
}

// plain runs a command. What it says goes to a file: what wine starts behind a
// command, its desktop above all, keeps a pipe open for ever.
func (w *wine) plain(args ...string) (int, string) {
	w.t.Helper()
	out, err := os.CreateTemp(w.t.TempDir(), "out")
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Close()
	cmd := w.command(args...)
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

// must runs a command that has to end well.
func (w *wine) must(args ...string) string {
	w.t.Helper()
	code, said := w.plain(args...)
	if code != 0 {
		w.t.Fatalf("%v: %d\n%s", args, code, said)
	}
	return said
}

// setup runs an installer silently and gives its exit code and its log.
func (w *wine) setup(file string, args ...string) (int, string) {
	w.t.Helper()
	must(w.t, exec.Command("cp", file, w.c("setup.exe")))
	code, out := w.run(append([]string{`C:\setup.exe`, "/S"}, args...)...)
	return code, out + w.log()
}

// log is what was logged since it was last taken. Who logs must have ended: what
// came between the reading and the removal would be lost.
func (w *wine) log() string {
	said, names := w.logged()
	for _, name := range names {
		_ = os.Remove(name)
	}
	return said
}

// logged is what stands in the log so far, and in which files.
func (w *wine) logged() (said string, names []string) {
	names, _ = filepath.Glob(w.c("users", "*", "AppData", "Local", "Temp", "tramxa-setup.log"))
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			w.t.Fatal(err)
		}
		said += text16(b)
	}
	return said, names
}

// uninstall runs the uninstaller, which ends before its work, and waits for its
// last word.
func (w *wine) uninstall(args ...string) string {
	w.t.Helper()
	code, said := w.run(append([]string{`C:\Program Files\tramxa\uninstall.exe`, "/S"}, args...)...)
	if code != 0 {
		w.t.Fatalf("uninstall: %d %s", code, said)
	}
	eventually(w.t, "uninstalled", func() bool {
		so, _ := w.logged()
		return strings.Contains(so, "was removed")
	})
	return said + w.log()
}

// TestTheInstallerUnderWine is the life of an installation on Windows, as far as
// wine goes: it has no firewall, no Defender, no rights of files.
func TestTheInstallerUnderWine(t *testing.T) {
	wanted(t, "unshare", "chroot", "makensis", "ip")
	root := os.Getenv("TRAMXA_WINE_ROOT")
	if root == "" {
		t.Skip("skipped: TRAMXA_WINE_ROOT names no Debian with wine 10")
	}
	dir := os.Getenv(inside + "_DIR")
	if dir == "" {
		dir = t.TempDir()
		t.Setenv(inside+"_DIR", dir)
		older, newer := programs(t, Target{"windows", "amd64"})
		for name, file := range map[string]string{"older.exe": setup(t, "1.0.0", older, nil), "newer.exe": setup(t, "1.1.0", newer, nil)} {
			must(t, exec.Command("mv", file, filepath.Join(dir, name)))
		}
	}
	if !unshared(t) {
		return
	}
	w := bootWine(t, root)
	older, newer := filepath.Join(dir, "older.exe"), filepath.Join(dir, "newer.exe")

	// Windows 7: a sentence, and nothing changed.
	w.must("wine", "winecfg", "-v", "win7")
	code, said := w.setup(older)
	w.must("wine", "winecfg", "-v", "win10")
	if code != 10 || exists(w.c(setupDir)) || exists(w.c("ProgramData", "tramxa")) {
		t.Errorf("Windows 7: code %d", code)
	}
	contains(t, "the refusal", said, "cần Windows 10", "USB", "nothing was changed")

	// Installed: files, registry, service, shortcuts, the page.
	if code, said = w.setup(older); code != 0 {
		t.Fatalf("install: code %d\n%s", code, said)
	}
	t.Log(said)
	contains(t, "the installer", said, "1.0.0 đang chạy: http://127.0.0.1:8480/")
	if !answers() {
		t.Error("the page does not answer")
	}
	for _, name := range []string{setupDir + "/tramxa.exe", setupDir + "/uninstall.exe", setupDir + "/bringback.cmd", setupDir + "/tramxa.cdx.json",
		"users/Public/Desktop/Trạm xã.url", "ProgramData/Microsoft/Windows/Start Menu/Programs/Trạm xã/Trạm xã.url", "ProgramData/tramxa"} {
		if !exists(w.c(name)) {
			t.Errorf("%s is missing", name)
		}
	}
	_, said = w.run("reg", "query", `HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall\tramxa`, "/reg:64")
	contains(t, "the registry", said, "1.0.0", `uninstall.exe" /S`)
	_, said = w.run("reg", "query", `HKLM\SYSTEM\CurrentControlSet\Services\tramxa`)
	contains(t, "the service", said, `"C:\Program Files\tramxa\tramxa.exe" service run`)

	// Data that must outlive everything below.
	if err := os.WriteFile(w.c("ProgramData", "tramxa", "so"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	upgrades(t, w, older, newer)
	broughtBack(t, w, newer)

	contains(t, "the uninstaller", w.uninstall(), "Sổ dân cư còn nguyên ở C:\\ProgramData\\tramxa")
	if exists(w.c(setupDir, "tramxa.exe")) || !exists(w.c("ProgramData", "tramxa", "so")) || exists(w.c("users/Public/Desktop/Trạm xã.url")) || answers() {
		t.Error("after the removal: program, page or shortcut are there, or the data are not")
	}
	// Installed anew it goes on; removed with the word typed, the data go too.
	if code, said = w.setup(older); code != 0 || !answers() {
		t.Errorf("install again: code %d\n%s", code, said)
	}
	contains(t, "the uninstaller", w.uninstall("/DELETEDATA=1"), "và xóa sổ dân cư")
	if exists(w.c("ProgramData", "tramxa")) || exists(w.c("ProgramData", "tramxa-keys")) {
		t.Error("the data are still there")
	}
}

// upgrades: twice the same, over an older one, never over a newer one.
func upgrades(t *testing.T, w *wine, older, newer string) {
	t.Helper()
	for _, step := range []struct {
		file, want string
		code       int
		version    string
	}{
		{older, "1.0.0 đang chạy", 0, "1.0.0"},
		{newer, "1.1.0 đang chạy", 0, "1.1.0"},
		{older, "nothing was changed", 12, "1.1.0"},
		{newer, "1.1.0 đang chạy", 0, "1.1.0"},
	} {
		code, said := w.setup(step.file, "/EXCLUDE=1")
		if code != step.code {
			t.Errorf("%s: code %d, want %d", filepath.Base(step.file), code, step.code)
		}
		contains(t, filepath.Base(step.file), said, step.want)
		if _, said := w.run(`C:\Program Files\tramxa\tramxa.exe`, "version"); !strings.Contains(said, " "+step.version+" ") {
			t.Errorf("the program says %s, want %s", said, step.version)
		}
		if copies, _ := filepath.Glob(w.c(setupDir, "tramxa-*.copy")); len(copies) != 1 || exists(w.c(setupDir, "tramxa.new")) {
			t.Errorf("copies: %v", copies)
		}
		if !answers() || !exists(w.c("ProgramData", "tramxa", "so")) {
			t.Error("the page does not answer, or the data are gone")
		}
	}
}

// broughtBack: an antivirus takes the program away.
func broughtBack(t *testing.T, w *wine, newer string) {
	t.Helper()
	stop := func() {
		t.Helper()
		if code, said := w.run(`C:\Program Files\tramxa\tramxa.exe`, "service", "stop"); code != 0 {
			t.Fatalf("stop: %d %s", code, said)
		}
		if err := os.Remove(w.c(setupDir, "tramxa.exe")); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if code, said := w.run("cmd", "/c", `C:\Program Files\tramxa\bringback.cmd`); code != 0 || !exists(w.c(setupDir, "tramxa.exe")) {
		t.Fatalf("bringback: %d %s", code, said)
	}
	eventually(t, "the page is back", answers)

	// A copy that is damaged does not become the program.
	stop()
	copies, _ := filepath.Glob(w.c(setupDir, "tramxa-*.copy"))
	if err := os.WriteFile(copies[0], []byte("MZ and nothing"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _ := w.run("cmd", "/c", `C:\Program Files\tramxa\bringback.cmd`); code != 1 || exists(w.c(setupDir, "tramxa.exe")) || exists(w.c(setupDir, "tramxa-back.exe")) {
		t.Errorf("a damaged copy: code %d", code)
	}
	b, err := os.ReadFile(w.c("ProgramData", "tramxa", "bringback.log"))
	if err != nil {
		t.Fatal(err)
	}
	contains(t, "the log", string(b), "da dat lai tu ban sao", "chay lai tramxa-setup.exe")
	if code, said := w.setup(newer); code != 0 || !answers() {
		t.Errorf("repair: code %d\n%s", code, said)
	}
}
