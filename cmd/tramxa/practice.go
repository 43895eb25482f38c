package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"tramxa/appliance"
	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/appliance/register"
	"tramxa/localui"
)

// The practice commune is a station of its own beside the real one: its own
// directory, journal, keys and accounts, so that nothing tried there can reach
// the book. It is opened when somebody enters and closed when nobody has asked
// for a page for a while, because it costs memory.

const (
	practiceDir     = "practice" // in the station's directory
	practicePersons = 500
	practiceIdle    = 30 * time.Minute
	practiceReady   = "ready" // written last into a commune's directory
)

// practice is a station's practice commune. It serves its pages.
type practice struct {
	dir  string
	unit string // commune code
	log  logger

	hosts []string // see localui.StationOptions

	mu      sync.Mutex
	now     *practiceBook
	closing chan struct{}  // closed when the last one is closed; nil: none is being closed
	resets  sync.WaitGroup // old communes that are being closed
	leaving []string       // the directories of these
	stopped bool           // the station stops: it is not opened any more
}

// practiceBook is one life of the commune, from one reset to the next.
type practiceBook struct {
	dir   string
	node  *stationNode
	pages http.Handler
	used  atomic.Int64 // unix seconds
	door  sync.Mutex   // one enters at a time

	open    sync.RWMutex // read-held by every request; held while it closes
	closing context.Context
	end     context.CancelFunc // of closing, which ends what would hold open for an hour
}

// handler returns the pages, opening the commune where needed; nil when that
// fails: then the browser is led back to the real book.
func (p *practice) handler() http.Handler {
	b, err := p.book(context.Background())
	if err != nil {
		p.log.with("practice", p.dir).Error("the practice commune does not open", "error", err)
		return nil
	}
	return b
}

func (b *practiceBook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.open.RLock()
	defer b.open.RUnlock()
	if r.URL.Path == "/live" { // a websocket, while the tab is open
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		defer context.AfterFunc(b.closing, cancel)()
		b.live(w, r.WithContext(ctx))
		return
	}
	b.used.Store(time.Now().Unix())
	if b.node == nil { // closed between the look and the request
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	b.pages.ServeHTTP(w, r)
}

// live serves a page's websocket; that alone does not keep the commune open.
func (b *practiceBook) live(w http.ResponseWriter, r *http.Request) {
	if b.node == nil {
		http.Error(w, "closed", http.StatusServiceUnavailable)
		return
	}
	b.pages.ServeHTTP(w, r)
}

// close waits for the requests there are.
func (b *practiceBook) close() error {
	b.end()
	b.open.Lock()
	defer b.open.Unlock()
	if b.node == nil {
		return nil
	}
	err := b.node.Close()
	b.node = nil
	return err
}

// book returns the commune in use.
func (p *practice) book(ctx context.Context) (*practiceBook, error) {
	for p.mu.Lock(); p.closing != nil; p.mu.Lock() {
		closed := p.closing
		p.mu.Unlock()
		<-closed
	}
	defer p.mu.Unlock()
	if p.stopped {
		return nil, errPracticeStopped
	}
	if p.now != nil {
		return p.now, nil
	}
	dir, err := p.newest()
	if err != nil {
		return nil, err
	}
	p.now, err = p.start(ctx, dir)
	return p.now, err
}

var errPracticeStopped = errors.New("the station stops")

// newest returns the directory of the newest whole commune, or of one to be
// made, and removes all others: leavings of a reset or of a power cut. One that
// is being closed is left to who closes it. The lock is held.
func (p *practice) newest() (string, error) {
	names, err := os.ReadDir(p.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	names = slices.DeleteFunc(names, func(d os.DirEntry) bool { return slices.Contains(p.leaving, filepath.Join(p.dir, d.Name())) })
	best := 0
	for _, d := range names {
		n, err := strconv.Atoi(d.Name())
		if _, none := os.Stat(filepath.Join(p.dir, d.Name(), practiceReady)); err == nil && none == nil {
			best = max(best, n)
		}
	}
	for _, d := range names {
		if d.Name() != strconv.Itoa(best) {
			if err := os.RemoveAll(filepath.Join(p.dir, d.Name())); err != nil {
				return "", err
			}
		}
	}
	return filepath.Join(p.dir, strconv.Itoa(max(best, 1))), nil
}

// start opens the commune in dir, making it when it is not there.
func (p *practice) start(ctx context.Context, dir string) (*practiceBook, error) {
	data := filepath.Join(dir, "station")
	_, err := os.Stat(filepath.Join(dir, practiceReady))
	fresh := errors.Is(err, os.ErrNotExist)
	if fresh {
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
		c := stationConfig{Key: filepath.Join(dir, "station.key"), Listen: defaultPage, Name: "Xã Tập Làm"}
		if _, err := initStation(data, c, 1, 1, p.unit); err != nil {
			return nil, err
		}
	}
	n, err := openStation(ctx, data, p.log, func(o *appliance.Options) { o.Ballast = -1 })
	if err != nil {
		return nil, err
	}
	n.practice = true
	b := &practiceBook{dir: dir, node: n}
	b.closing, b.end = context.WithCancel(context.Background())
	b.used.Store(time.Now().Unix())
	if fresh {
		err = p.fill(ctx, n, dir)
	}
	if err == nil {
		b.pages, err = localui.NewStation(localui.StationOptions{Book: n.Station, Registrar: n.Registrar(), Auth: n.auth, Status: n.pageStatus,
			Changed: n.Changed, Access: n.looked, Place: n.config.Name, Hosts: p.hosts, Practice: true, PracticeOf: p, Log: p.log.with("practice", dir)})
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return b, nil
}

// fill makes the invented commune, and says so last.
func (p *practice) fill(ctx context.Context, n *stationNode, dir string) error {
	now := time.Now()
	unit, err := strconv.Atoi(p.unit)
	if err != nil {
		return err
	}
	c := populationtest.New(populationtest.Options{Seed: 1, Persons: practicePersons, Mint: 1, Unit: uint32(unit),
		Start: population.MonthPeriod(now.Year(), int(now.Month())).First()})
	if err := n.settle(ctx, c, &progressPrinter{w: io.Discard}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, practiceReady), nil, 0o600)
}

// Enter makes sure that the user is in the practice book with the same role.
func (p *practice) Enter(ctx context.Context, u population.User) (string, error) {
	b, err := p.book(ctx)
	if err != nil {
		return "", err
	}
	b.open.RLock()
	defer b.open.RUnlock()
	if b.node == nil {
		return "", context.Canceled // closed this very moment: pressing again opens it
	}
	return b.enter(ctx, u)
}

// enter gives the user an account with a password that nobody knows, and a
// session.
func (b *practiceBook) enter(ctx context.Context, u population.User) (string, error) {
	b.door.Lock() // of two presses of the button each sets a password and uses it
	defer b.door.Unlock()
	login := u.Login
	number, role, areas := b.user(ctx, login)
	if number != 0 && role != u.Role { // another one there has this name
		login += "." + strconv.Itoa(int(u.Role))
		number, _, areas = b.user(ctx, login)
	}
	if number == 0 {
		e := population.UserCreated{Login: login, Name: u.Name, Role: u.Role}
		if u.Role == population.RoleCollaborator {
			e.Areas = areas
		}
		if err := b.node.invent(ctx, population.Tidy(e)); err != nil {
			return "", err
		}
		number, _, _ = b.user(ctx, login)
	}
	password := rand.Text()
	if err := b.node.auth.Set(ctx, number, login, password); err != nil {
		return "", err
	}
	token, _, err := b.node.auth.Login(ctx, login, password, "practice")
	return token, err
}

// user looks a login up; areas are those a collaborator may be given.
func (b *practiceBook) user(ctx context.Context, login string) (number uint32, role population.Role, areas []population.ID) {
	_ = b.node.View(ctx, func(v *register.View) error { // an error is the next write's too
		number = v.UserByLogin(login)
		if u := v.User(number); u != nil {
			role = u.Role
		}
		for _, a := range v.Areas() {
			areas = append(areas, a.ID)
		}
		return nil
	})
	return number, role, areas[:min(1, len(areas))]
}

// Reset makes the commune anew beside the old one and then takes its place.
func (p *practice) Reset(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return errPracticeStopped
	}
	n := 0
	if p.now != nil {
		n, _ = strconv.Atoi(filepath.Base(p.now.dir))
	}
	b, err := p.start(ctx, filepath.Join(p.dir, strconv.Itoa(n+1)))
	if err != nil {
		return err
	}
	old := p.now
	p.now = b
	if old != nil {
		p.leaving = append(p.leaving, old.dir)
		p.resets.Go(func() { // when its last request has been answered, maybe this one
			if err := errors.Join(old.close(), os.RemoveAll(old.dir)); err != nil {
				p.log.with("practice", old.dir).Warn("the old practice commune stays", "error", err)
			}
			p.mu.Lock()
			p.leaving = slices.DeleteFunc(p.leaving, func(dir string) bool { return dir == old.dir })
			p.mu.Unlock()
		})
	}
	return nil
}

// Run closes the commune when nobody uses it, until ctx ends.
func (p *practice) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), p.stop())
		case <-tick.C:
			if err := p.leave(practiceIdle); err != nil {
				return err
			}
		}
	}
}

// stop closes the commune for good.
func (p *practice) stop() error {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.resets.Wait()
	return p.leave(0)
}

// leave closes the commune when it has been idle for so long.
func (p *practice) leave(idle time.Duration) error {
	p.mu.Lock()
	b := p.now
	if b == nil || time.Since(time.Unix(b.used.Load(), 0)) < idle {
		p.mu.Unlock()
		return nil
	}
	closed := make(chan struct{})
	p.now, p.closing = nil, closed
	p.mu.Unlock()
	err := b.close()
	p.mu.Lock()
	p.closing = nil
	p.mu.Unlock()
	close(closed)
	return err
}

var _ localui.Practice = (*practice)(nil)
