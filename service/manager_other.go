//go:build !linux && !windows

package service

import (
	"context"

	kardianos "github.com/kardianos/service"
)

// Other systems run tramxa in the foreground only.

func (m *Manager) settings() (*kardianos.Config, error)        { return nil, ErrNoManager }
func (m *Manager) print() (string, error)                      { return Unit(m.config) }
func (m *Manager) install(context.Context) (Change, error)     { return "", ErrNoManager }
func (m *Manager) uninstall(context.Context) error             { return ErrNoManager }
func (m *Manager) stop() error                                 { return ErrNoManager }
func (m *Manager) restart() error                              { return ErrNoManager }
func (m *Manager) explain(err error) error                     { return err }
func (m *Manager) status(ctx context.Context, s *Status) error { return ErrNoManager }
