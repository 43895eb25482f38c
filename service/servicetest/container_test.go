//go:build linux

package servicetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// container is a Debian with a systemd of its own and without a network.
type container struct {
	t      *testing.T
	root   string
	leader int // pid of its systemd, as seen from here
}

// boot makes a copy of the root, puts the program where a package would and
// starts the system.
func boot(t *testing.T, program string) *container {
	t.Helper()
	c := &container{t: t, root: filepath.Join(t.TempDir(), "root")}
	must(t, exec.Command("cp", "-a", debian(t), c.root))
	place := filepath.Join(c.root, "usr/lib/tramxa/tramxa")
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		t.Fatal(err)
	}
	must(t, exec.Command("cp", program, place))
	if err := os.Symlink("/usr/lib/tramxa/tramxa", filepath.Join(c.root, "usr/bin/tramxa")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.root, "etc/fstab"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	c.start()
	return c
}

// debian is the root that copies are made of.
func debian(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("TRAMXA_SYSTEMD_ROOT")
	if dir == "" {
		dir = filepath.Join(t.TempDir(), "debian")
	}
	if _, err := os.Stat(filepath.Join(dir, "lib/systemd/systemd")); err == nil {
		return dir
	}
	if _, err := exec.LookPath("mmdebstrap"); err != nil {
		t.Skip("skipped: needs mmdebstrap, or a Debian with systemd at TRAMXA_SYSTEMD_ROOT")
	}
	must(t, exec.Command("mmdebstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus", "trixie", dir))
	return dir
}

func (c *container) start() {
	c.t.Helper()
	cmd := exec.Command("systemd-nspawn", "--quiet", "-D", c.root,
		"--machine=tramxa-service-"+strconv.Itoa(os.Getpid()), "--private-network", "--register=no", "--keep-unit", "-b")
	cmd.Env = append(os.Environ(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1")
	log, err := os.Create(filepath.Join(c.t.TempDir(), "console"))
	if err != nil {
		c.t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	c.t.Cleanup(func() { c.halt(cmd.Process, ended) })
	took := eventually(c.t, "the container starts", func() bool {
		select {
		case <-ended:
			b, _ := os.ReadFile(log.Name())
			c.t.Skipf("skipped: systemd-nspawn does not start a system here: %s", b)
		default:
		}
		c.leader = leaderOf(cmd.Process.Pid)
		return c.leader > 0 && c.try("systemctl", "is-active", "multi-user.target") == "active\n"
	})
	c.t.Logf("systemd runs after %s: %s", took, strings.SplitN(c.run("systemctl", "--version"), "\n", 2)[0])
}

// halt ends the container: a power-off by systemd's own signal, a kill when
// that does not help. All its processes are gone then, and nobody writes below
// its root.
func (c *container) halt(p *os.Process, ended <-chan struct{}) {
	_ = p.Signal(syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(40 * time.Second):
		if c.leader > 0 {
			_ = syscall.Kill(c.leader, syscall.SIGKILL)
		}
		_ = p.Kill()
		<-ended
	}
	for end := time.Now().Add(patience); c.leader > 0 && syscall.Kill(c.leader, 0) == nil && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond) // the first process ends after all others
	}
}

// signal sends one to the process that find finds; 0 means that there is none,
// and to the kernel all of us.
func signal(t *testing.T, find func() int, sig syscall.Signal) (pid int) {
	t.Helper()
	eventually(t, "the process is there", func() bool { pid = find(); return pid > 0 })
	if err := syscall.Kill(pid, sig); err != nil {
		t.Fatal(pid, err)
	}
	return pid
}

// leaderOf finds the process that is number 1 inside.
func leaderOf(pid int) int {
	for child := range processes(pid) {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", child))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(b)) {
			numbers, ok := strings.CutPrefix(line, "NSpid:")
			if f := strings.Fields(numbers); ok && len(f) > 1 && f[len(f)-1] == "1" {
				return child
			}
		}
	}
	return 0
}

func (c *container) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{"-t", strconv.Itoa(c.leader), "-a", name}, args...)...)
	cmd.Env = []string{"PATH=/usr/bin:/usr/sbin:/bin:/sbin", "LANG=C.UTF-8", "SYSTEMD_COLORS=0"}
	return cmd
}

// run runs a command inside, which must succeed.
func (c *container) run(name string, args ...string) string {
	c.t.Helper()
	return must(c.t, c.command(name, args...))
}

// try runs a command inside and gives what it says, whatever becomes of it.
func (c *container) try(name string, args ...string) string {
	out, _ := c.command(name, args...).CombinedOutput()
	return string(out)
}

// code runs a command inside and gives its exit code and what it says.
func (c *container) code(name string, args ...string) (int, string) {
	c.t.Helper()
	cmd := c.command(name, args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		c.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// fetch asks a page from inside the container's network.
func (c *container) fetch(url string) bool {
	cmd := exec.Command("nsenter", "-t", strconv.Itoa(c.leader), "-n", os.Args[0])
	cmd.Env = append(os.Environ(), "TRAMXA_TEST_FETCH="+url)
	out, err := cmd.Output()
	return err == nil && strings.TrimSpace(string(out)) == "200"
}

// property is one property of a unit.
func (c *container) property(unit, name string) string {
	c.t.Helper()
	return strings.TrimSpace(c.run("systemctl", "show", "--property="+name, "--value", unit))
}

// child is the pid, as seen from here, of the station that the launcher keeps.
func (c *container) child() int {
	for pid, command := range processes(c.leader) {
		if strings.Contains(command, " station run ") {
			return pid
		}
	}
	return 0
}

// launcher is the pid, as seen from here, of the launcher.
func (c *container) launcher() int {
	for pid, command := range processes(c.leader) {
		if strings.Contains(command, " service run ") {
			return pid
		}
	}
	return 0
}
