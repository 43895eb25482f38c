package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base32"
	"encoding/pem"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"tramxa/appliance/journal"
)

// Pin is the public key of a hub's authority. Whoever holds it can tell the hub
// from every other machine.
type Pin [ed25519.PublicKeySize]byte

const pinPrefix = "txhub1-"

// pinText is base32 without padding, in small letters.
func pinText() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }

// String gives the pin as it stands in configuration: "txhub1-" and 52 letters
// and digits.
func (p Pin) String() string { return pinPrefix + strings.ToLower(pinText().EncodeToString(p[:])) }

// ParsePin reads what String writes.
func ParsePin(s string) (Pin, error) {
	var p Pin
	text, ok := strings.CutPrefix(s, pinPrefix)
	b, err := pinText().DecodeString(strings.ToUpper(text))
	if !ok || err != nil || len(b) != len(p) || Pin(b).String() != s {
		return Pin{}, fmt.Errorf("%w: a hub pin is %q and 52 letters and digits", ErrFormat, pinPrefix)
	}
	return Pin(b), nil
}

// CA is the authority of one hub. It signs node certificates and nothing else.
type CA struct{ key ed25519.PrivateKey }

// CreateCA makes a new authority in a new file.
func CreateCA(path string) (*CA, error) {
	key, err := CreateKey(path)
	if err != nil {
		return nil, err
	}
	return &CA{key}, nil
}

// LoadCA reads it.
func LoadCA(path string) (*CA, error) {
	key, err := LoadKey(path)
	if err != nil {
		return nil, err
	}
	return &CA{key}, nil
}

// NewCA is the authority with this key, out of a copy of the hub.
func NewCA(key ed25519.PrivateKey) *CA { return &CA{key} }

// Pin returns what stations know the hub by.
func (c *CA) Pin() Pin { return Pin(c.key.Public().(ed25519.PublicKey)) }

// Node is one server of a hub with its certificate.
type Node struct {
	ID   string
	Pin  Pin
	Cert tls.Certificate
}

const (
	nodeKeyFile  = "node.key"
	nodeCertFile = "node.crt"
	pinFile      = "hub.pin"
)

var nodeIDs = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,31}$`)

// nodeID is what a node may be called.
func nodeID(id string) bool { return nodeIDs.MatchString(id) }

// CreateNode makes a key and a certificate for the node id in dir, which must
// exist. now is the NotBefore of the certificate.
func (c *CA) CreateNode(dir, id string, now time.Time) (*Node, error) {
	if !nodeID(id) {
		return nil, fmt.Errorf("node id %q: at most 32 small letters, digits, dots and hyphens", id)
	}
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := sign(nodePrefix+id, pub, c.key, now.UTC())
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", id, err)
	}
	if err := KeepKey(filepath.Join(dir, nodeKeyFile), key); err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: pemCert, Bytes: der})
	if err := writeNew(filepath.Join(dir, nodeCertFile), text, 0o644); err != nil {
		return nil, err
	}
	if err := writeNew(filepath.Join(dir, pinFile), []byte(c.Pin().String()+"\n"), 0o644); err != nil {
		return nil, err
	}
	return LoadNode(dir)
}

// LoadNode reads what CreateNode wrote and checks that it fits together.
func LoadNode(dir string) (*Node, error) {
	key, err := LoadKey(filepath.Join(dir, nodeKeyFile))
	if err != nil {
		return nil, err
	}
	der, err := readPEM(filepath.Join(dir, nodeCertFile), pemCert)
	if err != nil {
		return nil, err
	}
	text, err := journal.ReadFile(journal.OS, filepath.Join(dir, pinFile), maxFile)
	if err != nil {
		return nil, err
	}
	pin, err := ParsePin(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, err
	}
	cert, err := certificate(der, key)
	if err != nil {
		return nil, err
	}
	id, err := pin.node(cert.Leaf)
	if err != nil {
		return nil, err
	}
	if !key.Public().(ed25519.PublicKey).Equal(cert.Leaf.PublicKey) {
		return nil, fmt.Errorf("%w: %s and %s do not belong together", ErrFormat, nodeKeyFile, nodeCertFile)
	}
	return &Node{ID: id, Pin: pin, Cert: cert}, nil
}

// node checks that leaf was signed by the authority and returns the node's id.
func (p Pin) node(leaf *x509.Certificate) (string, error) {
	if leaf.SignatureAlgorithm != x509.PureEd25519 || !ed25519.Verify(p[:], leaf.RawTBSCertificate, leaf.Signature) {
		return "", ErrNotTheHub
	}
	return nodeOf(leaf)
}
