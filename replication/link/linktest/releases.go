package linktest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"sync"

	"tramxa/replication/link"
)

// Releases is a link.Releases in memory with at most one release. The zero value
// offers nothing.
type Releases struct {
	// Fault, when set, is asked before each answer and may put an error in its
	// place. Set it before the first request.
	Fault func() error

	mu      sync.Mutex
	offer   *link.Offer
	files   map[link.Hash][]byte
	asked   []link.Asking
	reports []link.Report
}

// Publish offers a release whose parts have these contents, all for one system.
func (r *Releases) Publish(sequence uint64, system string, parts ...[]byte) *link.Offer {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &link.Offer{Sequence: sequence, Version: "test", Manifest: []byte("manifest"), Signatures: []byte("signatures")}
	r.files = map[link.Hash][]byte{}
	for _, p := range parts {
		h := link.Hash(sha256.Sum256(p))
		r.files[h] = p
		o.Parts = append(o.Parts, link.OfferedPart{SHA256: h, Size: int64(len(p)), System: system})
	}
	r.offer = o
	return o
}

// Alter replaces what is given out under a hash.
func (r *Releases) Alter(h link.Hash, content []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[h] = content
}

// Asked returns the questions so far.
func (r *Releases) Asked() []link.Asking {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]link.Asking(nil), r.asked...)
}

// Reports returns the reports taken so far.
func (r *Releases) Reports() []link.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]link.Report(nil), r.reports...)
}

func (r *Releases) fault() error {
	if r.Fault != nil {
		return r.Fault()
	}
	return nil
}

// Offer offers the release to whoever runs a lower one.
func (r *Releases) Offer(_ context.Context, _ link.Peer, a link.Asking) (*link.Offer, error) {
	if err := r.fault(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, a)
	if r.offer == nil || a.Sequence >= r.offer.Sequence {
		return nil, nil
	}
	return r.offer, nil
}

// Part opens a part.
func (r *Releases) Part(_ context.Context, _ link.Peer, h link.Hash) (io.ReadSeekCloser, error) {
	if err := r.fault(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := r.files[h]
	if !ok {
		return nil, link.ErrNoPart
	}
	return content{bytes.NewReader(b)}, nil
}

// TakeReport takes a report.
func (r *Releases) TakeReport(_ context.Context, _ link.Peer, rep link.Report) error {
	if err := r.fault(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports = append(r.reports, rep)
	return nil
}

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }
