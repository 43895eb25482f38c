package register

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
)

// Rows visits all rows of a station in key order: what a checkpoint holds. key
// and val are valid until fn returns; an error of fn ends the visit and is
// returned. Rows not yet flushed by a Tx are not met.
func Rows(txn *badger.Txn, station journal.Station, fn func(key, val []byte) error) error {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: Prefix(station)})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		item := it.Item()
		if err := item.Value(func(val []byte) error { return fn(item.Key(), val) }); err != nil {
			return err
		}
	}
	return nil
}

// Hash returns the hash and number of all rows of a station: equal where two
// nodes of one FoldVersion have applied the same records. It is SHA-256 over
// the fold version and then, in key order, every key and value with its length
// (8 bytes, big endian) before it.
func Hash(txn *badger.Txn, station journal.Station) (h journal.Hash, rows int, err error) {
	sum := sha256.New()
	sum.Write([]byte{FoldVersion})
	var size [8]byte
	put := func(b []byte) {
		binary.BigEndian.PutUint64(size[:], uint64(len(b)))
		sum.Write(size[:])
		sum.Write(b)
	}
	err = Rows(txn, station, func(key, val []byte) error {
		put(key)
		put(val)
		rows++
		return nil
	})
	sum.Sum(h[:0])
	return h, rows, err
}
