package localui

import (
	"context"
	"log/slog"
	"time"

	"tramxa/appliance/auth"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/report"
)

// Book is the register of a station, read. *appliance.Station is one.
type Book interface {
	View(ctx context.Context, fn func(*register.View) error) error
}

// Status is the station at one moment. Nothing in it is of a person.
type Status struct {
	Station    uint32
	Epoch      uint32
	Unit       string // commune code at the beginning of the epoch
	Head       uint64 // last record durable here
	Acked      uint64 // last record the province has
	AckedAt    time.Time
	AccessHead uint64 // last record of the access log
	Now        time.Time
	Trusted    bool // whether the clock can be believed
	Today      population.Date
	Line       string // one of the Line… constants; the spoke's stages
	Connected  bool
	Hub        string // address of the hub's node connected, or tried last
	Problem    string // of the line, as the engine says it; "" none
	Failed     string // not "": nothing is written until the next start
	Full       bool   // the disk is nearly full, nothing is written
	FreeMB     uint64
	Rebuilding bool
	Checkpoint uint64 // sequence of the newest checkpoint
	Version    string // of the program
}

func (s Status) waiting() uint64 {
	if s.Head > s.Acked {
		return s.Head - s.Acked
	}
	return 0
}

// Looks at the book that are kept in the access log (StationOptions.Access).
const (
	LookPerson    = "person"
	LookHousehold = "household"
	LookList      = "list"   // the persons behind a number
	LookExport    = "export" // a report was downloaded
)

// StationOptions are what a station's pages need.
//
// The caller serves the handler on 127.0.0.1 in the clear and on the LAN with
// TLS (LANCertificate); a request in the clear from another machine is refused.
// Its http.Server should have ReadHeaderTimeout 10 s, ReadTimeout 30 s,
// IdleTimeout 2 min and MaxHeaderBytes 16 KiB; no WriteTimeout, because of the
// websocket. Shutdown does not end websockets: cancel the server's BaseContext.
type StationOptions struct {
	Book      Book                   // required
	Registrar *registrar.Registrar   // required
	Auth      *auth.Auth             // required
	Status    func() Status          // required; called for every page
	Changed   func() <-chan struct{} // a channel closed at the next change of Status; nil: the pill is not live
	SyncNow   func()                 // exchange with the hub now; nil: no button
	// Access keeps a look at personal data (one of the Look… constants) in the
	// access log; ref is the person or household, 0 for lists. An error refuses
	// the page. nil: not kept.
	Access    func(ctx context.Context, actor uint32, look string, ref population.ID) error
	Place     string   // what the pages call this place, e.g. "Xã Ia Grai"
	Hosts     []string // further Host names and addresses that are this machine, lower case, without port
	SetupCode string   // lets the first account be made from another machine; "": from this machine only
	Practice  bool     // an invented book: every page says so
	// PracticeOf: in the real book's pages the practice commune that can be
	// entered, in the commune's own (Practice) itself; nil: there is none.
	PracticeOf Practice
	Care       Care
	Log        *slog.Logger
}

// HubOptions are what a hub node's pages need; serve them as a station's.
type HubOptions struct {
	Board     Board      // required
	Releases  Releases   // nil: no page of releases
	Auth      *auth.Auth // required: the operators' accounts
	Place     string     // e.g. "Tỉnh Gia Lai"
	Hosts     []string
	SetupCode string
	Practice  bool
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger
}

// Board is what the hub's pages show. *hub.Hub has it all; the command adapts.
type Board interface {
	Stations(ctx context.Context) ([]StationLine, error) // by station number
	// Report counts one station, or all together when station is 0, by this
	// node's own register. An unknown station is ErrNoStation.
	Report(ctx context.Context, station uint32, o report.Options) (*report.Report, error)
	Status() HubStatus
}

// StationLine is a line of the board.
type StationLine struct {
	Station     uint32
	Epoch       uint32
	Name        string
	Unit        string
	UnitName    string
	LastContact time.Time // zero: never
	Watermark   uint64    // records the hub has
	Waiting     uint64    // records the station had beyond it when last heard
	Batches     uint64
	Fenced      bool
	Quarantined uint64
	Version     string      // of its program; "" not known
	Update      *UpdateLine // nil: it has said nothing
}

// HubStatus is this node and what it knows of its cluster.
type HubStatus struct {
	Node     string
	State    string // leader, follower, candidate, stopped
	Leader   string // "" none known
	Term     uint64
	Applied  uint64
	Peers    []string // ids of all nodes
	Problems []string // as the engine says them
	Version  string
}
