package main

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// method says how packets are counted here.
const method = "tcp payload + 52 B for each segment the kernel counted (TCP_INFO, MSS 1460)"

// ordinaryPackets makes loopback cut its segments as an ordinary line would.
func ordinaryPackets(_, _ string, c syscall.RawConn) error {
	var serr error
	err := c.Control(func(fd uintptr) {
		serr = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, segment+12)
	})
	if err != nil {
		return err
	}
	return serr
}

// segments returns the segments sent and received on c, bare ACKs included.
func segments(c *net.TCPConn) (n int64, ok bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil {
			n, ok = int64(info.Segs_in)+int64(info.Segs_out), true
		}
	})
	return n, ok && err == nil
}
