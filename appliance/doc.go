// Package appliance is the node in the commune: it opens the store, sets the
// clock by it, wires the registrar to both, and keeps them in order while the
// station runs. DESIGN.md beside this file says how a station works, what is
// promised and under which faults, and what the words mean.
//
// It owns the wiring, the order of start and stop, and the nightly work. It
// refuses to know how pages look, how the hub is reached and how a service is
// installed: those are built on it.
package appliance
