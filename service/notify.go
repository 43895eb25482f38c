package service

import (
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// Notify tells the service manager how it goes; nil tells nobody. The text is
// what sd_notify(3) of systemd documents: lines of NAME=value.
type Notify func(state string)

// SystemdNotify sends to the socket that systemd names in NOTIFY_SOCKET, and is
// nil where there is none. Failures are not reported: a manager that does not
// listen must not stop the station.
func SystemdNotify() Notify {
	name := os.Getenv("NOTIFY_SOCKET")
	if name == "" || (name[0] != '/' && name[0] != '@') {
		return nil
	}
	return func(state string) {
		// Connected anew each time: the socket outlives any connection, and a
		// manager that was executed anew (an update of systemd) listens again.
		c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: name, Net: "unixgram"})
		if err != nil {
			return
		}
		defer c.Close()
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = c.Write([]byte(state))
	}
}

// say sends the lines, when there is somebody to tell.
func (n Notify) say(lines ...string) {
	if n != nil {
		n(strings.Join(lines, "\n"))
	}
}

// Lines of sd_notify(3).
const (
	sdReady    = "READY=1"
	sdWatchdog = "WATCHDOG=1"
	sdStopping = "STOPPING=1"
)

func sdStatus(text string) string { return "STATUS=" + cut(oneLine(text), 400) }

func sdExtend(d time.Duration) string { return fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", d.Microseconds()) }
