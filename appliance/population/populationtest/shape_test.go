package populationtest_test

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
)

// shared reads a table of public figures that lies beside the repository, or
// skips the test.
func shared(t *testing.T, name string) [][]string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if up := filepath.Dir(dir); up != dir {
			dir = up
			continue
		}
		t.Skip("no go.mod above the test")
	}
	f, err := os.Open(filepath.Join(dir, "..", "shared", "data", name))
	if err != nil {
		t.Skipf("%s is not beside the repository, so the comparison is left out", name)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// Ages and sexes against the projection of the GSO itself, not the table typed
// from it: the chi-square sum over 34 cells stays far below what a wrong table
// would give.
func TestAgesAndSexesFollowTheProjection(t *testing.T) {
	rows := shared(t, "age_sex_2019_projection.csv")
	for name, f := range flavours() {
		c := populationtest.New(populationtest.Options{Seed: 7, Persons: 20_000, Flavour: f})
		var got, want [17][2]float64
		sum := 0.0
		for l := range c.People() {
			least, most := l.Facts.Born.AgeOn(c.Options().Start)
			got[min((least+most)/10, 16)][l.Facts.Sex-population.Male]++
		}
		for _, r := range rows {
			if r[0] != name {
				continue
			}
			age, _ := strconv.Atoi(r[1])
			for s := range 2 {
				n, err := strconv.ParseFloat(r[2+s], 64)
				if err != nil {
					t.Fatal(err)
				}
				want[age/5][s] = n
				sum += n
			}
		}
		chi := 0.0
		for i := range got {
			for s := range 2 {
				w := want[i][s] / sum * 20_000
				chi += (got[i][s] - w) * (got[i][s] - w) / w
			}
		}
		t.Logf("%s: chi-square %.1f over 34 cells", name, chi)
		if sum == 0 || chi > 60 {
			t.Errorf("%s: chi-square %.1f", name, chi)
		}
	}
}

// Surnames of the south against a list from the south.
func TestSurnamesFollowTheList(t *testing.T) {
	rows := shared(t, "surnames_uit.csv")
	c := populationtest.New(populationtest.Options{Seed: 8, Persons: 20_000, Flavour: populationtest.DongNai})
	got, all := make(map[string]float64), 0.0
	for l := range c.People() {
		if l.Facts.Ethnicity == 1 {
			got[strings.Fields(l.Facts.Name)[0]]++
			all++
		}
	}
	for _, r := range rows[:15] {
		n, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		want, have := 100*n/8694, 100*got[r[0]]/all
		if math.Abs(have-want) > 0.4+want*0.35 {
			t.Errorf("%s: %.2f %%, the list has %.2f", r[0], have, want)
		}
	}
}

// Ethnic groups live by village: in nearly every household all are of one
// group, in a hamlet nearly all, and the commune as a whole is near the mix of
// the province.
func TestGroupsLiveByVillage(t *testing.T) {
	c := populationtest.New(populationtest.Options{Seed: 9, Persons: 40_000})
	hamlet := make(map[population.ID]string)
	for _, a := range c.Areas {
		hamlet[a.ID] = a.Hamlet
	}
	in, total := make(map[string]map[population.Code]float64), make(map[population.Code]float64)
	for _, h := range c.Households {
		m := in[hamlet[h.Area]]
		if m == nil {
			m = make(map[population.Code]float64)
			in[hamlet[h.Area]] = m
		}
		for _, p := range h.Members {
			m[p.Ethnicity]++
			total[p.Ethnicity]++
		}
	}
	mixed := 0
	for _, m := range in {
		most, sum := 0.0, 0.0
		for _, n := range m {
			most, sum = max(most, n), sum+n
		}
		if most/sum < 0.8 {
			mixed++
		}
	}
	if mixed > 2 {
		t.Errorf("%d of %d hamlets are mixed", mixed, len(in))
	}
	for g, want := range map[population.Code]float64{1: 53.8, 10: 30.4, 13: 12.5} {
		if got := total[g] / 400; math.Abs(got-want) > 8 {
			t.Errorf("group %d: %.1f %%, the province has %.1f", g, got, want)
		}
	}
}
