// Package fsm is the hub's replicated state machine: on every node it takes the
// same commands in the same order and comes to the same state. It alone decides
// whether a batch is accepted, a duplicate, leaves a gap, forks from what is
// known, or comes from a fenced copy; these are answers (Verdict), never errors.
//
// It owns the format of raft commands, the keys and rows of the hub's state
// beside the register's, the snapshot stream, and the rule that the state names
// the raft index it stands at. The register's rows are written by
// register.Apply, the same fold as at the station.
//
// It refuses to read a clock, to draw a random number, to let the order of a map
// reach a byte, and to go on after a disk error or a command it does not
// understand: such a node stops (ErrStopped) instead of parting from the others.
package fsm
