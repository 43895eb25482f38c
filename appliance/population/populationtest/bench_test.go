package populationtest_test

import (
	"fmt"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
)

func BenchmarkNew(b *testing.B) {
	for _, n := range []int{10_000, 250_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				populationtest.New(populationtest.Options{Seed: 1, Persons: n})
			}
		})
	}
}

func BenchmarkNewWithErrors(b *testing.B) {
	for b.Loop() {
		populationtest.New(populationtest.Options{Seed: 1, Persons: 50_000, Errors: populationtest.Published()})
	}
}

func BenchmarkMonth(b *testing.B) {
	var c *populationtest.Commune
	var p population.Period
	n := 0
	for i := 0; b.Loop(); i++ {
		if i%240 == 0 {
			b.StopTimer()
			c = populationtest.New(populationtest.Options{Seed: 1, Persons: 30_000})
			p = population.PeriodOf(c.Options().Start)
			b.StartTimer()
		}
		n += len(c.Month(p))
		p = p.Next()
	}
	b.ReportMetric(float64(n)/float64(b.N), "entries/op")
}
