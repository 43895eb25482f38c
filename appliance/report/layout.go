package report

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"tramxa/appliance/population"
)

//go:embed layouts/*.json
var layouts embed.FS

// ErrLayout says that no layout of a form is in force, or that one makes no
// sense.
var ErrLayout = errors.New("report layout")

// Form01DSX is the commune's monthly report.
const Form01DSX = "01-DSX"

// Layout is a form as dated data: in force from From on, until Until (0: open).
type Layout struct {
	Form        string            `json:"form"`
	ID          string            `json:"id"`
	From        population.Period `json:"from"`
	Until       population.Period `json:"until,omitempty"` // the last month
	Source      string            `json:"source"`
	TitleVi     string            `json:"title_vi"`
	TitleEn     string            `json:"title_en"`
	Provisional bool              `json:"provisional"`
	Rows        []LayoutRow       `json:"rows"`
}

// LayoutRow is one row of a form.
type LayoutRow struct {
	Code        string `json:"code"`
	Vi          string `json:"vi"`
	En          string `json:"en"`
	UnitVi      string `json:"unit_vi"`
	UnitEn      string `json:"unit_en"`
	Formula     string `json:"formula"` // name of what is counted
	Provisional bool   `json:"provisional"`
}

// Layouts returns the layouts built in.
func Layouts() ([]Layout, error) {
	names, err := fs.Glob(layouts, "layouts/*.json")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	var list []Layout
	for _, name := range names {
		data, err := layouts.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrLayout, err)
		}
		l, err := ParseLayout(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		list = append(list, l)
	}
	return list, nil
}

// ParseLayout reads a layout strictly: unknown fields, a formula this program
// cannot count or a code used twice are errors that wrap ErrLayout.
func ParseLayout(data []byte) (Layout, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var l Layout
	if err := d.Decode(&l); err != nil {
		return Layout{}, fmt.Errorf("%w: %w", ErrLayout, err)
	}
	if _, err := d.Token(); err != io.EOF { // More takes a bracket too many for an end
		return Layout{}, fmt.Errorf("%w: data after the layout", ErrLayout)
	}
	if l.Form == "" || l.ID == "" || l.From == 0 || len(l.Rows) == 0 {
		return Layout{}, fmt.Errorf("%w: form, id, from and rows are needed", ErrLayout)
	}
	seen := make(map[string]bool)
	for _, r := range l.Rows {
		if _, ok := termByName(r.Formula); !ok {
			return Layout{}, fmt.Errorf("%w %s, row %s: no formula %q", ErrLayout, l.ID, r.Code, r.Formula)
		}
		if r.Code == "" || seen[r.Code] {
			return Layout{}, fmt.Errorf("%w %s: code %q is empty or used twice", ErrLayout, l.ID, r.Code)
		}
		seen[r.Code] = true
	}
	return l, nil
}

// layoutFor returns the layout of a form in force at the end of a span.
func layoutFor(form string, at population.Period) (Layout, error) {
	if form == "" {
		form = Form01DSX
	}
	list, err := Layouts()
	if err != nil {
		return Layout{}, err
	}
	var best Layout
	for _, l := range list {
		if l.Form == form && l.From <= at && (l.Until == 0 || at <= l.Until) && l.From > best.From {
			best = l
		}
	}
	if best.ID == "" {
		return Layout{}, fmt.Errorf("%w: form %q has none in force in %s", ErrLayout, form, at)
	}
	return best, nil
}
