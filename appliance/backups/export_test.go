package backups

import (
	"io"
	"time"

	"tramxa/appliance/store"
)

// SealCheaply is SealKeys with a derivation that costs nothing.
func SealCheaply(k store.Keys, c RecoveryCode, rand io.Reader) ([]byte, error) {
	return sealKeys(k, c, rand, 1, 8)
}

// Surplus is Policy.surplus.
func (p Policy) Surplus(list []Copy) []Copy { return p.surplus(list) }

// ParseCopy is parseCopy; Marshal is marshal.
var ParseCopy = parseCopy

func (c Copy) Marshal() ([]byte, error) { return c.marshal() }

// ParseStatus is parseStatus.
var ParseStatus = parseStatus

// Due is schedule.due of a process that last tried at the tick given.
func Due(tried time.Time, good bool, tick, now time.Time, trusted bool, st Status) bool {
	s := schedule{tried: tried, good: good}
	return s.due(tick, now, trusted, st)
}
