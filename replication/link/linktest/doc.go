// Package linktest owns a hub's intake that keeps everything in memory and
// enforces the table of acceptance to the letter: duplicate, gap, fork, fenced
// and unregistered are decided as the hub's state machine decides them. Tests of
// the station's end and the measurement of the wire run against it; what it has
// taken can be compared with what a station holds. It folds nothing and keeps
// nothing beyond its process: it is no hub.
package linktest
