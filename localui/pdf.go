package localui

import (
	"bytes"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"golang.org/x/text/unicode/norm"
)

// paper is one A4 document in portrait with Vietnamese text, in millimetres.
type paper struct {
	*fpdf.Fpdf
	vi, en locale
}

const (
	paperWidth = 210
	margin     = 20
	textWidth  = paperWidth - 2*margin
)

// paperLocales are read once: paper has both languages on it.
var paperLocales = sync.OnceValues(loadLocales)

// newPaper begins a document; foot stands at the foot of every page.
func newPaper(title, foot string) (*paper, error) {
	all, err := paperLocales()
	if err != nil {
		return nil, err
	}
	p := &paper{fpdf.New("P", "mm", "A4", ""), all["vi"], all["en"]}
	p.AddUTF8FontFromBytes("sans", "", dejavusans.TTF)
	p.AddUTF8FontFromBytes("sans", "B", dejavusansbold.TTF)
	p.SetTitle(title, true)
	p.SetProducer("tramxa", true)
	p.SetLang("vi")
	p.SetCatalogSort(true) // equal facts give equal bytes
	p.SetCreationDate(time.Unix(0, 0).UTC())
	p.SetModificationDate(time.Unix(0, 0).UTC())
	p.SetMargins(margin, 18, margin)
	p.SetAutoPageBreak(true, 20)
	p.SetFooterFunc(func() {
		p.SetY(-14)
		p.font("", 8, 90)
		p.CellFormat(0, 5, norm.NFC.String(foot), "", 0, "C", false, 0, "")
	})
	p.AddPage()
	return p, p.Error()
}

// font sets style ("" or "B"), size in points and grey (0 black).
func (p *paper) font(style string, size float64, grey int) {
	p.SetFont("sans", style, size)
	p.SetTextColor(grey, grey, grey)
}

// text writes a paragraph over the whole width and a little space after it.
func (p *paper) text(style string, size float64, grey int, align, s string) {
	p.font(style, size, grey)
	p.MultiCell(0, size*0.5, norm.NFC.String(s), "", align, false)
	p.Ln(size * 0.12)
}

// both writes a text in Vietnamese, and smaller in English.
func (p *paper) both(size float64, key string, args ...any) {
	p.text("", size, 0, "L", p.vi.text(key, args...))
	p.text("", size*0.8, 90, "L", p.en.text(key, args...))
	p.Ln(1)
}

// fact writes a label and its value on one line, or more.
func (p *paper) fact(label, value string) {
	p.font("", 10, 90)
	p.CellFormat(48, 6.5, norm.NFC.String(label), "", 0, "L", false, 0, "")
	p.font("B", 10.5, 0)
	p.MultiCell(0, 6.5, norm.NFC.String(value), "", "L", false)
}

// heading writes a heading with a rule below.
func (p *paper) heading(s string) {
	p.Ln(2)
	p.font("B", 12, 0)
	p.CellFormat(0, 7, norm.NFC.String(s), "B", 1, "L", false, 0, "")
	p.Ln(2)
}

// qr draws the code of a text with its quiet rim inside a square.
func (p *paper) qr(text string, x, y, side float64) error {
	rows, err := qrSquares(text)
	if err != nil {
		return err
	}
	unit := side / float64(len(rows)+8)
	p.SetFillColor(0, 0, 0)
	for i, row := range rows {
		for j := 0; j < len(row); j++ {
			w := 0
			for j+w < len(row) && row[j+w] {
				w++
			}
			if w > 0 {
				p.Rect(x+float64(j+4)*unit, y+float64(i+4)*unit, float64(w)*unit, unit, "F")
				j += w
			}
		}
	}
	return p.Error()
}

// bytes ends the document.
func (p *paper) bytes() ([]byte, error) {
	var b bytes.Buffer
	if err := p.Output(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
