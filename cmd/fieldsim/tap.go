package main

import (
	"context"
	"net"
	"sync/atomic"
)

// segment is what one packet can carry of TCP payload on an ordinary line, and
// packetHead what it costs beside that: IP 20, TCP 20, timestamps 12.
const (
	segment    = 1448
	packetHead = 52
)

// tap is a TCP connection whose bytes and packets are counted.
type tap struct {
	*net.TCPConn
	in, out atomic.Int64
	writes  atomic.Int64 // packets, as the sizes of reads and writes suggest
}

// count is what has passed so far.
type count struct {
	payload int64 // TCP payload, both directions
	packets int64 // both directions, those without payload included
}

func (c count) ip() int64 { return c.payload + packetHead*c.packets }

func (c count) minus(d count) count { return count{c.payload - d.payload, c.packets - d.packets} }

func dialTap(ctx context.Context, network, addr string) (*tap, error) {
	d := net.Dialer{Control: ordinaryPackets}
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &tap{TCPConn: c.(*net.TCPConn)}, nil
}

func listen() (net.Listener, error) {
	lc := net.ListenConfig{Control: ordinaryPackets}
	return lc.Listen(context.Background(), "tcp4", "127.0.0.1:0")
}

func (t *tap) Read(b []byte) (int, error) {
	n, err := t.TCPConn.Read(b)
	t.in.Add(int64(n))
	t.writes.Add(int64((n + segment - 1) / segment))
	return n, err
}

func (t *tap) Write(b []byte) (int, error) {
	n, err := t.TCPConn.Write(b)
	t.out.Add(int64(n))
	t.writes.Add(int64((n + segment - 1) / segment))
	return n, err
}

// count returns the bytes of the connection so far. Where the kernel tells, its
// own count of segments is taken; elsewhere the packets are estimated from the
// sizes of reads and writes, with three for the opening.
func (t *tap) count() count {
	c := count{payload: t.in.Load() + t.out.Load(), packets: t.writes.Load() + 3}
	if n, ok := segments(t.TCPConn); ok {
		c.packets = n
	}
	return c
}
