package localui

import "errors"

// PosterFacts are what the poster on the wall shows; none of it is secret.
type PosterFacts struct {
	Place       string
	Address     string // e.g. "https://192.168.1.10:8443"; required
	Fingerprint string // of the LAN certificate
}

// Poster returns the A4 sheet, as PDF, by which a phone finds the station.
func Poster(f PosterFacts) ([]byte, error) {
	if f.Address == "" {
		return nil, errors.New("poster: no address")
	}
	p, err := newPaper("Địa chỉ trạm · "+f.Place, f.Place+" · tramxa")
	if err != nil {
		return nil, err
	}
	p.Ln(6)
	p.text("B", 24, 0, "C", f.Place)
	p.text("", 14, 0, "C", p.vi.text("poster.about"))
	const side = 110
	if err := p.qr(f.Address, (paperWidth-side)/2, p.GetY()+2, side); err != nil {
		return nil, err
	}
	p.SetY(p.GetY() + side + 6)
	p.text("B", 20, 0, "C", f.Address)
	p.Ln(4)
	for _, key := range []string{"help.step2", "help.step3"} {
		p.text("", 11, 0, "L", p.vi.text(key))
	}
	if f.Fingerprint != "" {
		p.text("B", 10, 0, "L", f.Fingerprint)
	}
	p.text("", 11, 0, "L", p.vi.text("help.step4"))
	return p.bytes()
}
