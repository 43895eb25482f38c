// Package machine says what this PC is, what it can do, and what is wrong with
// it: memory, processor, disk, clock; the settings that follow (Profile); whether
// the disk keeps what it confirms (DiskTest); what the disk says of itself
// (Smart); what has been seen over the years (Watch); and whether it is the same
// machine as last time (Print).
//
// It owns three small formats: the history (machine.json), the state of a disk
// test, and the blocks and ledger of that test. All are versioned and disposable:
// a damaged one is begun anew, nothing of the station hangs on it.
//
// It refuses to fail as a whole. What cannot be read is listed with the reason
// (Facts.Unknown); a station starts on any PC. It refuses to act, too: it
// measures and advises, others decide. Serial numbers stay inside Facts and are
// never part of a log line.
package machine
