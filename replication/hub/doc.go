// Package hub is one node of a hub: raft around the state machine of package
// fsm, the intake that links hand batches to, the board of stations, reports
// read from the hub's own register, and the care of the node's disk.
//
// It owns the node's directory (raft log, snapshots, state), who leads, and when
// an acknowledgement may go out: after the batch is committed by a majority and
// applied here, never before. When the outcome of a proposal is unknown it says
// so, and the station sends the same batch again.
//
// It also keeps the parts of releases: files under their hashes, fetched from
// peers, given to stations that the state says may have them.
//
// It also makes the directories of nodes whose hub begins from a copy of another
// (Plant); how copies are kept is package hubcopy's.
//
// It refuses to decide about a batch or a release: the state machine does. What it checks
// before proposing only saves the raft log from what would be refused anyway.
package hub
