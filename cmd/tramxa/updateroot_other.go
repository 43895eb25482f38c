//go:build !linux

package main

import (
	"context"
	"errors"

	"tramxa/service/update"
)

var errNoImage = errors.New("this machine does not run from a tramxa image")

func (c *updateCall) applyRoot(context.Context, []update.Found) (update.Text, error) {
	return update.Text{}, nil
}

func runRootApply(context.Context, []string, stdio) error { return errNoImage }

func runRootConfirm(context.Context, []string, stdio) error { return errNoImage }

func runRootLeave(context.Context, []string, stdio) error { return errNoImage }
