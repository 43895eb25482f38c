package service

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	kardianos "github.com/kardianos/service"

	"tramxa/appliance/journal"
)

// ownUnits is where Install writes; packages ship theirs elsewhere.
const ownUnits = "/etc/systemd/system"

func (m *Manager) unitFile() string { return filepath.Join(ownUnits, m.config.Name()+".service") }

func (m *Manager) settings() (*kardianos.Config, error) {
	unit, err := Unit(m.config)
	if err != nil {
		return nil, err
	}
	// The library's own unit waits two minutes after a crash and gives up after
	// some; ours is given to it as a text without any of its placeholders.
	return &kardianos.Config{Name: m.config.Name(), Executable: m.config.Program,
		Option: kardianos.KeyValue{"SystemdScript": unit}}, nil
}

func (m *Manager) print() (string, error) {
	unit, err := Unit(m.config)
	if err != nil {
		return "", err
	}
	return "# " + m.unitFile() + "\n" + unit + "\n# /usr/lib/sysusers.d/tramxa.conf\n" + Sysusers(), nil
}

func (m *Manager) install(ctx context.Context) (Change, error) {
	s, err := m.Status(ctx)
	switch {
	case err != nil:
		return "", err
	case os.Geteuid() != 0:
		return "", ErrNoRights
	case s.Packaged:
		return "", fmt.Errorf("%w (%s)", ErrPackaged, s.Unit)
	}
	unit, err := Unit(m.config)
	if err != nil {
		return "", err
	}
	old, err := os.ReadFile(m.unitFile())
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", err
	case !ours(old):
		return "", fmt.Errorf("%w (%s)", ErrForeign, m.unitFile())
	}
	if err := errors.Join(makeUser(ctx), m.makeDirectories()); err != nil {
		return "", err
	}
	switch {
	case old == nil:
		return Installed, m.installNew()
	case string(old) == unit:
		return Unchanged, systemctl(ctx, "enable", m.config.Name()+".service")
	}
	err = journal.WriteFileAtomic(journal.OS, m.unitFile(), []byte(unit), 0o644)
	if err == nil {
		err = errors.Join(systemctl(ctx, "daemon-reload"), systemctl(ctx, "enable", m.config.Name()+".service"))
	}
	return Updated, err
}

// installNew lets the library write and enable the unit, makes both last through
// a power cut, and leaves nothing behind when it fails.
func (m *Manager) installNew() error {
	err := m.sys.Install()
	if err == nil {
		err = errors.Join(syncPath(m.unitFile()), syncPath(ownUnits), syncPath(filepath.Join(ownUnits, "multi-user.target.wants")))
	}
	if err != nil {
		_ = m.sys.Uninstall()
		_ = os.Remove(m.unitFile())
	}
	return err
}

func syncPath(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func ours(unit []byte) bool { return strings.HasPrefix(string(unit), unitMark+"\n") }

// makeUser makes the system user when there is none yet.
func makeUser(ctx context.Context) error {
	if _, err := user.Lookup(User); err == nil {
		return nil
	}
	if path, err := exec.LookPath("systemd-sysusers"); err == nil {
		return command(exec.CommandContext(ctx, path, "--inline", strings.TrimSpace(Sysusers())))
	}
	return command(exec.CommandContext(ctx, "useradd", "--system", "--user-group", "--no-create-home",
		"--home-dir", "/var/lib/tramxa", "--shell", "/usr/sbin/nologin", "--comment", "tramxa station", User))
}

// makeDirectories makes base and keys where systemd does not (see Config.state).
func (m *Manager) makeDirectories() error {
	if strings.HasPrefix(m.config.state(), "StateDirectory=") {
		return nil
	}
	u, err := user.Lookup(User)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	for _, dir := range []string{string(m.config.Base), m.config.Base.Keys()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := os.Chown(dir, uid, gid); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manager) uninstall(ctx context.Context) error {
	s, err := m.Status(ctx)
	switch {
	case err != nil:
		return err
	case s.State == StateAbsent:
		return ErrNotInstalled
	case os.Geteuid() != 0:
		return ErrNoRights
	case s.Packaged:
		return fmt.Errorf("%w (%s)", ErrPackaged, s.Unit)
	}
	if unit, err := os.ReadFile(m.unitFile()); err == nil && !ours(unit) {
		return fmt.Errorf("%w (%s)", ErrForeign, m.unitFile())
	}
	if err := m.Stop(ctx); err != nil {
		return fmt.Errorf("it does not stop, and stays installed: %w", err)
	}
	err = m.sys.Uninstall()
	_ = systemctl(ctx, "reset-failed", m.config.Name()+".service") // says that there is nothing to reset
	return err
}

func (m *Manager) stop() error    { return m.sys.Stop() }
func (m *Manager) restart() error { return m.sys.Restart() }

// explain says who may do what failed.
func (m *Manager) explain(err error) error {
	if err != nil && os.Geteuid() != 0 {
		return rights(err)
	}
	return err
}

// status reads the properties of the unit. The library would call a failed, an
// ending and a missing service the same.
func (m *Manager) status(ctx context.Context, s *Status) error {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return fmt.Errorf("%w: systemd is not the first process", ErrNoManager)
	}
	out, err := exec.CommandContext(ctx, "systemctl", "show", "--property="+
		"LoadState,ActiveState,UnitFileState,FragmentPath,MainPID,NRestarts,StatusText,Result", m.config.Name()+".service").Output()
	if err != nil {
		return fmt.Errorf("systemctl show: %w", err)
	}
	p := properties(string(out))
	if p["LoadState"] == "not-found" && (p["ActiveState"] == "inactive" || p["ActiveState"] == "failed") {
		return nil
	}
	s.State = unitState(p["ActiveState"])
	s.AtStart = strings.HasPrefix(p["UnitFileState"], "enabled")
	s.Unit = p["FragmentPath"]
	s.Packaged = s.Unit != "" && filepath.Dir(s.Unit) != ownUnits
	s.PID, _ = strconv.Atoi(p["MainPID"])
	s.Restarts, _ = strconv.Atoi(p["NRestarts"])
	s.Text = p["StatusText"]
	if r := p["Result"]; r != "success" {
		s.LastError = r
	}
	s.lookBehindLauncher()
	if b, err := os.ReadFile(s.Unit); err == nil {
		s.Program = unitProgram(string(b))
	}
	return nil
}

func properties(text string) map[string]string {
	p := make(map[string]string)
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		p[name] = value
	}
	return p
}

func unitState(active string) State {
	switch active {
	case "active", "reloading", "refreshing", "maintenance":
		return StateRunning
	case "activating":
		return StateStarting
	case "deactivating":
		return StateStopping
	case "failed":
		return StateFailed
	}
	return StateStopped
}

// unitProgram is the first word of ExecStart, for show only.
func unitProgram(unit string) string {
	for line := range strings.Lines(unit) {
		if words, ok := strings.CutPrefix(strings.TrimSpace(line), "ExecStart="); ok {
			program, _, _ := strings.Cut(words, " service run")
			return strings.Trim(program, `"`)
		}
	}
	return ""
}

func systemctl(ctx context.Context, args ...string) error {
	return command(exec.CommandContext(ctx, "systemctl", args...))
}

// command runs cmd and says what it said when it fails.
func command(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, oneLine(cut(string(out), 500)))
	}
	return nil
}
