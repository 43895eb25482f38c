package localui

import (
	"errors"
	"fmt"
	"html/template"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// maxQR bounds what is put into a code: more makes the squares too small for an
// old phone's camera.
const maxQR = 300

// qrSquares returns the dark squares of the code of a text, without the quiet
// rim of four.
func qrSquares(text string) ([][]bool, error) {
	if text == "" || len(text) > maxQR {
		return nil, errors.New("text for a QR code has 1 to 300 bytes")
	}
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return nil, fmt.Errorf("QR code: %w", err)
	}
	n := code.Bounds().Dx()
	rows := make([][]bool, n)
	for y := range rows {
		rows[y] = make([]bool, n)
		for x := range rows[y] {
			rows[y][x] = color.GrayModel.Convert(code.At(x, y)).(color.Gray).Y < 128
		}
	}
	return rows, nil
}

// qrSVG draws the code as one path, with the rim.
func qrSVG(text string) (template.HTML, error) {
	rows, err := qrSquares(text)
	if err != nil {
		return "", err
	}
	const rim = 4
	var path strings.Builder
	for y, row := range rows {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			w := 1
			for x+w < len(row) && row[x+w] {
				w++
			}
			fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+rim, y+rim, w, w)
			x += w
		}
	}
	n := len(rows) + 2*rim
	return template.HTML(fmt.Sprintf(`<svg class="qr" viewBox="0 0 %d %d" role="img" aria-label="QR" shape-rendering="crispEdges"><rect class="qr-back" width="%d" height="%d"/><path class="qr-dark" d="%s"/></svg>`,
		n, n, n, n, path.String())), nil
}
