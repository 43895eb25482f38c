package localui

import (
	"fmt"

	"tramxa/appliance/population"
	"tramxa/appliance/rules"
)

// findingView is what is wrong, or odd, beside a field.
type findingView struct {
	Hard   bool
	Rule   string
	Text   string
	Name   string // input, "" the form as a whole
	ID     string // of the input's element
	Label  string // of the field
	Reason string // given so far
	Asks   bool   // has the input for the reason: one for a rule
	About  []personLine
}

func (f findingView) Level() string {
	if f.Hard {
		return "hard"
	}
	return "soft"
}

// at are the findings that stand beside an input.
func (sh *shower) at(name string) []findingView {
	var out []findingView
	for _, f := range sh.findings {
		if f.Name == name {
			out = append(out, f)
		}
	}
	return out
}

// findings places what rules and the reading found.
func (sh *shower) place(rd *reading, list []rules.Finding, n int) {
	labels := sh.labels()
	asked := make(map[string]bool)
	for _, f := range rd.faults {
		sh.findings = append(sh.findings, findingView{Hard: true, Text: sh.text(f.Key), Name: f.Name, ID: elementID(f.Name), Label: labels[f.Name]})
	}
	for _, f := range list {
		name := rd.inputOf(f.Field, n)
		fv := findingView{Hard: f.Hard, Rule: f.Rule, Text: rules.Text(viDates(f), sh.lang), Name: name, ID: elementID(name), Label: labels[name]}
		if !f.Hard && !asked[f.Rule] {
			asked[f.Rule], fv.Asks = true, true
			fv.Reason = sh.values.Get("reason." + f.Rule)
		}
		for _, id := range f.About {
			if p := sh.sub.v.Person(id); p != nil {
				fv.About = append(fv.About, sh.personLine(p, sh.sub.today))
			}
		}
		sh.findings = append(sh.findings, fv)
	}
}

// viDates writes the days in a finding as the forms have them.
func viDates(f rules.Finding) rules.Finding {
	args := make(map[string]string, len(f.Args))
	for k, v := range f.Args {
		if d, err := population.ParseDate(v); err == nil && len(v) >= 7 {
			v = d.Vi()
		}
		args[k] = v
	}
	f.Args = args
	return f
}

// labels are the labels of the inputs by name.
func (sh *shower) labels() map[string]string {
	out := make(map[string]string)
	for _, fd := range sh.form.Fields {
		out[fd.Path] = sh.text(fd.Label)
		if fd.Type != typeRows {
			continue
		}
		for row := range rowsShown(sh.values) {
			for _, c := range rowColumns() {
				out[fmt.Sprintf("%s[%d].%s", fd.Path, row, c.Path)] = fmt.Sprintf("%d. %s", row+1, sh.text(c.Label))
			}
		}
	}
	return out
}
