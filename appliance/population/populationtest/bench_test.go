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

func BenchmarkMonth(b *testing.B) {
	c := populationtest.New(populationtest.Options{Seed: 1, Persons: 30_000})
	p := population.PeriodOf(c.Options().Start)
	n := 0
	for b.Loop() {
		n += len(c.Month(p))
		p = p.Next()
		if p > population.PeriodOf(c.Options().Start)+600 {
			b.Skip("fifty years are enough")
		}
	}
	b.ReportMetric(float64(n)/float64(b.N), "entries/op")
}
