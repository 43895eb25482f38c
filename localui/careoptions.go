package localui

import (
	"context"
	"io"
	"time"
)

// Care is what the pages know of the machine, of the copies and of the program,
// and what a technician can do there. Every function may be nil: then its part
// is not shown. None of it is of a person.
type Care struct {
	// Warnings are what somebody should do something about, the worst first.
	Warnings func() []Warning
	// Machine describes the PC; it may take a second.
	Machine func(ctx context.Context) []Section
	// Moved says that the book was on another machine before; MoveMeant notes that
	// this was meant, so that nobody is warned any more.
	Moved     func() bool
	MoveMeant func() error
	// Addresses are where other machines reach these pages, with the print of
	// the certificate they will see.
	Addresses func() (urls []string, print string)

	Backups   func() BackupStatus
	BackupNow func() // begins one; while one runs nothing happens

	Updates     func() UpdateStatus
	UpdateCheck func(ctx context.Context) error // look on sticks and ask the province
	UpdateApply func(ctx context.Context) error // take the one offered: the station starts again
	UpdateBack  func(ctx context.Context) error // return to the program before

	// Diagnosis writes a zip for a technician elsewhere: logs, status, facts of
	// the machine; nothing of a person.
	Diagnosis func(ctx context.Context, w io.Writer) error
}

// Warning is one thing that somebody should do something about.
type Warning struct {
	Text Text
	Bad  bool // it is urgent
}

// BackupStatus is what is known of the copies.
type BackupStatus struct {
	Running bool
	Places  []BackupPlace // the newest copy of each place
}

// BackupPlace is the newest copy in one place.
type BackupPlace struct {
	Name    string // as people know it: this disk, the stick's label
	At      time.Time
	Bytes   int64
	Proven  bool   // it was restored and compared
	Problem string // why there is no good copy of the last run: "", no_room, damaged, read_only, gone, unproven, failed
	Other   bool   // on another disk than the book
}

// UpdateStatus is which program runs and what may follow it.
type UpdateStatus struct {
	Version, Commit string
	Build           string // SHA-256 of the running program, hexadecimal
	Development     bool   // built without release keys: takes no updates
	Trial           bool   // not confirmed yet
	Previous        string // version it can return to; "" none
	Offered         string // version that is ready to be taken; "" none
	Stage           string // what is being done: "", checking, fetching, trying; waiting: for what runs to end, then the station starts again
	Percent         int    // of fetching
	Refused         string // version that was tried and did not stay; "" none
	Why             Text   // why
}
