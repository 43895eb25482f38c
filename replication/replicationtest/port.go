package replicationtest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Listen opens a loopback listener on a port that no system hands out to outgoing
// connections (Linux does from 32768 on, Windows from 49152): who closes it finds
// it free again, while other tests dial by the hundred.
func Listen() (net.Listener, error) {
	var err error
	for range 100 {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(22_000))); err == nil {
			return l, nil
		}
	}
	return nil, err
}

// FreeAddress returns a loopback address nobody listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	l, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
