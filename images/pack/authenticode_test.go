package pack

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// codeSigner makes a certificate that signs programs, by itself.
func codeSigner(t *testing.T) Authenticode {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Tỉnh thử nghiệm"},
		NotBefore: day.AddDate(-20, 0, 0), NotAfter: day.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	a := Authenticode{Cert: filepath.Join(t.TempDir(), "cert.pem"), Key: filepath.Join(t.TempDir(), "key.pem"), At: day}
	for file, block := range map[string]*pem.Block{a.Cert: {Type: "CERTIFICATE", Bytes: der}, a.Key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func TestSignedInstallersVerifyAndRepeat(t *testing.T) {
	if err := needs("osslsigncode", "osslsigncode"); err != nil {
		t.Skipf("skipped: %v", err)
	}
	a := codeSigner(t)
	file := setup(t, "1.2.3", []byte("MZ"), &a)
	verify := func(file string) (string, error) {
		out, err := exec.Command("osslsigncode", "verify", "-CAfile", a.Cert, "-in", file).CombinedOutput()
		return string(out), err
	}
	if said, err := verify(file); err != nil || !strings.Contains(said, "Signature verification: ok") {
		t.Errorf("%v\n%s", err, said)
	}
	one, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	two, err := os.ReadFile(setup(t, "1.2.3", []byte("MZ"), &a))
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("signed twice, two files: %v", err)
	}
	// One byte changed, and the signature says so.
	bad := bytes.Clone(one)
	bad[len(bad)/2] ^= 1
	if err := os.WriteFile(file, bad, 0o644); err != nil {
		t.Fatal(err)
	}
	if said, err := verify(file); err == nil {
		t.Errorf("a changed installer verifies:\n%s", said)
	}
	if err := a.Sign(t.Context(), filepath.Join(t.TempDir(), "none.exe")); err == nil {
		t.Error("a file that is not there was signed")
	}
}
