package localui

import (
	"golang.org/x/text/unicode/norm"

	"tramxa/appliance/population"
)

// HealthFacts are what a health sheet shows: facts about a PC, none of a person.
type HealthFacts struct {
	Place    string
	Date     population.Date
	Version  string
	Sections []Section
}

// HealthSheet returns the facts about a PC as PDF, for the file of the machine.
func HealthSheet(f HealthFacts) ([]byte, error) {
	p, err := newPaper("Sức khỏe máy · "+f.Place, f.Place+" · tramxa "+f.Version)
	if err != nil {
		return nil, err
	}
	p.text("B", 18, 0, "L", p.vi.text("health.title"))
	p.text("", 10, 90, "L", p.en.text("health.title"))
	if f.Place != "" {
		p.fact(p.vi.text("sheet.place"), f.Place)
	}
	p.fact(p.vi.text("sheet.date"), f.Date.Vi())
	for _, s := range f.Sections {
		p.heading(s.Title.Vi)
		for _, r := range s.Rows {
			p.healthRow(r)
		}
	}
	return p.bytes()
}

// healthRow writes one fact with its sign, and what to do about it.
func (p *paper) healthRow(r Row) {
	p.font("B", 10, 0)
	p.CellFormat(7, 6.5, rowSigns[r.State], "", 0, "L", false, 0, "")
	p.font("", 10, 60)
	p.CellFormat(55, 6.5, norm.NFC.String(r.Label.Vi), "", 0, "L", false, 0, "")
	p.font("B", 10, 0)
	p.MultiCell(0, 6.5, norm.NFC.String(r.Value.Vi), "", "L", false)
	if r.Hint.Vi != "" {
		p.SetX(margin + 7)
		p.text("", 9, 60, "L", "→ "+r.Hint.Vi)
	}
}
