package link

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"tramxa/appliance/journal"
)

// probeTime is how long a silent older link has to answer before a newer one of
// the same station takes its place. A variable for tests on busy machines.
var probeTime = 5 * time.Second

// maxPerStation bounds the connections of one station: a link and its successor.
const maxPerStation = 2

// session is one connection of a station: a reservation from enter to leave, the
// station's own one from clear on, and an open link from put on.
type session struct {
	boot   [8]byte
	ended  bool            // another takes its place; guarded by sessions.mu
	ws     *websocket.Conn // from put on; set under sessions.mu
	opened chan struct{}   // closed by put
	pong   chan struct{}   // one slot
	done   chan struct{}   // closed when it has left

	// spoke is when the station's newest message came; nil: none has. With its
	// monotonic part: a clock that is put back keeps no station sending for hours.
	spoke atomic.Pointer[time.Time]
}

// sessions knows the stations' own connections. One process of a station (a boot
// nonce) has one; its next connection replaces the one before. Another process is
// let in only when the first no longer answers: otherwise two copies of one station
// are alive, and the first wins.
type sessions struct {
	mu   sync.Mutex
	open map[journal.Station]*session
	busy map[journal.Station]int

	closed bool
	links  sync.WaitGroup
}

// enter reserves a connection; nil when the station has too many or the hub's
// end is closing. leave gives it back.
func (s *sessions) enter(st journal.Station, boot [8]byte) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	if s.busy == nil {
		s.busy, s.open = map[journal.Station]int{}, map[journal.Station]*session{}
	}
	if s.busy[st] >= maxPerStation {
		return nil
	}
	s.busy[st]++
	s.links.Add(1)
	return &session{boot: boot, opened: make(chan struct{}), pong: make(chan struct{}, 1), done: make(chan struct{})}
}

func (s *sessions) leave(st journal.Station, o *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[st]--; s.busy[st] <= 0 {
		delete(s.busy, st)
	}
	if s.open[st] == o {
		delete(s.open, st)
	}
	close(o.done)
	s.links.Done()
}

// clear makes o the station's own connection, which put will open; false when
// another process of the station is alive. It waits a little for the older one to
// leave: its place would be missing to the next connection of a nervous line. The
// older one may still be opening: its station knows that it is welcome before this
// end has it in hand, and may have lost the line since.
func (s *sessions) clear(st journal.Station, o *session) bool {
	for old := s.take(st, o, nil); old != nil; old = s.take(st, o, old) {
		if old.boot != o.boot && old.answers() {
			return false
		}
		s.end(old)
		t := time.NewTimer(probeTime)
		select {
		case <-old.done:
		case <-t.C:
		}
		t.Stop()
	}
	return true
}

// take makes o the station's own connection unless another is it, which it
// returns; over is one that has been ended and counts no more.
func (s *sessions) take(st journal.Station, o, over *session) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.open[st]; old != nil && old != over {
		return old
	}
	s.open[st] = o
	return nil
}

// end closes a link, or has put close it.
func (s *sessions) end(o *session) {
	s.mu.Lock()
	o.ended = true
	ws := o.ws
	s.mu.Unlock()
	if ws != nil {
		ws.Close()
	}
}

// answers asks the other end for a sign of life.
func (o *session) answers() bool {
	opening := time.NewTimer(probeTime)
	defer opening.Stop()
	select {
	case <-o.opened:
	case <-o.done:
		return false
	case <-opening.C:
		return false
	}
	select {
	case <-o.pong:
	default:
	}
	if err := o.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(probeTime)); err != nil {
		return false
	}
	t := time.NewTimer(probeTime)
	defer t.Stop()
	select {
	case <-o.pong:
		return true
	case <-o.done:
	case <-t.C:
	}
	return false
}

// heard notes a sign of life.
func (o *session) heard() {
	select {
	case o.pong <- struct{}{}:
	default:
	}
}

// sending reports whether a station is sending records over its link here.
func (s *sessions) sending(st journal.Station, now time.Time) bool {
	s.mu.Lock()
	o := s.open[st]
	s.mu.Unlock()
	if o == nil {
		return false
	}
	spoke := o.spoke.Load()
	return spoke != nil && now.Sub(*spoke) < sendingFor
}

// put makes the station's own connection an open link, unless another has taken
// its place since: then the link is closed at once, as its reader will find.
func (s *sessions) put(o *session, ws *websocket.Conn) {
	s.mu.Lock()
	o.ws = ws
	ended := o.ended || s.closed
	s.mu.Unlock()
	close(o.opened)
	if ended {
		ws.Close()
	}
}

// closeAll lets nobody in any more, closes the links and waits for their ends.
func (s *sessions) closeAll() {
	s.mu.Lock()
	s.closed = true
	for _, o := range s.open {
		if o.ws != nil {
			o.ws.Close()
		}
	}
	s.mu.Unlock()
	s.links.Wait()
}
