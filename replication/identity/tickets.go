package identity

import (
	"crypto/rand"
	"crypto/tls"
	"sync"
)

// maxTickets bounds the sessions remembered: about 1 kB each.
const maxTickets = 4096

// tickets keeps what Go would put in a session ticket (the client's certificate
// among it) here and gives the client a number instead: about 750 bytes less in
// each direction of a resumed connection. Restarting the hub forgets them; then
// a handshake is a full one.
type tickets struct {
	mu    sync.Mutex
	max   int
	state map[ticket][]byte
	order []ticket // oldest first
}

type ticket [16]byte

func newTickets(max int) *tickets { return &tickets{max: max, state: map[ticket][]byte{}} }

func (t *tickets) wrap(_ tls.ConnectionState, s *tls.SessionState) ([]byte, error) {
	b, err := s.Bytes()
	if err != nil {
		return nil, err
	}
	var id ticket
	if _, err := rand.Read(id[:]); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.order) >= t.max {
		delete(t.state, t.order[0])
		t.order = t.order[1:]
	}
	t.state[id] = b
	t.order = append(t.order, id)
	return id[:], nil
}

// unwrap returns nil for a ticket not known: a full handshake follows. Each is
// good once.
func (t *tickets) unwrap(identity []byte, _ tls.ConnectionState) (*tls.SessionState, error) {
	if len(identity) != len(ticket{}) {
		return nil, nil
	}
	id := ticket(identity)
	t.mu.Lock()
	b := t.state[id]
	delete(t.state, id)
	t.mu.Unlock()
	if b == nil {
		return nil, nil
	}
	return tls.ParseSessionState(b)
}
