package pack

import (
	"archive/zip"
	"compress/flate"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Zip writes the tree as a .zip whose one top directory is dir. Links are
// refused: Windows unpacks them as text.
func Zip(w io.Writer, dir string, t Tree, at time.Time) error {
	t, err := t.under(dir)
	if err != nil {
		return err
	}
	zw := zip.NewWriter(w)
	zw.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	for _, e := range t {
		if e.Mode&fs.ModeSymlink != 0 {
			return fmt.Errorf("%w: %q is a link, a zip has none", ErrBad, e.Path)
		}
		h := &zip.FileHeader{Name: e.Path, Method: zip.Deflate, Modified: at.UTC().Truncate(time.Second)}
		h.SetMode(e.Mode)
		if e.Mode&fs.ModeDir != 0 {
			h.Name, h.Method = e.Path+"/", zip.Store
		}
		f, err := zw.CreateHeader(h)
		if err != nil {
			return fmt.Errorf("write %s: %w", e.Path, err)
		}
		if _, err := f.Write(e.Data); err != nil {
			return fmt.Errorf("write %s: %w", e.Path, err)
		}
	}
	return zw.Close()
}
