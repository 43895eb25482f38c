package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
	"tramxa/replication/batch"
)

// dictionary writes the records with which the batch codec primes its model:
// days of invented communes, none of which any measurement uses. A dictionary
// once shipped is frozen; a better one gets a new number.
func dictionary(args []string, _ io.Writer) error {
	fs := flag.NewFlagSet("dictionary", flag.ContinueOnError)
	out := fs.String("o", "", "file to write")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *out == "" || fs.NArg() > 0 {
		return errors.New("fieldsim dictionary -o FILE")
	}
	var all work
	for seed := range int64(dictionaryCommunes) {
		w, err := sample(1_000+seed, populationtest.Flavour(seed%3))
		if err != nil {
			return err
		}
		all.records = append(all.records, w.records...)
	}
	b := batch.MarshalDictionary(all.records)
	fmt.Fprintf(os.Stderr, "%d records, %d bytes\n", len(all.records), len(b))
	return os.WriteFile(*out, b, 0o644)
}

const (
	dictionaryCommunes   = 9
	dictionaryHouseholds = 8
	dictionaryChanges    = 60
)

// sample is a little of everything a station writes.
func sample(seed int64, flavour populationtest.Flavour) (work, error) {
	c := populationtest.New(populationtest.Options{Seed: seed, Persons: 4000, Flavour: flavour, Mint: 1, Errors: populationtest.Published()})
	m := &maker{mint: c.Options().Mint, at: time.Date(2026, 1, 5+int(seed%20), 8, 0, 0, 0, time.UTC)}
	var w work
	for _, a := range c.Areas[:2] {
		m.at = m.at.Add(time.Minute)
		if err := m.add(&w, a); err != nil {
			return w, err
		}
	}
	if err := m.add(&w, c.Users[len(c.Users)-1]); err != nil {
		return w, err
	}
	for i := range dictionaryHouseholds {
		m.at = m.at.Add(2 * time.Minute)
		if err := m.add(&w, c.Households[i*37%len(c.Households)]); err != nil {
			return w, err
		}
	}
	period := population.PeriodOf(c.Options().Start)
	var left []populationtest.Event
	m.at = time.Date(2026, 2, 2, 8, 0, 0, 0, time.UTC)
	m.seq += 500 // as if the book had been entered
	changes, err := m.changes("", c, &period, &left, dictionaryChanges)
	w.records = append(w.records, changes.records...)
	return w, err
}
