//go:build !linux

package machine

import "errors"

// forget is not to be had here; the speed of reading then is not known.
func forget(string) error { return errors.ErrUnsupported }
