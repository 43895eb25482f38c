//go:build !linux

package main

import (
	"net"
	"syscall"
)

// method says how packets are counted here.
const method = "tcp payload + 52 B for each packet, packets estimated from the sizes of reads and writes"

func ordinaryPackets(_, _ string, _ syscall.RawConn) error { return nil }

func segments(*net.TCPConn) (int64, bool) { return 0, false }
