// Package importer brings a commune's existing book in from a CSV file: one
// line a person, the columns of mục I of the A0 book in any order, with their
// usual names or named by a mapping.
//
// It reads the whole file first (Read), so that the preview says what will
// happen, then records one HouseholdOpened a household under one operation
// (Run). A line that cannot be understood, or that a hard rule refuses, is
// refused with its number, its column and the reason; the rest of its household
// goes in if it still has a head. Soft findings are confirmed with the reason
// "import" and counted.
//
// The operation is known by the file's digest: broken off, the same file goes
// on where it was; finished, it is not taken twice; as a whole it is undone
// with registrar.Undo.
//
// It refuses to: guess what a word means when it may mean two things, invent
// what is not written (an empty cell stays unknown), read fonts older than
// Unicode, and repeat the content of a cell in a message.
package importer
