package localui

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tramxa/appliance/journal"
)

// LANCert is the certificate for a LAN whose addresses are not known beforehand.
// It stands for the addresses this machine has now and had lately, and is made
// again when a new one comes; its key is kept, so the fingerprint of the key
// stays. It is safe for concurrent use.
type LANCert struct {
	file  string
	names []string
	log   *slog.Logger
	own   func() []net.IP // addresses of this machine
	now   func() time.Time

	mu     sync.Mutex
	key    *ecdsa.PrivateKey
	cert   tls.Certificate
	looked time.Time
}

const (
	lanLook   = 5 * time.Second // how old what is known of the addresses may be
	maxLANIPs = 12              // addresses in a certificate; the oldest that are gone leave
)

// LANCertificate opens or makes the certificate kept in dir as lan.pem (0600), and
// takes over the key of a pair that is there already. The key is P-256, because
// browsers refuse Ed25519. names are further names of this machine; its own and
// its addresses come by themselves. log may be nil.
func LANCertificate(dir string, names []string, log *slog.Logger) (*LANCert, error) {
	return openLANCert(dir, names, log, ownIPs, time.Now)
}

func openLANCert(dir string, names []string, log *slog.Logger, own func() []net.IP, now func() time.Time) (*LANCert, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &LANCert{file: filepath.Join(dir, "lan.pem"), names: lower(names), log: log, own: own, now: now}
	cert, err := readPair(c.file)
	switch {
	case err == nil:
		key, ok := cert.PrivateKey.(*ecdsa.PrivateKey)
		if ok {
			c.key, c.cert = key, cert
		}
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNotPair):
		return nil, err
	}
	if c.key == nil {
		if c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.fit(); err != nil {
		return nil, fmt.Errorf("certificate for the LAN: %w", err)
	}
	return c, nil
}

// fit makes the certificate again when it does not stand for a name or address of
// this machine. A file that cannot be written costs the next start a new key and
// is told to the log; the pages are served all the same.
func (c *LANCert) fit() error {
	c.looked = c.now()
	names, ips := append(slices.Clone(c.names), machineNames()...), c.own()
	if c.cert.Leaf != nil && covers(c.cert.Leaf, names, ips) {
		return nil
	}
	if c.cert.Leaf != nil {
		for _, ip := range c.cert.Leaf.IPAddresses {
			if len(ips) < maxLANIPs && !slices.ContainsFunc(ips, ip.Equal) {
				ips = append(ips, ip)
			}
		}
	}
	slices.Sort(names)
	b, err := certify(c.key, slices.Compact(names), ips)
	if err != nil {
		return err
	}
	if c.cert, err = tls.X509KeyPair(b, b); err != nil {
		return err
	}
	if err := journal.WriteFileAtomic(journal.OS, c.file, b, 0o600); err != nil {
		c.log.Error("localui: the LAN certificate is not kept", "error", err)
	}
	return nil
}

// GetCertificate is for tls.Config.
func (c *LANCert) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	cert, err := c.current()
	return &cert, err
}

func (c *LANCert) current() (tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.now().Sub(c.looked); d > lanLook || d < 0 {
		if err := c.fit(); err != nil {
			return c.cert, err
		}
	}
	return c.cert, nil
}

// Config is a server's TLS configuration with this certificate.
func (c *LANCert) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.GetCertificate}
}

// Fingerprint is that of the certificate as it is now, which browsers show; it
// changes with the addresses.
func (c *LANCert) Fingerprint() string {
	cert, _ := c.current() // the one there was still serves
	return fingerprint(cert.Leaf)
}

// KeyFingerprint is the SHA-256 of the public key (SubjectPublicKeyInfo), which
// some browsers show beside the certificate's; it stays.
func (c *LANCert) KeyFingerprint() string {
	der, err := x509.MarshalPKIXPublicKey(c.key.Public())
	if err != nil {
		return "" // a P-256 key always marshals
	}
	return groups(der)
}

// LANAddresses are where the pages are on the LAN at a port: by address, and by
// this machine's name last, because not every phone looks up .local.
func LANAddresses(port string) []string {
	var out []string
	at := func(host string) {
		if port != "443" {
			host = net.JoinHostPort(host, port)
		}
		out = append(out, "https://"+host)
	}
	for _, ip := range ownIPs() {
		at(ip.String())
	}
	for _, n := range machineNames() {
		if strings.HasSuffix(n, ".local") {
			at(n)
		}
	}
	return out
}

// ownIPs are the IPv4 addresses by which others on the LAN reach this machine,
// the one of the way out first, then those of private networks. IPv6 is left out: its addresses change by the
// day, and nobody types them.
func ownIPs() []net.IP {
	list, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var private, other []net.IP
	for _, in := range list {
		if in.Flags&net.FlagUp == 0 || in.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := in.Addrs()
		if err != nil {
			continue
		}
		for _, a := range addrs {
			n, ok := a.(*net.IPNet)
			if !ok || n.IP.To4() == nil || !n.IP.IsGlobalUnicast() {
				continue
			}
			if n.IP.IsPrivate() {
				private = append(private, n.IP.To4())
			} else {
				other = append(other, n.IP.To4())
			}
		}
	}
	all := append(private, other...)
	if way := wayOut(); way != nil {
		slices.SortStableFunc(all, func(a, b net.IP) int { return notFirst(a, way) - notFirst(b, way) })
	}
	return all[:min(len(all), maxLANIPs)]
}

// wayOut is the address this machine would use towards the rest of the world,
// which is the one on the LAN where it has several; nil without a route. Nothing
// is sent: 192.0.2.1 is nobody's (RFC 5737).
func wayOut() net.IP {
	conn, err := net.Dial("udp4", "192.0.2.1:9")
	if err != nil {
		return nil
	}
	defer conn.Close()
	at, _ := conn.LocalAddr().(*net.UDPAddr)
	if at == nil {
		return nil
	}
	return at.IP
}

func notFirst(ip, way net.IP) int {
	if ip.Equal(way) {
		return 0
	}
	return 1
}

// machineNames are this machine's own name, and the same below .local; none when
// it has no usable name. Only the first label counts: a LAN may tell a machine
// any domain.
func machineNames() []string {
	name, err := os.Hostname()
	if err != nil {
		return nil
	}
	name, _, _ = strings.Cut(strings.ToLower(name), ".")
	if name == "" || len(name) > 63 || name == "localhost" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || isDigits(name) {
		return nil
	}
	return []string{name, name + ".local"}
}
