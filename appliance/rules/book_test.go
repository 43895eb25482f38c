package rules_test

import (
	"testing"

	"github.com/dgraph-io/badger/v4"

	"tramxa/appliance/journal"
	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/appliance/rules"
)

// The register is the view the rules are written for.
var _ rules.View = (*register.View)(nil)

const mint = population.Mint(7)

// book is a register in memory that entries are written into.
type book struct {
	t   *testing.T
	tx  *register.Tx
	seq journal.Seq
}

func newDB(t *testing.T) *badger.DB {
	t.Helper()
	db, err := badger.OpenManaged(badger.DefaultOptions("").WithInMemory(true).WithLogger(nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func newBook(t *testing.T, db *badger.DB) *book {
	t.Helper()
	txn := db.NewTransactionAt(1, true)
	t.Cleanup(txn.Discard)
	return &book{t: t, tx: register.Begin(txn, 1)}
}

// write folds an entry and returns its findings. Unless keep says otherwise,
// nothing of it stays.
func (b *book) write(now rules.Now, e population.Entry, keep func([]rules.Finding) bool) []rules.Finding {
	b.t.Helper()
	v := b.tx.View()
	x := rules.Examine(v, now, e)
	if x.Stopped() {
		return x.Findings()
	}
	kind, version, body, err := population.EncodeBody(mint, e)
	if err != nil {
		if !rules.Hard(x.Findings()) {
			b.t.Fatalf("an entry that cannot be written passes: %v", err)
		}
		return x.Findings()
	}
	b.tx.Savepoint()
	env := journal.Envelope{Kind: uint16(kind), Version: version}
	out, err := b.tx.Apply(mint, journal.Record{Seq: b.seq + 1, Head: env.Append(nil), Body: body})
	if err != nil {
		b.t.Fatal(err)
	}
	if out.Quarantined {
		b.t.Fatalf("the register does not take it: %v", out.Reason)
	}
	fs := x.After(v, uint64(b.seq+1))
	if err := v.Err(); err != nil {
		b.t.Fatal(err)
	}
	if keep(fs) {
		b.seq++
		err = b.tx.Release()
	} else {
		err = b.tx.Rollback()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return fs
}
