// Package population is the domain model of a commune's population book: who
// lives in which household, and the entries that change it.
//
// It owns the meaning and the bytes of entries (kind, version, body), the ids
// of persons, households and areas, partial dates, Vietnamese names, and the
// pure fold that turns the live entries of one entity into its state. It keeps
// nothing, reads no clock, checks no rule (package rules does) and never
// refuses an entry of a kind or version it does not know: such a body is
// carried as Unknown.
//
// Each layout is stated once, as a visit method (layout.go); writing, reading,
// JSON, tidying and the tables of FORMAT.md are visitors. Bodies are versioned
// and frozen; testdata/v1 holds their bytes.
//
// Terms follow the form A0/CTV and P0/CTV of Thông tư 01/2022/TT-BYT.
package population
