package update

import (
	"errors"
	"testing"
)

func TestChecksumsAreSignedByTheThreshold(t *testing.T) {
	var keys [3]*PrivateKey
	var public []PublicKey
	for i := range keys {
		k, err := NewPrivateKey()
		if err != nil {
			t.Fatal(err)
		}
		keys[i], public = k, append(public, k.Public())
	}
	set, err := NewKeySet(1, 2, public...)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := NewChain(set)
	if err != nil {
		t.Fatal(err)
	}
	sums := []byte("00  a\n")
	file := func(sigs ...Signature) []byte {
		b, err := NewSignatures(chain, sigs...).Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	trust := NewTrust(set)
	if err := trust.VerifySums(sums, file(keys[2].SignSums(sums), keys[0].SignSums(sums))); err != nil {
		t.Error(err)
	}
	for name, b := range map[string][]byte{
		"one of three":             file(keys[0].SignSums(sums)),
		"one, twice":               file(keys[0].SignSums(sums), keys[0].SignSums(sums)),
		"of another list":          file(keys[0].SignSums([]byte("01  a\n")), keys[1].SignSums(sums)),
		"of a manifest, not of it": file(keys[0].SignManifest(sums), keys[1].SignManifest(sums)),
	} {
		if err := trust.VerifySums(sums, b); !errors.Is(err, ErrUnsigned) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Trust{}).VerifySums(sums, file()); !errors.Is(err, ErrDevelopment) {
		t.Errorf("a program without keys: %v", err)
	}
}
