package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"tramxa/appliance/population/populationtest"
)

// book writes the spreadsheet of an invented commune, for trying imports.
func book(args []string, stdout io.Writer) error {
	f := flag.NewFlagSet("fieldsim book", flag.ContinueOnError)
	persons := f.Int("persons", 27000, "persons in the commune")
	seed := f.Int64("seed", 1, "which commune")
	unit := f.Uint("unit", 0, "commune code; 0: one of the flavour's province")
	broken := f.Float64("broken", 0.01, "share of lines that must be refused")
	out := f.String("out", "", "file to write; empty: the standard output")
	if err := f.Parse(args); err != nil {
		return err
	}
	c := populationtest.New(populationtest.Options{Seed: *seed, Persons: *persons, Unit: uint32(*unit)})
	w := stdout
	if *out != "" {
		file, err := os.Create(*out)
		if err != nil {
			return err
		}
		defer file.Close()
		w = file
	}
	rows, bad, err := c.WriteCSV(w, populationtest.CSVOptions{BrokenShare: *broken})
	if err == nil {
		fmt.Fprintf(os.Stderr, "%d lines, %d of them broken\n", rows, bad)
	}
	return err
}
