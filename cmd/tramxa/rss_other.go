//go:build !linux

package main

import "runtime"

// peakRSS is what the Go runtime has taken from the system, in bytes: the
// nearest that every system tells.
func peakRSS() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}
