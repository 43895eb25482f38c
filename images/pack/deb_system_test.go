package pack

import (
	"io"
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

// debian is a copy of the small Debian with systemd that TRAMXA_SYSTEMD_ROOT
// names; where there is none it is made, there or in a temporary place.
func debian(t *testing.T) string {
	t.Helper()
	from := os.Getenv("TRAMXA_SYSTEMD_ROOT")
	if from == "" {
		from = filepath.Join(t.TempDir(), "debian")
	}
	if !exists(from, "usr/bin/dpkg") {
		if _, err := exec.LookPath("mmdebstrap"); err != nil {
			t.Skip("skipped: needs mmdebstrap, or a Debian with systemd at TRAMXA_SYSTEMD_ROOT")
		}
		must(t, exec.Command("mmdebstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus", "trixie", from))
	}
	root := filepath.Join(t.TempDir(), "root")
	must(t, exec.Command("cp", "-a", from, root))
	if err := os.WriteFile(filepath.Join(root, "etc/fstab"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

// debs writes the packages 1.0.0 and 1.1.0 of the real product into root/debs.
func debs(t *testing.T, root string) {
	t.Helper()
	older, newer := programs(t, Target{"linux", "amd64"})
	units := make(map[string]string)
	for name, hub := range map[string]bool{"tramxa.service": false, "tramxa-hub.service": true} {
		u, err := service.Unit(service.Config{Hub: hub, Base: "/var/lib/tramxa", Program: "/usr/lib/tramxa/tramxa"})
		if err != nil {
			t.Fatal(err)
		}
		units[name] = u
	}
	if err := os.Mkdir(filepath.Join(root, "debs"), 0o755); err != nil {
		t.Fatal(err)
	}
	for v, program := range map[string][]byte{"1.0.0": older, "1.1.0": newer} {
		l := sample(t, v)
		l.Program, l.Units, l.Sysusers = program, units, service.Sysusers()
		b := bytesOf(t, func(w io.Writer) error { return l.Deb(w, day) })
		if err := os.WriteFile(filepath.Join(root, "debs", v+".deb"), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// box runs commands in a Debian.
type box struct {
	t    *testing.T
	root string
	in   []string // words before each command
}

func (b *box) code(args ...string) (int, string) {
	b.t.Helper()
	args = append(append([]string{}, b.in...), args...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "SYSTEMD_COLORS=0"}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		b.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (b *box) run(args ...string) string {
	b.t.Helper()
	code, out := b.code(args...)
	if code != 0 {
		b.t.Fatalf("%s: %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// TestTheDebWithoutSystemd installs, replaces and removes the package where no
// systemd runs: a chroot in which an image is being built.
func TestTheDebWithoutSystemd(t *testing.T) {
	wanted(t, "chroot", "cp")
	root := debian(t)
	debs(t, root)
	b := &box{t: t, root: root, in: []string{"chroot", root}}
	contains(t, "install", b.run("dpkg", "--install", "/debs/1.0.0.deb"), "mở http://127.0.0.1:8480/")
	contains(t, "the data", b.run("stat", "-c", "%U %a", "/var/lib/tramxa", "/var/lib/tramxa-keys"), "tramxa 700\ntramxa 700\n")
	if !exists(root, "etc/systemd/system/multi-user.target.wants/tramxa.service") || exists(root, "etc/systemd/system/multi-user.target.wants/tramxa-hub.service") {
		t.Error("the station is not enabled, or the hub is")
	}
	b.run("dpkg", "--install", "/debs/1.0.0.deb")
	b.run("dpkg", "--install", "/debs/1.1.0.deb")
	lifeOfData(t, b)
}

// lifeOfData goes on from an installed 1.1.0: no older one over it, and no way to
// lose the register but the typed word.
func lifeOfData(t *testing.T, b *box) {
	t.Helper()
	so := filepath.Join(b.root, "var/lib/tramxa/so")
	if err := os.WriteFile(so, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, said := b.code("dpkg", "--install", "/debs/1.0.0.deb")
	if code == 0 {
		t.Error("an older one went over a newer one")
	}
	contains(t, "the refusal", said, "không có gì thay đổi", "tramxa update rollback")
	contains(t, "the version after it", b.run("dpkg-query", "--show", "--showformat=${Version} ${db:Status-Abbrev}", "tramxa"), "1.1.0 ii")
	contains(t, "the program", b.run("tramxa", "version"), "tramxa 1.1.0 ")

	contains(t, "removing", b.run("dpkg", "--remove", "tramxa"), "sổ dân cư còn nguyên ở /var/lib/tramxa")
	contains(t, "purging", b.run("dpkg", "--purge", "tramxa"), "purge không xóa sổ dân cư")
	if !exists(so) || exists(b.root, "usr/lib/tramxa") || exists(b.root, "etc/systemd/system/multi-user.target.wants/tramxa.service") {
		t.Error("the register is gone, or the program is not")
	}
	b.run("dpkg", "--install", "/debs/1.0.0.deb")
	if !exists(so) {
		t.Error("the register did not outlive a purge and an install")
	}
	if err := os.WriteFile(filepath.Join(b.root, "var/lib/tramxa/xoa-so"), []byte("XOA HET SO DAN CU\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	contains(t, "purging with the word", b.run("dpkg", "--purge", "tramxa"), "đã xóa sổ dân cư")
	if exists(so) || exists(b.root, "var/lib/tramxa-keys") {
		t.Error("the register is still there")
	}
}

// TestTheDebUnderSystemd does the same where the services really start.
func TestTheDebUnderSystemd(t *testing.T) {
	wanted(t, "systemd-nspawn", "nsenter", "cp")
	root := debian(t)
	debs(t, root)
	b := &box{t: t, root: root, in: []string{"nsenter", "-t", strconv.Itoa(bootDebian(t, root)), "-a"}}
	b.run("dpkg", "--install", "/debs/1.0.0.deb")
	active := func(unit, want string) {
		t.Helper()
		is := ""
		// The package waits 90 s for a start, and lets one that is slower go on.
		eventually(t, unit+" has started or not", func() bool {
			_, is = b.code("systemctl", "is-active", unit)
			return is != "activating\n"
		})
		if is != want+"\n" {
			_, log := b.code("journalctl", "-u", unit, "-n", "40", "--no-pager")
			t.Errorf("%s is %s, want %s\n%s", unit, strings.TrimSpace(is), want, log)
		}
	}
	pid := func() string { return b.run("systemctl", "show", "--property=MainPID", "--value", "tramxa.service") }
	active("tramxa.service", "active")
	active("tramxa-hub.service", "inactive")
	first := pid()
	b.run("dpkg", "--install", "/debs/1.0.0.deb")
	active("tramxa.service", "active")
	b.run("dpkg", "--install", "/debs/1.1.0.deb")
	active("tramxa.service", "active")
	if pid() == first {
		t.Error("an upgrade leaves the old program running")
	}
	// Who has stopped and disabled the station finds it so after an upgrade.
	b.run("systemctl", "disable", "--now", "tramxa.service")
	b.run("dpkg", "--install", "/debs/1.1.0.deb")
	active("tramxa.service", "inactive")
	b.run("systemctl", "enable", "--now", "tramxa.service")
	code, _ := b.code("dpkg", "--install", "/debs/1.0.0.deb")
	if code == 0 {
		t.Error("an older one went over a newer one")
	}
	active("tramxa.service", "active")
	lifeOfData(t, b)
	if processes := b.run("systemctl", "list-units", "--all", "--plain", "tramxa*"); strings.Contains(processes, "running") {
		t.Errorf("something runs after the removal:\n%s", processes)
	}
}

// bootDebian starts the system and gives the pid of its systemd.
func bootDebian(t *testing.T, root string) int {
	t.Helper()
	cmd := exec.Command("systemd-nspawn", "--quiet", "-D", root, "--machine=tramxa-pack-"+strconv.Itoa(os.Getpid()), "--private-network", "--register=no", "--keep-unit", "-b")
	cmd.Env = append(os.Environ(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	console, err := os.Create(filepath.Join(t.TempDir(), "console"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = console, console
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	leader := 0
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(40 * time.Second):
			if leader > 0 {
				_ = syscall.Kill(leader, syscall.SIGKILL)
			}
			_ = cmd.Process.Kill()
			<-ended
		}
		// The first process ends after all others: then nobody writes below the root.
		for end := time.Now().Add(patience); leader > 0 && syscall.Kill(leader, 0) == nil && time.Now().Before(end); {
			time.Sleep(50 * time.Millisecond)
		}
	})
	eventually(t, "a systemd runs", func() bool {
		select {
		case <-ended:
			said, _ := os.ReadFile(console.Name())
			t.Skipf("skipped: systemd-nspawn starts no system here: %s", said)
		default:
		}
		leader = leaderOf(cmd.Process.Pid)
		if leader == 0 {
			return false
		}
		out, _ := exec.Command("nsenter", "-t", strconv.Itoa(leader), "-a", "systemctl", "is-active", "multi-user.target").Output()
		return string(out) == "active\n"
	})
	return leader
}

// leaderOf is the child of pid that is number 1 in a name space of its own.
func leaderOf(pid int) int {
	children, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	for _, name := range children {
		b, _ := os.ReadFile(name)
		for _, child := range strings.Fields(string(b)) {
			status, _ := os.ReadFile("/proc/" + child + "/status")
			for line := range strings.Lines(string(status)) {
				numbers, ok := strings.CutPrefix(line, "NSpid:")
				if f := strings.Fields(numbers); ok && len(f) > 1 && f[len(f)-1] == "1" {
					n, _ := strconv.Atoi(child)
					return n
				}
			}
		}
	}
	return 0
}
