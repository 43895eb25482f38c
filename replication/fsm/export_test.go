package fsm

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/hashicorp/raft"
)

// Transactions returns how many transactions the database has seen.
func (f *FSM) Transactions() uint64 { return f.ledger.number }

// ApplyPart applies the next transaction of a command and stops there.
func (f *FSM) ApplyPart(l *raft.Log) error {
	_, finished, err := f.applyPart(l)
	if err == nil && finished {
		err = errors.New("that was the last part")
	}
	return err
}

// DropLedgerEntry takes the trace of one transaction away.
func (f *FSM) DropLedgerEntry(number uint64) error {
	w := f.begin()
	defer w.discard()
	if err := w.txn.Delete(ledgerEntry{number: number}.key()); err != nil {
		return err
	}
	return w.txn.CommitAt(w.ts+1, nil)
}

// Seal adds the checksum of a command.
func Seal(b []byte) []byte {
	b = append([]byte(nil), b...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// ReadSnapshot reads a snapshot stream row by row.
func ReadSnapshot(r io.Reader, row func(key, value []byte) error) error {
	_, err := readSnapshot(r, row)
	return err
}
