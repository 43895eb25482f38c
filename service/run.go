package service

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
)

// RunOptions are those of the launcher.
type RunOptions struct {
	Config  Config // Program is not used: the Source names what runs
	Source  Source // required
	Managed bool   // started by the service manager of Windows (--service)
	Limits  Limits // zero: those of protocol 1
}

// Run is what the service manager, or a person in the foreground, starts: the
// launcher, until ctx ends or the service manager wants it to stop. On Linux it
// talks to systemd when systemd has started it. On Windows, when Managed, it
// answers the service manager at once and works after that, and its log goes to
// files below the base.
func Run(ctx context.Context, o RunOptions) error {
	c, err := o.Config.withDefaults()
	if err != nil {
		return err
	}
	s := SuperviseOptions{Source: o.Source, Args: c.ProgramArgs(), Limits: o.Limits, Notify: SystemdNotify(), Stderr: os.Stderr}
	if o.Managed {
		log := &RotatedLog{Path: LogFile(c)}
		defer log.Close()
		s.Stderr = log
		s.Notify = statusFile(c)
	}
	s.Log = slog.New(slog.NewTextHandler(s.Stderr, nil))
	work := func(ctx context.Context) error { return Supervise(ctx, s) }
	if o.Managed {
		return runManaged(ctx, c.Name(), work)
	}
	return work(ctx)
}

// LogFile is the newest file of the log where the system keeps none for
// services; older ones end in .1, .2, …
func LogFile(c Config) string { return filepath.Join(c.Base.Logs(), c.Name()+".log") }

// The service manager of Windows keeps no text of a service: what the launcher
// says last stands in a file beside its log, for administrators.
func statusFileName(c Config) string { return filepath.Join(c.Base.Logs(), c.Name()+".status") }

// statusFile is the Notify that writes it. It is for show: failures are nobody's
// business.
func statusFile(c Config) Notify {
	last := ""
	return func(state string) {
		for line := range strings.Lines(state) {
			text, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "STATUS=")
			if ok && text != last && os.MkdirAll(c.Base.Logs(), 0o700) == nil && os.WriteFile(statusFileName(c), []byte(text), 0o600) == nil {
				last = text
			}
		}
	}
}

// readStatusFile reads it back; "" when there is none, or no right to read it.
func readStatusFile(c Config) string {
	b, err := os.ReadFile(statusFileName(c))
	if err != nil {
		return ""
	}
	return cut(oneLine(string(b)), 500)
}
