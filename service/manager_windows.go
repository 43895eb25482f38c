package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	kardianos "github.com/kardianos/service"
	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

func (m *Manager) settings() (*kardianos.Config, error) {
	w := Windows(m.config)
	return &kardianos.Config{Name: w.Name, DisplayName: w.DisplayName, Description: w.Description,
		Executable: w.Program, Arguments: w.Arguments, UserName: w.Account,
		Option: kardianos.KeyValue{kardianos.StartType: kardianos.ServiceStartAutomatic, "DelayedAutoStart": true}}, nil
}

func (m *Manager) print() (string, error) { return Windows(m.config).String(), nil }

// checkWindows refuses what is older than Windows 10. On Windows 7 no program of
// this Go release starts at all: there the installer says it; this is for 8 and
// 8.1.
func checkWindows() error {
	if v := windows.RtlGetVersion(); v.MajorVersion < 10 {
		return fmt.Errorf("%w (%d.%d)", ErrOldWindows, v.MajorVersion, v.MinorVersion)
	}
	return nil
}

func (m *Manager) install(context.Context) (Change, error) {
	if err := checkWindows(); err != nil {
		return "", err
	}
	c, err := mgr.Connect()
	if err != nil {
		return "", m.explain(err)
	}
	defer c.Disconnect()
	if err := m.makeDirectories(); err != nil {
		return "", err
	}
	s, err := c.OpenService(m.config.Name())
	switch {
	case errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST):
		return Installed, m.installNew(c)
	case err != nil:
		return "", m.explain(err)
	}
	defer s.Close()
	return m.update(s)
}

func (m *Manager) installNew(c *mgr.Mgr) error {
	if err := m.sys.Install(); err != nil {
		return m.explain(err)
	}
	s, err := c.OpenService(m.config.Name())
	if err != nil {
		return err
	}
	defer s.Close()
	return furnish(s, Windows(m.config))
}

// update gives an existing service today's settings.
func (m *Manager) update(s *mgr.Service) (Change, error) {
	w := Windows(m.config)
	old, err := readRegistered(s)
	if err != nil {
		return "", err
	}
	if err := writeRegistered(s, w); err != nil {
		return "", m.explain(err)
	}
	if old != w.wanted() {
		return Updated, furnish(s, w)
	}
	return Unchanged, furnish(s, w)
}

// furnish sets what the library does not.
func furnish(s *mgr.Service, w WindowsSettings) error {
	actions := []mgr.RecoveryAction{{Type: mgr.ServiceRestart, Delay: w.RestartAfter}} // the last one holds for all that follow
	if err := s.SetRecoveryActions(actions, uint32(w.ResetAfter/time.Second)); err != nil {
		return fmt.Errorf("recovery actions: %w", err)
	}
	// Two comforts that some systems do not know; without them the service runs as
	// well, so they are tried and a refusal is only said.
	if err := s.SetRecoveryActionsOnNonCrashFailures(true); err != nil {
		fmt.Fprintln(os.Stderr, "tramxa: recovery on error exits is not set:", err)
	}
	limit := uint32(w.PreShutdown / time.Millisecond) // SERVICE_PRESHUTDOWN_INFO
	if err := windows.ChangeServiceConfig2(s.Handle, windows.SERVICE_CONFIG_PRESHUTDOWN_INFO, (*byte)(unsafe.Pointer(&limit))); err != nil {
		fmt.Fprintln(os.Stderr, "tramxa: time for the shutdown is not set:", err)
	}
	return nil
}

// makeDirectories makes base and keys and closes them to all but administrators
// and the service; what lies in them already inherits that.
func (m *Manager) makeDirectories() error {
	w := Windows(m.config)
	sd, err := windows.SecurityDescriptorFromString(w.Access)
	if err != nil {
		return err
	}
	dacl, _, err := sd.DACL()
	if err != nil {
		return err
	}
	for _, dir := range w.Directories {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return m.explain(err)
		}
		if err := windows.SetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT,
			windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, dacl, nil); err != nil {
			return fmt.Errorf("close %s to other users: %w", dir, m.explain(err))
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
	}
	if err := m.Stop(ctx); err != nil {
		return fmt.Errorf("it does not stop, and stays installed: %w", err)
	}
	return m.explain(m.sys.Uninstall())
}

// open opens the service with the rights that are needed and no more.
func (m *Manager) open(access uint32) (*mgr.Service, func(), error) {
	h, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return nil, nil, err
	}
	name, err := windows.UTF16PtrFromString(m.config.Name())
	if err != nil {
		windows.CloseServiceHandle(h)
		return nil, nil, err
	}
	sh, err := windows.OpenService(h, name, access)
	if err != nil {
		windows.CloseServiceHandle(h)
		return nil, nil, err
	}
	s := &mgr.Service{Name: m.config.Name(), Handle: sh}
	return s, func() { s.Close(); windows.CloseServiceHandle(h) }, nil
}

// stopLimit is how long a stop may take: the launcher's 25 s, and some.
const stopLimit = 40 * time.Second

// stop asks the service to stop and waits. The library's own way waits for ever
// when the service does not.
func (m *Manager) stop() error {
	s, done, err := m.open(windows.SERVICE_QUERY_STATUS | windows.SERVICE_STOP)
	if err != nil {
		return err
	}
	defer done()
	status, err := s.Control(svc.Stop)
	if errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) {
		return nil
	}
	for end := time.Now().Add(stopLimit); err == nil && status.State != svc.Stopped; status, err = s.Query() {
		if time.Now().After(end) {
			return fmt.Errorf("not stopped within %s", stopLimit)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return err
}

func (m *Manager) restart() error {
	if err := m.stop(); err != nil {
		return err
	}
	return m.sys.Start()
}

// explain says who may do what failed, and what keeps a removed service.
func (m *Manager) explain(err error) error {
	switch {
	case errors.Is(err, windows.ERROR_ACCESS_DENIED):
		return rights(err)
	case errors.Is(err, windows.ERROR_SERVICE_MARKED_FOR_DELETE):
		return fmt.Errorf("the old service is not gone yet, close the window of services or restart the PC: %w", err)
	case errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING):
		return nil
	}
	return err
}

func (m *Manager) status(_ context.Context, st *Status) error {
	s, done, err := m.open(windows.SERVICE_QUERY_STATUS | windows.SERVICE_QUERY_CONFIG)
	if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
		return nil
	}
	if err != nil {
		return m.explain(err)
	}
	defer done()
	q, err := s.Query()
	if err != nil {
		return err
	}
	st.State = windowsState(q)
	st.PID = int(q.ProcessId)
	if st.State == StateRunning {
		st.Text = readStatusFile(m.config)
		st.lookBehindLauncher()
	}
	if q.Win32ExitCode != 0 && st.State != StateStopped {
		st.LastError = syscall.Errno(q.Win32ExitCode).Error()
	}
	if r, err := readRegistered(s); err == nil {
		st.AtStart = r.start == mgr.StartAutomatic
		st.Program = r.command
	}
	return nil
}

func windowsState(q svc.Status) State {
	switch q.State {
	case svc.StartPending, svc.ContinuePending:
		return StateStarting
	case svc.Running:
		return StateRunning
	case svc.StopPending:
		return StateStopping
	}
	if q.Win32ExitCode != 0 && q.Win32ExitCode != uint32(windows.ERROR_SERVICE_NEVER_STARTED) {
		return StateFailed
	}
	return StateStopped
}
