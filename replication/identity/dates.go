package identity

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// ErrExpired means that a certificate's life is over by every clock believed.
var ErrExpired = errors.New("certificate has expired")

// Clock tells the time for the dates of certificates. The zero value takes the
// machine's clock as it is.
type Clock struct {
	Now   func() (wall time.Time, trusted bool) // nil: time.Now, trusted
	Floor func() time.Time                      // last time known to be good; nil: none
}

// unlikely is how far ahead of the last good time a clock is still believed.
const unlikely = 15 * 365 * 24 * time.Hour

// check compares leaf with max(now, last good time, NotBefore). A clock that is
// not trusted, or lies absurdly far ahead, counts for nothing: a dead battery
// must not cut a station off. NotBefore itself never refuses, because a
// certificate made while the station was off is not from the future.
func (c Clock) check(leaf *x509.Certificate) error {
	at := leaf.NotBefore
	if c.Floor != nil && c.Floor().After(at) {
		at = c.Floor()
	}
	wall, trusted := time.Now(), true
	if c.Now != nil {
		wall, trusted = c.Now()
	}
	if trusted && wall.After(at) && wall.Sub(at) < unlikely {
		at = wall
	}
	if at.After(leaf.NotAfter) {
		return fmt.Errorf("%w on %s", ErrExpired, leaf.NotAfter.Format(time.DateOnly))
	}
	return nil
}
