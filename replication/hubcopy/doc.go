// Package hubcopy keeps copies of a hub: one file each, with the whole state as
// one node had applied it, the names of the nodes and the accounts of their pages,
// sealed. It makes them, proves each by restoring it, and makes the nodes of a new
// hub from one.
//
// It owns what lies in a place of copies (FORMAT.md) and the node's file with the
// key of its copies. A copy opens with that file, or with the recovery code, which
// is on paper and on no machine: without either it is worth nothing to who finds
// the disk. Of private keys it holds the hub's authority, when that was given, and
// that opens with the code alone. Keys of nodes are not in it: new ones are made.
// Parts of releases are not in it: a bundle is published again.
//
// It refuses to name a copy finished before it was read back and restored, to
// remove an older one before that, to fill a disk to its end, and to make a node
// where something lies.
package hubcopy
