package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	kardianos "github.com/kardianos/service"
)

// Errors that callers decide on; every one of them comes before anything has
// been changed.
var (
	ErrPackaged     = errors.New("the service belongs to an installed package, which alone changes it")
	ErrForeign      = errors.New("a service of this name was put there by somebody else")
	ErrNotInstalled = errors.New("the service is not installed")
	ErrNoRights     = errors.New("this needs the rights of an administrator")
	ErrNoManager    = errors.New("no service manager that tramxa knows runs here")
	ErrOldWindows   = errors.New("Windows này quá cũ, cần Windows 10 trở lên / this Windows is too old, Windows 10 or later is needed")
)

// Manager installs and controls one service of this machine.
type Manager struct {
	config Config
	sys    kardianos.Service
}

// NewManager is for the service of c. It changes nothing; ErrBadConfig.
func NewManager(c Config) (*Manager, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Manager{config: c}
	k, err := m.settings()
	if err != nil {
		return nil, err
	}
	m.sys, err = kardianos.New(nothing{}, k)
	if errors.Is(err, kardianos.ErrNoServiceSystemDetected) {
		return nil, ErrNoManager
	}
	return m, err
}

// Config is the configuration with its defaults filled in.
func (m *Manager) Config() Config { return m.config }

// Change is what Install has done.
type Change string

const (
	Installed Change = "installed"
	Updated   Change = "updated"   // an older one of ours was replaced; a running service keeps the old until it is restarted
	Unchanged Change = "unchanged" // it was there already
)

// Install registers the service, so that it starts with the machine; it does not
// start it. It may be repeated, also by a newer program over an older one.
// ErrNoRights, ErrPackaged, ErrForeign, ErrNoManager, ErrOldWindows, ErrBadConfig.
func (m *Manager) Install(ctx context.Context) (Change, error) {
	if err := m.config.reachable(); err != nil {
		return "", err
	}
	return m.install(ctx)
}

// Uninstall stops the service and removes it from the service manager. Data,
// keys and program stay. ErrNotInstalled, ErrNoRights, ErrPackaged, ErrForeign.
func (m *Manager) Uninstall(ctx context.Context) error { return m.uninstall(ctx) }

// Start starts the service and waits until it is ready or has failed for the
// first time; after that it is tried again for ever. Progress, when not nil, hears
// what the service says meanwhile. When ctx ends first the start goes on.
func (m *Manager) Start(ctx context.Context, progress func(string)) error {
	return m.control(ctx, progress, m.sys.Start)
}

// Stop stops the service and waits until it is gone.
func (m *Manager) Stop(ctx context.Context) error { return m.control(ctx, nil, m.stop) }

// Restart is Stop and Start.
func (m *Manager) Restart(ctx context.Context, progress func(string)) error {
	return m.control(ctx, progress, m.restart)
}

// control runs what blocks, and tells how it goes.
func (m *Manager) control(ctx context.Context, progress func(string), do func() error) error {
	s, err := m.Status(ctx)
	if err != nil {
		return err
	}
	if s.State == StateAbsent {
		return ErrNotInstalled
	}
	done := make(chan error, 1)
	go func() { done <- do() }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for said := ""; ; {
		select {
		case err := <-done:
			return m.explain(err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if progress == nil {
			continue
		}
		if s, err := m.Status(ctx); err == nil && s.Text != "" && s.Text != said {
			said = s.Text
			progress(said)
		}
	}
}

// State is how a service stands.
type State string

const (
	StateAbsent   State = "absent" // not installed
	StateStopped  State = "stopped"
	StateStarting State = "starting"
	StateRunning  State = "running"
	StateStopping State = "stopping"
	StateFailed   State = "failed"
)

// Status is what the service manager knows.
type Status struct {
	Name      string `json:"name"`
	State     State  `json:"state"`
	AtStart   bool   `json:"starts_with_machine"`
	Packaged  bool   `json:"packaged,omitempty"` // installed by a package
	PID       int    `json:"pid,omitempty"`
	Restarts  int    `json:"restarts,omitempty"` // of the launcher, by the service manager
	Text      string `json:"text,omitempty"`     // what the launcher says
	Unit      string `json:"unit,omitempty"`     // file of the unit
	Program   string `json:"program,omitempty"`
	Base      string `json:"base"`
	LastError string `json:"last_error,omitempty"`
}

// Status asks the service manager. Everybody may ask.
func (m *Manager) Status(ctx context.Context) (Status, error) {
	s := Status{Name: m.config.Name(), State: StateAbsent, Base: string(m.config.Base)}
	return s, m.status(ctx, &s)
}

// lookBehindLauncher tells a program that does not run from a launcher that does.
func (s *Status) lookBehindLauncher() {
	switch {
	case s.State != StateRunning:
	case strings.HasPrefix(s.Text, statusDown):
		s.State = StateFailed
	case strings.HasPrefix(s.Text, statusStarting):
		s.State = StateStarting
	}
}

// Print is what Install would install on this system.
func (m *Manager) Print() (string, error) { return m.print() }

// nothing stands where the library wants a program: we run programs ourselves.
type nothing struct{}

func (nothing) Start(kardianos.Service) error { return errors.New("not run by the library") }
func (nothing) Stop(kardianos.Service) error  { return errors.New("not run by the library") }

// rights turns a refusal by the system into ErrNoRights.
func rights(err error) error { return fmt.Errorf("%w: %w", ErrNoRights, err) }
