package spoke

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"tramxa/replication/link"
)

// hungUp is a line whose other end has hung up: writes fail at once, and a reader
// learns how it ended a moment later.
type hungUp struct {
	net.Conn
	end error
}

func (h hungUp) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func (h hungUp) Read([]byte) (int, error) {
	time.Sleep(time.Second)
	return 0, h.end
}

// TestTheLastWordCounts: that the hub does not know the key is said also when the
// write of the request fails before the reader of the answer has heard it.
func TestTheLastWordCounts(t *testing.T) {
	alert := &net.OpError{Op: "remote error", Err: tls.AlertError(42)}
	for name, tc := range map[string]struct {
		end  error
		read bool
		want error
	}{
		"refused":     {alert, true, link.ErrNotKnown},
		"cut":         {io.EOF, true, io.ErrClosedPipe},
		"nobody read": {alert, false, io.ErrClosedPipe},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &lastWord{Conn: hungUp{end: tc.end}, ended: make(chan struct{})}
				if tc.read {
					go func() { _, _ = c.Read(nil) }()
				}
				if _, err := c.Write([]byte("GET")); !errors.Is(link.HandshakeError(err), tc.want) {
					t.Errorf("%v, want %v", err, tc.want)
				}
			})
		})
	}
}
