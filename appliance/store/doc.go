// Package store is a station's directory: the journal, the view of the register
// folded from it, and the checkpoint files that make the view quick to rebuild,
// opened, written and recovered together.
//
// The journal is the truth. Update answers after one append and one sync of the
// journal; the view (badger) is never synced and never believed: only a clean
// stop vouches for it, with a checksum of every file. After anything else it is
// set aside and rebuilt from the newest checkpoint that verifies and the records
// after it. DESIGN.md of package appliance tells the order of a start, and what
// is promised under which faults.
//
// One goroutine writes. It takes what has queued, at most 64 commands, folds
// them one after the other in one transaction, appends their records as one
// group and answers all. There is no timer.
//
// It owns the key file, the checkpoint file, the clean marker, the cursor, the
// lock, the manifest of a backup, and which rows the view holds at which
// sequence. It refuses a second process, a 32-bit build, to write on a disk that
// is nearly full, records of a newer program (journal.ErrNewer), to go on after a failed sync, and to open a journal that ends
// before something it is known to have held. It judges no entry: that is for the
// register (can it be folded?) and the rules (may it be?).
package store
