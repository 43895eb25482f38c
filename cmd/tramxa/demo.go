package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"tramxa/appliance"
	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/register"
	"tramxa/appliance/report"
	"tramxa/replication/fsm"
	"tramxa/replication/hub"
	"tramxa/replication/identity"
)

func demoVerb() verb {
	return verb{name: "demo", args: "[--persons N] [--once] [--dir D] [--json]", about: "a station with an invented commune and a three-node hub in one process, on loopback", run: runDemo}
}

// The demo's station. Ia Grai is a real commune; its people here are invented.
const (
	demoStation  = 1
	demoUnit     = "23764"
	demoLogin    = "truongtram" // of the invented commune's head, user 1; the province's takes it too
	demoPassword = "tram-xa-thu-nghiem"
)

var demoUnitRow = fsm.UnitRow{Code: demoUnit, Kind: "xa", Name: "Ia Grai", Province: "52", From: "2025-07-01"}

type demoOptions struct {
	dir     string
	persons int
	seed    int64
	unit    string // commune code of the station
	once    bool
	pace    time.Duration // how long the month takes
	page    string
	hubPage string
}

func runDemo(ctx context.Context, args []string, std stdio) (err error) {
	f := newFlags("demo", std)
	o := demoOptions{pace: time.Minute, unit: demoUnit}
	f.StringVar(&o.dir, "dir", "", "keep everything in this directory; empty: leave nothing behind")
	f.IntVar(&o.persons, "persons", 3000, "persons in the invented commune, 50 to 300,000")
	f.Int64Var(&o.seed, "seed", 1, "which invented commune")
	f.BoolVar(&o.once, "once", false, "let the month happen at once, compare both ends, and end")
	f.StringVar(&o.page, "page", "127.0.0.1:0", "address of the station's pages")
	f.StringVar(&o.hubPage, "hub-page", "127.0.0.1:0", "address of the hub's pages")
	asJSON := f.Bool("json", false, "answer as JSON")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	if o.persons < 50 || o.persons > 300_000 {
		return usagef("--persons is 50 to 300,000")
	}
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "tramxa-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	}
	say := std.err
	d, err := startDemo(ctx, o, say)
	if err != nil && !o.once {
		return ignoreCancel(ctx, err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if !o.once {
		return ignoreCancel(ctx, d.play(ctx))
	}
	res, err := d.once(ctx)
	if err != nil {
		return err
	}
	if *asJSON {
		err = writeJSON(std.out, res)
	} else {
		err = res.show(std.out)
	}
	if err == nil && !res.good() {
		return errors.New("station and hub do not agree")
	}
	return err
}

func ignoreCancel(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// demo is the running thing.
type demo struct {
	options demoOptions
	say     io.Writer
	began   time.Time
	nodes   []*hubNode
	station *stationNode
	stop    context.CancelFunc
	served  chan error
	commune *populationtest.Commune
	month   population.Period
	log     logger

	hubPagesStop func()
}

// startDemo makes hub and station in a directory that holds none. After an error
// nothing of it runs any more.
func startDemo(ctx context.Context, o demoOptions, say io.Writer) (_ *demo, err error) {
	d := &demo{options: o, say: say, began: time.Now(), served: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	log := newLogger(nil, 0)
	if os.Getenv("TRAMXA_DEBUG") != "" {
		log = newLogger(say, slog.LevelDebug)
	}
	d.log = log
	if _, err := os.Stat(filepath.Join(o.dir, "station", configFile)); err == nil {
		return nil, withHint(fmt.Errorf("%s holds a demo already", o.dir), "give another --dir, or run its parts with 'tramxa station run' and 'tramxa hub run'")
	}
	fmt.Fprintln(say, "making a hub of three nodes …")
	pin, err := d.startHub(ctx, log)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(say, "making a station …")
	return d, d.startStation(ctx, pin, log)
}

// demoTuning keeps three nodes and a station small enough for one old PC.
// Heartbeats are quicker than a server's, so that the demo begins quickly; a
// busy machine only means an election more. Its disk is not watched: no node has a
// better one.
var demoTuning = hubTuning{
	Times:      hub.Times{Heartbeat: time.Second, Election: time.Second, Lease: 500 * time.Millisecond, Commit: 20 * time.Millisecond},
	BlockCache: 8 << 20, IndexCache: 8 << 20, LogSegment: 8 << 20, ContactEvery: 10 * time.Second, WatchDisk: -1,
}

func (d *demo) startHub(ctx context.Context, log logger) (identity.Pin, error) {
	// The ports stay open from here on, or another program might get one before
	// its node does.
	var peers []hubPeer
	var rafts, links [3]net.Listener
	for i := range rafts {
		var err1, err2 error
		rafts[i], err1 = net.Listen("tcp", "127.0.0.1:0")
		links[i], err2 = net.Listen("tcp", "127.0.0.1:0")
		if err := errors.Join(err1, err2); err != nil {
			return identity.Pin{}, err
		}
		peers = append(peers, hubPeer{ID: fmt.Sprintf("n%d", i+1), Raft: rafts[i].Addr().String(), Link: links[i].Addr().String()})
	}
	var pin identity.Pin
	for i, p := range peers {
		dir := filepath.Join(d.options.dir, "hub", p.ID)
		c := hubConfig{ID: p.ID, Raft: p.Raft, Link: p.Link, Page: d.options.hubPage, Peers: peers}
		var err error
		if err = os.MkdirAll(dir, 0o700); err != nil {
			return pin, err
		}
		if pin, err = initHub(dir, filepath.Join(d.options.dir, "hub-authority.key"), c); err != nil {
			return pin, err
		}
		tune := demoTuning
		tune.Raft, tune.Links = rafts[i], links[i]
		n, err := openHub(ctx, dir, c, tune, log)
		if err != nil {
			return pin, err
		}
		d.nodes = append(d.nodes, n)
	}
	return pin, d.orders(ctx, func(ctx context.Context, lead *hubNode) error {
		return lead.AddUnits(ctx, []fsm.UnitRow{demoUnitRow})
	})
}

// leaderPatience bounds orders: two elections on a busy machine are over long before.
const leaderPatience = 2 * time.Minute

// orders gives the hub a command that may be repeated. The leader of a busy
// machine may lose its office between two words; then its successor is asked.
func (d *demo) orders(ctx context.Context, give func(ctx context.Context, lead *hubNode) error) error {
	ctx, cancel := context.WithTimeout(ctx, leaderPatience)
	defer cancel()
	err := errors.New("nobody leads")
	for {
		for _, n := range d.nodes {
			if !n.Leads() {
				continue
			}
			if err = give(ctx, n); !errors.Is(err, hub.ErrNotLeader) && !errors.Is(err, hub.ErrUnknownOutcome) && !errors.Is(err, hub.ErrBusy) {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the hub takes no orders: %w", errors.Join(ctx.Err(), err))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (d *demo) startStation(ctx context.Context, pin identity.Pin, log logger) error {
	dir := filepath.Join(d.options.dir, "station")
	c := stationConfig{Listen: d.options.page, Name: "Trạm y tế xã Ia Grai (dữ liệu giả)", HubPin: pin.String(), Key: filepath.Join(d.options.dir, "station.key"), Reserve: 64}
	for _, n := range d.nodes {
		c.Hub = append(c.Hub, n.config.Link)
	}
	reg, err := initStation(dir, c, demoStation, demoStation, d.options.unit)
	if err != nil {
		return err
	}
	err = d.orders(ctx, func(ctx context.Context, lead *hubNode) error { return lead.RegisterStation(ctx, reg, "") })
	if err != nil {
		return fmt.Errorf("make the station known: %w", err)
	}
	d.station, err = openStation(ctx, dir, log, func(o *appliance.Options) { o.Ballast = -1 })
	if err != nil {
		return err
	}
	d.station.practice = true
	serve, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.stop = stop
	doors, err := openDoors(d.station.config, dir, d.station.config.Name, log, d.say)
	if err != nil {
		return err
	}
	go func() { d.served <- serveStation(serve, d.station, doors, d.say) }()
	return nil
}

// close stops everything; nothing answered depends on it.
func (d *demo) close() error {
	var errs []error
	if d.hubPagesStop != nil {
		d.hubPagesStop()
	}
	if d.stop != nil {
		d.stop()
		errs = append(errs, <-d.served)
	}
	if d.station != nil {
		errs = append(errs, d.station.Close())
	}
	for _, n := range d.nodes {
		errs = append(errs, n.close())
	}
	return errors.Join(errs...)
}

// settle brings the invented commune into the book: users, areas, households as
// they stand on the first of last month.
func (d *demo) settle(ctx context.Context) error {
	now := time.Now()
	first := time.Date(now.Year(), now.Month()-1, 1, 0, 0, 0, 0, time.UTC)
	d.month = population.MonthPeriod(first.Year(), int(first.Month()))
	d.commune = populationtest.New(populationtest.Options{Seed: d.options.seed, Persons: d.options.persons,
		Start: d.month.First(), Mint: demoStation, Unit: 23764})
	if err := d.station.settle(ctx, d.commune, &progressPrinter{w: d.say}); err != nil {
		return err
	}
	return d.station.auth.Add(ctx, 1, demoLogin, demoPassword)
}

// acts groups a month's events into commands.
func acts(events []populationtest.Event) [][]population.Entry {
	var list [][]population.Entry
	for i, ev := range events {
		if i > 0 && ev.Act != 0 && ev.Act == events[i-1].Act {
			list[len(list)-1] = append(list[len(list)-1], ev.Entry)
			continue
		}
		list = append(list, []population.Entry{ev.Entry})
	}
	return list
}

// demoResult is what --once prints.
type demoResult struct {
	Recorded     uint64   `json:"recorded"`     // records durable at the station
	Acknowledged uint64   `json:"acknowledged"` // records the hub has committed, as the station knows
	HubApplied   []uint64 `json:"hub_applied"`  // records in the state of each node
	Reports      bool     `json:"reports_agree"`
	States       bool     `json:"state_hash_agree"`
	WireBytes    int64    `json:"wire_bytes"` // payload of TCP, both ways
	Seconds      float64  `json:"seconds"`
	RSS          int64    `json:"rss_mb"` // the most this process held, three hub nodes included
	Persons      int      `json:"persons"`
	Month        string   `json:"month"`
	Acts         int      `json:"acts"`
}

func (r demoResult) good() bool { return r.Reports && r.States && r.Recorded == r.Acknowledged }

func (r demoResult) show(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%d persons, %d acts in %s: %d records saved, %d acknowledged, in the hub's nodes %v\nreports agree: %t, states agree: %t\n%d bytes on the line, %.1f s, %d MB\n",
		r.Persons, r.Acts, r.Month, r.Recorded, r.Acknowledged, r.HubApplied, r.Reports, r.States, r.WireBytes, r.Seconds, r.RSS)
	return err
}

// once plays the month at once and compares both ends.
func (d *demo) once(ctx context.Context) (demoResult, error) {
	if err := d.settle(ctx); err != nil {
		return demoResult{}, err
	}
	list := acts(d.commune.Month(d.month))
	for _, act := range list {
		if err := d.station.invent(ctx, act...); err != nil {
			return demoResult{}, err
		}
	}
	fmt.Fprintln(d.say, "waiting for the hub …")
	head, err := d.everywhere(ctx)
	if err != nil {
		return demoResult{}, err
	}
	res := demoResult{Recorded: uint64(head), Acknowledged: uint64(d.station.Status().Acked.Seq),
		WireBytes: d.station.wire.In() + d.station.wire.Out(), Persons: d.commune.Persons(), Month: d.month.String(), Acts: len(list)}
	if err := d.compare(ctx, &res); err != nil {
		return res, err
	}
	res.Seconds = time.Since(d.began).Seconds()
	res.RSS = peakRSS() >> 20
	return res, nil
}

// everywhere waits until the hub has acknowledged everything and each node has
// applied it.
func (d *demo) everywhere(ctx context.Context) (journal.Seq, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		st := d.station.Status()
		done := st.Waiting == 0
		for _, n := range d.nodes {
			at, err := watermark(n)
			if err != nil {
				return 0, err
			}
			done = done && at == st.Head
		}
		if done {
			return st.Head, nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("%d records still wait: %w", st.Waiting, ctx.Err())
		case err := <-d.served:
			d.served <- err
			return 0, fmt.Errorf("the station stopped: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func watermark(n *hubNode) (seq journal.Seq, err error) {
	err = n.View(func(v *fsm.View) error {
		row, ok, err := v.Station(demoStation)
		if ok {
			seq = row.Lane[journal.LaneRegister].Seq
		}
		return err
	})
	return seq, err
}

// compare computes the month's report and the state's hash at the station and
// at each node.
func (d *demo) compare(ctx context.Context, res *demoResult) error {
	o := report.Options{From: d.month}
	var here *report.Report
	var hash journal.Hash
	err := d.station.View(ctx, func(v *register.View) error {
		var err1, err2 error
		here, err1 = report.Compute(v, o)
		hash, err2 = v.Hash()
		return errors.Join(err1, err2)
	})
	if err != nil {
		return err
	}
	if err := here.Check(); err != nil {
		return fmt.Errorf("the balance does not hold: %w", err)
	}
	res.Reports, res.States = true, true
	for _, n := range d.nodes {
		at, err := watermark(n)
		if err != nil {
			return err
		}
		res.HubApplied = append(res.HubApplied, uint64(at))
		err = n.View(func(v *fsm.View) error {
			there, err := report.Compute(v.Register(demoStation), o)
			if err != nil {
				return err
			}
			same, err := sameReport(here, there)
			if err != nil {
				return err
			}
			h, err := v.RegisterHash(demoStation)
			res.Reports = res.Reports && same
			res.States = res.States && h == hash
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
