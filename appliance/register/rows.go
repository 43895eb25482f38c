package register

import (
	"errors"
	"fmt"
	"sort"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
)

// ErrRow says that a row of the register cannot be read: the view is damaged
// and has to be made again from the journal.
var ErrRow = errors.New("register row is damaged")

// ErrNested says that Flush was called with a savepoint open, or Release or
// Rollback without one.
var ErrNested = errors.New("savepoints of the register are not balanced")

// change is a row not yet in the transaction.
type change struct {
	val     []byte
	deleted bool
}

// undo is what a row of the overlay was before a change.
type undo struct {
	key string
	was change
	had bool
}

// rows reads through the overlay to the transaction. It writes to the overlay
// only.
type rows struct {
	key
	txn   *badger.Txn
	over  map[string]change
	bytes int // of keys and values in over
	log   []undo
	marks []int // lengths of log at the savepoints open
}

func newRows(txn *badger.Txn, station journal.Station) *rows {
	return &rows{key: key{station}, txn: txn}
}

// get returns the value of a row, nil when there is none. The result must not
// be changed; it stays valid.
func (r *rows) get(key []byte) ([]byte, error) {
	if c, ok := r.over[string(key)]; ok {
		return c.val, nil
	}
	item, err := r.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read register row: %w", err)
	}
	val, err := item.ValueCopy(nil)
	if err != nil {
		return nil, fmt.Errorf("read register row: %w", err)
	}
	if val == nil {
		val = []byte{}
	}
	return val, nil
}

// set keeps val, which must not be changed afterwards.
func (r *rows) set(key, val []byte) {
	if val == nil {
		val = []byte{}
	}
	r.put(key, change{val: val})
}

func (r *rows) del(key []byte) { r.put(key, change{deleted: true}) }

func (r *rows) put(key []byte, c change) {
	k := string(key)
	was, had := r.over[k]
	if len(r.marks) > 0 {
		r.log = append(r.log, undo{key: k, was: was, had: had})
	}
	if r.over == nil {
		r.over = make(map[string]change)
	}
	if had {
		r.bytes -= len(was.val)
	} else {
		r.bytes += len(k)
	}
	r.bytes += len(c.val)
	r.over[k] = c
}

func (r *rows) savepoint() { r.marks = append(r.marks, len(r.log)) }

func (r *rows) release() error {
	if len(r.marks) == 0 {
		return ErrNested
	}
	r.marks = r.marks[:len(r.marks)-1]
	if len(r.marks) == 0 {
		r.log = r.log[:0]
	}
	return nil
}

func (r *rows) rollback() error {
	if len(r.marks) == 0 {
		return ErrNested
	}
	mark := r.marks[len(r.marks)-1]
	r.marks = r.marks[:len(r.marks)-1]
	for i := len(r.log) - 1; i >= mark; i-- {
		u := r.log[i]
		r.bytes -= len(r.over[u.key].val)
		if u.had {
			r.bytes += len(u.was.val)
			r.over[u.key] = u.was
			continue
		}
		r.bytes -= len(u.key)
		delete(r.over, u.key)
	}
	r.log = r.log[:mark]
	return nil
}

func (r *rows) flush() error {
	if len(r.marks) > 0 {
		return ErrNested
	}
	for _, k := range r.pending(nil) {
		c := r.over[k]
		var err error
		if c.deleted {
			err = r.txn.Delete([]byte(k))
		} else {
			err = r.txn.Set([]byte(k), c.val)
		}
		if err != nil {
			return fmt.Errorf("write register row: %w", err)
		}
	}
	clear(r.over)
	r.bytes = 0
	return nil
}

// pending lists the keys of the overlay under a prefix, sorted.
func (r *rows) pending(prefix []byte) []string {
	var keys []string
	p := string(prefix)
	for k := range r.over {
		if len(k) >= len(p) && k[:len(p)] == p {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	return keys
}

// row is one row met in a scan; val is nil when the scan wants keys only.
type row struct{ key, val []byte }

// scan visits the rows under prefix in key order until fn returns false. Rows are read ahead in chunks and no
// iterator is open while fn runs, so fn may read and scan as it likes; rows fn
// writes may or may not be met.
func (r *rows) scan(prefix []byte, values bool, fn func(row) (bool, error)) error {
	over := r.pending(prefix)
	seek := prefix
	for size := 32; ; size = min(size*4, 1024) {
		chunk, next, err := r.read(prefix, seek, size, values)
		if err != nil {
			return err
		}
		for len(chunk) > 0 || (next == nil && len(over) > 0) {
			var item row
			if len(over) > 0 && (len(chunk) == 0 || over[0] <= string(chunk[0].key)) {
				if len(chunk) > 0 && over[0] == string(chunk[0].key) {
					chunk = chunk[1:]
				}
				c, ok := r.over[over[0]]
				item = row{key: []byte(over[0]), val: c.val}
				over = over[1:]
				if !ok || c.deleted {
					continue
				}
			} else {
				item, chunk = chunk[0], chunk[1:]
			}
			more, err := fn(item)
			if err != nil || !more {
				return err
			}
		}
		if next == nil {
			return nil
		}
		seek = next
	}
}

// keys visits the keys under prefix until fn returns false. It copies nothing:
// key is valid until fn returns, and fn must not read or scan.
func (r *rows) keys(prefix []byte, fn func(key []byte) (bool, error)) error {
	if len(r.over) > 0 {
		return r.scan(prefix, false, func(r row) (bool, error) { return fn(r.key) })
	}
	it := r.txn.NewIterator(badger.IteratorOptions{Prefix: prefix})
	defer it.Close()
	for it.Seek(prefix); it.ValidForPrefix(prefix); it.Next() {
		if more, err := fn(it.Item().Key()); err != nil || !more {
			return err
		}
	}
	return nil
}

// read returns up to size rows of the transaction from seek on, and where to go
// on, nil at the end.
func (r *rows) read(prefix, seek []byte, size int, values bool) (chunk []row, next []byte, err error) {
	it := r.txn.NewIterator(badger.IteratorOptions{Prefix: prefix}) // prefetching costs a goroutine a row, and rows are small
	defer it.Close()
	for it.Seek(seek); it.ValidForPrefix(prefix); it.Next() {
		item := it.Item()
		if len(chunk) == size {
			return chunk, item.KeyCopy(nil), nil
		}
		one := row{key: item.KeyCopy(nil)}
		if values {
			if one.val, err = item.ValueCopy(nil); err != nil {
				return nil, nil, fmt.Errorf("read register row: %w", err)
			}
		}
		chunk = append(chunk, one)
	}
	return chunk, nil, nil
}
