package localui

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tramxa/appliance/journal"
)

// lanCertYears is how long a LAN certificate lasts. It is trusted by its
// fingerprint, shown on the station's own screen, so a short life would only
// make people click through warnings more often; and it starts in 2020 because
// the PC's clock may stand in the past.
const lanCertYears = 30

// SelfSigned returns the certificate for the LAN, made once and kept in dir as
// lan.pem (0600), and its SHA-256 fingerprint as people compare it. It is made
// again when the names or addresses it must stand for have changed. The key is
// P-256, because browsers refuse Ed25519.
func SelfSigned(dir string, names []string, ips []net.IP) (tls.Certificate, string, error) {
	file := filepath.Join(dir, "lan.pem")
	cert, err := readPair(file)
	if err == nil && covers(cert.Leaf, names, ips) {
		return cert, fingerprint(cert.Leaf), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNotPair) {
		return tls.Certificate{}, "", err
	}
	if err := makePair(file, names, ips); err != nil {
		return tls.Certificate{}, "", fmt.Errorf("make the certificate for the LAN: %w", err)
	}
	cert, err = readPair(file)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	return cert, fingerprint(cert.Leaf), nil
}

var errNotPair = errors.New("not a certificate and key")

func readPair(file string) (tls.Certificate, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return tls.Certificate{}, err
	}
	cert, err := tls.X509KeyPair(b, b)
	if err != nil || cert.Leaf == nil {
		return tls.Certificate{}, errNotPair
	}
	return cert, nil
}

func covers(leaf *x509.Certificate, names []string, ips []net.IP) bool {
	for _, n := range names {
		if leaf.VerifyHostname(n) != nil {
			return false
		}
	}
	for _, ip := range ips {
		if leaf.VerifyHostname(ip.String()) != nil {
			return false
		}
	}
	return true
}

func makePair(file string, names []string, ips []net.IP) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	b, err := certify(key, names, ips)
	if err != nil {
		return err
	}
	return journal.WriteFileAtomic(journal.OS, file, b, 0o600)
}

// certify makes a certificate of a key and returns both as lan.pem has them.
func certify(key *ecdsa.PrivateKey, names []string, ips []net.IP) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	begin := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	tmpl := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "tramxa"},
		NotBefore: begin, NotAfter: begin.AddDate(lanCertYears, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, DNSNames: names, IPAddresses: ips,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, err
	}
	priv, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: priv})...), nil
}

// fingerprint is the SHA-256 of the certificate in groups of four hex digits.
func fingerprint(leaf *x509.Certificate) string { return groups(leaf.Raw) }

// groups is the SHA-256 of b as people compare it.
func groups(of []byte) string {
	sum := sha256.Sum256(of)
	var b strings.Builder
	for i, c := range sum {
		if i > 0 && i%2 == 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%02X", c)
	}
	return b.String()
}
