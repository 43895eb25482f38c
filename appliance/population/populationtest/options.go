package populationtest

import (
	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

// Flavour is a kind of commune.
type Flavour uint8

// The flavours, by the provinces whose figures shape them.
const (
	GiaLai   Flavour = 0 // highland: Kinh villages and Jrai and Ba Na làng side by side, young
	ThaiBinh Flavour = 1 // Red River delta: Kinh, old, few arrivals
	DongNai  Flavour = 2 // industrial south-east: many arrivals, surnames of the south
)

// Options say what commune to make. The zero value is a highland commune of
// 10,000 persons on 1 January 2026.
type Options struct {
	Seed    int64
	Persons int // in the book on Start; 0: 10,000; at least 50
	Flavour Flavour
	Start   population.Date // day of the first registration; zero: 2026-01-01
	Mint    population.Mint // 0: 1
	Unit    uint32          // commune code; 0: one of the flavour's province
	Units   *codelist.Units // where arrivals come from and departures go to; nil: a few names without code
	Errors  ErrorRates
}

// ErrorRates says how much of what goes wrong in real books is planted, each
// as a part of 1. The zero value plants nothing, and what the generator then
// emits is meant to raise no finding. Published gives the usual rates.
type ErrorRates struct {
	Duplicate          float64 // persons written a second time, in another household
	Missed             float64 // persons who live here and are not in the book
	OutOfScope         float64 // persons in the book who are not to be counted
	DuplicateHousehold float64 // households written twice, with all members
	Transposed         float64 // day and month of birth exchanged
	ToneVariant        float64 // names spelled with a wrong or missing tone
	ToneStyle          float64 // of the names with oa, oe or uy: the tone on the other vowel (hoà for hòa); same name by Key1
	SpouseSwapped      float64 // years of birth of husband and wife exchanged
	EarlyMarriage      float64 // marriages of Month below 20 (men) or 18 (women): true, but asked by a rule
	NFD                float64 // lines of WriteCSV in decomposed text

	// Late is the part of the entries of Month known one to six months after
	// the day: no error of the book. 0 means the usual 0.1, below 0 none.
	Late float64
}

// Published returns the usual rates of reviews.
func Published() ErrorRates {
	return ErrorRates{Duplicate: 0.035, Missed: 0.03, OutOfScope: 0.03, DuplicateHousehold: 0.05, Transposed: 0.005,
		ToneVariant: 0.05, ToneStyle: 0.3, SpouseSwapped: 0.002, EarlyMarriage: 0.1, NFD: 0.01}
}

func (o Options) withDefaults() Options {
	if o.Persons == 0 {
		o.Persons = 10_000
	}
	o.Persons = max(o.Persons, 50)
	if o.Start.IsZero() {
		o.Start = population.Date{Year: 2026, Month: 1, Day: 1}
	}
	o.Start = o.Start.First()
	if o.Mint == 0 {
		o.Mint = 1
	}
	if o.Unit == 0 {
		o.Unit = [...]uint32{24022, 12688, 25195}[o.Flavour%3]
	}
	if o.Errors.Late == 0 {
		o.Errors.Late = 0.1
	}
	return o
}
