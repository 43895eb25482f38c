package localui

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

// Times of the websocket that keeps the pill live.
const (
	livePing  = 30 * time.Second
	liveWrite = 10 * time.Second
	liveLast  = time.Hour // then the page asks again, with the login it has then
)

// live sends the pill whenever the station's state changes, and nothing else:
// counts and times, nothing of a person. It does not count as a sign of life of
// the login.
func (s *station) live(w http.ResponseWriter, r *http.Request) {
	lang := language(w, r)
	c, err := r.Cookie(s.cookieName(r))
	if err != nil || !s.auth.Alive(c.Value) || s.o.Changed == nil {
		http.Error(w, "no login", http.StatusUnauthorized)
		return
	}
	up := websocket.Upgrader{HandshakeTimeout: liveWrite, WriteBufferSize: 512, ReadBufferSize: 512}
	conn, err := up.Upgrade(w, r, nil) // it checks the Origin against the Host
	if err != nil {
		return // answered already
	}
	defer conn.Close()
	conn.SetReadLimit(512)
	gone := make(chan struct{})
	go func() { // the browser says nothing; reading notices that it left
		defer close(gone)
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	s.push(conn, words{s.locales[lang], lang}, c.Value, gone, r.Context().Done())
}

func (s *station) push(conn *websocket.Conn, w words, token string, gone <-chan struct{}, stop <-chan struct{}) {
	ping := time.NewTicker(livePing)
	defer ping.Stop()
	end := time.NewTimer(liveLast)
	defer end.Stop()
	var last pill
	for {
		changed := s.o.Changed()
		if now := w.pill(s.o.Status()); now != last {
			_ = conn.SetWriteDeadline(time.Now().Add(liveWrite))
			if conn.WriteJSON(now) != nil {
				return
			}
			last = now
		}
		select {
		case <-changed:
			// Many saves at once are one message.
			select {
			case <-time.After(200 * time.Millisecond):
			case <-gone:
				return
			}
		case <-ping.C:
			if !s.auth.Alive(token) || conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(liveWrite)) != nil {
				return
			}
		case <-gone:
			return
		case <-stop:
			return
		case <-end.C:
			return
		}
	}
}
