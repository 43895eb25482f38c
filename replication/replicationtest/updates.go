package replicationtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"tramxa/replication/fsm"
	"tramxa/replication/hub"
	"tramxa/replication/identity"
	"tramxa/replication/link"
	"tramxa/replication/spoke"
)

// Updates is a station's way to the update requests of some nodes, or of all when
// none are named. The world must have been made with Links.
func (w *World) Updates(s *Station, nodes ...*Node) *spoke.Updates {
	w.T.Helper()
	conf, err := identity.ClientTLS(identity.ClientOptions{Station: s.Origin.Station, Key: s.Key, Pin: w.Nodes[0].o.Node.Pin, Metered: true})
	if err != nil {
		w.T.Fatal(err)
	}
	if len(nodes) == 0 {
		nodes = w.Nodes
	}
	u := &spoke.Updates{Dialer: &link.Dialer{TLS: conf, HandshakeTimeout: Patience, Patience: Patience},
		MinBackoff: 10 * time.Millisecond, MaxBackoff: 50 * time.Millisecond}
	for _, n := range nodes {
		u.Addresses = append(u.Addresses, n.link)
	}
	return u
}

// Bundle is the bundle file of a world's releases: a line of JSON and the parts
// behind it. It knows hashes but no signatures, which are not the hub's to judge.
type Bundle struct {
	Sequence uint64
	MinFrom  uint64
	Parts    []BundlePart
	content  [][]byte
}

// BundlePart is a part in a Bundle's head.
type BundlePart struct {
	Hash   [32]byte
	Size   int64
	System string
	From   [32]byte
}

// Add puts a part into the bundle and returns its hash.
func (b *Bundle) Add(system string, content []byte, from [32]byte) [32]byte {
	h := sha256.Sum256(content)
	b.Parts = append(b.Parts, BundlePart{h, int64(len(content)), system, from})
	b.content = append(b.content, content)
	return h
}

// Bytes returns the file.
func (b *Bundle) Bytes() []byte {
	head, err := json.Marshal(b)
	if err != nil {
		panic("replicationtest: internal error: " + err.Error())
	}
	return append(append(head, '\n'), bytes.Join(b.content, nil)...)
}

// OpenBundle is the hub.Verifier of such files.
func OpenBundle(r io.ReaderAt, size int64) (*hub.Bundle, error) {
	all, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, err
	}
	head, rest, ok := bytes.Cut(all, []byte("\n"))
	var b Bundle
	if !ok || json.Unmarshal(head, &b) != nil {
		return nil, errors.New("not a bundle")
	}
	out := &hub.Bundle{Sequence: b.Sequence, MinFrom: b.MinFrom, Version: fmt.Sprintf("1.%d.0", b.Sequence), Manifest: head, Signatures: []byte("none")}
	for _, p := range b.Parts {
		if int64(len(rest)) < p.Size {
			return nil, errors.New("bundle is cut short")
		}
		content := rest[:p.Size]
		rest = rest[p.Size:]
		out.Parts = append(out.Parts, hub.BundlePart{ReleasePart: fsm.ReleasePart{Hash: p.Hash, Size: p.Size, System: p.System, From: p.From},
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }})
	}
	return out, nil
}
