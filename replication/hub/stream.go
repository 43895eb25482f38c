package hub

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"tramxa/replication/identity"
)

// The raft port: TLS 1.3 with the node certificates of the hub's authority on
// both ends. The first byte inside says what the connection is for, so that the
// port can carry other traffic between nodes later.
const (
	purposeRaft    byte = 1
	maxConnections      = 64 // inbound at once, all peers together
	handshakeTime       = 10 * time.Second
)

// stream is raft's StreamLayer.
type stream struct {
	listener net.Listener
	server   *tls.Config
	o        Options
	slots    chan struct{}
}

func newStream(o Options) (*stream, error) {
	l := o.Listener
	if l == nil {
		var err error
		if l, err = net.Listen("tcp", o.Bind); err != nil {
			return nil, err
		}
	}
	member := func(id string) bool { _, ok := o.peer(id); return ok }
	return &stream{l, identity.PeerTLS(o.Node, o.Clock, member), o, make(chan struct{}, maxConnections)}, nil
}

// Accept returns a connection whose handshake is still to come: its first Read
// makes it, so that a slow one holds up nobody else.
func (s *stream) Accept() (net.Conn, error) {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case s.slots <- struct{}{}:
			return &inbound{Conn: tls.Server(c, s.server), free: sync.OnceFunc(func() { <-s.slots })}, nil
		default:
			_ = c.Close() // too many; a peer tries again
		}
	}
}

func (s *stream) Close() error   { return s.listener.Close() }
func (s *stream) Addr() net.Addr { return s.listener.Addr() }

// Dial connects to a peer and makes sure it is the one that has this address.
func (s *stream) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), min(or(timeout, handshakeTime), handshakeTime))
	defer cancel()
	raw, err := s.o.Dial(ctx, string(address))
	if err != nil {
		return nil, err
	}
	c := tls.Client(raw, s.server)
	if err := s.greet(ctx, c, address); err != nil {
		_ = raw.Close() // the greeting's error is the one to tell
		return nil, err
	}
	return c, nil
}

func (s *stream) greet(ctx context.Context, c *tls.Conn, address raft.ServerAddress) error {
	if err := c.HandshakeContext(ctx); err != nil {
		return err
	}
	id, err := identity.NodeOf(c.ConnectionState())
	if err != nil {
		return err
	}
	if p, ok := s.o.peer(id); !ok || p.Raft != string(address) {
		return fmt.Errorf("node %s answers at %s, which is another's address", id, address)
	}
	_, err = c.Write([]byte{purposeRaft})
	return err
}

// inbound checks the purpose byte before the first byte it hands on.
type inbound struct {
	*tls.Conn
	free   func()
	once   sync.Once
	opened error
}

var errPurpose = errors.New("connection for an unknown purpose")

func (c *inbound) Read(p []byte) (int, error) {
	c.once.Do(func() { c.opened = c.open() })
	if c.opened != nil {
		return 0, c.opened
	}
	return c.Conn.Read(p)
}

func (c *inbound) open() error {
	if err := c.SetDeadline(time.Now().Add(handshakeTime)); err != nil {
		return err
	}
	var b [1]byte
	if _, err := c.Conn.Read(b[:]); err != nil {
		return err
	}
	if b[0] != purposeRaft {
		return errPurpose
	}
	return c.SetDeadline(time.Time{})
}

func (c *inbound) Close() error {
	c.free()
	return c.Conn.Close()
}
