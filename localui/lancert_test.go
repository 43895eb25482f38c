package localui

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// TestLANCertificateFollowsTheAddresses: a new address makes a new certificate
// under the same key; one that goes and comes back makes none.
func TestLANCertificateFollowsTheAddresses(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2027, 3, 20, 2, 0, 0, 0, time.UTC)
	own := []net.IP{net.IPv4(192, 168, 1, 10)}
	open := func() *LANCert {
		c, err := openLANCert(dir, []string{"tram.lan"}, nil, func() []net.IP { return own }, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	c := open()
	print1, key := c.Fingerprint(), c.KeyFingerprint()
	for _, name := range append(machineNames(), "tram.lan", "192.168.1.10") {
		if err := c.cert.Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if again := open(); again.Fingerprint() != print1 || again.KeyFingerprint() != key {
		t.Fatal("made anew at the next start")
	}
	own = []net.IP{net.IPv4(10, 0, 0, 5)}
	if c.Fingerprint() != print1 {
		t.Fatal("looked at the addresses again at once")
	}
	now = now.Add(time.Minute)
	print2 := c.Fingerprint()
	if print2 == print1 || c.KeyFingerprint() != key {
		t.Fatal("the certificate must be new, the key the same")
	}
	cert, err := c.GetCertificate(nil)
	if err != nil || cert.Leaf.VerifyHostname("10.0.0.5") != nil || cert.Leaf.VerifyHostname("192.168.1.10") != nil {
		t.Fatal("both addresses are wanted", err)
	}
	own, now = []net.IP{net.IPv4(192, 168, 1, 10)}, now.Add(time.Minute)
	if c.Fingerprint() != print2 || open().Fingerprint() != print2 {
		t.Fatal("made anew for an address it has")
	}
	for i := range 40 { // addresses without end do not make it grow without end
		own, now = []net.IP{net.IPv4(10, 1, 0, byte(i))}, now.Add(time.Minute)
		c.Fingerprint()
	}
	if n := len(c.cert.Leaf.IPAddresses); n > maxLANIPs || c.cert.Leaf.VerifyHostname("10.1.0.39") != nil {
		t.Fatalf("%d addresses", n)
	}
	if err := os.WriteFile(filepath.Join(dir, "lan.pem"), []byte("not a pair"), 0o600); err != nil {
		t.Fatal(err)
	}
	if c = open(); c.KeyFingerprint() == key {
		t.Fatal("a key out of nothing")
	}
}

// oldPair puts a lan.pem into dir that stands for one name alone.
func oldPair(t *testing.T, dir, name string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b, err := certify(key, []string{name}, nil)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "lan.pem")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	pair, err := readPair(file)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}

// TestLANCertificateServesOverTLS: a real handshake, with the key of an older pair
// whose certificate does not fit any more.
func TestLANCertificateServesOverTLS(t *testing.T) {
	dir := t.TempDir()
	old := oldPair(t, dir, "cu.lan")
	c, err := LANCertificate(dir, []string{"tram.lan"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if at, err := os.Stat(filepath.Join(dir, "lan.pem")); err != nil || (runtime.GOOS != "windows" && at.Mode().Perm() != 0o600) {
		t.Fatal("others may read the key", at, err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", c.Config())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			_ = conn.(*tls.Conn).Handshake()
			_ = conn.Close()
		}
	}()
	conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	leaf := conn.ConnectionState().PeerCertificates[0]
	if fingerprint(leaf) != c.Fingerprint() || !bytes.Equal(leaf.RawSubjectPublicKeyInfo, old.RawSubjectPublicKeyInfo) {
		t.Fatal("another certificate or key")
	}
	if fingerprint(leaf) == fingerprint(old) || leaf.VerifyHostname("tram.lan") != nil {
		t.Fatal("the old certificate does not stand for the new name")
	}
}

// TestOwnAddressIsAnswered: the address a request came in at and the machine's
// own name need not be configured; everybody else's are refused still.
func TestOwnAddressIsAnswered(t *testing.T) {
	h := guard(nil, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"192.168.1.10:8443": 200, "192.168.1.10": 200, "192.168.1.11": 421, "evil.example": 421, "192.168.1.10.evil.example": 421,
		"0xC0A8010A": 421, "3232235786": 421, "evil.local": 421, "": 421, ".local": 421, name + ".evil.example": 421}
	for _, own := range machineNames() {
		want[own], want[own+":8443"] = 200, 200
	}
	for host, status := range want {
		r := httptest.NewRequest(http.MethodGet, "https://x/", nil)
		r.Host, r.RemoteAddr = host, "192.168.1.20:4000"
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.IPv4(192, 168, 1, 10), Port: 8443})))
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if rec.Code != status {
			t.Errorf("Host %q: %d, want %s", host, rec.Code, strconv.Itoa(status))
		}
	}
}
