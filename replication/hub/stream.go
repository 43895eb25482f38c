package hub

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"tramxa/replication/identity"
)

// The raft port: TLS 1.3 with the node certificates of the hub's authority on
// both ends. The first byte inside says what the connection is for.
const (
	purposeRaft    byte = 1
	purposeParts   byte = 2  // see peerparts.go
	purposePlanted byte = 3  // raft of a planted hub: the 8 bytes of its lineage follow
	maxConnections      = 64 // inbound at once, all peers together
	handshakeTime       = 10 * time.Second
)

// stream is raft's StreamLayer; connections for parts go to serve.
type stream struct {
	listener net.Listener
	server   *tls.Config
	o        Options
	lineage  Lineage
	slots    chan struct{}
	serve    func(net.Conn) // closes what it is given

	raft   chan net.Conn
	closed chan struct{}
	once   sync.Once
	work   sync.WaitGroup // until Close: the accepting goroutine, handshakes, and what serve does
}

func newStream(o Options, lineage Lineage, serve func(net.Conn)) (*stream, error) {
	l := o.Listener
	if l == nil {
		var err error
		if l, err = net.Listen("tcp", o.Bind); err != nil {
			return nil, err
		}
	}
	member := func(id string) bool { _, ok := o.peer(id); return ok }
	s := &stream{listener: l, server: identity.PeerTLS(o.Node, o.Clock, member), o: o, lineage: lineage, slots: make(chan struct{}, maxConnections),
		serve: serve, raft: make(chan net.Conn), closed: make(chan struct{})}
	s.work.Go(s.run)
	return s, nil
}

// run takes connections until Close. Each makes its handshake by itself, so that
// a slow one holds up nobody else.
func (s *stream) run() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			select {
			case <-s.closed:
				return
			case <-time.After(100 * time.Millisecond): // too many files open, say: it may pass
				continue
			}
		}
		select {
		case s.slots <- struct{}{}:
			in := &inbound{Conn: tls.Server(c, s.server), free: sync.OnceFunc(func() { <-s.slots })}
			s.work.Go(func() { s.admit(in) })
		default:
			_ = c.Close() // too many; a peer tries again
		}
	}
}

// admit makes the handshake and hands the connection to whom it is for.
func (s *stream) admit(c *inbound) {
	end := s.untilClosed(c)
	err := c.SetDeadline(time.Now().Add(handshakeTime))
	var purpose byte
	var lineage Lineage
	if err == nil {
		purpose, lineage, err = readPurpose(c) // makes the handshake
	}
	if err == nil {
		err = c.SetDeadline(time.Time{})
	}
	if err != nil {
		end()
		_ = c.Close() // too slow, or no node of this hub
		return
	}
	switch {
	case purpose == purposeParts:
		s.serve(c)
		end()
	case purpose == purposeRaft && lineage != s.lineage:
		end()
		s.o.Log.Warn("a node of another hub knocks: one from before this hub was restored from a copy, or restored from another copy")
		_ = c.Close()
	case purpose == purposeRaft:
		end() // from here on it is raft's to close
		select {
		case s.raft <- c:
		case <-s.closed:
			_ = c.Close()
		}
	default:
		end()
		s.o.Log.Warn("a peer asks for what this program does not know", "purpose", purpose)
		_ = c.Close()
	}
}

// purposeBytes is what a connection for raft begins with.
func (l Lineage) purposeBytes() []byte {
	if l == (Lineage{}) {
		return []byte{purposeRaft}
	}
	return append([]byte{purposePlanted}, l[:]...)
}

// readPurpose reads the first bytes of a connection; those of a planted hub's raft
// as purposeRaft and its lineage.
func readPurpose(c io.Reader) (purpose byte, l Lineage, err error) {
	var b [1]byte
	if _, err = io.ReadFull(c, b[:]); err != nil || b[0] != purposePlanted {
		return b[0], l, err
	}
	_, err = io.ReadFull(c, l[:])
	return purposeRaft, l, err
}

// untilClosed cuts a connection when the stream is closed, unless end was called
// before.
func (s *stream) untilClosed(c *inbound) (end func()) {
	over := make(chan struct{})
	go func() {
		select {
		case <-s.closed:
			_ = c.NetConn().Close()
		case <-over:
		}
	}()
	return sync.OnceFunc(func() { close(over) })
}

// Accept returns the next connection for raft.
func (s *stream) Accept() (net.Conn, error) {
	select {
	case c := <-s.raft:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

// Close stops taking connections and ends those that serve has.
func (s *stream) Close() (err error) {
	s.once.Do(func() {
		close(s.closed)
		err = s.listener.Close()
	})
	return err
}

func (s *stream) Addr() net.Addr { return s.listener.Addr() }

// Dial connects to a peer for raft and makes sure it is the one that has this
// address.
func (s *stream) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), min(or(timeout, handshakeTime), handshakeTime))
	defer cancel()
	return s.dial(ctx, string(address), s.lineage.purposeBytes()...)
}

func (s *stream) dial(ctx context.Context, address string, purpose ...byte) (net.Conn, error) {
	raw, err := s.o.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	c := tls.Client(raw, s.server)
	if err := s.greet(ctx, c, address, purpose); err != nil {
		_ = raw.Close() // the greeting's error is the one to tell
		return nil, err
	}
	return c, nil
}

func (s *stream) greet(ctx context.Context, c *tls.Conn, address string, purpose []byte) error {
	if err := c.HandshakeContext(ctx); err != nil {
		return err
	}
	id, err := identity.NodeOf(c.ConnectionState())
	if err != nil {
		return err
	}
	if p, ok := s.o.peer(id); !ok || p.Raft != address {
		return fmt.Errorf("node %s answers at %s, which is another's address", id, address)
	}
	_, err = c.Write(purpose)
	return err
}

// inbound gives its slot back when it is closed.
type inbound struct {
	*tls.Conn
	free func()
}

func (c *inbound) Close() error {
	c.free()
	return c.Conn.Close()
}
