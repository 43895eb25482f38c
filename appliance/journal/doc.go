// Package journal is the source of truth of a station: what is in it was
// answered "saved", what is not in it never happened.
//
// It owns the record envelope, the hash chain, the genesis of an epoch, the
// segment files with their encryption and seals, and the small file-system
// interface they are written through. DESIGN.md beside this file has the formats
// byte by byte.
//
// One goroutine appends; any number read. A group of records is one frame, one
// write and one sync; after the sync it is durable, and only then visible.
//
// What it refuses: to look into a body, to order anything by a clock, to append
// to a file of an earlier start, to sync again after a sync has failed, and to
// cut anything off that a power cut does not explain. It keeps no lock on its
// directory; who opens it (package store) makes sure to be alone.
package journal
