package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"runtime"
	"testing"

	"tramxa/appliance/population/populationtest"
	"tramxa/replication/batch"
)

// TestWireKeepsItsBudget: what a contact may cost, in IP bytes, set-up included.
// Work a
// is measured with 400 persons: their part of the budget and one set-up.
func TestWireKeepsItsBudget(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("packets are only estimated on this system")
	}
	budget := map[[2]string]int64{
		{"a", "fresh"}: 13_000, {"a", "resumed"}: 13_000, {"a", "open"}: 13_000,
		{"b", "fresh"}: 3_400, {"b", "resumed"}: 2_700, {"b", "open"}: 600,
		{"c", "fresh"}: 6_600, {"c", "resumed"}: 5_950, {"c", "open"}: 6_600,
	}
	works, err := threeWorks(1, populationtest.GiaLai, 400)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	err = measureAll(context.Background(), works, func(r row) error {
		rows++
		if r.Peer == "tramxa" && r.Bytes > budget[[2]string{r.Work, r.State}] {
			t.Errorf("work %s, %s: %d bytes, budget %d", r.Work, r.State, r.Bytes, budget[[2]string{r.Work, r.State}])
		}
		t.Logf("%s %-10s %-8s %7d", r.Work, r.Peer, r.State, r.Bytes)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if rows != 18 {
		t.Fatalf("%d rows", rows)
	}
}

func TestWirePrintsOneObjectALine(t *testing.T) {
	var out bytes.Buffer
	if err := run([]string{"wire", "--json", "--persons", "200"}, &out); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&out)
	for n := range 18 {
		var r row
		if err := d.Decode(&r); err != nil || r.Bytes == 0 || r.Link != "none" || r.Seconds <= 0 {
			t.Fatalf("row %d: %+v, %v", n, r, err)
		}
	}
	for _, bad := range [][]string{nil, {"nothing"}, {"wire", "more"}, {"dictionary"}} {
		if err := run(bad, &out); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// BenchmarkBatch packs and unpacks the works; B/batch is what goes over the wire
// or onto a stick.
func BenchmarkBatch(b *testing.B) {
	works, err := threeWorks(1, populationtest.GiaLai, 2000)
	if err != nil {
		b.Fatal(err)
	}
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	for _, w := range works {
		enc, n, err := batch.Cut(batch.Source{Origin: origin, Records: w.records}, key, batch.Limits{})
		if err != nil {
			b.Fatal(err)
		}
		src := batch.Source{Origin: origin, Records: w.records[:n]}
		b.Run("encode/"+w.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := batch.Encode(src, key); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(enc)), "B/batch")
			b.ReportMetric(float64(n), "records")
		})
		b.Run("decode/"+w.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := batch.Decode(enc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
