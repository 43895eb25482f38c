package pack

import (
	"bytes"
	"encoding/binary"
	"image/color"
)

// Icon is the sign of the product (the T of static/icon.svg of the pages) as a
// Windows icon of 16, 32 and 48 dots. It is drawn here so that no picture file
// has to be kept beside the one of the pages.
func Icon() []byte {
	sizes := []int{16, 32, 48}
	var dir, images bytes.Buffer
	put := func(b *bytes.Buffer, v ...any) {
		for _, x := range v {
			_ = binary.Write(b, binary.LittleEndian, x) // a buffer never fails
		}
	}
	put(&dir, uint16(0), uint16(1), uint16(len(sizes)))
	for _, n := range sizes {
		at := 6 + 16*len(sizes) + images.Len()
		mask := (n + 31) / 32 * 4 * n
		put(&dir, uint8(n), uint8(n), uint16(0), uint16(1), uint16(32), uint32(40+4*n*n+mask), uint32(at))
		// BITMAPINFOHEADER; the height counts the picture and its mask.
		put(&images, uint32(40), int32(n), int32(2*n), uint16(1), uint16(32), uint32(0), uint32(4*n*n), int32(0), int32(0), uint32(0), uint32(0))
		for y := n - 1; y >= 0; y-- { // bottom up
			for x := range n {
				c := dot(x, y, n)
				images.Write([]byte{c.B, c.G, c.R, c.A})
			}
		}
		images.Write(make([]byte, mask)) // all drawn; the alpha channel decides
	}
	return append(dir.Bytes(), images.Bytes()...)
}

// dot is the colour of one dot of the sign drawn n×n, smoothed over 8×8 points.
func dot(x, y, n int) color.NRGBA {
	const fine = 8
	var inside, white int
	for i := range fine * fine {
		px := (float64(x) + (float64(i%fine)+0.5)/fine) * 32 / float64(n)
		py := (float64(y) + (float64(i/fine)+0.5)/fine) * 32 / float64(n)
		if !near(px, py, 7, 7, 25, 25, 7) {
			continue
		}
		inside++
		if near(px, py, 8, 9, 24, 9, 2) || near(px, py, 16, 9, 16, 24, 2) {
			white++
		}
	}
	if inside == 0 {
		return color.NRGBA{}
	}
	mix := func(c int) uint8 { return uint8((c*(inside-white) + 255*white) / inside) }
	return color.NRGBA{R: mix(0x0b), G: mix(0x5f), B: mix(0x53), A: uint8(inside * 255 / (fine * fine))}
}

// near says whether a point is at most r away from the rectangle.
func near(px, py, x0, y0, x1, y1, r float64) bool {
	dx := max(x0-px, 0, px-x1)
	dy := max(y0-py, 0, py-y1)
	return dx*dx+dy*dy <= r*r
}
