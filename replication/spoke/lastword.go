package spoke

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"tramxa/replication/link"
)

// lastWordTime bounds how long a write that failed waits for the reader, which
// notices the same end of the line at once.
const lastWordTime = 5 * time.Second

// lastWord is a connection with one reader beside its writer. When the other end
// has said why it hangs up, a write that comes too late fails with that reason and
// not with what the system says about a closed line: which of the two the caller
// saw would be chance.
type lastWord struct {
	net.Conn
	once  sync.Once
	err   error         // of the first read that failed; set before ended is closed
	ended chan struct{} // closed then
}

func (c *lastWord) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		c.once.Do(func() { c.err = err; close(c.ended) })
	}
	return n, err
}

func (c *lastWord) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if err == nil {
		return n, nil
	}
	t := time.NewTimer(lastWordTime)
	defer t.Stop()
	select {
	case <-c.ended:
		if errors.Is(link.HandshakeError(c.err), link.ErrNotKnown) {
			return n, c.err
		}
	case <-t.C:
	}
	return n, err
}

// dialTLS is the dialer's, for net/http, which always reads while it writes.
func (u *Updates) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	c, err := u.Dialer.DialTLS(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &lastWord{Conn: c, ended: make(chan struct{})}, nil
}
