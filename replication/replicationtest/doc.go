// Package replicationtest is a small province for tests: stations that write
// journals, a hub of three nodes in one process over real connections, lines
// that are cut and nodes that die, and one oracle that every scenario ends with.
//
// It owns no promise of the product. Stations here keep their journal in memory
// (package journal has tests of its own); what they write are real entries with
// a real chain and signature, invented persons only. It refuses to stand in for
// the hub: raft, state machine and TLS are the real ones in a temporary folder.
package replicationtest
