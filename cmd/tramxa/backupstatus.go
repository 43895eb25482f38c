package main

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"tramxa/appliance/backups"
)

// backupState is what 'station status' says of the copies.
type backupState struct {
	Made      time.Time      `json:"made"`
	AgeHours  int            `json:"age_hours"` // by the station's clock; 0 when that stands before
	Sequence  uint64         `json:"sequence"`
	Proven    backups.Proven `json:"proven"`
	MB        int64          `json:"mb"`
	Place     string         `json:"place"`
	Elsewhere bool           `json:"elsewhere"` // some proven copy lies on another medium than the station
	Problems  []string       `json:"problems,omitempty"`
}

// backupState reads what the last night left, whether the station runs or not;
// nil: no copy was ever tried.
func (n *stationNode) backupState(now time.Time) *backupState {
	st := backups.Status{}
	if n.care != nil {
		st = n.care.backups.Status()
	} else {
		for _, home := range []string{filepath.Join(n.dir, "backups"), filepath.Join(filepath.Dir(n.dir), "backups")} {
			if s, err := backups.ReadStatus(nil, filepath.Join(home, backups.StatusName)); err == nil && s.Station == uint32(n.Store().Origin().Station) {
				st = s
			}
		}
	}
	if len(st.Places) == 0 {
		return nil
	}
	b := &backupState{Proven: backups.Not, Elsewhere: st.Elsewhere()}
	if best, ok := st.Best(); ok {
		age, _ := best.Age(now)
		b.Made, b.AgeHours, b.Sequence, b.Proven = best.Made, int(age.Hours()), best.Sequence, best.Proven
		b.MB, b.Place = best.Bytes>>20, best.Dir
	}
	for _, p := range st.Places {
		if p.Problem != backups.Fine {
			b.Problems = append(b.Problems, fmt.Sprintf("%s: %s", p.Dir, p.Error))
		}
	}
	return b
}

func (b *backupState) show(w io.Writer) {
	switch {
	case b == nil:
		fmt.Fprintln(w, "backup: none yet")
		return
	case b.Proven == backups.Not:
		fmt.Fprintln(w, "backup: none that is proven")
	default:
		fmt.Fprintf(w, "backup: %s (%d h old), up to record %d, proven: %s, %d MB in %s\n", shortTime(b.Made.Local()), b.AgeHours, b.Sequence, b.Proven, b.MB, b.Place)
	}
	if !b.Elsewhere {
		fmt.Fprintln(w, "backup: no copy lies on another disk or stick; a dead disk takes all")
	}
	for _, p := range b.Problems {
		fmt.Fprintf(w, "backup problem: %s\n", p)
	}
}
