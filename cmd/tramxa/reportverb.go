package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"tramxa/appliance/report"
)

// cutPeriod splits 2026-01..2026-03.
func cutPeriod(s string) (from, to string, isSpan bool) { return strings.Cut(s, "..") }

// writeReport answers a report as text, JSON or CSV.
func writeReport(w http.ResponseWriter, rep *report.Report, format, lang string) error {
	switch format {
	case "json":
		return rep.WriteJSON(w)
	case "csv":
		return rep.WriteCSV(w)
	case "", "text":
		return rep.WriteText(w)
	}
	return usagef("format is text, json or csv, not %q", format)
}

// reportFlags are the flags of 'station report' and 'hub report'.
type reportFlags struct {
	*flags
	dir                           *string
	period, area, hamlet, station *string
	collaborator, lang            *string
	json, csv                     *bool
}

func newReportFlags(name, what string, io stdio) *reportFlags {
	f := newFlags(name, io)
	r := &reportFlags{flags: f, dir: dirFlag(f, what)}
	r.period = f.String("period", "", "month (2026-03) or span of months (2026-01..2026-03)")
	r.area = f.String("area", "", "id of one area (địa bàn)")
	r.hamlet = f.String("hamlet", "", "one hamlet, as written in its areas")
	r.collaborator = f.String("collaborator", "", "user number of one collaborator")
	r.station = f.String("station", "", "one station; empty: all together (hub only)")
	r.lang = f.String("lang", "vi", "vi or en, of the text form")
	r.json = f.Bool("json", false, "answer as JSON")
	r.csv = f.Bool("csv", false, "answer as CSV")
	return r
}

func (r *reportFlags) query() url.Values {
	q := url.Values{"period": {*r.period}, "area": {*r.area}, "hamlet": {*r.hamlet},
		"collaborator": {*r.collaborator}, "station": {*r.station}, "lang": {*r.lang}}
	switch {
	case *r.json:
		q.Set("format", "json")
	case *r.csv:
		q.Set("format", "csv")
	}
	return q
}

// fetchReport runs a report verb against a directory.
func fetchReport(ctx context.Context, r *reportFlags, args []string, open func(dir string) opener) error {
	if _, err := r.parse(args, 0); err != nil {
		return err
	}
	if *r.period == "" {
		return usagef("--period is needed, for example --period 2026-03")
	}
	return withControl(ctx, *r.dir, open(*r.dir), func(c *control) error {
		return c.call(ctx, http.MethodGet, "/v1/report", r.query(), nil, r.io.out)
	})
}

// withControl reaches or opens dir, calls fn, and closes what it opened.
func withControl(ctx context.Context, dir string, open opener, fn func(*control) error) (err error) {
	c, err := openControl(ctx, dir, open)
	if err != nil {
		return err
	}
	defer func() {
		if e := c.close(); err == nil {
			err = e
		}
	}()
	return fn(c)
}

// printOrJSON gets path and shows it: the JSON as it is, or as lines by show.
func printOrJSON[T any](ctx context.Context, c *control, path string, asJSON bool, out io.Writer, show func(io.Writer, T) error) error {
	if asJSON {
		return c.call(ctx, http.MethodGet, path, nil, nil, out)
	}
	var v T
	if err := c.get(ctx, path, nil, &v); err != nil {
		return err
	}
	return show(out, v)
}

func shortTime(t interface {
	IsZero() bool
	Format(string) string
}) string {
	if t.IsZero() {
		return "never"
	}
	return fmt.Sprint(t.Format("2006-01-02 15:04:05"))
}
