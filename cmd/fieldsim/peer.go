package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"time"
)

// httpsPeer is what the same records cost by plain means: one HTTPS POST of
// JSON lines, gzip -9, over HTTP/2 and TLS 1.3 with X25519 and an ordinary P-256
// leaf. The station shows no certificate, nothing is signed and nothing chained:
// the comparison favours the peer.
type httpsPeer struct {
	url    string
	client *http.Client
	tap    *tap
	sess   tls.ClientSessionCache
	stop   func()
}

func newHTTPSPeer() (*httpsPeer, error) {
	cert, pool, err := ordinaryLeaf()
	if err != nil {
		return nil, err
	}
	ln, err := listen()
	if err != nil {
		return nil, err
	}
	srv := &http.Server{
		Handler: http.HandlerFunc(takeLines), ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13, CurvePreferences: []tls.CurveID{tls.X25519}},
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = srv.ServeTLS(ln, "", "") }() // ends by Close
	p := &httpsPeer{url: "https://" + ln.Addr().String() + "/records", stop: func() { srv.Close(); <-served }}
	p.forget(pool)
	return p, nil
}

// forget starts with a client that knows no session.
func (p *httpsPeer) forget(pool *x509.CertPool) {
	p.sess = tls.NewLRUClientSessionCache(1)
	p.client = &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13, ClientSessionCache: p.sess,
			CurvePreferences: []tls.CurveID{tls.X25519}},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			t, err := dialTap(ctx, network, addr)
			p.tap = t
			return t, err
		},
	}}
}

func (p *httpsPeer) close() { p.client.CloseIdleConnections() }

// takeLines counts the lines it is sent and answers with the number.
func takeLines(w http.ResponseWriter, r *http.Request) {
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, "gzip expected", http.StatusBadRequest)
		return
	}
	b, err := io.ReadAll(io.LimitReader(z, 64<<20))
	if err != nil {
		http.Error(w, "cut", http.StatusBadRequest)
		return
	}
	fmt.Fprintf(w, `{"taken":%d}`, bytes.Count(b, []byte("\n")))
}

// post sends the lines and waits for the answer.
func (p *httpsPeer) post(ctx context.Context, lines []byte) error {
	var body bytes.Buffer
	if len(lines) > 0 {
		z, err := gzip.NewWriterLevel(&body, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(lines); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, &body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if want := fmt.Sprintf(`{"taken":%d}`, bytes.Count(lines, []byte("\n"))); len(lines) > 0 && string(answer) != want {
		return fmt.Errorf("the peer answers %q, not %q", answer, want)
	}
	return nil
}

func ordinaryLeaf() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "hub.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool, nil
}
