package pack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// writeTar writes the tree as ustar, each name after prefix, owned by 0:0 and
// dated at. A tree whose parents matter has gone through full.
func writeTar(w io.Writer, t Tree, prefix string, at time.Time) error {
	tw := tar.NewWriter(w)
	for _, e := range t {
		h := &tar.Header{Name: prefix + e.Path, Mode: int64(e.Mode.Perm()), ModTime: at.UTC().Truncate(time.Second), Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Uname: "root", Gname: "root"}
		switch {
		case e.Mode&fs.ModeDir != 0:
			h.Typeflag, h.Name = tar.TypeDir, h.Name+"/"
		case e.Mode&fs.ModeSymlink != 0:
			h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.Link, 0o777
		default:
			h.Size = int64(len(e.Data))
		}
		if err := tw.WriteHeader(h); err != nil {
			return fmt.Errorf("write %s: %w", e.Path, err)
		}
		if _, err := tw.Write(e.Data); err != nil {
			return fmt.Errorf("write %s: %w", e.Path, err)
		}
	}
	return tw.Close()
}

// writeTarGz is writeTar in gzip. The gzip header bears no name and no time.
func writeTarGz(w io.Writer, t Tree, prefix string, at time.Time) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := writeTar(z, t, prefix, at); err != nil {
		return err
	}
	return z.Close()
}

// gzipped is a text as man(1) wants its pages.
func gzipped(s string) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := io.WriteString(z, s); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}

// TarGz writes the tree as a .tar.gz whose one top directory is dir.
func TarGz(w io.Writer, dir string, t Tree, at time.Time) error {
	t, err := t.under(dir)
	if err != nil {
		return err
	}
	return writeTarGz(w, t, "", at)
}
