package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"tramxa/appliance"
	"tramxa/appliance/store"
	"tramxa/service"
	"tramxa/service/machine"
	"tramxa/service/place"
)

// running is one life of the station's process: from the setup pages where there
// is no station yet, to the stop.
type running struct {
	dir    string
	key    string     // where a new station's keys go
	base   place.Base // of an installed tramxa; "": run by hand
	report *service.Reporter
	out    io.Writer // for whoever started it; nil-safe lines, never the protocol
	log    logger
	recent *recentLog
	pc     *pc
}

func runStationRun(ctx context.Context, args []string, std stdio) error {
	f := newFlags("station run", std)
	dir := dirFlag(f, "station")
	key := f.String("key", "", "file for the keys of a station that is set up now; empty: beside the directory")
	base := f.String("base", "", "directory of an installed tramxa: with it the setup pages are served while there is no station yet")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	r := &running{dir: *dir, key: *key, base: place.Base(*base), report: service.Supervised(), out: std.out, recent: newRecentLog()}
	if r.report != nil {
		r.out = std.err // the standard output is the launcher's
	}
	if r.base != "" {
		r.atBase(f.given("dir"))
	}
	r.log = newLogger(io.MultiWriter(std.err, r.recent), slog.LevelInfo)
	if err := r.lookAround(ctx); err != nil {
		return err
	}
	r.pc.beFit()
	ctx, stop := untilStopped(ctx, r.report)
	defer stop()
	err := r.run(ctx)
	r.pc.note(machine.Stopped{})
	return err
}

// atBase fills in where an installed tramxa has its station.
func (r *running) atBase(dirGiven bool) {
	if !dirGiven {
		r.dir = r.base.Station()
	}
	if r.key == "" {
		r.key = r.base.StationKey()
	}
}

// untilStopped ends the context when the launcher wants the program to stop too.
func untilStopped(ctx context.Context, report *service.Reporter) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(ctx)
	if report != nil {
		go func() {
			select {
			case <-report.Stopped():
				report.Stopping()
				stop()
			case <-ctx.Done():
			}
		}()
	}
	return ctx, stop
}

// lookAround finds out what machine this is.
func (r *running) lookAround(ctx context.Context) (err error) {
	dir := r.dir
	if r.base != "" {
		dir = string(r.base)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	r.pc, err = openPC(dir, machine.Look(ctx, dir), r.log)
	return err
}

// beFit sets the process for the machine it is on, unless the environment says
// otherwise (GOMEMLIMIT, GOGC, GOMAXPROCS).
func (p *pc) beFit() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(p.profile.GCPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(p.profile.MemoryLimit)
	}
	if n := p.profile.MaxProcs; os.Getenv("GOMAXPROCS") == "" && n > 0 && n < runtime.NumCPU() {
		runtime.GOMAXPROCS(n)
	}
}

func (r *running) tune(o *appliance.Options) {
	p := r.pc.profile
	o.View = store.ViewOptions{BlockCache: p.BlockCache, IndexCache: p.IndexCache, MemTable: p.MemTable}
	o.CheckpointEvery = p.CheckpointEvery
	o.Progress = func(p store.Progress) {
		r.report.Starting(fmt.Sprintf("%s %d/%d", p.Stage, p.Done, p.Total))
	}
}

// run serves the setup while there is no station, and then the station.
func (r *running) run(ctx context.Context) error {
	var d *doors
	if _, err := os.Stat(filepath.Join(r.dir, configFile)); r.base != "" && errors.Is(err, os.ErrNotExist) {
		if d, err = r.setup(ctx); err != nil || ctx.Err() != nil {
			return err
		}
	}
	if err := r.settleFounding(); err != nil { // the next start tries again
		r.log.Error("the setup is not ended: the recovery sheet opens nothing yet", "error", err)
	}
	debug.FreeOSMemory() // what sealing the keys took, which is more than the station needs
	opened := r.stayAlive(ctx, d)
	n, d, err := r.open(ctx, d)
	opened()
	if ctx.Err() != nil && n == nil { // asked to stop meanwhile
		return d.close()
	}
	if err != nil {
		return errors.Join(err, d.close())
	}
	defer n.Close()
	n.recent, n.launcher = r.recent, r.report
	n.trying = &practice{dir: filepath.Join(n.dir, practiceDir), unit: n.Store().Genesis().Unit, log: r.log}
	if n.care, err = newCare(r, n); err != nil { // the book comes first
		n.log.Error("nobody looks after copies, machine and program until the next start", "error", err)
		n.care = nil
	}
	if d == nil {
		if d, err = openDoors(n.config, n.dir, n.config.place(n.Store().Genesis().Unit), r.log, r.out); err != nil {
			return err
		}
	}
	return serveStation(ctx, n, d, r.out)
}

// openPatience bounds stayAlive: what takes longer hangs.
const openPatience = 10 * time.Minute

// stayAlive keeps telling the launcher that the process lives while a station that
// was just set up is opened, until the returned function is called: the launcher
// has heard that it is ready, and a restored book may take minutes.
func (r *running) stayAlive(ctx context.Context, d *doors) (opened func()) {
	if d == nil || r.report == nil {
		return func() {}
	}
	ctx, stop := context.WithTimeout(ctx, openPatience)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.report.Health(ctx, []service.Probe{{Name: "page", Ask: pageAnswers(d.page)}}, service.HealthOptions{Log: r.log.with("health", r.dir)})
	}()
	return func() { stop(); <-done }
}

// fullPatience is how long to wait before looking again for room on the disk;
// tests shorten it.
var fullPatience = 15 * time.Second

// open opens the station. Where not even reading it has room on the disk, an
// installed one does not end, to be started again and again without a word: the
// pages say what is the matter, and it goes on by itself when there is room. A
// program on trial gives up, the one before may need less.
func (r *running) open(ctx context.Context, d *doors) (*stationNode, *doors, error) {
	for {
		n, err := openStation(ctx, r.dir, r.log, r.tune)
		if !errors.Is(err, store.ErrFull) || r.base == "" || r.report.Trial() {
			return n, d, err
		}
		r.log.Error("the station waits for room on the disk", "error", err)
		if d == nil {
			c, cerr := stationPart(r.dir)
			if cerr != nil {
				return nil, nil, errors.Join(err, cerr)
			}
			if d, cerr = openDoors(c, r.dir, c.Name, r.log, r.out); cerr != nil {
				return nil, nil, errors.Join(err, cerr)
			}
		}
		d.show(fullPage)
		r.report.Starting("the disk is full")
		select {
		case <-ctx.Done():
			return nil, d, ctx.Err()
		case <-time.After(fullPatience):
		}
	}
}

// fullPage is what all addresses answer meanwhile.
var fullPage = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "15")
	http.Error(w, "Ổ đĩa của máy trạm đã đầy, nên sổ chưa mở được. Không mất gì. Hãy xóa bớt tệp không phải của trạm (phim, ảnh, tệp tải về); trạm tự mở khi có chỗ.\n"+
		"The disk of the station's PC is full, so the book cannot be opened. Nothing is lost. Remove files that are not the station's (films, pictures, downloads); it opens by itself when there is room.", http.StatusServiceUnavailable)
})

// errRestart ends the program so that the launcher starts it again, maybe in
// another version.
var errRestart = errors.New("to be started again")

// serveStation runs all parts of a station until ctx ends or one fails. The
// station itself stays open for the caller to close; the doors are closed.
func serveStation(ctx context.Context, n *stationNode, d *doors, out io.Writer) error {
	defer d.close()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	n.restart = func(why string) {
		n.launcher.Restart(why)
		stop(errRestart)
	}
	stopControl, err := serveControl(n.dir, stationHandler(n))
	if err != nil {
		return err
	}
	defer stopControl()
	if err := n.showPages(d, out); err != nil {
		return err
	}
	n.launcher.Ready()
	parts := []func(context.Context) error{n.exchange, n.Run, n.health}
	if n.trying != nil {
		parts = append(parts, n.trying.Run)
	}
	if n.care != nil {
		parts = append(parts, n.care.Run)
	}
	done := make(chan struct{}, len(parts))
	for _, part := range parts {
		go func() {
			defer func() { done <- struct{}{} }()
			if err := part(ctx); err != nil && ctx.Err() == nil {
				stop(err)
			}
		}()
	}
	<-ctx.Done()
	for range parts {
		<-done
	}
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
