package spoke

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// network dials in memory. cut, when set, decides after how many bytes (both
// directions together) the n-th connection dies.
type network struct {
	mu    sync.Mutex
	conns chan net.Conn
	dials int
	bytes int
	cut   func(dial int) int
}

func newNetwork() *network { return &network{conns: make(chan net.Conn)} }

// used returns the connections dialled and the bytes carried so far.
func (n *network) used() (dials, bytes int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials, n.bytes
}

var errNoHub = errors.New("nobody listens")

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	a, b := net.Pipe()
	n.mu.Lock()
	n.dials++
	left := -1
	if n.cut != nil {
		left = n.cut(n.dials)
	}
	n.mu.Unlock()
	select {
	case n.conns <- b:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Second):
		return nil, errNoHub
	}
	return &cutConn{Conn: a, net: n, left: left}, nil
}

// cutConn dies after so many bytes; what came before the cut has gone through.
type cutConn struct {
	net.Conn
	net  *network
	mu   sync.Mutex
	left int // -1: never
}

// spend returns how many of n bytes may still pass.
func (c *cutConn) spend(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left >= 0 {
		n = min(n, c.left)
		c.left -= n
	}
	c.net.mu.Lock()
	c.net.bytes += n
	c.net.mu.Unlock()
	return n
}

func (c *cutConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if may := c.spend(n); may < n {
		c.Conn.Close()
		return may, io.ErrUnexpectedEOF
	}
	return n, err
}

func (c *cutConn) Write(b []byte) (int, error) {
	may := c.spend(len(b))
	n, err := c.Conn.Write(b[:may])
	if err == nil && may < len(b) {
		c.Conn.Close()
		err = io.ErrClosedPipe
	}
	return n, err
}

// buffered does not wait for the reader when it writes, as a socket does not: a
// TLS server writes its ticket while the client writes its request.
type buffered struct {
	net.Conn
	queue chan []byte
	quit  chan struct{}
	once  sync.Once
}

func newBuffered(c net.Conn) *buffered {
	b := &buffered{Conn: c, queue: make(chan []byte, 64), quit: make(chan struct{})}
	go b.pump()
	return b
}

func (b *buffered) pump() {
	defer b.Conn.Close()
	for {
		select {
		case p := <-b.queue:
			if _, err := b.Conn.Write(p); err != nil {
				return
			}
		case <-b.quit:
			_ = b.Conn.SetWriteDeadline(time.Now().Add(time.Second))
			for len(b.queue) > 0 {
				if _, err := b.Conn.Write(<-b.queue); err != nil {
					return
				}
			}
			return
		}
	}
}

func (b *buffered) Write(p []byte) (int, error) {
	select {
	case b.queue <- append([]byte(nil), p...):
		return len(p), nil
	case <-b.quit:
		return 0, net.ErrClosed
	}
}

func (b *buffered) SetDeadline(t time.Time) error    { return b.Conn.SetReadDeadline(t) }
func (b *buffered) SetWriteDeadline(time.Time) error { return nil }

func (b *buffered) Close() error {
	b.once.Do(func() { close(b.quit) })
	// Whoever reads on this side must see the end at once.
	return b.Conn.SetReadDeadline(time.Unix(1, 0))
}

// listener hands the network's connections to a hub.
type listener struct {
	n    *network
	done chan struct{}
	once sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.n.conns:
		return newBuffered(c), nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
