package appliance

import (
	"context"
	"errors"
	"time"

	"tramxa/appliance/journal"
)

// The work of the night begins at two in the country's time. A clock that is
// wrong only moves it to another hour.
const (
	nightHour   = 2
	countryZone = 7 * time.Hour
	watchEvery  = time.Minute
)

// Run does what a station does beside answering, until ctx ends: it watches the
// disk and, at night, makes a checkpoint and proves the whole station. It
// returns ctx's error.
func (s *Station) Run(ctx context.Context) error {
	watch := time.NewTicker(watchEvery)
	defer watch.Stop()
	wall, _ := s.clock.Now()
	night := time.NewTimer(untilNight(wall))
	defer night.Stop()
	full := false
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-watch.C:
			full = s.watch(full)
		case <-night.C:
			if err := s.Night(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("appliance: the night's proof failed", "cause", err)
			}
			wall, _ := s.clock.Now()
			night.Reset(untilNight(wall))
		}
	}
}

// untilNight is how long it is to the next two o'clock, at most a day.
func untilNight(now time.Time) time.Duration {
	const day = 24 * time.Hour
	sinceMidnight := time.Duration(now.UTC().Unix())*time.Second + countryZone
	sinceMidnight = (sinceMidnight%day + day) % day
	return (nightHour*time.Hour-sinceMidnight+day-1)%day + 1
}

// watch tells once when writing stops for want of room, and once when it goes on.
func (s *Station) watch(was bool) (full bool) {
	st := s.store.Status()
	switch {
	case st.Full && !was:
		s.log.Error("appliance: disk is nearly full, nothing is written", "free", st.Free, "reserve", st.Reserve)
	case !st.Full && was:
		s.log.Info("appliance: there is room again", "free", st.Free)
	}
	return st.Full
}

// Night is the work of one night: the proof that journal, checkpoints and view
// are whole and agree, then a checkpoint, which also replaces one that is not.
func (s *Station) Night(ctx context.Context) error {
	begin := time.Now()
	r, err := s.store.Verify(ctx, nil)
	if err := errors.Join(err, s.store.Checkpoint(ctx)); err != nil {
		return err
	}
	s.log.Info("appliance: journal, checkpoints and view are whole", "sequence", uint64(r.Seq), "rows", r.Rows,
		"records", r.Lanes[journal.LaneRegister].Records, "took", time.Since(begin).Round(time.Millisecond))
	return nil
}
