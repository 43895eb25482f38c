package link

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"tramxa/appliance/journal"
)

// Updates of the program travel beside links, on the same port and under the
// same certificates, as plain requests:
//
//	GET  /v1/update?app=VERSION&sequence=N&system=S&from=HASH   204, or 200 and an Offer
//	GET  /v1/update/part/HASH                                    the bytes, with Range
//	POST /v1/update/report                                       a Report; 204 when it is committed
//
// system and from may be given several times. Any node answers the first two;
// a node that does not lead answers the third with 421 and an Elsewhere.

// Bounds of the requests and answers, in bytes.
const (
	UpdatePath = "/v1/update"
	PartPath   = UpdatePath + "/part/"
	ReportPath = UpdatePath + "/report"

	maxSystems = 8
	maxApp     = 64
	maxReport  = 4 << 10

	// MaxVersion and MaxReason bound the texts of a Report.
	MaxVersion = 64
	MaxReason  = 500

	// MaxOffer bounds an offer as JSON: 64 KiB of manifest in base64 and 256 parts.
	MaxOffer = 256 << 10
)

// Hash is SHA-256 of a file, in JSON and in addresses as hexadecimal digits; the
// zero value is no file.
type Hash [32]byte

// String returns the digits, "" for no file.
func (h Hash) String() string {
	if h == (Hash{}) {
		return ""
	}
	return hex.EncodeToString(h[:])
}

// ParseHash is the opposite of String, and takes small digits only.
func ParseHash(s string) (h Hash, err error) {
	if s == "" {
		return h, nil
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) || hex.EncodeToString(b) != s {
		return h, fmt.Errorf("%w: %q is not a hash of 64 small hexadecimal digits", ErrProtocol, cut(s, 80))
	}
	return Hash(b), nil
}

func cut(s string, n int) string { return s[:min(len(s), n)] }

// MarshalText writes the digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads the digits.
func (h *Hash) UnmarshalText(b []byte) (err error) {
	*h, err = ParseHash(string(b))
	return err
}

// Peer is a station that has proved a key of its own in the handshake.
type Peer struct {
	Station journal.Station
	Key     ed25519.PublicKey
}

// Asking is what a station says when it asks for something newer.
type Asking struct {
	App      string   // the version that runs
	Sequence uint64   // its release; 0 when it came from none
	Systems  []string // what it can use, e.g. "linux/amd64", "image/amd64/root"
	From     []Hash   // files it holds, for which a difference would do
}

// Offer is a release that a station may take now. Manifest and signatures are
// for the station to verify; nothing else here is signed.
type Offer struct {
	Sequence   uint64        `json:"sequence"`
	Version    string        `json:"version"`
	Manifest   []byte        `json:"manifest"`
	Signatures []byte        `json:"signatures"`
	Parts      []OfferedPart `json:"parts"`           // differences first
	After      int64         `json:"after,omitempty"` // seconds after the night begins, to spread the stations
}

// OfferedPart is a file of an offer that this station can use.
type OfferedPart struct {
	SHA256 Hash   `json:"sha256"`
	Size   int64  `json:"size"`
	System string `json:"system"`
	From   Hash   `json:"from,omitzero"` // it is a difference to this file
}

// Report is what a station tells about a release. Stage is one of staged, trying,
// confirmed, rolled_back, refused, failed. Version and reason are plain text of
// at most 64 and 500 bytes, and never about a person.
type Report struct {
	Sequence uint64 `json:"sequence"`
	Stage    string `json:"outcome"`
	Running  uint64 `json:"running,omitempty"` // release that runs now
	Version  string `json:"version,omitempty"` // version that runs now
	Reason   string `json:"reason,omitempty"`
}

// ParseReport reads exactly one report of known fields.
func ParseReport(r io.Reader) (Report, error) {
	var rep Report
	return rep, strictJSON(r, maxReport, &rep)
}

// ParseOffer reads exactly one offer; fields of later hubs are passed over.
func ParseOffer(r io.Reader) (*Offer, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxOffer+1))
	if err != nil {
		return nil, err
	}
	var o Offer
	if len(b) > MaxOffer {
		return nil, fmt.Errorf("%w: an offer over %d bytes", ErrProtocol, MaxOffer)
	}
	if err := json.Unmarshal(b, &o); err != nil {
		return nil, fmt.Errorf("%w: offer: %w", ErrProtocol, err)
	}
	if o.Sequence == 0 || len(o.Manifest) == 0 || len(o.Parts) == 0 {
		return nil, fmt.Errorf("%w: an offer without number, manifest or parts", ErrProtocol)
	}
	for _, p := range o.Parts {
		if p.SHA256 == (Hash{}) || p.Size <= 0 {
			return nil, fmt.Errorf("%w: an offered part without hash or size", ErrProtocol)
		}
	}
	return &o, nil
}

func strictJSON(r io.Reader, max int64, into any) error {
	b, err := io.ReadAll(io.LimitReader(r, max+1))
	if err != nil {
		return err
	}
	if int64(len(b)) > max {
		return fmt.Errorf("%w: more than %d bytes", ErrProtocol, max)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one value", ErrProtocol)
	}
	return nil
}

// Releases is the hub behind the update requests. Its methods are called from
// many goroutines at once, and return the errors below.
type Releases interface {
	// Offer returns the newest release for what is asked, nil when there is none.
	Offer(ctx context.Context, p Peer, a Asking) (*Offer, error)
	// Part opens a file of a release.
	Part(ctx context.Context, p Peer, h Hash) (io.ReadSeekCloser, error)
	// TakeReport returns when the report is committed.
	TakeReport(ctx context.Context, p Peer, r Report) error
}

// What Releases answer in place of an answer.
var (
	// ErrFencedOut: this station, by this key, gets and tells nothing.
	ErrFencedOut = errors.New("this epoch of the station is over")
	// ErrNoPart: no release in force has such a file.
	ErrNoPart = errors.New("no release has this part")
	// ErrNotYet: this node cannot say now; another may, or this one later.
	ErrNotYet = errors.New("not now")
	// ErrSenseless: the request contradicts what is known; again would not help.
	ErrSenseless = errors.New("not taken")
)

// Elsewhere: this node does not lead; Leader is the link address of the one that
// does, "" when there is none now.
type Elsewhere struct {
	Leader string `json:"leader"`
}

func (e *Elsewhere) Error() string { return "this node does not lead the hub" }

// retryLater is what stations are told to wait when a node cannot say now.
const retryLater = 30 * time.Second
