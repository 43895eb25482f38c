package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tramxa/images/pack"
	"tramxa/service/update"
)

// The holders of the keys need not meet: one machine builds with --chain, each
// holder signs the two documents with 'keys sign', and 'keys join' puts the
// signatures together.

// signaturesDir holds the signatures of a release whose holders sign apart.
const signaturesDir = "signatures"

// oneSignature is what one holder says of one release.
type oneSignature struct {
	Format   string           `json:"format"` // "tramxa-release-signature"
	Version  int              `json:"version"`
	Manifest update.Signature `json:"manifest"`
	Sums     update.Signature `json:"sums"`
}

const oneSignatureFormat = "tramxa-release-signature"

// unlisted is what the checksums leave out: what carries its own signatures, and
// what is only there until it is signed.
func unlisted(name string) bool {
	return strings.HasSuffix(name, ".tramup") || name == pack.SumsFile || name == sumsSignature ||
		strings.HasPrefix(name, partsDir+"/") || strings.HasPrefix(name, signaturesDir+"/")
}

// signRelease signs manifest and checksums of the release in dir with one key.
func signRelease(dir, key, passphrases string) (string, error) {
	lines, err := readPassphrases(passphrases)
	if err != nil {
		return "", err
	}
	if len(lines) != 1 {
		return "", fmt.Errorf("%w: one key, one passphrase, one line", errUsage)
	}
	manifest, sums, err := readDocuments(dir)
	if err != nil {
		return "", err
	}
	if now, err := pack.Sums(dir, unlisted); err != nil {
		return "", err
	} else if !bytes.Equal(now, sums) {
		return "", fmt.Errorf("%s does not agree with the files beside it: nothing signed", pack.SumsFile)
	}
	k, err := update.ReadPrivateKey(key, lines[0])
	if err != nil {
		return "", err
	}
	b, err := json.MarshalIndent(oneSignature{oneSignatureFormat, 1, k.SignManifest(manifest), k.SignSums(sums)}, "", "  ")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, signaturesDir, k.Public().ID()+".json")
	return name, errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, append(b, '\n'), 0o644))
}

func readDocuments(dir string) (manifest, sums []byte, err error) {
	manifest, err1 := os.ReadFile(filepath.Join(dir, manifestFile))
	sums, err2 := os.ReadFile(filepath.Join(dir, pack.SumsFile))
	return manifest, sums, errors.Join(err1, err2)
}

// readSignatures collects what the holders have written.
func readSignatures(dir string) (manifest, sums []update.Signature, err error) {
	names, err := filepath.Glob(filepath.Join(dir, signaturesDir, "*.json"))
	if err != nil {
		return nil, nil, err
	}
	for _, name := range names { // sorted by Glob, so by key
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, err
		}
		var s oneSignature
		dec := json.NewDecoder(io.LimitReader(bytes.NewReader(b), 4<<10))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&s); err != nil || s.Format != oneSignatureFormat || s.Version != 1 {
			return nil, nil, fmt.Errorf("%s is no signature of version 1 of format %q: %v", name, oneSignatureFormat, err)
		}
		manifest, sums = append(manifest, s.Manifest), append(sums, s.Sums)
	}
	return manifest, sums, nil
}

// joinRelease makes the bundle and the signed checksums of a release in dir from
// its parts and the signatures of the holders, and verifies both.
func joinRelease(dir, chainName string) (string, error) {
	chain, err := readChain(chainName)
	if err != nil {
		return "", err
	}
	manifest, sums, err := readDocuments(dir)
	if err != nil {
		return "", err
	}
	onManifest, onSums, err := readSignatures(dir)
	if err != nil {
		return "", err
	}
	trust := update.NewTrust(chain[0].Keys)
	ms, err1 := update.NewSignatures(chain, onManifest...).Bytes()
	ss, err2 := update.NewSignatures(chain, onSums...).Bytes()
	if err := errors.Join(err1, err2); err != nil {
		return "", err
	}
	rel, err := trust.Verify(manifest, ms)
	if err != nil {
		return "", err
	}
	if err := trust.VerifySums(sums, ss); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, sumsSignature), ss, 0o644); err != nil {
		return "", err
	}
	name := filepath.Join(dir, bundleName(rel.Version))
	tmp, err := os.Create(name + ".new")
	if err != nil {
		return "", err
	}
	err = update.WriteBundle(tmp, manifest, ms, rel.Parts(), func(p update.Part) (io.ReadCloser, error) {
		return os.Open(filepath.Join(dir, partsDir, p.SHA256.String()))
	})
	if err = errors.Join(err, tmp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(tmp.Name()))
	}
	return name, os.Rename(tmp.Name(), name)
}

// checkRelease verifies a release as one who downloads it would: signatures, every
// file, the bundle.
func checkRelease(dir, chainName string) (update.Release, error) {
	chain, err := readChain(chainName)
	if err != nil {
		return update.Release{}, err
	}
	trust := update.NewTrust(chain[0].Keys)
	_, sums, err := readDocuments(dir)
	if err != nil {
		return update.Release{}, err
	}
	sig, err := os.ReadFile(filepath.Join(dir, sumsSignature))
	if err != nil {
		return update.Release{}, err
	}
	if err := trust.VerifySums(sums, sig); err != nil {
		return update.Release{}, err
	}
	now, err := pack.Sums(dir, unlisted)
	if err != nil {
		return update.Release{}, err
	}
	if !bytes.Equal(now, sums) {
		return update.Release{}, fmt.Errorf("the files are not those that %s lists; 'sha256sum --check %s' names them", pack.SumsFile, pack.SumsFile)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.tramup"))
	if err != nil || len(names) != 1 {
		return update.Release{}, fmt.Errorf("%d update bundles in %s, want one: %v", len(names), dir, err)
	}
	f, err := os.Open(names[0])
	if err != nil {
		return update.Release{}, err
	}
	defer f.Close()
	return update.StreamBundle(f, trust, func(_ update.Release, _ update.Part, r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	})
}
