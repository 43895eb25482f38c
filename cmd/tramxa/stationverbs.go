package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"tramxa/replication/spoke"
)

const spokeStopped = spoke.StageStopped

func lineProblem(err error) error {
	if err == nil {
		return errors.New("the line is slow")
	}
	return err
}

func stationVerbControl(ctx context.Context, dir string, std stdio, fn func(*control) error) error {
	return withControl(ctx, dir, stationOpener(dir, newLogger(std.err, slog.LevelWarn)), fn)
}

func runStationStatus(ctx context.Context, args []string, std stdio) error {
	f := newFlags("station status", std)
	dir := dirFlag(f, "station")
	asJSON := f.Bool("json", false, "answer as JSON")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	return stationVerbControl(ctx, *dir, std, func(c *control) error {
		return printOrJSON(ctx, c, "/v1/status", *asJSON, std.out, showStatus)
	})
}

func showStatus(w io.Writer, s stationStatus) error {
	fmt.Fprintf(w, "station %d, epoch %d, unit %s\nsaved: %d\nprovince has: %d (%s)\npending: %d\nline: %s\nfree: %d MB\n",
		s.Station, s.Epoch, s.Unit, s.Saved, s.Acked, shortTime(s.AckedAt.Local()), s.Waiting, s.Line, s.FreeMB)
	if !s.Trusted {
		fmt.Fprintf(w, "clock: %s cannot be trusted; dates must be typed\n", shortTime(s.Clock))
	}
	for name, bad := range map[string]string{"line problem": s.Problem, "stopped": s.Failed} {
		if bad != "" {
			fmt.Fprintf(w, "%s: %s\n", name, bad)
		}
	}
	if s.Full {
		fmt.Fprintln(w, "disk: nearly full, nothing is written until there is room")
	}
	s.Backup.show(w)
	return nil
}

func runStationRecord(ctx context.Context, args []string, std stdio) error {
	f := newFlags("station record", std)
	dir := dirFlag(f, "station")
	as := f.String("as", "", "login of the user who writes")
	lang := f.String("lang", "vi", "vi or en, of the findings")
	f.Bool("json", true, "answers are JSON lines always")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	return stationVerbControl(ctx, *dir, std, func(c *control) error {
		tally := &answerTally{out: std.out}
		err := c.call(ctx, http.MethodPost, "/v1/record", url.Values{"as": {*as}, "lang": {*lang}}, std.in, tally)
		return errors.Join(err, tally.verdict())
	})
}

// answerTally passes answers on and counts those that were not recorded.
type answerTally struct {
	out                      io.Writer
	lines                    lineSplitter
	recorded, refused, wrong int
}

func (t *answerTally) Write(b []byte) (int, error) {
	t.lines.add(b, t.count)
	return t.out.Write(b)
}

func (t *answerTally) count(line []byte) {
	var a answerLine
	switch err := json.Unmarshal(line, &a); {
	case err != nil || a.Status == "error":
		t.wrong++
	case a.Status == "recorded":
		t.recorded++
	default:
		t.refused++
	}
}

func (t *answerTally) verdict() error {
	switch {
	case t.wrong > 0:
		return withHint(fmt.Errorf("%d of %d commands were not understood or not taken", t.wrong, t.wrong+t.refused+t.recorded), "each answer line says why")
	case t.refused > 0:
		return refusedf("%d of %d commands were not recorded; each answer line says which rule", t.refused, t.refused+t.recorded)
	}
	return nil
}

func runStationReport(ctx context.Context, args []string, std stdio) error {
	log := newLogger(std.err, slog.LevelWarn)
	return fetchReport(ctx, newReportFlags("station report", "station", std), args, func(dir string) opener { return stationOpener(dir, log) })
}

func runStationSync(ctx context.Context, args []string, std stdio) error {
	f := newFlags("station sync", std)
	dir := dirFlag(f, "station")
	asJSON := f.Bool("json", false, "answer as JSON")
	if _, err := f.parse(args, 0); err != nil {
		return err
	}
	return stationVerbControl(ctx, *dir, std, func(c *control) error {
		if *asJSON {
			return c.call(ctx, http.MethodPost, "/v1/sync", nil, nil, std.out)
		}
		var moved struct{ Moved, Waiting uint64 }
		pr, pw := io.Pipe()
		go func() { pw.CloseWithError(c.call(ctx, http.MethodPost, "/v1/sync", nil, nil, pw)) }()
		if err := json.NewDecoder(pr).Decode(&moved); err != nil {
			return err
		}
		_, err := fmt.Fprintf(std.out, "moved: %d\npending: %d\n", moved.Moved, moved.Waiting)
		return err
	})
}

// readSecret reads a password: one line, without its end.
func readSecret(in io.Reader) (string, error) {
	s := bufio.NewScanner(io.LimitReader(in, 1<<10))
	if !s.Scan() {
		return "", usagef("a password is read from the standard input")
	}
	return s.Text(), s.Err()
}

// progressPrinter prints at most one line a second.
type progressPrinter struct {
	w    io.Writer
	last time.Time
	from time.Time
}

func (p *progressPrinter) show(stage string, done, total int64) {
	now := time.Now()
	if p.from.IsZero() {
		p.from, p.last = now, now
		return
	}
	if now.Sub(p.last) < time.Second {
		return
	}
	p.last = now
	line := fmt.Sprintf("%s: %d", stage, done)
	if total > 0 && done > 0 {
		left := time.Duration(float64(now.Sub(p.from)) / float64(done) * float64(total-done))
		line += fmt.Sprintf(" of %d, %s left", total, left.Round(time.Second))
	}
	fmt.Fprintln(p.w, line)
}
