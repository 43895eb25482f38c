package localui

import (
	"context"
	"log/slog"
	"time"

	"tramxa/appliance/codelist"
)

// SetupOptions are what the pages of the first start need. The functions are
// called by one goroutine at a time but for Machine, Addresses and Fingerprint;
// serve the handler as a station's (StationOptions).
type SetupOptions struct {
	// Load and Save keep how far the setup has come: versioned JSON of at most
	// 64 KiB without any secret. Load answers nil when nothing was saved; Save
	// must be atomic. Both required.
	Load func() ([]byte, error)
	Save func([]byte) error
	// Finish makes the station and its head's account. It is called once at a
	// time, goes on when the browser has gone, and never again after it answered
	// nil; called again after an error it must find its way from there. A Refusal
	// is shown as it stands, of other errors their text with a hint. Required.
	Finish func(ctx context.Context, a Answers) error
	// Recovery is what the recovery sheet shows: the same at every call until
	// Finish has succeeded, also after a restart of the program. Required.
	Recovery func(ctx context.Context) (Recovery, error)

	Prefill SetupPrefill
	Units   *codelist.Units // units to search in; nil: code and name are typed

	// Clock is what this PC says now and whether that can be believed; nil:
	// time.Now, not to be believed. SetClock sets the PC's clock; nil: it cannot
	// be set here, the answer is kept for Finish.
	Clock    func() (now time.Time, trusted bool)
	SetClock func(ctx context.Context, now time.Time) error

	// Machine is what is known of this PC, with the results of DiskTest once it
	// has run; nil: nothing is shown. DiskTest runs in the background until it
	// ends or the program does; nil: no button.
	Machine  func() []Section
	DiskTest func(ctx context.Context, say Progress) error

	// CheckPin refuses what is no public key of a hub; nil: anything is taken.
	CheckPin func(pin string) error
	// Take reads a file the technician has brought: a seed, or the key file of an
	// existing station, which it keeps outside the data for Restore. Refusal for
	// what it does not know. nil: no upload.
	Take func(ctx context.Context, content []byte) (Taken, error)
	// Sticks lists files of these kinds on sticks plugged in; TakeFrom reads one
	// by its ID. Both nil: not searched.
	Sticks   func(ctx context.Context) []StickFile
	TakeFrom func(ctx context.Context, id string) (Taken, error)

	// Backups lists what could be restored instead of a new station; Restore
	// restores one in the background, with the recovery code of its sheet where
	// the key is not on this PC. After it answered nil the setup is over; after
	// ErrDiffers too, and the last page warns. Both nil: the page says how to do it
	// with the rescue stick.
	Backups func(ctx context.Context) ([]BackupChoice, error)
	Restore func(ctx context.Context, id, recoveryCode string, say Progress) error

	// Addresses are where other PCs and phones reach the pages, e.g.
	// "https://192.168.1.10:8443", the best first; Fingerprint is that of the LAN
	// certificate. nil: this machine only.
	Addresses   func() []string
	Fingerprint func() string

	// Opened is called once when the last page is left for the station's home
	// page, or ten minutes after the end, from a goroutine of its own: now the caller may put the station in
	// place of this handler. It need not wait for that. nil: nothing is called.
	Opened func()

	SetupCode string   // lets the pages be used from another machine, over TLS; "": this machine only
	Hosts     []string // as StationOptions.Hosts
	Version   string   // of the program
	Log       *slog.Logger
}

// Answers are what the setup has found out.
type Answers struct {
	Language string // vi, en
	Unit     string // five digits
	UnitName string // e.g. "Xã Ia Grai"; never empty
	Province string // "" where the code list does not say
	Place    string // what the pages call this place
	Clock    ClockAnswer
	Station  uint32   // number granted by the hub, from 1
	Mint     uint32   // 0: the station's number
	Hub      []string // host:port; empty: later
	HubPin   string   // empty exactly when Hub is

	HeadName, HeadLogin, HeadPassword string

	Data string // one of the Data… constants
}

// What to begin with.
const (
	DataEmpty    = "empty"
	DataPractice = "practice" // also make the practice commune
	DataImport   = "import"   // an existing book is imported after the setup
)

// ClockAnswer is what the officer said of the PC's clock.
type ClockAnswer struct {
	Confirmed time.Time     // the moment as she says it is; the PC's own when that was right
	Off       time.Duration // how far the PC was behind (or, negative, ahead); 0: it was right
	Battery   bool          // so far off that the battery on the board is likely empty
}

// SetupPrefill is what a stick or image says beforehand; all may be empty.
type SetupPrefill struct {
	Language string
	Station  uint32
	Mint     uint32
	Unit     string
	Place    string
	Hub      []string
	HubPin   string
}

// Recovery is what the recovery sheet of a new station shows.
type Recovery struct {
	Code        string // groups with hyphens between
	Fingerprint string // of the station's key, as people compare it
}

// Taken is what a file gave. Zero fields leave the answers as they are.
type Taken struct {
	What    Text // what kind of file it is, for the page
	Prefill SetupPrefill
	KeyFile bool // it was the key of an existing station, and is kept for Restore
}

// StickFile is a file found on a stick.
type StickFile struct {
	ID    string // given back to TakeFrom; at most 200 bytes
	Label Text   // kind, name, stick
}

// BackupChoice is a backup that could be restored.
type BackupChoice struct {
	ID        string // given back to Restore; at most 200 bytes
	Label     Text   // commune, station, day
	Detail    Text   // where it lies, its size
	NeedsCode bool   // the recovery code must be typed
}

// Text is a text said to people, in both languages.
type Text struct{ Vi, En string }

// In returns the text in a language.
func (t Text) In(lang string) string {
	if lang == "en" && t.En != "" {
		return t.En
	}
	return t.Vi
}

// Refusal is an error that is said to people as it stands; its text ends with
// what to do.
type Refusal struct{ Text }

func (r Refusal) Error() string { return r.En }

// Progress takes how far a long work has come; total 0: not known. It may be
// called as often as one likes.
type Progress func(stage Text, done, total int64)

// Section is a part of a list of facts about a machine, for page and paper.
type Section struct {
	Title Text
	Rows  []Row
}

// Row is a fact with its judgement.
type Row struct {
	Label, Value Text
	State        string // "good", "warn", "bad" or "": no judgement
	Hint         Text   // what to do; may be empty
}
