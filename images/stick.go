package images

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"tramxa/images/disk"
	"tramxa/service/seed"
)

// ReadManifest reads the manifest of a built image.
func ReadManifest(name string) (Manifest, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return Manifest{}, err
	}
	var m Manifest
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return m, fmt.Errorf("%s: %w", name, err)
	}
	if m.Version != ManifestVersion || m.SeedRoom != SeedRoom || m.SeedAt < disk.MB {
		return m, fmt.Errorf("%s: manifest of another version", name)
	}
	return m, nil
}

// StickName is what the image for one station is called.
func StickName(s seed.Seed) string {
	if s.Unit == "" {
		return fmt.Sprintf("tramxa-%d.img", s.Station)
	}
	return fmt.Sprintf("tramxa-%d-%s.img", s.Station, s.Unit)
}

// WriteStick copies the image in dir, of which m is the manifest, to out and
// makes it the stick of one station: its seed and a disk number of its own. Only
// what is not zero is written, so a stick costs little more than its content.
func WriteStick(dir string, m Manifest, s seed.Seed, out string) error {
	text, err := paddedSeed(&s)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(out, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := copySparse(f, filepath.Join(dir, m.Name+".img")); err != nil {
		return errors.Join(err, os.Remove(out))
	}
	old := make([]byte, len(seedHead))
	if _, err := f.ReadAt(old, m.SeedAt); err != nil || string(old) != seedHead {
		return errors.Join(fmt.Errorf("%s.img does not belong to its manifest: no seed at byte %d", m.Name, m.SeedAt), os.Remove(out))
	}
	if _, err := f.WriteAt(text, m.SeedAt); err != nil {
		return err
	}
	first := make([]byte, disk.Sector)
	if _, err := f.ReadAt(first, 0); err != nil {
		return err
	}
	t, err := disk.Parse(first)
	if err != nil {
		return err
	}
	t.ID = diskID("stick", m.Name, m.Release, strconv.Itoa(int(s.Station)), s.Unit)
	changed := t.Marshal(first)
	if _, err := f.WriteAt(changed[:], 0); err != nil {
		return err
	}
	return f.Close()
}

// copySparse copies a file and leaves holes where it has zeros.
func copySparse(w *os.File, name string) error {
	r, err := os.Open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return err
	}
	if err := w.Truncate(info.Size()); err != nil {
		return err
	}
	buf, zero := make([]byte, disk.MB), make([]byte, disk.MB)
	for at := int64(0); at < info.Size(); {
		n, err := io.ReadFull(r, buf[:min(int64(len(buf)), info.Size()-at)])
		if err != nil {
			return err
		}
		if !bytes.Equal(buf[:n], zero[:n]) {
			if _, err := w.WriteAt(buf[:n], at); err != nil {
				return err
			}
		}
		at += int64(n)
	}
	return nil
}
