package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"text/tabwriter"
	"time"

	"tramxa/replication/fsm"
	"tramxa/replication/hub"
	"tramxa/service"
)

// hubOpener opens nothing by itself: a node alone cannot answer for its
// cluster, so hub verbs want a running one.
func hubOpener(dir string) opener {
	return func(context.Context) (http.Handler, func() error, error) {
		if _, err := hubPart(dir); err != nil {
			return nil, nil, err
		}
		return nil, nil, unreachable(fmt.Errorf("no hub node runs in %s", dir), "start it with 'tramxa hub run --dir "+dir+"'")
	}
}

func runHubRun(ctx context.Context, args []string, io stdio) error {
	f := newFlags("hub run", io)
	dir := dirFlag(f, "hub node")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	c, err := hubPart(*dir)
	if err != nil {
		return err
	}
	log := newLogger(io.err, slog.LevelInfo)
	tellLeftover(*dir, "remove it", log)
	life, out := hubLife{service.Supervised()}, io.out
	if life.report != nil {
		out = io.err // the standard output is the launcher's
	}
	ctx, stop := life.untilStopped(ctx)
	defer stop()
	opened := life.opening(ctx)
	n, err := openHub(ctx, *dir, c, hubTuning{}, log)
	opened()
	if err != nil {
		return err
	}
	defer n.close()
	again := make(chan struct{}, 1)
	stopControl, err := serveControl(*dir, restartable(life.report, hubHandler(n), again))
	if err != nil {
		return err
	}
	defer stopControl()
	page, stopPages, err := serveHubPages(*dir, n, false, out, log)
	if err != nil {
		return err
	}
	defer stopPages()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		life.serve(ctx, n, page, log)
	}()
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		n.copies.nightly(ctx)
	}()
	defer func() { // nobody asks a node that is being closed, or copies it
		stop()
		<-asked
		<-copied
	}()
	fmt.Fprintf(out, "hub node %s: stations at %s, pages at http://%s\n", c.ID, c.Link, page)
	select {
	case <-ctx.Done():
		return nil
	case <-again:
		return errRestart
	case <-n.Failed():
		return fmt.Errorf("hub node stopped: %w", n.Err())
	}
}

func runHubStatus(ctx context.Context, args []string, std stdio) error {
	f := newFlags("hub status", std)
	dir := dirFlag(f, "hub node")
	asJSON := f.Bool("json", false, "answer as JSON")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	return withControl(ctx, *dir, hubOpener(*dir), func(c *control) error {
		return printOrJSON(ctx, c, "/v1/status", *asJSON, std.out, func(w io.Writer, s hubStatus) error {
			_, err := fmt.Fprintf(w, "node %s is %s; leader %s; term %d; applied %d; stations %d\n", s.Node, s.State, s.Leader, s.Term, s.Applied, s.Stations)
			for _, bad := range []string{s.Damage, s.Diverged, s.Error} {
				if bad != "" {
					_, err = fmt.Fprintf(w, "problem: %s\n", bad)
				}
			}
			return errors.Join(err, showCopies(w, s.Copies, time.Now()))
		})
	})
}

func runHubStations(ctx context.Context, args []string, std stdio) error {
	f := newFlags("hub stations", std)
	dir := dirFlag(f, "hub node")
	name := f.String("name", "", "what the board calls the station")
	asJSON := f.Bool("json", false, "answer as JSON")
	words, err := f.parse(args, -1)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		words = []string{"list"}
	}
	return withControl(ctx, *dir, hubOpener(*dir), func(c *control) error {
		switch {
		case words[0] == "list" && len(words) == 1:
			return printOrJSON(ctx, c, "/v1/stations", *asJSON, std.out, showStations)
		case words[0] == "add" && len(words) == 2:
			return sendFile(ctx, c, "/v1/stations", url.Values{"name": {*name}}, words[1], std.out)
		case words[0] == "fence" && len(words) == 3:
			return c.call(ctx, http.MethodPost, "/v1/fence", url.Values{"station": {words[1]}, "epoch": {words[2]}}, nil, std.out)
		case words[0] == "replace" && len(words) == 3:
			return c.call(ctx, http.MethodPost, "/v1/replace", url.Values{"station": {words[1]}, "epoch": {words[2]}}, nil, std.out)
		}
		return usagef("hub stations takes: list, add FILE, fence STATION EPOCH, or replace STATION EPOCH")
	})
}

func showStations(w io.Writer, list []hub.StationStatus) error {
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	fmt.Fprintln(t, "station\tunit\tname\tlast contact\trecords\twaiting\tstate")
	for _, s := range list {
		state := "ok"
		switch {
		case s.Fenced:
			state = "fenced"
		case s.Quarantined > 0:
			state = fmt.Sprintf("%d quarantined", s.Quarantined)
		case s.LastContact.IsZero():
			state = "never seen"
		}
		name := s.Name
		if name == "" {
			name = s.UnitName
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%d\t%d\t%s\n", s.Station, s.Unit, name, shortTime(s.LastContact.Local().Round(time.Second)), s.Watermark, s.Waiting, state)
	}
	return t.Flush()
}

func runHubUnits(ctx context.Context, args []string, std stdio) error {
	f := newFlags("hub units", std)
	dir := dirFlag(f, "hub node")
	asJSON := f.Bool("json", false, "answer as JSON")
	words, err := f.parse(args, -1)
	if err != nil {
		return err
	}
	if len(words) == 0 {
		words = []string{"list"}
	}
	return withControl(ctx, *dir, hubOpener(*dir), func(c *control) error {
		switch {
		case words[0] == "list" && len(words) == 1:
			return printOrJSON(ctx, c, "/v1/units", *asJSON, std.out, showUnits)
		case words[0] == "import" && len(words) == 2:
			return sendFile(ctx, c, "/v1/units", nil, words[1], std.out)
		}
		return usagef("hub units takes: list, or import FILE")
	})
}

func showUnits(w io.Writer, list []fsm.UnitRow) error {
	for _, u := range list {
		if _, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", u.Code, u.Kind, u.Name, u.Province); err != nil {
			return err
		}
	}
	return nil
}

func runHubReport(ctx context.Context, args []string, io stdio) error {
	return fetchReport(ctx, newReportFlags("hub report", "hub node", io), args, hubOpener)
}

// sendFile posts a file, "-" being the standard input of the process.
func sendFile(ctx context.Context, c *control, path string, q url.Values, name string, out io.Writer) error {
	file := os.Stdin
	if name != "-" {
		var err error
		if file, err = os.Open(name); err != nil {
			return err
		}
		defer file.Close()
	}
	return c.call(ctx, http.MethodPost, path, q, file, out)
}
