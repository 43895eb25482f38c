package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"tramxa/service"
	"tramxa/service/place"
	"tramxa/service/update"
)

// programSource says which program the launcher starts: what the slots below
// base hold, or the launcher itself. When the slots cannot even be opened, on a
// disk that refuses to be written, the launcher's own program is what is left.
func programSource(base place.Base) (service.Source, error) {
	self, err := update.Self(version)
	if err != nil {
		return nil, err
	}
	s, err := update.Open(update.Options{Dir: base.App(), Self: self, Small: launcherFiles(base), Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		fmt.Fprintf(os.Stderr, "tramxa: %v; the installed program is started\n", err)
		return factoryOnly{service.Program{Path: self.Path, Label: version}}, nil
	}
	return slotSource{s}, nil
}

// slotSource is the slots as the launcher asks for them.
type slotSource struct{ *update.Store }

func (s slotSource) Next(ctx context.Context) (service.Program, error) {
	p, err := s.Store.Next(ctx)
	return service.Program(p), err
}

func (s slotSource) Confirmed(p service.Program) error { return s.Store.Confirmed(update.Program(p)) }

func (s slotSource) Failed(p service.Program, reason string) error {
	return s.Store.Failed(update.Program(p), reason)
}

// factoryOnly always starts the program that was installed.
type factoryOnly struct{ program service.Program }

func (f factoryOnly) Next(context.Context) (service.Program, error) { return f.program, nil }
func (f factoryOnly) Confirmed(service.Program) error               { return nil }
func (f factoryOnly) Failed(service.Program, string) error          { return nil }
