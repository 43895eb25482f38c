package images

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"
)

// ManifestVersion is the version of the manifest format.
const ManifestVersion = 1

// Manifest says what an image is made of and what its files must hash to.
type Manifest struct {
	Version  int       `json:"version"`
	Name     string    `json:"name"`
	Release  string    `json:"release"`
	Time     time.Time `json:"time"`
	Suite    string    `json:"suite"`
	Mirror   string    `json:"mirror"`
	SeedAt   int64     `json:"seed_at"`   // byte of the image where the seed's file begins
	SeedRoom int       `json:"seed_room"` // its length
	Files    []Sum     `json:"files"`
	Loader   []Sum     `json:"loader"` // parts of the boot loader, inside the image
	Packages []Package `json:"packages"`
}

// Sum is one file.
type Sum struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Package is one Debian package in the image.
type Package struct {
	Name          string `json:"name"`
	Version       string `json:"version"`
	Architecture  string `json:"architecture"`
	Source        string `json:"source"`
	SourceVersion string `json:"source_version"`
}

// parsePackages reads the list that the build script left.
func parsePackages(b []byte) ([]Package, error) {
	var list []Package
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		w := strings.Split(line, "\t")
		if len(w) != 5 || w[0] == "" || w[1] == "" {
			return nil, fmt.Errorf("list of packages: line %q", line)
		}
		list = append(list, Package{w[0], w[1], w[2], w[3], w[4]})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, nil
}

// manifest writes list of contents, manifest, signatures and checksums of what was
// built.
func (b *builder) manifest(parts Parts, o outputs, seedAt int64) (Manifest, error) {
	p := b.plan
	m := Manifest{Version: ManifestVersion, Name: p.Name, Release: p.Release, Time: p.Time.UTC(), Suite: p.Suite, Mirror: p.Mirror, SeedAt: seedAt, SeedRoom: SeedRoom}
	var err error
	if m.Packages, err = parsePackages(slices.Concat(o["packages.tsv"], o["loader.tsv"])); err != nil { // the loaders stand on the disk, beside the root
		return m, err
	}
	img := filepath.Join(b.out, p.Name+".img")
	for _, name := range []string{img, img + ".zst", parts.Squash, parts.Kernel, parts.Ramdisk, filepath.Join(b.out, "packages.tsv")} {
		if err := add(&m.Files, name, filepath.Base(name)); err != nil {
			return m, err
		}
	}
	if err := add(&m.Files, p.path(p.Program), programFile); err != nil {
		return m, err
	}
	if err := b.contents(&m); err != nil {
		return m, err
	}
	for _, name := range []string{"boot.img", "core.img", "BOOTX64.EFI", "BOOTIA32.EFI", "unicode.pf2"} {
		m.Loader = append(m.Loader, bytesSum(name, o[name]))
	}
	text, err := json.MarshalIndent(m, "", "\t")
	if err != nil {
		return m, err
	}
	text = append(text, '\n')
	name := filepath.Join(b.out, p.Name+".manifest.json")
	if err := os.WriteFile(name, text, 0o644); err != nil {
		return m, err
	}
	if err := b.sign(name, text); err != nil {
		return m, err
	}
	return m, b.checksums()
}

// contents writes NAME.cdx.json and takes it among the files of the manifest.
func (b *builder) contents(m *Manifest) error {
	list, err := contents(*m)
	if err != nil {
		return err
	}
	name := m.Name + ".cdx.json"
	m.Files = append(m.Files, bytesSum(name, list))
	return os.WriteFile(filepath.Join(b.out, name), list, 0o644)
}

func add(to *[]Sum, file, name string) error {
	hash, size, err := sum(file)
	*to = append(*to, Sum{name, size, hash})
	return err
}

// Signature is one signature over the bytes of a manifest.
type Signature struct {
	Key       string `json:"key"` // public key, base64
	Signature string `json:"signature"`
}

// sign writes NAME.manifest.json.sig where the plan names keys.
func (b *builder) sign(name string, text []byte) error {
	if len(b.plan.SignKeys) == 0 {
		return nil
	}
	var list []Signature
	for _, k := range b.plan.SignKeys {
		key, err := readKey(b.plan.path(k))
		if err != nil {
			return err
		}
		list = append(list, Signature{
			Key:       base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)),
			Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(key, signed(text))),
		})
	}
	out, err := json.MarshalIndent(list, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(name+".sig", append(out, '\n'), 0o644)
}

// signed is what a signature covers: nothing signed here can be taken for
// another kind of document.
func signed(text []byte) []byte { return append([]byte("tramxa image manifest v1\x00"), text...) }

// CheckSignatures says how many different keys among trusted have signed text.
func CheckSignatures(text []byte, list []Signature, trusted []ed25519.PublicKey) int {
	n := 0
	for _, t := range trusted {
		for _, s := range list {
			key, err1 := base64.StdEncoding.DecodeString(s.Key)
			sig, err2 := base64.StdEncoding.DecodeString(s.Signature)
			if errors.Join(err1, err2) == nil && t.Equal(ed25519.PublicKey(key)) && ed25519.Verify(t, signed(text), sig) {
				n++
				break
			}
		}
	}
	return n
}

func readKey(name string) (ed25519.PrivateKey, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("%s is no key in PEM form", name)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	key, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s is no Ed25519 key", name)
	}
	return key, nil
}

// checksums writes SHA256SUMS over all files of the directory.
func (b *builder) checksums() error {
	entries, err := os.ReadDir(b.out)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, e := range entries {
		if !e.Type().IsRegular() || e.Name() == "SHA256SUMS" || strings.HasSuffix(e.Name(), ".log") {
			continue
		}
		hash, _, err := sum(filepath.Join(b.out, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%s  %s\n", hash, e.Name())
	}
	return os.WriteFile(filepath.Join(b.out, "SHA256SUMS"), []byte(text.String()), 0o644)
}
