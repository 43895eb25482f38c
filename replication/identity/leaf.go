package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"tramxa/appliance/journal"
)

// Certificates here carry a common name and nothing else: about 240 bytes each,
// paid on every fresh connection.

// leafLife is how long certificates say they live. What ends a certificate is
// the key taken out of the hub's state, or the authority replaced, not this.
const leafLife = 20 * 365 * 24 * time.Hour

// nodePrefix starts the common name of a hub node; a station's is its number.
const nodePrefix = "hub/"

// StationLeaf makes the certificate with which a station shows its key. It signs
// itself: the hub knows the key. The dates are fixed and mean nothing, because
// the clock of a station may be anywhere.
func StationLeaf(station journal.Station, key ed25519.PrivateKey) (tls.Certificate, error) {
	if station == 0 {
		return tls.Certificate{}, fmt.Errorf("%w: stations count from 1", ErrFormat)
	}
	if err := whole(key); err != nil {
		return tls.Certificate{}, err
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	name := strconv.FormatUint(uint64(station), 10)
	der, err := sign(name, key.Public().(ed25519.PublicKey), key, from)
	if err != nil {
		return tls.Certificate{}, err
	}
	return certificate(der, key)
}

func sign(name string, pub ed25519.PublicKey, by ed25519.PrivateKey, from time.Time) ([]byte, error) {
	subject := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: from, NotAfter: from.Add(leafLife),
	}
	issuer := subject
	if !pub.Equal(by.Public()) {
		issuer = &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}}
	}
	return x509.CreateCertificate(rand.Reader, subject, issuer, pub, by)
}

func certificate(der []byte, key ed25519.PrivateKey) (tls.Certificate, error) {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// stationOf reads the number and the key out of a station's certificate.
func stationOf(leaf *x509.Certificate) (journal.Station, ed25519.PublicKey, error) {
	key, ok := leaf.PublicKey.(ed25519.PublicKey)
	n, err := strconv.ParseUint(leaf.Subject.CommonName, 10, 32)
	if !ok || err != nil || n == 0 || strconv.FormatUint(n, 10) != leaf.Subject.CommonName {
		return 0, nil, fmt.Errorf("%w: not a station's certificate", ErrFormat)
	}
	return journal.Station(n), key, nil
}

// nodeOf reads the id out of a hub node's certificate.
func nodeOf(leaf *x509.Certificate) (string, error) {
	id, ok := strings.CutPrefix(leaf.Subject.CommonName, nodePrefix)
	if !ok || !nodeID(id) {
		return "", fmt.Errorf("%w: not a hub's certificate", ErrFormat)
	}
	return id, nil
}
