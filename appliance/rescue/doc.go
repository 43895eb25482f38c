// Package rescue finds stations and their copies on whatever disks there are and
// brings them back: it verifies without writing, takes a station off a dying disk,
// makes registers again, moves a station to this PC, restores a copy.
//
// It reads what it rescues and never writes into it. Where it puts a station it
// deletes nothing: what was there is set aside by renaming, and a station is whole
// before it gets its name. What it did stands in a Log, Vietnamese and English.
//
// It refuses to join histories, to guess at lost records and to go on with a
// station that does not verify. It knows no hub: records of the hub come in as a
// store.Source.
package rescue
