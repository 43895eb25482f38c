package batch

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"tramxa/appliance/journal"
	"tramxa/appliance/tuple"
)

// Forms of a record: what of it is not of the known grammar and goes as it is.
const (
	headAsIs = 1 << iota
	bodyAsIs
)

// maxPlaces is how many values of a list have a place of their own.
const maxPlaces = 60

// transcoder takes records through a model, out of or into bytes.
type transcoder struct {
	*model
	in  []byte // encoding: the body
	pos int
	out []byte // decoding: the body so far
	max int    // decoding: bytes it may have
}

// packModelled packs recs under a model that has learnt a dictionary.
func packModelled(recs []journal.Record, dictionary uint32) ([]byte, error) {
	m, err := primed(dictionary, newEncoder())
	if err != nil {
		return nil, err
	}
	t := transcoder{model: m}
	for _, r := range recs {
		t.record(r)
	}
	return t.c.finish(), nil
}

func unpackModelled(packed []byte, h Header) ([]journal.Record, error) {
	m, err := primed(h.Dictionary, newDecoder(packed))
	if err != nil {
		return nil, err
	}
	t := transcoder{model: m}
	recs := make([]journal.Record, h.Count())
	left := h.Raw
	for i := range recs {
		t.max = left
		recs[i] = t.record(journal.Record{Seq: h.First + journal.Seq(i)})
		left -= len(recs[i].Head) + len(recs[i].Body)
		if t.bad || left < 0 || len(recs[i].Head) == 0 || len(recs[i].Head) > journal.MaxHead || len(recs[i].Body) > journal.MaxBody {
			return nil, fmt.Errorf("%w: record %d", ErrMalformed, recs[i].Seq)
		}
	}
	if left != 0 || !t.c.whole() {
		return nil, fmt.Errorf("%w: modelled records", ErrMalformed)
	}
	return recs, nil
}

// record codes one record; decoding, only r.Seq is looked at.
func (t *transcoder) record(r journal.Record) journal.Record {
	form := 0
	var e journal.Envelope
	if t.c.enc {
		var err error
		if e, err = r.Envelope(); err != nil || !bytes.Equal(e.Append(nil), r.Head) || e.DeviceSeq > tuple.MaxInt ||
			e.Op > tuple.MaxInt || e.Base > tuple.MaxInt || magnitude(e.At) > tuple.MaxInt {
			form, e = headAsIs, journal.Envelope{}
		}
		if tuple.Check(r.Body) != nil {
			form |= bodyAsIs
		}
	}
	t.last, t.last2 = 0, 0
	form = int(t.num(0xf, uint64(form)))
	if form&headAsIs != 0 {
		r.Head = t.raw(0xa, r.Head, journal.MaxHead)
	} else if e = t.envelope(e); !t.c.enc {
		r.Head = e.Append(nil)
	}
	if form&bodyAsIs != 0 {
		r.Body = t.raw(0xb, r.Body, min(t.max, journal.MaxBody))
		return r
	}
	t.in, t.pos, t.out = r.Body, 0, nil
	t.body(join(join(0xc, uint32(e.Kind)), uint32(e.Version)))
	if !t.c.enc {
		r.Body = t.out
	}
	return r
}

// body codes a tuple: how many values, then each.
func (t *transcoder) body(key uint32) {
	n := 0
	if t.c.enc {
		n = values(t.in)
	}
	n = int(t.num(key, uint64(n)))
	for i := 0; i < n && !t.bad; i++ {
		t.item(key, uint64(i), 0)
	}
}

// values counts the values of a canonical tuple.
func values(b []byte) (n int) {
	err := tuple.Walk(b, func(path []int, _ tuple.Type, _ uint64, _ []byte) error {
		n = path[0] + 1
		return nil
	})
	if err != nil {
		panic("batch: internal error: " + err.Error())
	}
	return n
}

// item codes one value and what is in it. Values of a list have the place of
// their index; lists in a list share one place, as the members of a household do.
func (t *transcoder) item(list uint32, i uint64, depth int) {
	key := join(list, uint32(min(i, maxPlaces))+1)
	var kind tuple.Type
	var n uint64
	if t.c.enc {
		var err error
		if kind, n, t.pos, err = tuple.Head(t.in, t.pos); err != nil {
			panic("batch: internal error: " + err.Error())
		}
	}
	kind, n = t.value(key, kind, n)
	if !t.c.enc {
		t.out = binary.AppendUvarint(t.out, n<<2|uint64(kind))
		if len(t.out) > t.max || (kind >= tuple.Bytes && (n == 0 || n > uint64(t.max-len(t.out)))) ||
			(kind == tuple.List && (depth >= tuple.MaxDepth || n > tuple.MaxList)) {
			t.bad = true
			return
		}
	}
	switch kind {
	case tuple.Bytes:
		t.content(key, int(n))
	case tuple.List:
		if depth > 0 {
			key = join(list, 0)
		}
		for i := uint64(0); i < n && !t.bad; i++ {
			t.item(key, i, depth+1)
		}
	}
}

func (t *transcoder) content(key uint32, n int) {
	if t.c.enc {
		t.bytes(key, append([]byte(nil), t.in[t.pos:t.pos+n]...))
		t.pos += n
		return
	}
	from := len(t.out)
	t.out = append(t.out, make([]byte, n)...)
	t.bytes(key, t.out[from:])
}
