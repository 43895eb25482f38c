// Package replication holds no code: it is the place of the protocol between a
// station and its hub, told in DESIGN.md. The packages below own its parts:
// identity (who is who), batch (the bytes that travel), link (a connected
// session), spoke (the station's end), fsm and hub (the province's end),
// replicationtest (all of them against faults).
//
// Nothing here opens what a record says, except the state machine, which folds
// it with the same register package as the station.
package replication
