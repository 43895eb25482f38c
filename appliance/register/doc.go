// Package register is the fold of a station's journal into rows of one badger
// database: the entries by sequence, the state of every person, household,
// area, user and operation, and the indexes over them. The station and the hub
// run the same fold, so their rows are the same bytes.
//
// It owns the rows: keys (keys.go), their encodings, and Apply, which moves
// them by one record. The state of an entity is the pure fold of its own live
// entries (package population); an amendment, an annulment or a late entry
// refolds the entities it concerns and nothing else. Rows can always be made
// again from the journal.
//
// It refuses to judge: it runs no rule, reads no clock, and no content makes
// Apply fail. What cannot be understood is kept as pending (a kind or version
// of a newer program) or as quarantined (bytes or references that make no
// sense), both as rows. It neither opens nor commits a database, and it keeps
// nothing between two transactions.
//
// # Use
//
//	tx := register.Begin(txn, station)
//	tx.Savepoint()
//	outcome, err := tx.Apply(mint, record)   // again and again
//	tx.Release()                             // or tx.Rollback()
//	err = tx.Flush()                         // the rows now stand in txn
//	err = txn.CommitAt(ts, nil)
//
// What Apply writes stays in memory until Flush, so a record taken back leaves
// no trace in the transaction, and a row written a hundred times in a group
// costs the transaction one write. A Tx, like its transaction, belongs to one
// goroutine.
package register
