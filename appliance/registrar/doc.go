// Package registrar turns commands into entries. It is the only way to write.
//
// A command carries one to sixteen entries that stand or fall together. The
// registrar checks the role of who sends it, recognises a command it has
// already answered by its key, mints ids for what the entries create, decides
// in which period they count, has every entry examined by rules around its
// fold, and hands them to the store, which answers when they are durable.
//
// What a rule refuses, and what a rule asks and the command does not answer,
// leaves no trace: no record, no id, no row.
//
// Large acts (an import, its undoing) are series of commands under an
// operation; see Begin, End and Undo.
//
// It refuses to: change or delete a record, write what the register would not
// fold, and log anything of a person.
package registrar
