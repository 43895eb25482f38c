//go:build !windows

package service

import (
	"context"
	"errors"
)

// runManaged is for the service manager of Windows alone.
func runManaged(context.Context, string, func(context.Context) error) error {
	return errors.New("--service is for the service manager of Windows; leave it out here")
}
