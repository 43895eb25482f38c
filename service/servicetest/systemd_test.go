//go:build linux

package servicetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tramxa/service"
)

const (
	page    = "http://127.0.0.1:8480/healthz"
	unit    = "tramxa.service"
	data    = "var/lib/tramxa/station"
	keyFile = "var/lib/tramxa-keys/station.key"
)

// TestLifeUnderSystemd is the life of an installed station, from the first
// install to the last uninstall.
func TestLifeUnderSystemd(t *testing.T) {
	wanted(t, "systemd-nspawn", "nsenter")
	c := boot(t, build(t, "linux"))
	steps := []struct {
		name string
		do   func(*testing.T, *container)
	}{
		{"install", install}, {"start", start}, {"security", security}, {"killed program", killedProgram}, {"killed launcher", killedLauncher},
		{"hanging program", hangingProgram}, {"hanging launcher", hangingLauncher}, {"stop", stop}, {"with the machine", withTheMachine},
		{"uninstall", uninstall}, {"foreign unit", foreignUnit}, {"package", packaged}, {"hub", hubUnit},
	}
	for _, s := range steps {
		if !t.Run(s.name, func(t *testing.T) {
			inner := *c
			inner.t = t
			s.do(t, &inner)
		}) {
			t.Fatalf("after %q nothing else can be said; the log:\n%s", s.name, c.try("journalctl", "-u", "tramxa*", "-n", "80", "--no-pager"))
		}
	}
}

func install(t *testing.T, c *container) {
	if out := c.run("tramxa", "service", "status"); !strings.Contains(out, "not installed") {
		t.Errorf("before: %s", out)
	}
	if code, out := c.code("tramxa", "service", "start"); code != 1 || !strings.Contains(out, "tramxa service install") {
		t.Errorf("start before install: %d %s", code, out)
	}
	if out := c.run("tramxa", "service", "install", "--json"); !strings.Contains(out, `"installed"`) {
		t.Errorf("install: %s", out)
	}
	if out := c.run("tramxa", "service", "install", "--json"); !strings.Contains(out, `"unchanged"`) {
		t.Errorf("install again: %s", out)
	}
	want, err := service.Unit(service.Config{Base: "/var/lib/tramxa", Program: "/usr/lib/tramxa/tramxa"})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.root, "etc/systemd/system", unit)
	if got, err := os.ReadFile(file); err != nil || string(got) != want {
		t.Errorf("the unit is not the one that is printed: %v\n%s", err, got)
	}
	if out := c.run("tramxa", "service", "install", "--print"); !strings.Contains(out, want) {
		t.Errorf("printed: %s", out)
	}
	// An older one of ours is replaced.
	if err := os.WriteFile(file, []byte(strings.Replace(want, "WatchdogSec=60", "WatchdogSec=600", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := c.run("tramxa", "service", "install", "--json"); !strings.Contains(out, `"updated"`) {
		t.Errorf("install over an older one: %s", out)
	}
	if got := c.property(unit, "UnitFileState"); got != "enabled" {
		t.Errorf("starts with the machine: %s", got)
	}
	if out := c.try("systemd-analyze", "verify", unit); strings.TrimSpace(out) != "" {
		t.Errorf("systemd complains: %s", out)
	}
}

func start(t *testing.T, c *container) {
	c.run("tramxa", "station", "init", "--dir", "/"+data, "--key", "/"+keyFile, "--station", "7", "--unit", "23764")
	began := time.Now()
	c.run("tramxa", "service", "start")
	t.Logf("started in %s", time.Since(began).Round(time.Millisecond))
	if !c.fetch(page) {
		t.Error("READY was said before the page answered")
	}
	var s service.Status
	if err := json.Unmarshal([]byte(c.run("tramxa", "service", "status", "--json")), &s); err != nil || s.State != service.StateRunning || !s.AtStart || s.Packaged {
		t.Errorf("status: %+v, %v", s, err)
	}
	for _, name := range []string{data, keyFile} {
		info, err := os.Stat(filepath.Join(c.root, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 || info.Sys().(*syscall.Stat_t).Uid == 0 {
			t.Errorf("%s is not the service's own: %v, %v", name, info, err)
		}
	}
	if got := c.property(unit, "MemoryMax"); got == "infinity" {
		t.Error("no bound on the memory")
	}
	eventually(t, "the watchdog is fed", func() bool { return c.property(unit, "WatchdogTimestampMonotonic") != "0" })
}

func security(t *testing.T, c *container) {
	out := c.run("systemd-analyze", "security", "--no-pager", unit)
	m := regexp.MustCompile(`Overall exposure level for tramxa.service: ([0-9.]+)`).FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no figure in:\n%s", out)
	}
	t.Logf("systemd-analyze security: %s", m[1])
	if level, err := strconv.ParseFloat(m[1], 64); err != nil || level > 2.0 {
		t.Errorf("exposure %s, at most 2.0:\n%s", m[1], out)
	}
}

// back waits until the page answers from another process than before.
func back(t *testing.T, c *container, was int) {
	t.Helper()
	took := eventually(t, "the page is back", func() bool { now := c.child(); return now != 0 && now != was && c.fetch(page) })
	t.Logf("back after %s", took)
}

func killedProgram(t *testing.T, c *container) {
	restarts := c.property(unit, "NRestarts")
	was := signal(t, c.child, syscall.SIGKILL)
	back(t, c, was)
	if c.property(unit, "NRestarts") != restarts {
		t.Error("systemd had to help")
	}
	paused(t, c.journal(unit))
}

func killedLauncher(t *testing.T, c *container) {
	was := c.child()
	c.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", unit)
	back(t, c, was)
	if c.property(unit, "NRestarts") != "1" {
		t.Errorf("restarts: %s", c.property(unit, "NRestarts"))
	}
	soon(t, c, unit)
}

// soon wants systemd to start a launcher again in 2 s, and one that hangs after a
// minute without a sign.
func soon(t *testing.T, c *container, unit string) {
	t.Helper()
	for name, want := range map[string]string{"RestartUSec": "2s", "WatchdogUSec": "1min"} {
		if got := c.property(unit, name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
}

func hangingProgram(t *testing.T, c *container) {
	was := signal(t, c.child, syscall.SIGSTOP)
	back(t, c, was)
	log := c.journal(unit)
	if !strings.Contains(log, "no sign of life for 45s") {
		t.Error("the log does not say why")
	}
	paused(t, log)
}

func hangingLauncher(t *testing.T, c *container) {
	was := c.child()
	signal(t, c.launcher, syscall.SIGSTOP)
	back(t, c, was)
	if log := c.journal(unit); !strings.Contains(log, "Watchdog timeout (limit 1min)") {
		t.Error("it was not the watchdog")
	}
}

func stop(t *testing.T, c *container) {
	log := c.stopped(unit)
	if c.fetch(page) || c.child() != 0 || c.launcher() != 0 {
		t.Error("something still runs")
	}
	if got := c.property(unit, "Result"); got != "success" {
		t.Errorf("the stop was not clean: %s", got)
	}
	if strings.Contains(log, "killed") || !strings.Contains(log, "launcher stopped") {
		t.Errorf("the log of the stop:\n%s", log)
	}
	c.run("tramxa", "service", "restart")
	if !c.fetch(page) {
		t.Error("restarted, and the page does not answer")
	}
}

// withTheMachine takes the system down to rescue and up again, as a shutdown and
// a start do for its services: the station goes and comes by itself.
func withTheMachine(t *testing.T, c *container) {
	c.run("systemctl", "is-enabled", unit)
	if _, err := os.Lstat(filepath.Join(c.root, "etc/systemd/system/multi-user.target.wants", unit)); err != nil {
		t.Error(err)
	}
	c.run("systemctl", "isolate", "rescue.target")
	eventually(t, "the station is down with the rest", func() bool { return c.launcher() == 0 })
	c.try("systemctl", "--no-block", "isolate", "multi-user.target")
	took := eventually(t, "the station starts with the machine", func() bool { return c.fetch(page) })
	t.Logf("back after %s", took)
}

func uninstall(t *testing.T, c *container) {
	before := c.run("find", "/var/lib/tramxa/station/journal", "-type", "f")
	out := c.run("tramxa", "service", "uninstall")
	if !strings.Contains(out, "/var/lib/tramxa\n") || !strings.Contains(out, "/var/lib/tramxa-keys") {
		t.Errorf("it does not say where the data is: %s", out)
	}
	if c.launcher() != 0 || c.fetch(page) {
		t.Error("it still runs")
	}
	if _, err := os.Stat(filepath.Join(c.root, "etc/systemd/system", unit)); !os.IsNotExist(err) {
		t.Errorf("the unit is still there: %v", err)
	}
	if after := c.run("find", "/var/lib/tramxa/station/journal", "-type", "f"); after != before || before == "" {
		t.Errorf("before %s after %s", before, after)
	}
	if _, err := os.Stat(filepath.Join(c.root, keyFile)); err != nil {
		t.Error(err)
	}
	if out := c.run("tramxa", "service", "status"); !strings.Contains(out, "not installed") {
		t.Errorf("after: %s", out)
	}
	if code, out := c.code("tramxa", "service", "uninstall"); code != 1 || !strings.Contains(out, "not installed") {
		t.Errorf("uninstall again: %d %s", code, out)
	}
	// Installed again, it is the same station.
	c.run("tramxa", "service", "install")
	c.run("tramxa", "service", "start")
	if out := c.run("tramxa", "station", "status", "--dir", "/"+data, "--json"); !strings.Contains(out, `"station":7`) {
		t.Errorf("station: %s", out)
	}
	c.run("tramxa", "service", "uninstall")
}

func foreignUnit(t *testing.T, c *container) {
	file := filepath.Join(c.root, "etc/systemd/system", unit)
	text := "[Service]\nExecStart=/usr/bin/sleep 1000\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c.run("systemctl", "daemon-reload")
	for _, word := range []string{"install", "uninstall"} {
		if code, out := c.code("tramxa", "service", word); code != 3 || !strings.Contains(out, "somebody else") {
			t.Errorf("%s: %d %s", word, code, out)
		}
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != text {
		t.Errorf("it was changed: %v\n%s", err, got)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	c.run("systemctl", "daemon-reload")
}

// packaged puts the unit where a package does.
func packaged(t *testing.T, c *container) {
	text, err := service.Unit(service.Config{Base: "/var/lib/tramxa", Program: "/usr/lib/tramxa/tramxa"})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.root, "usr/lib/systemd/system", unit)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c.run("systemctl", "daemon-reload")
	for _, word := range []string{"install", "uninstall"} {
		if code, out := c.code("tramxa", "service", word); code != 3 || !strings.Contains(out, "package") {
			t.Errorf("%s: %d %s", word, code, out)
		}
	}
	if _, err := os.Stat(filepath.Join(c.root, "etc/systemd/system", unit)); !os.IsNotExist(err) {
		t.Errorf("a second unit was written: %v", err)
	}
	c.run("tramxa", "service", "start")
	if !c.fetch(page) {
		t.Error("the packaged service does not serve")
	}
	c.run("tramxa", "service", "stop")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	c.run("systemctl", "daemon-reload")
}

// stopped stops a service by the command and gives what was said by the unit and
// about it meanwhile. journald writes the words of a program and those of systemd
// as they reach it, which is not the order in which they were said: only the
// end of the journal before the stop parts the two.
func (c *container) stopped(unit string, flags ...string) string {
	c.run("journalctl", "--sync")
	_, end, found := strings.Cut(c.run("journalctl", "-n", "0", "--show-cursor", "--quiet"), "-- cursor: ")
	if !found {
		c.t.Fatal("the journal has no end")
	}
	began := time.Now()
	c.run("tramxa", append([]string{"service", "stop"}, flags...)...)
	c.t.Logf("stopped in %s", time.Since(began).Round(time.Millisecond))
	return c.journal(unit, "--after-cursor="+strings.TrimSpace(end))
}

// journal is all that was said so far by a unit and about it.
func (c *container) journal(unit string, more ...string) string {
	c.run("journalctl", "--sync")
	return c.run("journalctl", append([]string{"-u", unit, "--no-pager"}, more...)...)
}

// hubUnit takes the same words with --hub.
func hubUnit(t *testing.T, c *container) {
	c.run("tramxa", "service", "install", "--hub")
	if out := c.try("systemd-analyze", "verify", "tramxa-hub.service"); strings.TrimSpace(out) != "" {
		t.Errorf("systemd complains: %s", out)
	}
	c.run("tramxa", "hub", "init", "--dir", "/var/lib/tramxa/hub", "--ca", "/etc/tramxa-ca.key", "--peer", "n1=127.0.0.1:8471,127.0.0.1:8470")
	c.run("tramxa", "service", "start", "--hub")
	if !c.fetch("http://127.0.0.1:8490/healthz") {
		t.Error("READY was said before the page answered")
	}
	const hub = "tramxa-hub.service"
	eventually(t, "the watchdog is fed", func() bool { return c.property(hub, "WatchdogTimestampMonotonic") != "0" })
	soon(t, c, hub)
	c.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", hub)
	took := eventually(t, "the hub is back", func() bool {
		return c.property(hub, "NRestarts") == "1" && c.property(hub, "ActiveState") == "active" && c.fetch("http://127.0.0.1:8490/healthz")
	})
	t.Logf("back after %s", took)
	log := c.stopped(hub, "--hub")
	if strings.Contains(log, "killed") || !strings.Contains(log, "launcher stopped") {
		t.Errorf("the log of the stop:\n%s", log)
	}
	c.run("tramxa", "service", "uninstall", "--hub")
	if _, err := os.Stat(filepath.Join(c.root, "var/lib/tramxa/hub/tramxa.toml")); err != nil {
		t.Error(err)
	}
}
