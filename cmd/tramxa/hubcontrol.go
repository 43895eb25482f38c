package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/report"
	"tramxa/replication/fsm"
	"tramxa/replication/hub"
	"tramxa/replication/identity"
)

// maxUpload bounds what a verb sends to a running process: a nation's list of
// communes has 130 kB, a commune's book of 100,000 persons 20 MB.
const maxUpload = 64 << 20

// hubHandler answers the other hub verbs.
func hubHandler(n *hubNode) http.Handler {
	h := n.Hub
	mux := http.NewServeMux()
	handle := func(pattern string, fn func(w http.ResponseWriter, r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
			if err := fn(w, r); err != nil {
				writeProblem(w, hubError(h, err))
			}
		})
	}
	handle("GET /v1/status", func(w http.ResponseWriter, _ *http.Request) error { return writeJSON(w, n.status()) })
	handle("POST /v1/backup", n.copies.handle)
	handle("GET /v1/stations", func(w http.ResponseWriter, _ *http.Request) error {
		list, err := h.Stations()
		if err != nil {
			return err
		}
		return writeJSON(w, list)
	})
	handle("POST /v1/stations", func(w http.ResponseWriter, r *http.Request) error { return addStation(h, w, r) })
	handle("POST /v1/fence", func(w http.ResponseWriter, r *http.Request) error {
		return aboutEpoch(w, r, "fenced", h.Fence)
	})
	handle("POST /v1/replace", func(w http.ResponseWriter, r *http.Request) error {
		return aboutEpoch(w, r, "replaced", h.Release)
	})
	handle("GET /v1/units", func(w http.ResponseWriter, _ *http.Request) error { return listUnits(h, w) })
	handle("POST /v1/units", func(w http.ResponseWriter, r *http.Request) error { return importUnits(h, w, r) })
	handle("GET /v1/report", func(w http.ResponseWriter, r *http.Request) error {
		rep, err := hubReport(h, r)
		if err != nil {
			return err
		}
		return writeReport(w, rep, r.URL.Query().Get("format"), r.URL.Query().Get("lang"))
	})
	releaseRoutes(mux, h)
	return mux
}

// hubError adds what to do to the errors people can act on.
func hubError(h *hub.Hub, err error) error {
	switch {
	case errors.Is(err, hub.ErrNotLeader):
		if p, ok := h.Leader(); ok {
			return withHint(err, "run it on node "+p.ID)
		}
		return withHint(err, "no node leads now: are two of the three running and reaching each other?")
	case errors.Is(err, hub.ErrUnknownOutcome), errors.Is(err, hub.ErrBusy):
		return withHint(err, "run it again; doing it twice does no harm")
	case errors.Is(err, hub.ErrRefused):
		return &coded{err: err, code: exitRefused}
	}
	return err
}

func addStation(h *hub.Hub, w http.ResponseWriter, r *http.Request) error {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	reg, err := identity.ParseRegistration(b)
	if err != nil {
		return withHint(err, "give the registration file that 'tramxa station init' wrote")
	}
	if err := h.RegisterStation(r.Context(), reg, r.URL.Query().Get("name")); err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"station": reg.Station, "epoch": reg.Epoch, "unit": reg.Unit})
}

// aboutEpoch does one thing to the epoch of a station that the request names.
func aboutEpoch(w http.ResponseWriter, r *http.Request, what string, do func(context.Context, journal.Station, journal.Epoch) error) error {
	station, err1 := strconv.ParseUint(r.URL.Query().Get("station"), 10, 32)
	epoch, err2 := strconv.ParseUint(r.URL.Query().Get("epoch"), 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return usagef("station and epoch are numbers")
	}
	if err := do(r.Context(), journal.Station(station), journal.Epoch(epoch)); err != nil {
		return err
	}
	return writeJSON(w, map[string]any{"station": station, "epoch": epoch, what: true})
}

func listUnits(h *hub.Hub, w http.ResponseWriter) error {
	units := []fsm.UnitRow{}
	err := h.View(func(v *fsm.View) error {
		return v.Units(func(u fsm.UnitRow) error {
			units = append(units, u)
			return nil
		})
	})
	if err != nil {
		return err
	}
	return writeJSON(w, units)
}

func importUnits(h *hub.Hub, w http.ResponseWriter, r *http.Request) error {
	taken, bad, err := h.ImportUnits(r.Context(), r.Body)
	if err != nil {
		return err
	}
	if len(bad) > 0 {
		return withHint(fmt.Errorf("%d lines are not good, the first: %w", len(bad), bad[0]), "nothing was taken; mend the file and import it again")
	}
	return writeJSON(w, map[string]int{"taken": taken})
}

// hubReport computes a station's report, or the roll-up of all.
func hubReport(h *hub.Hub, r *http.Request) (*report.Report, error) {
	o, err := reportOptions(r.URL.Query())
	if err != nil {
		return nil, err
	}
	s := r.URL.Query().Get("station")
	if s == "" {
		return h.RollUp(r.Context(), o)
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return nil, usagef("station is a number")
	}
	return h.Report(journal.Station(n), o)
}

// reportOptions reads period (2026-03 or 2026-01..2026-03), area and hamlet.
func reportOptions(q interface{ Get(string) string }) (report.Options, error) {
	var o report.Options
	from, to, isSpan := cutPeriod(q.Get("period"))
	var err error
	if o.From, err = population.ParsePeriod(from); err != nil {
		return o, usagef("--period is a month such as 2026-03, or a span such as 2026-01..2026-03")
	}
	if isSpan {
		if o.To, err = population.ParsePeriod(to); err != nil || o.To < o.From {
			return o, usagef("--period is a month such as 2026-03, or a span such as 2026-01..2026-03")
		}
	}
	if a := q.Get("area"); a != "" {
		if o.Scope.Area, err = population.ParseID(a); err != nil {
			return o, usagef("--area is the id of an area: %v", err)
		}
	}
	o.Scope.Hamlet = q.Get("hamlet")
	if c := q.Get("collaborator"); c != "" {
		n, err := strconv.ParseUint(c, 10, 32)
		if err != nil {
			return o, usagef("--collaborator is a user number")
		}
		o.Scope.Collaborator = uint32(n)
	}
	return o, nil
}
