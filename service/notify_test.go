//go:build linux

package service_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tramxa/service"
)

func TestSystemdHearsTheState(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), fmt.Sprintf("@tramxa-notify-test-%d", os.Getpid())} {
		l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("NOTIFY_SOCKET", name)
		service.SystemdNotify()("READY=1\nSTATUS=running v1")
		b := make([]byte, 100)
		_ = l.SetReadDeadline(time.Now().Add(time.Minute))
		n, err := l.Read(b)
		if err != nil || string(b[:n]) != "READY=1\nSTATUS=running v1" {
			t.Errorf("%s: %q, %v", name, b[:n], err)
		}
		l.Close()
		service.SystemdNotify()("WATCHDOG=1") // a manager that is gone is no fault
	}
}

func TestNoManagerNoNotify(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	if service.SystemdNotify() != nil {
		t.Error("somebody is told")
	}
}
