package registrar_test

import (
	"errors"
	"strings"
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/registrar"
)

const deathLine = `{"key":"3:17","entry":{"kind":"death","person":"12-4-` // check letter follows

func validLine() string {
	return `{"key":"3:17","entry":{"kind":"death","person":"` + population.NewID(12, 4).String() + `","date":"2026-03-01"},"confirm":[{"rule":"D04","reason":"told late"}]}`
}

func TestParseCommand(t *testing.T) {
	c, err := registrar.ParseCommand([]byte(validLine()))
	if err != nil {
		t.Fatal(err)
	}
	d, ok := c.Entries[0].(population.Death)
	if !ok || d.Person != population.NewID(12, 4) || c.Key != (registrar.Key{Device: 3, Seq: 17}) || c.Confirm[0].Reason != "told late" {
		t.Fatalf("got %+v", c)
	}
	entry := `{"kind":"area_defined","number":1,"unit":23764,"hamlet":"Thôn 1"}`
	if c, err := registrar.ParseCommand([]byte(`{"entries":[` + entry + `,` + entry + `]}`)); err != nil || len(c.Entries) != 2 {
		t.Fatalf("%+v %v", c, err)
	}
}

func TestParseCommandRefuses(t *testing.T) {
	entry := `{"kind":"area_defined","number":1,"unit":23764,"hamlet":"Thôn 1"}`
	for name, line := range map[string]string{
		"nothing":              ``,
		"no object":            `[]`,
		"no entry":             `{"key":"3:17"}`,
		"entry and entries":    `{"entry":` + entry + `,"entries":[` + entry + `]}`,
		"no entries":           `{"entries":[]}`,
		"too many":             `{"entries":[` + strings.Repeat(entry+",", 16) + entry + `]}`,
		"unknown name":         `{"entry":` + entry + `,"op":7}`,
		"name in capitals":     `{"Entry":` + entry + `}`,
		"name twice":           `{"entry":` + entry + `,"entry":` + entry + `}`,
		"something behind":     `{"entry":` + entry + `} {}`,
		"key without number":   `{"key":"3","entry":` + entry + `}`,
		"key with zeros":       `{"key":"03:1","entry":` + entry + `}`,
		"key as number":        `{"key":3,"entry":` + entry + `}`,
		"key null":             `{"key":null,"entry":` + entry + `}`,
		"unknown kind":         `{"entry":{"kind":"wedding"}}`,
		"unknown field":        `{"entry":{"kind":"area_defined","colour":1}}`,
		"confirm no reason":    `{"entry":` + entry + `,"confirm":[{"rule":"D04"}]}`,
		"confirm empty reason": `{"entry":` + entry + `,"confirm":[{"rule":"D04","reason":""}]}`,
		"an operation":         `{"entry":{"kind":"operation_begun","what":"import"}}`,
		"not UTF-8":            "{\"key\":\"\xff\"}",
		"too long":             `{"entry":` + entry + strings.Repeat(" ", registrar.MaxLine) + `}`,
		"deep":                 `{"entry":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`,
	} {
		if c, err := registrar.ParseCommand([]byte(line)); !errors.Is(err, registrar.ErrBadCommand) {
			t.Errorf("%s: got %+v, %v", name, c, err)
		}
	}
}

func TestErrorsDoNotRepeatTheLine(t *testing.T) {
	for _, line := range []string{
		`{"entry":{"kind":"death","person":"BímậtSecret"}}`, `{"Secret":1}`, `{"key":"Secret","entry":{}}`, `{"entry":{"kind":"Secret"}}`,
	} {
		if _, err := registrar.ParseCommand([]byte(line)); err == nil || strings.Contains(err.Error(), "Secret") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func FuzzParseCommand(f *testing.F) {
	f.Add([]byte(validLine()))
	f.Add([]byte(deathLine))
	f.Add([]byte(`{"entries":[{"kind":"annulment","first":1,"last":2},{"kind":"amendment","target":3,"by":{"kind":"death"}}]}`))
	f.Add([]byte(`{"entry":{"kind":"household_opened","members":[{"name":"Nguyễn Văn An","relation":1}]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := registrar.ParseCommand(b)
		if err != nil {
			if !errors.Is(err, registrar.ErrBadCommand) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if len(b) > registrar.MaxLine || len(c.Entries) == 0 || len(c.Entries) > registrar.MaxEntries {
			t.Fatal("limits are not kept")
		}
		for _, e := range c.Entries { // what was read can be written as JSON and read again
			j, err := population.MarshalEntry(e)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := population.UnmarshalEntry(j); err != nil {
				t.Fatal(err)
			}
		}
	})
}
