package batch

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"tramxa/appliance/journal"
)

// Source is what a batch is made from.
type Source struct {
	Origin  journal.Origin
	Secret  journal.Secret   // of the epoch, for the salts of the chain
	PreHash journal.Hash     // the chain before the first record
	Records []journal.Record // consecutive
}

// Encode packs all records of src into one batch, signed by signer. It tries
// the packings of this version against each other and takes the smallest; the
// result is a function of its arguments alone. ErrTooLarge: too much for one
// batch (see Cut).
func Encode(src Source, signer ed25519.PrivateKey) ([]byte, error) {
	h, err := head(src)
	if err != nil {
		return nil, err
	}
	if len(signer) != ed25519.PrivateKeySize {
		return nil, errors.New("a batch needs the station's key to be signed")
	}
	packed, err := pack(src.Records, &h)
	if err != nil {
		return nil, err
	}
	b := seal(h, packed, signer)
	if len(b) > MaxPacked {
		return nil, fmt.Errorf("%w: %d bytes packed", ErrTooLarge, len(b))
	}
	return b, nil
}

// seal puts header, packed records, checksum and signature together.
func seal(h Header, packed []byte, signer ed25519.PrivateKey) []byte {
	b := h.append(make([]byte, 0, minHeader+32+len(packed)+tailSize))
	b = append(b, packed...)
	b = append(b, checksum(b)...)
	return append(b, ed25519.Sign(signer, h.statement())...)
}

// Cut encodes as many leading records of src as l allows and returns how many
// they are. It fails only on records that no batch may carry.
func Cut(src Source, signer ed25519.PrivateKey, l Limits) (b []byte, taken int, err error) {
	l = l.orDefault()
	all := src.Records
	for n := l.Fits(all); ; n = (n + 1) / 2 {
		src.Records = all[:n]
		b, err = Encode(src, signer)
		if err == nil && (len(b) <= l.Packed || n == 1) {
			return b, n, nil
		}
		if err != nil && (!errors.Is(err, ErrTooLarge) || n <= 1) {
			return nil, 0, err
		}
	}
}

// head checks the records and states them.
func head(src Source) (Header, error) {
	if len(src.Records) == 0 {
		return Header{}, errors.New("a batch without records")
	}
	if len(src.Records) > MaxRecords {
		return Header{}, fmt.Errorf("%w: %d records", ErrTooLarge, len(src.Records))
	}
	first := src.Records[0].Seq
	h := Header{Origin: src.Origin, First: first, Last: first + journal.Seq(len(src.Records)) - 1, PreHash: src.PreHash}
	if first == 0 {
		return Header{}, errors.New("a record without a sequence")
	}
	chain := journal.Chain{Secret: src.Secret, Lane: src.Origin.Lane, Seq: first - 1, Hash: src.PreHash}
	for i, r := range src.Records {
		if r.Seq != first+journal.Seq(i) {
			return Header{}, fmt.Errorf("record %d where %d should follow", r.Seq, first+journal.Seq(i))
		}
		if len(r.Head) == 0 || len(r.Head) > journal.MaxHead || len(r.Body) > journal.MaxBody {
			return Header{}, fmt.Errorf("%w: record %d", journal.ErrTooLarge, r.Seq)
		}
		h.Raw += len(r.Head) + len(r.Body)
		chain.Add(r.Head, r.Body)
	}
	if h.Raw > MaxRaw {
		return Header{}, fmt.Errorf("%w: %d bytes", ErrTooLarge, h.Raw)
	}
	h.PostHash = chain.Hash
	return h, nil
}
