// Package batch owns the batch: consecutive records of one lane of one origin,
// packed for carrying. The same bytes go over the link, onto a stick, into the
// raft log and into the hub's archive.
//
// A batch is bounded (MaxPacked, MaxRaw, MaxRecords), chained (it states the
// hash it applies to and the hash it results in) and signed by the origin over
// what the chain states, never over the packing. Unpacking gives the journal's
// heads and bodies back byte for byte, so the chain verifies.
//
// The package refuses to know what a body means: it sees numbers, byte strings
// and lists (package tuple) and puts equal positions of many bodies side by
// side. It decides nothing about acceptance: epochs, watermarks, gaps and forks
// are the hub's state machine's business. Format by byte: replication/DESIGN.md.
package batch
