package link

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// No test here is about an older link that stays silent: one that answers late on a
// busy machine must not be taken for it.
func init() { probeTime = 2 * time.Minute }

// bothEnds are the two ends of a websocket that is open.
func bothEnds(t *testing.T) (hub, station *websocket.Conn) {
	t.Helper()
	ends := make(chan *websocket.Conn, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
		}
		ends <- ws
	}))
	t.Cleanup(srv.Close)
	station, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	hub = <-ends
	t.Cleanup(func() { hub.Close(); station.Close() })
	return hub, station
}

// TestAConnectionIsReplacedWhileItOpens: the station may know that it is welcome,
// lose its line and come again before this end has the first link in hand. That
// one must not stay open beside its successor, nor take its place.
func TestAConnectionIsReplacedWhileItOpens(t *testing.T) {
	var s sessions
	boot := [8]byte{1}
	first := s.enter(7, boot)
	if !s.clear(7, first) {
		t.Fatal("the first is refused")
	}
	second, cleared := s.enter(7, boot), make(chan bool)
	go func() { cleared <- s.clear(7, second) }()
	for ended := false; !ended; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		ended = first.ended
		s.mu.Unlock()
	}
	select {
	case <-cleared:
		t.Fatal("the second did not wait for the first to leave")
	default:
	}

	hub, station := bothEnds(t)
	s.put(first, hub)
	if err := station.SetReadDeadline(time.Now().Add(probeTime)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := station.ReadMessage(); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Fatalf("the first is still open: %v", err)
	}
	s.leave(7, first)
	if !<-cleared {
		t.Fatal("the second is refused")
	}
	hub, _ = bothEnds(t)
	s.put(second, hub)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[7] != second || s.busy[7] != 1 {
		t.Fatalf("open is %p and not %p; %d connections", s.open[7], second, s.busy[7])
	}
}

// TestAnotherProcessDoesNotPushOutOneThatOpens: the first of two copies wins, be
// its link in hand yet or not.
func TestAnotherProcessDoesNotPushOutOneThatOpens(t *testing.T) {
	var s sessions
	first := s.enter(7, [8]byte{1})
	s.clear(7, first)
	second, cleared := s.enter(7, [8]byte{2}), make(chan bool)
	go func() { cleared <- s.clear(7, second) }()
	hub, station := bothEnds(t)
	hub.SetPongHandler(func(string) error { first.heard(); return nil })
	go func() { _, _, _ = hub.ReadMessage() }()
	go func() { _, _, _ = station.ReadMessage() }()
	s.put(first, hub)
	if <-cleared {
		t.Fatal("two copies of one station are let in")
	}
}

// TestSendingEndsSoonAfterTheLastMessage: parts of releases wait for a station that is
// sending, two seconds from its newest message and no longer.
func TestSendingEndsSoonAfterTheLastMessage(t *testing.T) {
	var s sessions
	spoke := time.Now()
	if s.sending(7, spoke) {
		t.Error("a station without a link is sending")
	}
	o := s.enter(7, [8]byte{1})
	s.clear(7, o)
	if s.sending(7, spoke) {
		t.Error("a link that never spoke is sending")
	}
	o.spoke.Store(&spoke)
	for after, want := range map[time.Duration]bool{0: true, 1900 * time.Millisecond: true, 2100 * time.Millisecond: false, time.Hour: false} {
		if s.sending(7, spoke.Add(after)) != want {
			t.Errorf("%v after a message: sending is %v", after, !want)
		}
	}
	if s.sending(8, spoke) {
		t.Error("another station is sending")
	}
	s.leave(7, o)
	if s.sending(7, spoke) {
		t.Error("a link that is gone is sending")
	}
}

// TestAMessageIsTimedWithoutTheClock: the time of a message has its monotonic part,
// so that no clock put back makes it one that is yet to come.
func TestAMessageIsTimedWithoutTheClock(t *testing.T) {
	var s sessions
	o := s.enter(7, [8]byte{1})
	s.clear(7, o)
	hub, station := bothEnds(t)
	s.put(o, hub)
	if err := station.WriteMessage(websocket.BinaryMessage, []byte("x")); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	l := &hubLink{hello: Hello{Metered: true}, session: o}
	if err := l.run(t.Context(), func([]byte) error { return enough }); !errors.Is(err, enough) {
		t.Fatal(err)
	}
	at := o.spoke.Load()
	if at == nil || *at == at.Round(0) { // Round(0) takes the monotonic part away
		t.Fatalf("the message came at %v", at)
	}
}
