package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/registrar/importer"
	"tramxa/appliance/rules"
)

// An import and its undoing answer as JSON lines: progress while they run, then
// one line with the outcome.

type importLine struct {
	Stage   string          `json:"stage,omitempty"` // progress
	Done    int             `json:"done,omitempty"`
	Total   int             `json:"total,omitempty"`
	Outcome *importOutcome  `json:"outcome,omitempty"`
	Undone  *undoOutcome    `json:"undone,omitempty"`
	Problem json.RawMessage `json:"problem,omitempty"`
}

type importOutcome struct {
	Preview    bool           `json:"preview,omitempty"` // nothing was written
	Operation  uint64         `json:"operation,omitempty"`
	Lines      int            `json:"lines"`
	Taken      int            `json:"taken"`
	Refused    int            `json:"refused"`
	Households int            `json:"households"`
	Areas      int            `json:"areas"`
	Resumed    bool           `json:"resumed,omitempty"`
	Confirmed  map[string]int `json:"confirmed,omitempty"` // soft findings taken with the reason "import", by rule
	Refusals   []refusalLine  `json:"refusals,omitempty"`
	Seconds    float64        `json:"seconds"`
	RSS        int64          `json:"rss_mb"` // the most the process held
}

type refusalLine struct {
	Line   int    `json:"line"`
	Column string `json:"column,omitempty"`
	Reason string `json:"reason"`
	Text   string `json:"text"`
}

type undoOutcome struct {
	Operation uint64        `json:"operation"` // undo this one to do it again
	Entries   int           `json:"entries"`
	Findings  []findingLine `json:"findings,omitempty"`
	Seconds   float64       `json:"seconds"`
}

func runStationImport(ctx context.Context, args []string, std stdio) error {
	f := newFlags("station import", std)
	dir := dirFlag(f, "station")
	as := f.String("as", "", "login of the user who imports")
	mapping := f.String("map", "", "file that says what the columns hold, as JSON or TOML: header = column")
	preview := f.Bool("preview", false, "say what would happen and write nothing")
	known := f.Bool("known-areas", false, "refuse lines of areas that are not in the book")
	date := f.String("date", "", "the day the book states, such as 2026-01-01; empty: not stated")
	lang := f.String("lang", "vi", "vi or en, of the reasons")
	asJSON := f.Bool("json", false, "answer as JSON lines, progress among them")
	words, err := f.parse(args, -1)
	if err != nil {
		return err
	}
	show := &importShow{asJSON: *asJSON, out: std.out, progress: &progressPrinter{w: std.err}}
	if len(words) == 2 && words[0] == "undo" {
		q := url.Values{"as": {*as}, "op": {words[1]}, "lang": {*lang}}
		return stationVerbControl(ctx, *dir, std, func(c *control) error {
			return show.finish(c.call(ctx, http.MethodPost, "/v1/undo", q, nil, show))
		})
	}
	if len(words) != 1 {
		return usagef("station import takes a CSV file, or: undo OPERATION")
	}
	q := url.Values{"as": {*as}, "source": {filepath.Base(words[0])}, "date": {*date}, "lang": {*lang},
		"preview": {strconv.FormatBool(*preview)}, "known": {strconv.FormatBool(*known)}}
	if *mapping != "" {
		b, err := os.ReadFile(*mapping)
		if err != nil {
			return err
		}
		q.Set("map", string(b))
	}
	file, err := os.Open(words[0])
	if err != nil {
		return err
	}
	defer file.Close()
	return stationVerbControl(ctx, *dir, std, func(c *control) error {
		return show.finish(c.call(ctx, http.MethodPost, "/v1/import", q, file, show))
	})
}

// importShow turns the answer's lines into what the user sees.
type importShow struct {
	asJSON   bool
	out      io.Writer
	progress *progressPrinter
	lines    lineSplitter
	last     importLine
}

func (s *importShow) Write(b []byte) (int, error) {
	if s.asJSON {
		if _, err := s.out.Write(b); err != nil {
			return 0, err
		}
	}
	s.lines.add(b, func(line []byte) {
		s.last = importLine{}
		if json.Unmarshal(line, &s.last) == nil && s.last.Stage != "" && !s.asJSON {
			s.progress.show(s.last.Stage, int64(s.last.Done), int64(s.last.Total))
		}
	})
	return len(b), nil
}

// finish tells the outcome, or why there is none.
func (s *importShow) finish(err error) error {
	if err != nil {
		return err
	}
	if len(s.last.Problem) > 0 {
		var p problem
		if err := json.Unmarshal(s.last.Problem, &p); err != nil {
			return err
		}
		return &coded{err: errors.New(p.Error), code: p.Code, hint: p.Hint}
	}
	if u := s.last.Undone; u != nil {
		if len(u.Findings) > 0 {
			return refusedf("the operation cannot be undone: %s", u.Findings[0].Text)
		}
		if !s.asJSON {
			fmt.Fprintf(s.out, "taken back: %d entries, %.1f s\nhint: 'tramxa station import undo %d' does it again\n", u.Entries, u.Seconds, u.Operation)
		}
		return nil
	}
	if o := s.last.Outcome; o != nil {
		if !s.asJSON {
			o.show(s.out)
		}
		return nil
	}
	return errors.New("the station broke off without an outcome; the same file imported again goes on where it was")
}

func (o *importOutcome) show(w io.Writer) {
	for _, r := range o.Refusals {
		where := ""
		if r.Column != "" {
			where = " (" + r.Column + ")"
		}
		fmt.Fprintf(w, "line %d%s: %s\n", r.Line, where, r.Text)
	}
	word := "taken"
	if o.Preview {
		word = "would be taken"
	}
	fmt.Fprintf(w, "%s: %d of %d lines in %d households, refused: %d, %.1f s, %d MB\n", word, o.Taken, o.Lines, o.Households, o.Refused, o.Seconds, o.RSS)
	if !o.Preview {
		fmt.Fprintf(w, "hint: 'tramxa station import undo %d' takes the whole import back\n", o.Operation)
	}
}

// handleImport reads a file, and records it unless a preview is wanted.
func (n *stationNode) handleImport(w http.ResponseWriter, r *http.Request) error {
	began, q := time.Now(), r.URL.Query()
	actor, err := n.actor(r.Context(), q.Get("as"))
	if err != nil {
		return err
	}
	o, unit, err := n.importOptions(q)
	if err != nil {
		return err
	}
	book, err := importer.Read(http.MaxBytesReader(w, r.Body, maxUpload), o)
	if err != nil {
		return err
	}
	return n.importBook(r.Context(), w, book, actor, unit, q, began)
}

func (n *stationNode) importOptions(q url.Values) (importer.ReadOptions, uint32, error) {
	o := importer.ReadOptions{}
	o.Today, _ = n.Clock().Today()
	var err error
	if d := q.Get("date"); d != "" {
		if o.Date, err = population.ParseDate(d); err != nil {
			return o, 0, usagef("--date is a day such as 2026-01-01")
		}
	}
	if m := q.Get("map"); m != "" {
		if o.Mapping, err = importer.ParseMapping([]byte(m)); err != nil {
			return o, 0, err
		}
	}
	unit, err := strconv.ParseUint(n.Store().Genesis().Unit, 10, 32)
	return o, uint32(unit), err
}

func (n *stationNode) importBook(ctx context.Context, w http.ResponseWriter, book *importer.Book, actor, unit uint32, q url.Values, began time.Time) error {
	lang := q.Get("lang")
	if q.Get("preview") == "true" {
		out := importOutcome{Preview: true, Lines: book.Lines, Taken: book.Persons(), Refused: book.Lines - book.Persons(),
			Households: len(book.Households), Areas: len(book.Areas), Refusals: refusalLines(book.Refused, lang)}
		out.cost(began)
		return writeJSON(w, importLine{Outcome: &out})
	}
	report := n.reporter(w)
	res, err := importer.Run(ctx, book, importer.Options{Registrar: n.Registrar(), Store: n.Store(), Actor: actor, Source: q.Get("source"),
		Unit: unit, KnownAreas: q.Get("known") == "true", Progress: func(stage string, done, total int) {
			report(importLine{Stage: stage, Done: done, Total: total}, false)
		}})
	if err != nil {
		report(importLine{Problem: problemOf(importHint(err))}, true)
		return nil
	}
	out := importOutcome{Operation: uint64(res.Op), Lines: res.Lines, Taken: res.Taken, Refused: res.RefusedLines(), Households: res.Households,
		Areas: res.Areas, Resumed: res.Resumed, Confirmed: res.Confirmed, Refusals: refusalLines(res.Refused, lang)}
	out.cost(began)
	report(importLine{Outcome: &out}, true)
	return nil
}

func importHint(err error) error {
	if errors.Is(err, importer.ErrAlreadyIn) {
		return &coded{err: importer.ErrAlreadyIn, code: exitRefused, hint: "undo the import first if it shall be taken again"}
	}
	return withHint(err, "the same file imported again goes on where it was")
}

func (o *importOutcome) cost(began time.Time) {
	o.Seconds, o.RSS = time.Since(began).Seconds(), peakRSS()>>20
}

func refusalLines(list []importer.Refusal, lang string) []refusalLine {
	out := make([]refusalLine, 0, len(list))
	for _, r := range list {
		l := refusalLine{Line: r.Line, Column: string(r.Column), Reason: string(r.Reason), Text: r.Text(lang)}
		if r.Finding != nil {
			l.Reason, l.Text = r.Finding.Rule, rules.Text(*r.Finding, lang)
		}
		out = append(out, l)
	}
	return out
}

// reporter writes lines to w, progress at most five times a second.
func (n *stationNode) reporter(w http.ResponseWriter) func(v any, always bool) {
	rc := http.NewResponseController(w)
	var last time.Time
	return func(v any, always bool) {
		if now := time.Now(); always || now.Sub(last) > 200*time.Millisecond {
			last = now
			_ = writeJSON(w, v) // a reader that has gone does not end what was asked
			_ = rc.Flush()
		}
	}
}

func problemOf(err error) json.RawMessage {
	b, _ := json.Marshal(problem{Error: err.Error(), Hint: hint(err), Code: exitCode(err)})
	return b
}

func (n *stationNode) handleUndo(w http.ResponseWriter, r *http.Request) error {
	began, q := time.Now(), r.URL.Query()
	op, err := strconv.ParseUint(q.Get("op"), 10, 64)
	if err != nil || op == 0 {
		return usagef("an operation is a number, as the import printed it")
	}
	actor, err := n.actor(r.Context(), q.Get("as"))
	if err != nil {
		return err
	}
	report := n.reporter(w)
	u, err := n.Registrar().Undo(r.Context(), actor, journal.Seq(op), func(done, total int) {
		report(importLine{Stage: "undo", Done: done, Total: total}, false)
	})
	if err != nil {
		report(importLine{Problem: problemOf(err)}, true)
		return nil
	}
	report(importLine{Undone: &undoOutcome{Operation: uint64(u.Op), Entries: u.Entries, Findings: findingLines(u.Findings, q.Get("lang")),
		Seconds: time.Since(began).Seconds()}}, true)
	return nil
}
