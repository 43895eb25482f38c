package service

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
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
