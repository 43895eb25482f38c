package localui

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"time"
)

// lanCertYears is how long a LAN certificate lasts. It is trusted by its
// fingerprint, shown on the station's own screen, so a short life would only
// make people click through warnings more often; and it starts in 2020 because
// the PC's clock may stand in the past.
const lanCertYears = 30

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
