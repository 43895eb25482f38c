package link

import (
	"context"
	"net"
	"sync/atomic"
)

// Meter counts the bytes of the connections it dials, TLS included, IP and TCP
// headers not. Safe for concurrent use.
type Meter struct{ in, out atomic.Int64 }

// Dial is a Dialer.NetDial that counts; next is what it dials with (nil:
// net.Dialer).
func (m *Meter) Dial(next func(ctx context.Context, network, addr string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	if next == nil {
		next = (&net.Dialer{}).DialContext
	}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := next(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &metered{Conn: c, m: m}, nil
	}
}

// In returns the bytes received.
func (m *Meter) In() int64 { return m.in.Load() }

// Out returns the bytes sent.
func (m *Meter) Out() int64 { return m.out.Load() }

type metered struct {
	net.Conn
	m *Meter
}

func (c *metered) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.m.in.Add(int64(n))
	return n, err
}

func (c *metered) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.m.out.Add(int64(n))
	return n, err
}
