// Package backups keeps a station's copies: each night one, to every place there
// is (a folder of this disk, a second disk, a stick left in), proven by restoring
// it. It owns what lies in such a place: the pool of files, the copies, the
// station's particulars, and the station's keys sealed with the recovery code.
//
// A copy is as encrypted as the station is. With keys.sealed and the code from
// the recovery sheet it opens anywhere; without the code it is worth nothing to
// who finds the stick. The code itself is kept on no machine.
//
// It refuses to remove an older copy before a newer one is proven, to write into
// a place without room, and to take two stations for one: each has a folder named
// by its number and its key. It does not look for places and knows no clock but
// the one it is given. It leaves alone a folder in which a newer program made
// copies. FORMAT.md describes the bytes.
package backups
