package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tramxa/service/update"
)

// signers is who a release is trusted by, and who signs it here.
type signers struct {
	chain update.Chain         // none: a release that takes no updates
	keys  []*update.PrivateKey // none: signed later, or never
}

// Names inside a directory of keys.
const chainFile = "chain.json"

func keyFile(n int) string { return fmt.Sprintf("key-%d.json", n) }

// readSigners reads what --keys or --chain names, and wants enough keys before
// hours of work are spent on what they cannot sign.
func readSigners(o releaseOptions) (signers, error) {
	switch {
	case o.chain != "":
		chain, err := readChain(o.chain)
		return signers{chain: chain}, err
	case o.keys == "":
		return signers{}, nil
	}
	chain, err := readChain(filepath.Join(o.keys, chainFile))
	if err != nil {
		return signers{}, err
	}
	keys, err := openKeys(o.keys, o.passphrases)
	if err != nil {
		return signers{}, err
	}
	var good int
	for _, k := range keys {
		if slices.Contains(chain.Last().Keys, k.Public()) {
			good++
		}
	}
	if good < chain.Last().Threshold {
		return signers{}, fmt.Errorf("%d keys at hand, %d must sign; give more passphrases, or let the holders sign apart: release --chain, then 'mkimage keys sign'", good, chain.Last().Threshold)
	}
	return signers{chain: chain, keys: keys}, nil
}

func readChain(name string) (update.Chain, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	c, err := update.ParseChain(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// openKeys opens key-1.json, key-2.json … of dir with the lines of the file of
// passphrases; an empty line leaves its key closed.
func openKeys(dir, passphrases string) ([]*update.PrivateKey, error) {
	lines, err := readPassphrases(passphrases)
	if err != nil {
		return nil, err
	}
	var keys []*update.PrivateKey
	for i, line := range lines {
		if line == "" {
			continue
		}
		k, err := update.ReadPrivateKey(filepath.Join(dir, keyFile(i+1)), line)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// readPassphrases reads one passphrase a line; "-" is the standard input.
func readPassphrases(name string) ([]string, error) {
	var in io.Reader = os.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	var lines []string
	s := bufio.NewScanner(in)
	for s.Scan() {
		lines = append(lines, strings.TrimRight(s.Text(), "\r"))
	}
	return lines, s.Err()
}

// makeKeys writes n sealed keys and the beginning of a chain into dir, which must
// not be there yet.
func makeKeys(dir, passphrases string, n, threshold int) (update.Chain, error) {
	lines, err := readPassphrases(passphrases)
	if err != nil {
		return nil, err
	}
	if len(lines) != n || slices.Contains(lines, "") {
		return nil, fmt.Errorf("%w: %d keys need %d passphrases, one a line, each of its holder", errUsage, n, n)
	}
	var public []update.PublicKey
	files := make(map[string][]byte)
	for i, line := range lines {
		k, err := update.NewPrivateKey()
		if err != nil {
			return nil, err
		}
		if files[keyFile(i+1)], err = k.Seal(line); err != nil {
			return nil, err
		}
		public = append(public, k.Public())
	}
	set, err := update.NewKeySet(1, threshold, public...)
	if err != nil {
		return nil, err
	}
	chain, err := update.NewChain(set)
	if err != nil {
		return nil, err
	}
	if files[chainFile], err = chain.Bytes(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil { // never over older keys
		return nil, err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return nil, err
		}
	}
	return chain, nil
}

// rotateKeys makes the keys in next the successors of those in dir: signed by
// both, as programs want it that know the old ones only. The longer chain lies
// in next afterwards.
func rotateKeys(dir, passphrases, next, nextPassphrases string) (update.Chain, error) {
	chain, err := readChain(filepath.Join(dir, chainFile))
	if err != nil {
		return nil, err
	}
	fresh, err := readChain(filepath.Join(next, chainFile))
	if err != nil {
		return nil, err
	}
	if len(fresh) != 1 {
		return nil, fmt.Errorf("%s is a chain already; the next keys come fresh from 'mkimage keys make'", next)
	}
	old, err := openKeys(dir, passphrases)
	if err != nil {
		return nil, err
	}
	young, err := openKeys(next, nextPassphrases)
	if err != nil {
		return nil, err
	}
	set, err := update.NewKeySet(len(chain)+1, fresh.Last().Threshold, fresh.Last().Keys...)
	if err != nil {
		return nil, err
	}
	longer, err := chain.Rotate(set, slices.Concat(old, young)...)
	if err != nil {
		return nil, err
	}
	b, err := longer.Bytes()
	if err != nil {
		return nil, err
	}
	tmp := filepath.Join(next, chainFile+".new")
	return longer, errors.Join(os.WriteFile(tmp, b, 0o600), os.Rename(tmp, filepath.Join(next, chainFile)))
}
