package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"tramxa/appliance/journal"
	"tramxa/images/guest"
	"tramxa/service/place"
)

// clockPatience is how long the system may take to set its clock: a unit has to be
// started by a PC that may just be starting everything else. A page that waits longer
// than the server reads (30 s) is given up.
const clockPatience = 20 * time.Second

// clockSetter sets the PC's clock where the system below is tramxa's: it asks the
// unit that may. Elsewhere nil: the clock is its owner's to set.
func clockSetter(base place.Base) func(context.Context, time.Time) error {
	if !onImage() {
		return nil
	}
	return func(ctx context.Context, now time.Time) error {
		name := filepath.Join(string(base), guest.ClockFile)
		if err := journal.WriteFileAtomic(journal.OS, name, guest.ClockRequest(now), 0o600); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, clockPatience)
		defer cancel()
		for began := time.Now(); ; {
			if off := time.Now().Round(0).Sub(now); off > -time.Minute && off < 2*clockPatience {
				return nil
			}
			select {
			case <-ctx.Done():
				return errors.Join(fmt.Errorf("the system has not set its clock within %s", time.Since(began).Round(time.Second)), journal.OS.Remove(name))
			case <-time.After(200 * time.Millisecond):
			}
		}
	}
}
