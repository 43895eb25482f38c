package importer

import (
	_ "embed"
	"encoding/json"
	"sync"

	"tramxa/appliance/rules"
)

// Reason says why a line was refused; the values are the keys of reasons.json.
type Reason string

// The reasons. RuleRefused stands for a finding.
const (
	NoName          Reason = "no_name"
	BadName         Reason = "bad_name"
	BadDate         Reason = "bad_date"
	Future          Reason = "future"
	AfterBook       Reason = "after_book"
	UnknownWord     Reason = "unknown_word"
	AmbiguousWord   Reason = "ambiguous_word"
	NoRelation      Reason = "no_relation"
	BadIDNumber     Reason = "bad_id_number"
	BadInsurance    Reason = "bad_insurance"
	SameNumber      Reason = "same_number"
	BadHousehold    Reason = "bad_household"
	BadArea         Reason = "bad_area"
	UnknownArea     Reason = "unknown_area"
	OtherHamlet     Reason = "other_hamlet"
	NoHead          Reason = "no_head"
	SecondHead      Reason = "second_head"
	TooManyPersons  Reason = "too_many_persons"
	TooLong         Reason = "too_long"
	Malformed       Reason = "malformed"
	RuleRefused     Reason = "rule"
	RefusedEarlier  Reason = "refused_earlier" // by the run that was broken off
	NotUnderstood   Reason = "not_understood"  // by the registrar; a fault of this program
	refusalUnworded        = "refused"
)

// Refusal is one line of the file that does not go in.
type Refusal struct {
	Line    int            // of the file, from 1, the header counted
	Column  Column         // "" the line as a whole
	Reason  Reason         //
	Finding *rules.Finding // of RuleRefused
}

//go:embed reasons.json
var reasonsJSON []byte

type wording struct{ Vi, En string }

var wordings = sync.OnceValue(func() map[Reason]wording {
	m := make(map[Reason]wording)
	if err := json.Unmarshal(reasonsJSON, &m); err != nil {
		panic("importer: internal error: reasons.json: " + err.Error())
	}
	return m
})

// Text words the reason in a language ("en", otherwise Vietnamese).
func (r Refusal) Text(lang string) string {
	if r.Finding != nil {
		return rules.Text(*r.Finding, lang)
	}
	w, ok := wordings()[r.Reason]
	switch {
	case !ok:
		return refusalUnworded
	case lang == "en":
		return w.En
	}
	return w.Vi
}
