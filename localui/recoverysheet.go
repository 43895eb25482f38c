package localui

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tramxa/appliance/population"
)

// SheetFacts are what a recovery sheet shows. Code is the only secret on it.
type SheetFacts struct {
	Place, Unit, Province, UnitCode string
	Station                         uint32
	Date                            population.Date
	Code                            string // groups with hyphens between; required
	Asked                           []int  // groups marked ▢, from 0
	Fingerprint                     string // of the station's key
}

// RecoverySheet returns the A4 sheet, as PDF, that opens the backups of a station
// when its PC is gone. It goes into the safe; equal facts give equal bytes.
func RecoverySheet(f SheetFacts) ([]byte, error) {
	groups := codeGroups(f.Code)
	if len(groups) == 0 {
		return nil, errors.New("recovery sheet: no recovery code")
	}
	p, err := newPaper("Phiếu khôi phục · "+f.Place, f.Place+" · tramxa")
	if err != nil {
		return nil, err
	}
	p.text("B", 20, 0, "C", p.vi.text("sheet.title"))
	p.text("", 10, 90, "C", p.en.text("sheet.title"))
	p.Ln(3)
	p.fact(p.vi.text("sheet.place"), f.Place)
	unit := f.Unit
	if f.Province != "" {
		unit += ", " + f.Province
	}
	p.fact(p.vi.text("sheet.unit"), unit+" ("+f.UnitCode+")")
	p.fact(p.vi.text("sheet.station"), fmt.Sprint(f.Station))
	p.fact(p.vi.text("sheet.date"), f.Date.Vi())
	p.heading(p.vi.text("sheet.code"))
	if err := p.codeBlock(f, groups); err != nil {
		return nil, err
	}
	p.heading(p.vi.text("sheet.what"))
	for _, key := range []string{"sheet.what1", "sheet.what2", "sheet.what3", "sheet.what4"} {
		p.both(10.5, key)
	}
	if f.Fingerprint != "" {
		p.heading(p.vi.text("sheet.fingerprint"))
		p.text("", 9.5, 0, "L", f.Fingerprint)
	}
	p.signatures()
	return p.bytes()
}

// codeBlock writes the groups, three a line, and the QR code beside them.
func (p *paper) codeBlock(f SheetFacts, groups []string) error {
	const side, high, wide = 46, 18, 40
	top := p.GetY()
	for i, g := range groups {
		x, y := float64(margin+i%3*wide), top+float64(i/3)*high+2
		mark := ""
		if slices.Contains(f.Asked, i) {
			mark = " ▢"
		}
		p.SetXY(x, y)
		p.font("B", 11, 60)
		p.CellFormat(wide, 5, fmt.Sprint(i+1)+mark, "", 0, "L", false, 0, "")
		p.SetXY(x, y+6)
		p.font("B", 17, 0)
		p.CellFormat(wide, 8, g, "", 0, "L", false, 0, "")
	}
	if err := p.qr(strings.Join(groups, "-"), paperWidth-margin-side, top, side); err != nil {
		return err
	}
	p.SetXY(margin, top+max(side, float64((len(groups)+2)/3)*high+2))
	return nil
}

// signatures leaves room for who made the sheet and who keeps it.
func (p *paper) signatures() {
	if p.GetY() > 240 {
		p.AddPage()
	}
	p.SetY(max(p.GetY()+6, 235))
	for i, key := range []string{"sheet.signed_head", "sheet.signed_keeper"} {
		p.SetXY(margin+float64(i)*textWidth/2, p.GetY())
		p.font("", 10, 0)
		p.CellFormat(textWidth/2, 6, p.vi.text(key), "", 0, "C", false, 0, "")
	}
	p.Ln(22)
	for i := range 2 {
		p.SetXY(margin+float64(i)*textWidth/2, p.GetY())
		p.CellFormat(textWidth/2, 5, "……………………………………", "", 0, "C", false, 0, "")
	}
}
