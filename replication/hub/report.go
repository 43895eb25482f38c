package hub

import (
	"context"
	"fmt"
	"io"

	"tramxa/appliance/codelist"
	"tramxa/appliance/journal"
	"tramxa/appliance/register"
	"tramxa/appliance/report"
	"tramxa/replication/fsm"
)

// ErrUnknownStation means that no such station was registered.
var ErrUnknownStation = fmt.Errorf("no such station: %w", journal.ErrNotFound)

// Register calls fn with the register of a station as this node holds it.
func (h *Hub) Register(station journal.Station, fn func(*register.View) error) error {
	return h.fsm.View(func(v *fsm.View) error {
		if _, ok, err := v.Station(station); err != nil || !ok {
			return or(err, fmt.Errorf("%w: %d", ErrUnknownStation, station))
		}
		r := v.Register(station)
		if err := fn(r); err != nil {
			return err
		}
		return r.Err()
	})
}

// Report computes a station's report from the hub's own register: the same code
// as at the station, so that the two agree or one of them is wrong.
func (h *Hub) Report(station journal.Station, o report.Options) (r *report.Report, err error) {
	err = h.Register(station, func(v *register.View) (err error) {
		r, err = report.Compute(v, o)
		return err
	})
	return r, err
}

// RollUp adds up the reports of all stations that have sent anything, all read
// at one command.
func (h *Hub) RollUp(ctx context.Context, o report.Options) (*report.Report, error) {
	var list []*report.Report
	err := h.fsm.View(func(v *fsm.View) error {
		return v.Stations(func(s fsm.StationRow) error {
			if s.Lane[journal.LaneRegister].Seq == 0 {
				return ctx.Err()
			}
			view := v.Register(s.Station)
			r, err := report.Compute(view, o)
			if err == nil {
				err = or(view.Err(), ctx.Err())
			}
			list = append(list, r)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return report.RollUp(list)
}

// StateHash returns the hash of a station's register, comparable with the
// station's own when both stand at the same sequence.
func (h *Hub) StateHash(station journal.Station) (hash journal.Hash, at journal.Seq, err error) {
	err = h.fsm.View(func(v *fsm.View) error {
		s, ok, err := v.Station(station)
		if err != nil || !ok {
			return or(err, fmt.Errorf("%w: %d", ErrUnknownStation, station))
		}
		at = s.Lane[journal.LaneRegister].Seq
		hash, err = v.RegisterHash(station)
		return err
	})
	return hash, at, err
}

// ImportUnits puts a list of administrative units (codelist.ReadUnits) in the
// hub's table and returns how many rows it took. When lines are wrong it returns
// them and takes nothing.
func (h *Hub) ImportUnits(ctx context.Context, from io.Reader) (int, []codelist.LineError, error) {
	list, wrong, err := codelist.ReadUnits(from)
	if err != nil || len(wrong) > 0 {
		return 0, wrong, err
	}
	rows := make([]fsm.UnitRow, 0, list.Len())
	for _, u := range list.All() {
		rows = append(rows, fsm.UnitRow{Code: u.Code, Kind: u.Kind, Name: u.Name, Province: u.ProvinceCode, From: u.From.String(), To: u.To.String()})
	}
	return len(rows), nil, h.AddUnits(ctx, rows)
}
