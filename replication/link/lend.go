package link

import (
	"context"
	"net/http"
)

// lend answers the upgrade of a station that wants records back. Such a link is
// no session of the station: it sends nothing, so it takes nobody's place and
// nobody takes its own. A station that is fenced or not known gets nothing: its
// disk may be in other hands.
func (h *Hub) lend(w http.ResponseWriter, r *http.Request, hello Hello, welcome Welcome, session *session) {
	log := h.o.Log.With("station", uint32(hello.Station), "epoch", uint32(hello.Epoch))
	if welcome.Status == StatusWelcome || welcome.Status == StatusRewound || welcome.Status == StatusForked {
		if h.o.Archive == nil {
			welcome.Status = StatusUpgrade
		} else {
			welcome.Capabilities = []string{CapFetch}
		}
	}
	if len(welcome.Capabilities) == 0 {
		log.Info("reading link refused", "status", welcome.Status.String())
		refuse(w, welcome)
		return
	}
	ws, err := h.upgrader.Upgrade(w, r, http.Header{headerAnswer: {header(welcome.Marshal())}})
	if err != nil {
		log.Info("upgrade failed", "error", err)
		return
	}
	log.Info("a station takes records back", "status", welcome.Status.String())
	session.ws = ws
	l, step := &hubLink{hub: h, hello: hello, session: session}, new(Lender)
	err = l.run(r.Context(), func(b []byte) error { return l.give(r.Context(), step, step.Step(LendEvent{Message: b})) })
	log.Debug("reading link ended", "error", err)
}

// give carries effects out.
func (l *hubLink) give(ctx context.Context, step *Lender, effects []LendEffect) error {
	for _, e := range effects {
		switch {
		case e.Err != nil:
			return e.Err
		case e.Look != nil:
			b, err := l.hub.o.Archive.Archived(ctx, l.hello.Station, *e.Look)
			if err != nil {
				return err
			}
			if err := l.give(ctx, step, step.Step(LendEvent{Found: true, Batch: b})); err != nil {
				return err
			}
		default:
			if err := l.write(e.Send); err != nil {
				return err
			}
		}
	}
	return nil
}
