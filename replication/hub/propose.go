package hub

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hashicorp/raft"

	"tramxa/replication/fsm"
)

// propose puts a command through raft and returns the state machine's verdict,
// after the command is committed by a majority and applied on this node.
func (h *Hub) propose(ctx context.Context, c fsm.Command) (fsm.Verdict, uint64, error) {
	data, err := fsm.EncodeCommand(c)
	if err != nil {
		return fsm.Verdict{}, 0, err
	}
	if err := h.Err(); err != nil {
		return fsm.Verdict{}, 0, fmt.Errorf("%w: %w", ErrNotLeader, err)
	}
	future := h.raft.Apply(data, h.o.ProposeTimeout)
	err = h.await(ctx, future)
	switch {
	case errors.Is(err, raft.ErrNotLeader), errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return fsm.Verdict{}, 0, ErrNotLeader
	case errors.Is(err, raft.ErrEnqueueTimeout):
		return fsm.Verdict{}, 0, ErrBusy
	case errors.Is(err, ErrUnknownOutcome):
		return fsm.Verdict{}, 0, err
	case err != nil:
		return fsm.Verdict{}, 0, fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
	}
	switch r := future.Response().(type) {
	case fsm.Verdict:
		return r, future.Index(), nil
	case error:
		h.fail(r)
		return fsm.Verdict{}, 0, fmt.Errorf("%w: %w", ErrUnknownOutcome, r)
	}
	return fsm.Verdict{}, 0, ErrUnknownOutcome
}

// await waits for a future of raft. A future on its way when raft shuts down may
// never be answered, so the wait ends with the node too; what became of it is
// unknown then.
func (h *Hub) await(ctx context.Context, f raft.Future) error {
	done := make(chan error, 1)
	go func() { done <- f.Error() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnknownOutcome, ctx.Err())
	case <-h.stop:
	case <-h.down:
	}
	return fmt.Errorf("%w: the node stops", ErrUnknownOutcome)
}

// stillLeads asks a majority whether this node still leads.
func (h *Hub) stillLeads(ctx context.Context) bool {
	return h.Leads() && h.await(ctx, h.raft.VerifyLeader()) == nil
}

// order proposes a command that is no batch; any verdict but Done is an error.
func (h *Hub) order(ctx context.Context, c fsm.Command) error {
	v, _, err := h.propose(ctx, c)
	if err == nil && v.Outcome != fsm.Done {
		err = fmt.Errorf("%w: %s", ErrRefused, or(v.Reason, v.Outcome.String()))
	}
	return err
}

// now is the leader's time as it goes into commands: seconds, never below 0.
func (h *Hub) now() int64 { return max(h.o.Now().Unix(), 0) }

// The wait after a try to take office that failed is officeAgain and twice as long
// after each that follows, up to officeRarely. A try may fail while this node goes on
// leading: its disk was too slow, say. Nobody else would lead then. After officeLate
// it is no passing thing any more, and somebody should know.
const (
	officeAgain  = time.Second
	officeRarely = 30 * time.Second
	officeLate   = time.Minute
)

// lead follows leadership: a new leader first makes sure that it has applied all
// that was committed before, which take does, and only then answers stations.
func (h *Hub) lead(take func() error) {
	var begin <-chan time.Time // when to take office; nil: this node does not lead, or has
	var elected time.Time
	var wait time.Duration
	for {
		select {
		case <-h.stop:
			return
		case <-h.down:
			return
		case leads := <-h.leads:
			h.ready.Store(0)
			begin = nil
			if leads {
				begin, elected, wait = time.After(0), time.Now(), officeAgain
			}
		case <-begin:
			begin = nil
			if err := take(); err != nil {
				level := slog.LevelInfo
				if time.Since(elected) >= officeLate {
					level = slog.LevelWarn
				}
				h.o.Log.Log(context.Background(), level, "leadership not begun yet", "error", err, "again", wait)
				begin = time.After(wait)
				wait = min(2*wait, officeRarely)
			}
		}
	}
}

func (h *Hub) takeOffice() error {
	term := h.raft.CurrentTerm()
	if err := h.await(context.Background(), h.raft.Barrier(time.Minute)); err != nil {
		return err
	}
	if err := h.found(); err != nil {
		return fmt.Errorf("the hub is not founded: %w", err)
	}
	h.ready.Store(term)
	return nil
}

// found gives a new hub its incarnation.
func (h *Hub) found() error {
	var known [8]byte
	err := h.fsm.View(func(v *fsm.View) (err error) {
		known, err = v.Incarnation()
		return err
	})
	if err != nil || known != [8]byte{} {
		return err
	}
	c := fsm.Found{At: h.now()}
	rand.Read(c.Incarnation[:])
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return h.order(ctx, c)
}
