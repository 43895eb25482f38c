package service

import "time"

// Limits are the deadlines of supervision. Zero fields take the values of the
// protocol; tests shorten them. Start, Alive and Backoff are part of a promise: a
// bad version is gone in three minutes (lateAfter of service/update has the sum).
//
// They are counted in ticks of the launcher, at most one a second, and not by a
// clock: while a PC sleeps, or is too busy to run even the launcher, nothing is
// held against the program.
type Limits struct {
	Start   time.Duration // without a line of starting, before ready: 60 s
	Alive   time.Duration // without alive, after ready: 45 s
	Trial   time.Duration // from ready to confirmed, on trial: 15 min
	Stop    time.Duration // from the end of standard input to the exit: 25 s
	Backoff time.Duration // first pause after a failure, doubled each time: 2 s
	MaxOff  time.Duration // longest pause: 60 s
	Steady  time.Duration // so long ready, and the pauses begin at the first again: 2 min
}

func (l Limits) withDefaults() Limits {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&l.Start, 60*time.Second)
	set(&l.Alive, 45*time.Second)
	set(&l.Trial, 15*time.Minute)
	set(&l.Stop, 25*time.Second)
	set(&l.Backoff, 2*time.Second)
	set(&l.MaxOff, 60*time.Second)
	set(&l.Steady, 2*time.Minute)
	return l
}

// tick is what the deadlines are counted in.
func (l Limits) tick() time.Duration {
	return max(time.Millisecond, min(time.Second, l.Start/20, l.Alive/20, l.Stop/20, l.Backoff))
}

// next is the pause after one of this length.
func (l Limits) next(pause time.Duration) time.Duration {
	if pause == 0 {
		return l.Backoff
	}
	return min(2*pause, l.MaxOff)
}
