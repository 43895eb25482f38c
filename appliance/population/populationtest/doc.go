// Package populationtest makes invented communes for tests, the demo and the
// field simulator: a register of households as it stands on a day, and then
// the entries of one month after another.
//
// It owns the shape: ages and sexes, households, names, ethnic mix, numbers
// and rates of events follow published figures (tables.go, names_kinh.go and
// names_clan.go name each source), so that what is measured on a commune of
// this package says something about a real one. Every person in it is
// invented: names are drawn part by part from frequencies.
//
// A commune is a pure function of its Options: the same seed gives the same
// bytes on every machine. The generator keeps its own model of who is where
// (People), apart from the product's fold, so the two can be compared.
//
// It refuses to be a source of truth about rules: what it emits is meant to
// pass them, except what Errors plants, and that is listed (Planted, Broken).
// The product must not import it outside demo and simulator.
package populationtest
