package importer

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/registrar"
	"tramxa/appliance/store"
)

// Options of a run.
type Options struct {
	Registrar *registrar.Registrar // required
	Store     *store.Store         // required, the registrar's
	Actor     uint32               // user; an officer or the head
	Source    string               // file name without its folder
	Unit      uint32               // commune code of areas the import creates
	// KnownAreas refuses the lines of every area that is not in the book;
	// otherwise those of a sizeable area make a new one.
	KnownAreas bool
	Progress   func(stage string, done, total int) // nil: nobody
}

// The stages of Progress.
const (
	StageAreas      = "areas"
	StageHouseholds = "households" // done and total count lines
)

// Result says what became of the lines.
type Result struct {
	Op         journal.Seq
	Lines      int
	Taken      int
	Refused    []Refusal // by line; a line may have several
	Households int
	Areas      int            // created
	Confirmed  map[string]int // soft findings answered with "import", by rule
	Resumed    bool           // an import that was broken off went on
}

// RefusedLines counts the lines refused.
func (r *Result) RefusedLines() int { return r.Lines - r.Taken }

// ErrAlreadyIn is returned for a file that has been imported and not undone.
var ErrAlreadyIn = errors.New("this file is in the book already")

// reason is kept with every soft finding of an import.
const reason = "import"

// inFlight is how many households are on their way to the writer at once: one
// group of the store, one fsync.
const inFlight = journal.MaxGroup

// firstArea begins the numbers of the commands that create areas; those of
// households are line numbers.
const firstArea = 1 << 40

// run is an import under way.
type run struct {
	o    Options
	book *Book
	op   journal.Seq

	areas []population.ID // by Book.Areas; 0 refused

	mu     sync.Mutex
	res    Result
	done   int
	failed error
}

// Run records a book that was read. Whatever error it returns, calling it again
// with the same file goes on. ErrAlreadyIn: nothing to do.
func Run(ctx context.Context, b *Book, o Options) (*Result, error) {
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	r := &run{o: o, book: b}
	r.res = Result{Lines: b.Lines, Refused: slices.Clone(b.Refused), Confirmed: make(map[string]int)}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	if err := r.makeAreas(ctx); err != nil {
		return nil, err
	}
	if err := r.households(ctx); err != nil {
		return nil, err
	}
	slices.SortStableFunc(r.res.Refused, func(x, y Refusal) int { return cmp.Compare(x.Line, y.Line) })
	return &r.res, o.Registrar.End(ctx, o.Actor, population.OperationEnded{
		Operation: uint64(r.op), Taken: uint32(r.res.Taken), Refused: uint32(r.res.RefusedLines()),
	})
}

// begin opens the operation, or finds the one that was broken off.
func (r *run) begin(ctx context.Context) error {
	var already bool
	err := r.o.Store.View(ctx, func(v *register.View) error {
		for _, o := range v.Operations() {
			if o.What != "import" || v.Undone(o.ID) || !bytes.Equal(o.Digest, r.book.Digest[:]) {
				continue
			}
			if already = o.Ended; !already {
				r.op, r.res.Resumed = journal.Seq(o.ID), true
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case already:
		return fmt.Errorf("%w; hint: undo that import first", ErrAlreadyIn)
	case r.op == 0:
		r.op, err = r.o.Registrar.Begin(ctx, r.o.Actor, population.OperationBegun{
			What: "import", Source: r.o.Source, Digest: r.book.Digest[:], Rows: uint32(r.book.Lines),
		})
	}
	r.res.Op = r.op
	return err
}

// makeAreas finds the areas of the book, and creates those missing.
func (r *run) makeAreas(ctx context.Context) error {
	r.areas = make([]population.ID, len(r.book.Areas))
	free := uint32(0)
	for i, a := range r.book.Areas {
		r.o.Progress(StageAreas, i, len(r.book.Areas))
		id, other, err := r.findArea(ctx, a, &free)
		if err != nil {
			return err
		}
		switch {
		case other:
			r.refuseArea(i, OtherHamlet)
		case id != 0:
			r.areas[i] = id
		case r.o.KnownAreas || r.book.strange(a):
			r.refuseArea(i, UnknownArea)
		default:
			if r.areas[i], err = r.makeArea(ctx, i, a, free); err != nil {
				return err
			}
		}
	}
	return nil
}

// findArea looks an area up by number, or by hamlet where the file has no
// numbers; free becomes the first number above all in use.
func (r *run) findArea(ctx context.Context, a Area, free *uint32) (id population.ID, other bool, err error) {
	err = r.o.Store.View(ctx, func(v *register.View) error {
		for _, have := range v.Areas() {
			*free = max(*free, have.Number+1)
			same := population.Key2(have.Hamlet) == population.Key2(a.Hamlet)
			switch {
			case have.Closed:
			case a.Number == 0 && same && id == 0:
				id = have.ID
			case a.Number != 0 && have.Number == a.Number:
				id, other = have.ID, a.Hamlet != "" && !same
			}
		}
		return nil
	})
	for _, x := range r.book.Areas {
		*free = max(*free, x.Number+1)
	}
	return id, other, err
}

func (r *run) makeArea(ctx context.Context, i int, a Area, free uint32) (population.ID, error) {
	number := a.Number
	if number == 0 {
		number = max(free, 1)
	}
	hamlet := a.Hamlet
	if hamlet == "" {
		hamlet = fmt.Sprintf("Địa bàn %d", number)
	}
	ans, err := r.o.Registrar.Record(ctx, r.o.Actor, registrar.Command{
		Key: registrar.SeriesKey(r.op, firstArea+uint64(i)), Op: r.op, ConfirmAll: reason,
		Entries: []population.Entry{population.AreaDefined{Number: number, Unit: r.o.Unit, Hamlet: hamlet, Date: r.book.Date}},
	})
	if err != nil {
		return 0, err
	}
	if ans.Status != registrar.StatusRecorded {
		for _, f := range ans.Findings {
			if f.Hard {
				r.refuseAreaFor(i, Refusal{Reason: RuleRefused, Finding: &f, Column: ColArea})
				return 0, nil
			}
		}
	}
	r.res.Areas++
	return ans.IDs[0], nil
}

func (r *run) refuseArea(i int, why Reason) {
	r.refuseAreaFor(i, Refusal{Column: ColArea, Reason: why})
}

// refuseAreaFor refuses every line of an area.
func (r *run) refuseAreaFor(i int, why Refusal) {
	for _, h := range r.book.Households {
		if h.Area == i {
			r.refuse(h.Lines, why)
		}
	}
}

func (r *run) refuse(lines []int, why Refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range lines {
		why.Line = n
		r.res.Refused = append(r.res.Refused, why)
	}
}
