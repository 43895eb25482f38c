package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"tramxa/appliance"
	"tramxa/appliance/auth"
	"tramxa/appliance/journal"
	"tramxa/appliance/store"
	"tramxa/replication/identity"
	"tramxa/replication/link"
	"tramxa/replication/spoke"
	"tramxa/service"
	"tramxa/service/machine"
)

func stationVerb() verb {
	return verb{name: "station", sub: []verb{
		{name: "init", args: "--dir D --station N --unit CODE [--hub HOST:PORT,… --hub-pin PIN] [--json]", about: "make a new station and its registration file", run: runStationInit},
		{name: "run", args: "--dir D", about: "serve the pages and exchange with the hub until stopped", run: runStationRun},
		{name: "status", args: "--dir D [--json]", about: "say what is saved, what waits and what the province has", run: runStationStatus},
		{name: "record", args: "--dir D [--as LOGIN] < COMMANDS", about: "write commands given as JSON lines; an answer a line", run: runStationRecord},
		{name: "import", args: "BOOK.csv|undo OPERATION --dir D [--preview] [--map FILE] [--json]", about: "take in a commune's existing book; take an import back", run: runStationImport},
		{name: "report", args: "--period 2026-03 --dir D [--area ID|--hamlet NAME] [--json|--csv]", about: "form 01-DSX and the balance", run: runStationReport},
		{name: "user", args: "list|add LOGIN|reset LOGIN --dir D [--name N --role R] [--json]", about: "who may use the station; passwords are read from the standard input", run: runStationUser},
		{name: "sync", args: "--dir D [--json]", about: "exchange with the hub now, wait, and say what moved", run: runStationSync},
	}}
}

const (
	registrationFile = "registration.json"
	accountsFile     = "accounts.json"
	installFile      = "install.id"
)

func runStationInit(_ context.Context, args []string, io stdio) error {
	f := newFlags("station init", io)
	dir := dirFlag(f, "station")
	key := f.String("key", "", "file for the station's keys, outside the directory; empty: beside it")
	number := f.Uint("station", 0, "station number granted by the hub (not the unit code)")
	mint := f.Uint("mint", 0, "mint number granted by the hub; 0: the station number")
	unit := f.String("unit", "", "code of the commune, five digits")
	name := f.String("name", "", "what the pages call this place")
	listen := f.String("listen", defaultPage, "address of the pages on this machine")
	hubAddr := f.String("hub", "", "host:port of the servers of the province's hub, with commas between; one is enough to begin")
	pin := f.String("hub-pin", "", "public key of the hub, as 'tramxa hub init' prints it")
	asJSON := f.Bool("json", false, "answer as JSON")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	if *number == 0 || *number > 1<<31 {
		return usagef("--station is the number the hub granted, from 1")
	}
	if code, err := strconv.ParseUint(*unit, 10, 32); err != nil || code == 0 || len(*unit) != 5 {
		return usagef("--unit is the code of the commune, five digits")
	}
	c := stationConfig{Key: *key, Listen: *listen, Name: *name, HubPin: *pin}
	if *hubAddr != "" {
		c.Hub = strings.Split(*hubAddr, ",")
	}
	if _, err := initStation(*dir, c, uint32(*number), uint32(*mint), *unit); err != nil {
		return err
	}
	if *asJSON {
		return writeJSON(io.out, map[string]any{"station": *number, "dir": *dir, "registration": filepath.Join(*dir, registrationFile)})
	}
	_, err := fmt.Fprintf(io.out, "station %d is ready in %s\nhint: give %s to the province, then 'tramxa station run --dir %s'\n",
		*number, *dir, filepath.Join(*dir, registrationFile), *dir)
	return err
}

// initStation makes directory, keys, genesis, registration and configuration.
func initStation(dir string, c stationConfig, number, mint uint32, unit string) (identity.Registration, error) {
	if c.HubPin != "" {
		if _, err := identity.ParsePin(c.HubPin); err != nil {
			return identity.Registration{}, usagef("--hub-pin: %v", err)
		}
	}
	if c.Key == "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return identity.Registration{}, err
		}
		c.Key = abs + ".key"
	}
	if mint == 0 {
		mint = number
	}
	if _, err := os.Stat(filepath.Join(dir, configFile)); err == nil {
		return identity.Registration{}, withHint(fmt.Errorf("%s holds a station or hub already", dir), "choose another --dir; an existing one is never overwritten")
	}
	g, err := appliance.Init(store.InitOptions{Dir: dir, KeyFile: c.Key, Station: journal.Station(number), Mint: mint, Unit: unit, Now: time.Now()})
	if err != nil {
		return identity.Registration{}, err
	}
	keys, err := store.ReadKeys(journal.OS, c.Key)
	if err != nil {
		return identity.Registration{}, err
	}
	return furnish(dir, c, g, keys)
}

// furnish writes what belongs to a directory and not to the book: registration,
// installation number and configuration, the last being what makes it a
// station's directory.
func furnish(dir string, c stationConfig, g journal.Genesis, keys store.Keys) (identity.Registration, error) {
	reg, err := identity.NewRegistration(g, keys.Secret)
	if err != nil {
		return identity.Registration{}, err
	}
	b, err := reg.Marshal()
	if err != nil {
		return identity.Registration{}, err
	}
	id := make([]byte, 16)
	if _, err := rand.Read(id); err != nil {
		return identity.Registration{}, err
	}
	return reg, errors.Join(
		journal.WriteFileAtomic(journal.OS, filepath.Join(dir, installFile), id, 0o600),
		journal.WriteFileAtomic(journal.OS, filepath.Join(dir, registrationFile), b, 0o600),
		writeConfig(dir, config{Station: &c}))
}

// stationNode is an open station with what the command line adds: accounts and
// the line to the hub.
type stationNode struct {
	*appliance.Station
	dir      string
	config   stationConfig
	auth     *auth.Auth
	spoke    atomic.Pointer[spoke.Spoke] // nil: no hub configured, or not running
	wire     *link.Meter
	practice bool      // invented data: every page says so
	trying   *practice // the practice commune beside a real book; nil: none
	pageAddr string    // where the pages are on this machine, once served
	log      logger

	launcher *service.Reporter      // the launcher's ear; nil: none
	recent   *recentLog             // nil: not kept
	care     *care                  // of the machine, the copies, the program; nil: nobody looks after them
	doors    atomic.Pointer[doors]  // what the pages are served on; nil: they are not
	code     atomic.Pointer[string] // for the first account
	restart  func(why string)       // ends the process at once to be started again, see restartWhenIdle; set while it serves
	works    longWorks              // what restartWhenIdle waits for
}

func openStation(ctx context.Context, dir string, log logger, tune func(*appliance.Options)) (*stationNode, error) {
	c, err := stationPart(dir)
	if err != nil {
		return nil, err
	}
	o := appliance.Options{Dir: dir, KeyFile: c.Key, Log: log.with("station", dir), Reserve: c.Reserve << 20}
	if tune != nil {
		tune(&o)
	}
	s, err := openWaiting(ctx, o)
	if err != nil {
		return nil, explainOpen(err, dir)
	}
	a, err := auth.Open(auth.Options{File: filepath.Join(dir, accountsFile)})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &stationNode{Station: s, dir: dir, config: c, auth: a, wire: &link.Meter{}, log: log}, nil
}

// lockPatience is how long a verb waits for another one that has the directory:
// a service must not fail to start because somebody asks for the status.
const lockPatience = 10 * time.Second

func openWaiting(ctx context.Context, o appliance.Options) (*appliance.Station, error) {
	wait, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	for {
		s, err := appliance.Open(ctx, o)
		if !errors.Is(err, store.ErrLocked) || wait.Err() != nil {
			return s, err
		}
		if running, _ := dialControl(wait, o.Dir); running != nil {
			return s, err // that one stays
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// explainOpen says what to do about a station that does not open.
func explainOpen(err error, dir string) error {
	switch {
	case errors.Is(err, store.ErrLocked):
		return withHint(err, "một tramxa khác đang mở thư mục này / another tramxa has this directory open: stop it, or let it do the work")
	case errors.Is(err, journal.ErrDamaged):
		return withHint(err, "nothing was changed; copy the directory, then 'tramxa doctor --dir "+dir+"' lists the damage; what the province has can be fetched from there, what a backup has from it")
	}
	return explainNewer(err)
}

// exchange keeps the line to the hub until ctx ends.
func (n *stationNode) exchange(ctx context.Context) error {
	if len(n.config.Hub) == 0 {
		<-ctx.Done()
		return nil
	}
	sp, err := n.newSpoke()
	if err != nil {
		return err
	}
	n.spoke.Store(sp)
	return sp.Run(ctx)
}

// dialer is the station's way to the hub's nodes, over TLS with its own key.
func (n *stationNode) dialer() (*link.Dialer, error) {
	pin, err := identity.ParsePin(n.config.HubPin)
	if err != nil {
		return nil, withHint(fmt.Errorf("hub_pin in %s: %w", configFile, err), "'tramxa hub init' prints it")
	}
	tls, err := identity.ClientTLS(identity.ClientOptions{Station: n.Store().Origin().Station, Key: n.Store().Keys().Signer, Pin: pin, Metered: n.config.Metered,
		Clock: identity.Clock{Now: n.Clock().Now, Floor: n.Clock().Floor}})
	if err != nil {
		return nil, err
	}
	return &link.Dialer{TLS: tls, NetDial: n.wire.Dial(nil)}, nil
}

func (n *stationNode) newSpoke() (*spoke.Spoke, error) {
	dialer, err := n.dialer()
	if err != nil {
		return nil, err
	}
	keys, origin := n.Store().Keys(), n.Store().Origin()
	o := spoke.Options{Outbox: n.Outbox(), Origin: origin, Secret: keys.Secret, Signer: keys.Signer,
		Dialer: dialer, Addresses: n.config.Hub,
		App: readVersion().Version, Metered: n.config.Metered, Log: n.log.with("spoke", n.dir), Clock: n.Clock().Now}
	id, err := os.ReadFile(filepath.Join(n.dir, installFile))
	if err != nil {
		return nil, err
	}
	copy(o.Install[:], id)
	if _, err := rand.Read(o.Boot[:]); err != nil {
		return nil, err
	}
	return spoke.New(o)
}

// beSmall sets the process of a verb that opens a station for the machine.
func beSmall(ctx context.Context) {
	(&pc{profile: machine.Look(ctx, "").Profile()}).beFit()
}

// stationOpener opens the station for one verb.
func stationOpener(dir string, log logger) opener {
	return func(ctx context.Context) (http.Handler, func() error, error) {
		beSmall(ctx)
		n, err := openStation(ctx, dir, log, nil)
		if err != nil {
			return nil, nil, err
		}
		return stationHandler(n), n.Close, nil
	}
}
