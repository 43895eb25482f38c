package report

import (
	"errors"
	"fmt"
	"sort"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
)

// ErrOptions says that options make no sense.
var ErrOptions = errors.New("report options")

// maxMonths bounds the span of one report.
const maxMonths = 120

// Options say what to count.
type Options struct {
	From, To population.Period // months, both counted; To 0: From alone
	Scope    Scope             // zero: the commune
	Layout   string            // form; "": 01-DSX
}

func (o *Options) check() error {
	if o.To == 0 {
		o.To = o.From
	}
	if o.From == 0 || o.To < o.From || o.To-o.From >= maxMonths || !o.From.Valid() || !o.To.Valid() {
		return fmt.Errorf("%w: a span of 1 to %d months is needed", ErrOptions, maxMonths)
	}
	return nil
}

// Count is a number of persons, by sex.
type Count struct {
	Total   int `json:"total"`
	Male    int `json:"male"`
	Female  int `json:"female"`
	Unknown int `json:"unknown,omitempty"`
}

func (c Count) plus(o Count, sign int) Count {
	return Count{c.Total + sign*o.Total, c.Male + sign*o.Male, c.Female + sign*o.Female, c.Unknown + sign*o.Unknown}
}

// Row is one row of the form.
type Row struct {
	Code        string `json:"code"`
	Vi          string `json:"vi"`
	En          string `json:"en"`
	UnitVi      string `json:"unit_vi"`
	UnitEn      string `json:"unit_en"`
	Formula     string `json:"formula"`
	Value       int    `json:"value"`
	Provisional bool   `json:"provisional,omitempty"`
}

// Line is one line of the balance. Sign tells how it counts: 0 at the start and
// at the end.
type Line struct {
	Term string `json:"term"`
	Vi   string `json:"vi"`
	En   string `json:"en"`
	Sign int    `json:"sign"`
	Count
}

// Age is the balance of one age group: Start + In − Out + Ageing = End. In and
// Out are all terms of the balance with that sign, by the age at the end of the
// span; Ageing is who entered the group less who left it by growing older.
type Age struct {
	From   int   `json:"from"` // completed years; −1 unknown
	To     int   `json:"to"`   // −1 open or unknown
	Start  Count `json:"start"`
	In     Count `json:"in"`
	Out    Count `json:"out"`
	Ageing Count `json:"ageing"`
	End    Count `json:"end"`
}

// Label names the group: "0-4", "80+", "?".
func (a Age) Label() string {
	switch {
	case a.From < 0:
		return "?"
	case a.To < 0:
		return fmt.Sprintf("%d+", a.From)
	}
	return fmt.Sprintf("%d-%d", a.From, a.To)
}

// Hamlet is the stock of a hamlet at the end.
type Hamlet struct {
	Name       string `json:"name"` // "" for households without an area
	Areas      int    `json:"areas"`
	Households int    `json:"households"`
	Count
}

// Report is what was counted.
type Report struct {
	Form        string            `json:"form"`
	Layout      string            `json:"layout"`
	TitleVi     string            `json:"title_vi"`
	TitleEn     string            `json:"title_en"`
	Provisional bool              `json:"provisional"`
	Station     journal.Station   `json:"station"` // 0: a roll-up
	Unit        string            `json:"unit"`    // commune code, five digits; "" unknown or several
	From        population.Period `json:"from"`
	To          population.Period `json:"to"`
	Scope       Scope             `json:"scope"`
	AsOf        journal.Seq       `json:"as_of"` // newest record counted; 0: a roll-up
	Rows        []Row             `json:"rows"`
	Balance     []Line            `json:"balance"`
	Ages        []Age             `json:"ages"`
	Households  int               `json:"households"` // with somebody counted, at the end
	Families    int               `json:"families"`   // hộ gia đình among them
	Hamlets     []Hamlet          `json:"hamlets,omitempty"`
	Parts       []Part            `json:"parts,omitempty"` // of a roll-up
}

// Compute counts. The same register state and options give the same report.
func Compute(v *register.View, o Options) (*Report, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	layout, err := layoutFor(o.Layout, o.To)
	if err != nil {
		return nil, err
	}
	areas := v.Areas()
	var t tally
	if err := pass(v, newExtent(areas, o.Scope), newSpan(o.From, o.To), &t); err != nil {
		return nil, err
	}
	r := &Report{
		Form: layout.Form, Layout: layout.ID, TitleVi: layout.TitleVi, TitleEn: layout.TitleEn, Provisional: layout.Provisional,
		Station: v.Station(), Unit: unitOf(areas), From: o.From, To: o.To, Scope: o.Scope, AsOf: v.Applied(),
		Rows: rows(layout, &t), Balance: balance(&t), Ages: ages(&t),
		Households: len(t.homes), Families: t.families, Hamlets: hamlets(areas, o.Scope, &t),
	}
	return r, v.Err()
}

// unitOf returns the code of the commune, "" when the areas name none or
// several.
func unitOf(areas []*population.Area) string {
	var unit uint32
	for _, a := range areas {
		switch {
		case a.Unit == 0 || a.Closed || a.Unit == unit:
		case unit != 0:
			return ""
		default:
			unit = a.Unit
		}
	}
	if unit == 0 {
		return ""
	}
	return fmt.Sprintf("%05d", unit)
}

func rows(l Layout, t *tally) []Row {
	list := make([]Row, 0, len(l.Rows))
	for _, r := range l.Rows {
		what, _ := termByName(r.Formula) // ParseLayout knows it
		list = append(list, Row{
			Code: r.Code, Vi: r.Vi, En: r.En, UnitVi: r.UnitVi, UnitEn: r.UnitEn, Formula: r.Formula,
			Value: t.terms[what].sum().Total, Provisional: r.Provisional,
		})
	}
	return list
}

func (c *cells) group(g int) Count {
	n := Count{Male: c[population.Male][g], Female: c[population.Female][g], Unknown: c[population.SexUnknown][g]}
	n.Total = n.Male + n.Female + n.Unknown
	return n
}

func (c *cells) sum() Count {
	var n Count
	for g := range ageGroups {
		n = n.plus(c.group(g), 1)
	}
	return n
}

func balance(t *tally) []Line {
	list := make([]Line, 0, balanceTerms)
	for what := range balanceTerms {
		a := what.about()
		list = append(list, Line{Term: a.name, Vi: a.vi, En: a.en, Sign: a.sign, Count: t.terms[what].sum()})
	}
	return list
}

func ages(t *tally) []Age {
	list := make([]Age, 0, ageGroups)
	for g := range ageGroups {
		a := Age{From: g * 5, To: g*5 + 4, Start: t.terms[termStart].group(g), End: t.terms[termEnd].group(g), Ageing: t.ageing.group(g)}
		switch g {
		case ageOpen:
			a.To = -1
		case ageUnknown:
			a.From, a.To = -1, -1
		}
		for what := range balanceTerms {
			switch what.about().sign {
			case 1:
				a.In = a.In.plus(t.terms[what].group(g), 1)
			case -1:
				a.Out = a.Out.plus(t.terms[what].group(g), 1)
			}
		}
		list = append(list, a)
	}
	return list
}

// hamlets groups the stock by hamlet, in the order of the area numbers.
func hamlets(areas []*population.Area, s Scope, t *tally) []Hamlet {
	var list []Hamlet
	at := make(map[string]int)
	known := make(map[population.ID]bool)
	put := func(name string, c *areaCount, areas int) {
		i, ok := at[name]
		if !ok {
			i = len(list)
			at[name] = i
			list = append(list, Hamlet{Name: name})
		}
		h := &list[i]
		h.Areas += areas
		if c != nil {
			h.Households += c.households
			h.Count = h.Count.plus(Count{c.sexes[0] + c.sexes[1] + c.sexes[2], c.sexes[1], c.sexes[2], c.sexes[0]}, 1)
		}
	}
	for _, a := range areas {
		known[a.ID] = true
		if c := t.areas[a.ID]; s.covers(a) && (c != nil || !a.Closed) {
			put(a.Hamlet, c, 1)
		}
	}
	var lost []population.ID // areas without a state, that of no area among them
	for id := range t.areas {
		if !known[id] {
			lost = append(lost, id)
		}
	}
	sort.Slice(lost, func(i, j int) bool { return lost[i] < lost[j] })
	for _, id := range lost {
		put("", t.areas[id], 0)
	}
	return list
}
