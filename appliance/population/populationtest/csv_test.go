package populationtest_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"testing"

	"golang.org/x/text/unicode/norm"

	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
	"tramxa/appliance/population/populationtest"
)

// Reading the spreadsheet back gives the book again: every word leads to one
// code, every date to the date; what is broken is what is listed.
func TestCSVSaysWhatTheBookSays(t *testing.T) {
	c := populationtest.New(populationtest.Options{Seed: 91, Persons: 3000, Errors: populationtest.ErrorRates{NFD: 0.02}})
	var b bytes.Buffer
	rows, broken, err := c.WriteCSV(&b, populationtest.CSVOptions{BrokenShare: 0.03})
	if err != nil {
		t.Fatal(err)
	}
	recs, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(recs) != rows+1 || rows != 3000+broken || broken != len(c.Broken) {
		t.Fatalf("%d lines, %d rows, %d broken, %d listed, %v", len(recs), rows, broken, len(c.Broken), err)
	}
	if broken < 50 || broken > 140 {
		t.Errorf("%d broken lines of %d, want about 3 %%", broken, rows)
	}
	bad := make(map[int]populationtest.Reason)
	reasons := make(map[populationtest.Reason]int)
	for _, x := range c.Broken {
		bad[x.Row] = x.Reason
		reasons[x.Reason]++
	}
	if len(reasons) < 10 {
		t.Errorf("only %d reasons: %v", len(reasons), reasons)
	}
	var members []population.Member
	for _, h := range c.Households {
		members = append(members, h.Members...)
	}
	decomposed := 0
	for i, rec := range recs[1:] {
		if _, is := bad[i+1]; is {
			continue
		}
		m := members[0]
		members = members[1:]
		if norm.NFC.String(rec[6]) != rec[6] {
			decomposed++
		}
		checkLine(t, rec, m)
	}
	if decomposed == 0 || decomposed > 200 {
		t.Errorf("%d lines in decomposed text, want about 60", decomposed)
	}
}

func checkLine(t *testing.T, rec []string, m population.Member) {
	t.Helper()
	if name, err := population.CleanName(rec[6]); err != nil || name != m.Name {
		t.Errorf("name %q, want %q", rec[6], m.Name)
	}
	for _, w := range []struct {
		list codelist.List
		text string
		want population.Code
	}{
		{codelist.Relation, rec[7], m.Relation}, {codelist.Ethnicity, rec[10], m.Ethnicity}, {codelist.Education, rec[13], m.Education},
		{codelist.Marital, rec[14], m.Marital}, {codelist.Residence, rec[15], m.Residence},
	} {
		if got := codelist.Match(w.list, w.text); len(got) != 1 || got[0].Code != w.want {
			t.Errorf("%s %q leads to %v, want %d", w.list, w.text, got, w.want)
		}
	}
	if born, err := population.ParseViDate(rec[9]); err != nil || born != m.Born {
		t.Errorf("born %q, want %v", rec[9], m.Born)
	}
	if want := map[population.Sex]string{population.Male: "Nam", population.Female: "Nữ"}[m.Sex]; rec[8] != want {
		t.Errorf("sex %q, want %q", rec[8], want)
	}
	if rec[11] != m.Number || rec[12] != m.Insurance {
		t.Errorf("numbers differ")
	}
}

// Each broken line is a household of its own whose number nobody else has, so
// that an importer may refuse the line or the household: nobody else goes.
func TestBrokenLinesStandAlone(t *testing.T) {
	c := populationtest.New(populationtest.Options{Seed: 92, Persons: 1500})
	var b bytes.Buffer
	if _, _, err := c.WriteCSV(&b, populationtest.CSVOptions{BrokenShare: 0.05}); err != nil {
		t.Fatal(err)
	}
	recs, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	homes := make(map[string]int)
	for _, rec := range recs[1:] {
		homes[rec[0]+"/"+rec[2]]++
	}
	for _, x := range c.Broken {
		if rec := recs[x.Row]; homes[rec[0]+"/"+rec[2]] != 1 {
			t.Errorf("broken line %d (%s) shares its household", x.Row, x.Reason)
		}
	}
	if _, broken, err := c.WriteCSV(io.Discard, populationtest.CSVOptions{}); err != nil || broken != 0 || len(c.Broken) != 0 {
		t.Errorf("%d broken lines although none were asked for, %v", broken, err)
	}
}
