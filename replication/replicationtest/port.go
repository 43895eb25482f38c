package replicationtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

// Patience is how long a healthy hub may take for anything on a machine that is
// busy with other things. It only ends a hang.
const Patience = 3 * time.Minute

const loopback = "127.0.0.1"

// Ports that are handed out here. Those from 20000 to 29999 belong to the emulators
// of images/boottest/vm.go and to wine in service/servicetest: their tests run beside
// others, and look for a free port some time before they take it.
const firstPort, ports = 10_000, 10_000

// given are the addresses that this process has handed out. None is handed out
// twice: whoever has one may close it and listen there again.
var given struct {
	sync.Mutex
	addresses map[string]bool
}

func give(address string) bool {
	given.Lock()
	defer given.Unlock()
	if given.addresses == nil {
		given.addresses = map[string]bool{}
	}
	fresh := !given.addresses[address]
	given.addresses[address] = true
	return fresh
}

// own is a loopback address that this process has to itself, where the system has
// more than one: a node that is killed finds its ports free when it comes back,
// whatever tests of other packages do meanwhile.
var own = sync.OnceValue(func() string {
	pid := os.Getpid()
	host := fmt.Sprintf("127.%d.%d.%d", 1+pid>>16&0x7f, pid>>8&0xff, pid&0xff)
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		return loopback
	}
	_ = l.Close() // it was only a try
	return host
})

// Listen opens a loopback listener on a port that no system hands out to outgoing
// connections (Linux does from 32768 on, Windows from 49152): who closes it finds
// it free again, while other tests dial by the hundred.
func Listen() (net.Listener, error) { return listen(loopback) }

func listen(host string) (net.Listener, error) {
	err := errors.New("all ports were handed out before")
	for range 100 {
		address := fmt.Sprintf("%s:%d", host, firstPort+rand.IntN(ports))
		if !give(address) {
			continue
		}
		var l net.Listener
		if l, err = net.Listen("tcp", address); err == nil {
			return l, nil
		}
	}
	return nil, err
}

// FreeAddress returns a loopback address nobody listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	return free(t, loopback)
}

func free(t testing.TB, host string) string {
	t.Helper()
	l, err := listen(host)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
