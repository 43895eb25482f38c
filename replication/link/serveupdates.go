package link

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"tramxa/appliance/journal"
	"tramxa/replication/identity"
)

// Limits of what updates may take of a node. Records come first: a station that
// sends records over its link gets a part at paceChunk a paceWait meanwhile.
const (
	updatesPerStation = 2  // requests at once
	updatesAtOnce     = 64 // requests at once, all stations together
	paceChunk         = 4 << 10
	paceWait          = time.Second
	sendingFor        = 2 * time.Second // a link counts as sending so long after a message
	requestTime       = 30 * time.Second
)

// updates counts the requests under way.
type updates struct {
	mu   sync.Mutex
	busy map[journal.Station]int
	all  int
	sent int64

	closed bool
	done   sync.WaitGroup
}

func (u *updates) enter(s journal.Station) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.busy == nil {
		u.busy = map[journal.Station]int{}
	}
	if u.closed || u.all >= updatesAtOnce || u.busy[s] >= updatesPerStation {
		return false
	}
	u.all++
	u.busy[s]++
	u.done.Add(1)
	return true
}

func (u *updates) leave(s journal.Station) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.all--
	if u.busy[s]--; u.busy[s] <= 0 {
		delete(u.busy, s)
	}
	u.done.Done()
}

// closeAll lets no request in any more and waits for those under way.
func (u *updates) closeAll() {
	u.mu.Lock()
	u.closed = true
	u.mu.Unlock()
	u.done.Wait()
}

func (u *updates) count(n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sent += int64(n)
}

// UpdateBytes returns how many bytes of parts this node has given to stations,
// TLS and headers not counted.
func (h *Hub) UpdateBytes() int64 {
	h.updates.mu.Lock()
	defer h.updates.mu.Unlock()
	return h.updates.sent
}

// serveUpdates answers the requests about updates.
func (h *Hub) serveUpdates(w http.ResponseWriter, r *http.Request) {
	w.Header()["Date"] = nil
	if h.o.Releases == nil || r.TLS == nil || r.Header.Get("Origin") != "" {
		http.Error(w, "no updates here", http.StatusNotFound)
		return
	}
	station, key, err := identity.Peer(*r.TLS)
	if err != nil {
		http.Error(w, "not a station", http.StatusForbidden)
		return
	}
	if !h.updates.enter(station) {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many at once", http.StatusServiceUnavailable)
		return
	}
	defer h.updates.leave(station)
	peer := Peer{Station: station, Key: key}
	switch hash, part := strings.CutPrefix(r.URL.Path, PartPath); {
	case part && r.Method == http.MethodGet:
		err = h.part(w, r, peer, hash)
	case r.URL.Path == UpdatePath && r.Method == http.MethodGet:
		err = h.offer(w, r, peer)
	case r.URL.Path == ReportPath && r.Method == http.MethodPost:
		err = h.report(w, r, peer)
	default:
		http.Error(w, "no such request", http.StatusNotFound)
	}
	if err != nil {
		h.o.Log.Info("update request not answered", "station", uint32(station), "path", cut(r.URL.Path, 100), "error", err)
		updateProblem(w, err)
	}
}

// updateProblem turns an error of Releases into a status.
func updateProblem(w http.ResponseWriter, err error) {
	var elsewhere *Elsewhere
	switch {
	case errors.As(err, &elsewhere):
		writeJSON(w, http.StatusMisdirectedRequest, elsewhere)
	case errors.Is(err, ErrFencedOut):
		http.Error(w, ErrFencedOut.Error(), http.StatusForbidden)
	case errors.Is(err, ErrNoPart):
		http.Error(w, ErrNoPart.Error(), http.StatusNotFound)
	case errors.Is(err, ErrProtocol):
		http.Error(w, "not understood", http.StatusBadRequest)
	case errors.Is(err, ErrSenseless):
		http.Error(w, err.Error(), http.StatusConflict)
	default:
		w.Header().Set("Retry-After", strconv.Itoa(int(retryLater/time.Second)))
		http.Error(w, "not now", http.StatusServiceUnavailable)
	}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	_, _ = w.Write(b) // a line that broke tells the station itself
}

func (h *Hub) offer(w http.ResponseWriter, r *http.Request, p Peer) error {
	a, err := asking(r)
	if err != nil {
		return err
	}
	o, err := h.o.Releases.Offer(r.Context(), p, a)
	if err != nil {
		return err
	}
	if o == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	writeJSON(w, http.StatusOK, o)
	return nil
}

// asking reads the question strictly.
func asking(r *http.Request) (a Asking, err error) {
	q := r.URL.Query()
	for key := range q {
		switch key {
		case "app", "sequence", "system", "from":
		default:
			return a, fmt.Errorf("%w: %q in a question", ErrProtocol, cut(key, 40))
		}
	}
	a.App, a.Systems = q.Get("app"), q["system"]
	if len(a.App) > maxApp || len(a.Systems) == 0 || len(a.Systems) > maxSystems || len(q["from"]) > maxSystems {
		return a, fmt.Errorf("%w: a question names a version, and 1 to %d systems", ErrProtocol, maxSystems)
	}
	if a.Sequence, err = strconv.ParseUint(q.Get("sequence"), 10, 60); err != nil {
		return a, fmt.Errorf("%w: the release that runs is a number", ErrProtocol)
	}
	for _, s := range q["from"] {
		f, err := ParseHash(s)
		if err != nil {
			return a, err
		}
		a.From = append(a.From, f)
	}
	return a, nil
}

func (h *Hub) part(w http.ResponseWriter, r *http.Request, p Peer, name string) error {
	hash, err := ParseHash(name)
	if err != nil || hash == (Hash{}) {
		return fmt.Errorf("%w: the name of a part", ErrProtocol)
	}
	file, err := h.o.Releases.Part(r.Context(), p, hash)
	if err != nil {
		return err
	}
	defer file.Close()
	head := w.Header()
	head.Set("Content-Type", "application/octet-stream")
	head.Set("Etag", `"`+hash.String()+`"`) // the content is the name: a range always continues
	pace := &paced{ResponseWriter: w, hub: h, station: p.Station, r: r}
	http.ServeContent(pace, r, "", time.Time{}, file)
	h.o.Log.Info("part given", "station", uint32(p.Station), "part", hash.String()[:8], "bytes", pace.sent)
	return nil
}

func (h *Hub) report(w http.ResponseWriter, r *http.Request, p Peer) error {
	if err := http.NewResponseController(w).SetReadDeadline(time.Now().Add(requestTime)); err != nil {
		return err
	}
	rep, err := ParseReport(r.Body)
	if err != nil {
		return err
	}
	if err := h.o.Releases.TakeReport(r.Context(), p, rep); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// paced writes in small pieces, waits while the same station is sending records
// over its link to this node, and gives up on a line that takes nothing.
type paced struct {
	http.ResponseWriter
	hub     *Hub
	station journal.Station
	r       *http.Request
	sent    int
}

func (p *paced) Write(b []byte) (n int, err error) {
	for n < len(b) {
		if p.hub.sessions.sending(p.station, time.Now()) {
			select {
			case <-time.After(paceWait):
			case <-p.r.Context().Done():
				return n, p.r.Context().Err()
			}
		}
		if err := http.NewResponseController(p.ResponseWriter).SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
			return n, err
		}
		k, err := p.ResponseWriter.Write(b[n:min(n+paceChunk, len(b))])
		n += k
		p.sent += k
		p.hub.updates.count(k)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
