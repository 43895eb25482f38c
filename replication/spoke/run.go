package spoke

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/link"
)

// maxRedirects bounds how often one attempt follows the name of a leader.
const maxRedirects = 3

// Run sends until ctx ends; it returns nil then. Failures are retried with
// growing, jittered delays and shown in Status.
func (s *Spoke) Run(ctx context.Context) error {
	failures := 0
	for ctx.Err() == nil {
		progress, err := s.attempt(ctx)
		if ctx.Err() != nil {
			break
		}
		if progress {
			failures = 0
		}
		if err == nil { // a metered line closed when idle
			s.set(func(st *Status) { st.Stage, st.LastError = StageIdle, nil })
			s.waitForWork(ctx)
			continue
		}
		failures++
		delay, stage := backoff(failures, s.o.MinBackoff, s.o.MaxBackoff), StageWaiting
		if stopped(err) {
			delay, stage = s.o.StoppedRetry, StageStopped
			s.o.Log.Error("sending has stopped", "station", uint32(s.o.Origin.Station), "epoch", uint32(s.o.Origin.Epoch), "error", err)
		} else {
			s.o.Log.Info("link failed", "station", uint32(s.o.Origin.Station), "error", err, "retry_in", delay)
		}
		var busy *busyError
		if errors.As(err, &busy) {
			delay = max(delay, busy.after)
		}
		s.set(func(st *Status) { st.Stage, st.LastError = stage, err })
		s.sleep(ctx, delay)
	}
	s.set(func(st *Status) { st.Stage, st.Connected = StageIdle, false })
	return nil
}

// stopped tells what only people can put right.
func stopped(err error) bool {
	return errors.Is(err, ErrRewound) || errors.Is(err, ErrForked) || errors.Is(err, ErrFenced) || errors.Is(err, ErrRejected)
}

// backoff doubles with each failure and spreads by half, so that the stations of
// a province do not come back in step after an outage.
func backoff(failures int, least, most time.Duration) time.Duration {
	d := most
	if failures < 20 {
		d = min(d, least<<(failures-1))
	}
	return d/2 + rand.N(d/2+1)
}

func (s *Spoke) sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-s.wake:
	}
}

// waitForWork returns when a lane has something the hub has not, or Now is
// called.
func (s *Spoke) waitForWork(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	select {
	case <-s.work(ctx):
	case <-s.wake:
	case <-ctx.Done():
	}
}

// work returns a channel that is closed when a lane's head passes what the hub
// has. ctx must be ended by the caller.
func (s *Spoke) work(ctx context.Context) <-chan struct{} {
	some := make(chan struct{}, len(s.lanes))
	for _, l := range s.lanes {
		go func(after journal.Seq) {
			if l.Wait(ctx, after) == nil {
				some <- struct{}{}
			}
		}(l.done)
	}
	return some
}

// attempt opens one link and works on it. progress tells that the hub said
// welcome or acknowledged something.
func (s *Spoke) attempt(ctx context.Context) (progress bool, err error) {
	s.set(func(st *Status) { st.Stage = StageConnecting })
	conn, err := s.connect(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	at := time.Now()
	s.set(func(st *Status) { st.Connected = true })
	defer s.set(func(st *Status) { st.Connected = false })
	w := conn.Welcome()
	hubNow := func() time.Time { return time.Unix(w.HubTime, 0).Add(time.Since(at)) }
	if err := s.agree(ctx, w, hubNow()); err != nil {
		return false, err
	}
	return s.serve(ctx, conn, hubNow)
}

// connect dials the leader named last or the next address, and follows the hub
// to its leader.
func (s *Spoke) connect(ctx context.Context) (*link.Conn, error) {
	hello, err := s.hello()
	if err != nil {
		return nil, err
	}
	for range maxRedirects {
		addr := s.lead
		if addr == "" {
			addr = s.o.Addresses[s.next%len(s.o.Addresses)]
			s.next++
		}
		s.lead = ""
		s.set(func(st *Status) { st.Hub = addr })
		conn, err := s.o.Dialer.Dial(ctx, addr, hello)
		if err == nil {
			s.lead = addr // it leads until it says otherwise
			return conn, nil
		}
		var refused *link.Refused
		if !errors.As(err, &refused) {
			if errors.Is(err, link.ErrNotKnown) {
				return nil, joined(ErrUnregistered, err)
			}
			return nil, err
		}
		if err := refusal(refused.Welcome); err != nil {
			return nil, err
		}
		s.lead = refused.Welcome.Leader
	}
	return nil, errors.New("the hub's nodes name each other as leader")
}

// hello says where the lanes end.
func (s *Spoke) hello() (link.Hello, error) {
	wall, trusted := s.o.Clock()
	h := link.Hello{
		ProtocolMin: link.ProtocolMin, ProtocolMax: link.ProtocolMax,
		Station: s.o.Origin.Station, Epoch: s.o.Origin.Epoch, Install: s.o.Install, Boot: s.o.Boot,
		Metered: s.o.Metered, Clock: wall.Unix(), ClockTrusted: trusted, App: s.o.App,
	}
	for _, l := range s.lanes {
		seq, hash := l.Head()
		h.Heads = append(h.Heads, link.Head{Lane: l.origin.Lane, Seq: seq, Hash: link.Prefix(hash)})
	}
	return h, nil
}
