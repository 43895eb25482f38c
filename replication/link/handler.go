package link

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"tramxa/replication/identity"
)

// helloTime bounds the hub's own thinking about a hello.
const helloTime = 15 * time.Second

// ServeHTTP answers the upgrade of a station, and its requests about updates.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == UpdatePath || strings.HasPrefix(r.URL.Path, UpdatePath+"/") {
		h.serveUpdates(w, r)
		return
	}
	hello, err := h.hello(r)
	if err != nil {
		h.o.Log.Info("link refused", "error", err)
		http.Error(w, "not a link", http.StatusBadRequest)
		return
	}
	log := h.o.Log.With("station", uint32(hello.Station), "epoch", uint32(hello.Epoch))
	session := h.sessions.enter(hello.Station, hello.Boot)
	if session == nil {
		refuse(w, Welcome{Status: StatusBusy, RetryAfter: 10 * time.Second})
		return
	}
	defer h.sessions.leave(hello.Station, session)
	welcome, err := h.welcome(r.Context(), hello)
	if err != nil {
		log.Warn("hello not answered", "error", err)
		welcome = Welcome{Status: StatusBusy, RetryAfter: 5 * time.Second}
	}
	if slices.Contains(hello.Capabilities, CapFetch) {
		h.lend(w, r, hello, welcome, session)
		return
	}
	if welcome.Status == StatusWelcome && !h.sessions.clear(hello.Station, session) {
		log.Error("two copies of one station are alive; the second is fenced")
		welcome = Welcome{Status: StatusFenced, Epoch: welcome.Epoch, Incarnation: welcome.Incarnation, HubTime: welcome.HubTime}
	}
	if welcome.Status != StatusWelcome {
		log.Info("hello refused", "status", welcome.Status.String())
		refuse(w, welcome)
		return
	}
	kept := h.partials.get(hello.Station, time.Now())
	if kept.Size > 0 {
		welcome.Have = &Partial{ID: kept.ID, Offset: uint32(len(kept.Data))}
	}
	ws, err := h.upgrader.Upgrade(w, r, http.Header{headerAnswer: {header(welcome.Marshal())}})
	if err != nil {
		log.Info("upgrade failed", "error", err)
		return
	}
	h.sessions.put(session, ws)
	l := &hubLink{hub: h, hello: hello, session: session}
	step := NewServer(hello.Station, kept)
	err = l.run(r.Context(), func(b []byte) error { return l.do(r.Context(), step, step.Step(ServerEvent{Message: b})) })
	log.Debug("link ended", "error", err)
}

func refuse(w http.ResponseWriter, answer Welcome) {
	w.Header()[headerAnswer] = []string{header(answer.Marshal())}
	w.Header()["Date"] = nil
	w.WriteHeader(http.StatusForbidden)
}

// hello reads who speaks, by the certificate and by the header, which must agree.
func (h *Hub) hello(r *http.Request) (Hello, error) {
	if r.URL.Path != path || r.TLS == nil {
		return Hello{}, errors.New("not a link request")
	}
	station, key, err := identity.Peer(*r.TLS)
	if err != nil {
		return Hello{}, err
	}
	b, err := fromHeader(r.Header.Get(helloHeader), maxHello)
	if err != nil {
		return Hello{}, err
	}
	hello, err := ParseHello(b)
	if err != nil {
		return Hello{}, err
	}
	if hello.Station != station {
		return Hello{}, fmt.Errorf("%w: station %d says hello as %d", ErrProtocol, station, hello.Station)
	}
	hello.PeerKey = key
	return hello, nil
}

func (h *Hub) welcome(ctx context.Context, hello Hello) (Welcome, error) {
	if hello.ProtocolMin > ProtocolMax || hello.ProtocolMax < ProtocolMin {
		return Welcome{Status: StatusUpgrade, Protocol: ProtocolMax}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	w, err := h.o.Intake.Hello(ctx, hello)
	if err != nil {
		return Welcome{}, err
	}
	if w.Status == 0 {
		return Welcome{}, errors.New("link: internal error: an answer without status")
	}
	w.Protocol = min(hello.ProtocolMax, ProtocolMax)
	w.Have = nil
	if w.Window == 0 || int(w.Window) > h.o.Window {
		w.Window = uint32(h.o.Window)
	}
	return w, nil
}

// hubLink is one open link at the hub.
type hubLink struct {
	hub     *Hub
	hello   Hello
	session *session
}

// run gives each message to on until the link or on fails.
func (l *hubLink) run(ctx context.Context, on func(b []byte) error) error {
	ws := l.session.ws
	defer ws.Close()
	stop := context.AfterFunc(ctx, func() { ws.Close() })
	defer stop()
	ws.SetReadLimit(maxMessage)
	alive := func() error {
		l.session.heard()
		return ws.SetReadDeadline(time.Now().Add(deadAfter))
	}
	ws.SetPongHandler(func(string) error { return alive() })
	if !l.hello.Metered {
		go l.ping()
	}
	for {
		if err := alive(); err != nil {
			return err
		}
		kind, b, err := ws.ReadMessage()
		if err != nil {
			return err
		}
		if kind != websocket.BinaryMessage {
			return fmt.Errorf("%w: a text message", ErrProtocol)
		}
		now := time.Now()
		l.session.spoke.Store(&now)
		if err := on(b); err != nil {
			return err
		}
	}
}

// do carries effects out. An intake error ends the link: the outcome is unknown
// and the station sends the same batch again.
func (l *hubLink) do(ctx context.Context, step *Server, effects []ServerEffect) error {
	for _, e := range effects {
		switch {
		case e.Err != nil:
			return e.Err
		case e.Keep != nil:
			l.hub.partials.put(l.hello.Station, *e.Keep, time.Now())
		case e.Take != nil:
			v, err := l.hub.o.Intake.Take(ctx, e.Take)
			if err != nil {
				return err
			}
			if err := l.do(ctx, step, step.Step(ServerEvent{Verdict: &v})); err != nil {
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

func (l *hubLink) write(b []byte) error {
	if err := l.session.ws.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	return l.session.ws.WriteMessage(websocket.BinaryMessage, b)
}

// ping keeps the path through address translators open and notices a station
// that is gone.
func (l *hubLink) ping() {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		select {
		case <-l.session.done:
			return
		case <-t.C:
			if l.session.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(probeTime)) != nil {
				return
			}
		}
	}
}

var _ http.Handler = (*Hub)(nil)
