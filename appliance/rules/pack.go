package rules

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"tramxa/appliance/population"
)

//go:embed packs/*.json
var packFiles embed.FS

// Level says what a finding of a rule does.
type Level string

// The levels. A rule that a pack leaves out is off.
const (
	LevelHard Level = "hard" // refuses
	LevelSoft Level = "soft" // asks for a reason
)

// RuleText is one rule of a pack. In the texts {name} stands for an argument.
type RuleText struct {
	ID    string `json:"id"`
	Level Level  `json:"level"`
	Vi    string `json:"vi"`
	En    string `json:"en"`
}

// Limits are the numbers rules compare with: ages in completed years, weights
// in grams, the rest as named.
type Limits struct {
	MaxAge            int            `json:"max_age"`
	AskAge            int            `json:"ask_age"`
	LateDays          int            `json:"late_days"`
	AskHeadAge        int            `json:"ask_head_age"`
	MinSpouseAge      int            `json:"min_spouse_age"`
	MinChildGap       int            `json:"min_child_gap"`
	AskSpouseGap      int            `json:"ask_spouse_gap"`
	MarriageMale      int            `json:"marriage_male"`
	MarriageFemale    int            `json:"marriage_female"`
	AskMotherMin      int            `json:"ask_mother_min"`
	AskMotherMax      int            `json:"ask_mother_max"`
	AskFatherMin      int            `json:"ask_father_min"`
	AskBirthGapDays   int            `json:"ask_birth_gap_days"`
	TwinDays          int            `json:"twin_days"`
	AskFatherGoneDays int            `json:"ask_father_gone_days"`
	MinWeight         int            `json:"min_weight"`
	MaxWeight         int            `json:"max_weight"`
	AskWeightMin      int            `json:"ask_weight_min"`
	AskWeightMax      int            `json:"ask_weight_max"`
	SchoolAge         map[string]int `json:"school_age"` // education code → least age
}

// Pack is a dated set of rules. It is read-only once made.
type Pack struct {
	Name   string            `json:"pack"`
	From   string            `json:"from"` // ISO day from which it holds
	Note   string            `json:"note"`
	Limits Limits            `json:"limits"`
	Kinds  map[string]string `json:"kinds"` // kinds of entries in Vietnamese, for {kind}
	Rules  []RuleText        `json:"rules"`

	byID map[string]*RuleText
}

// packs are the embedded packs, oldest first, read once.
var packs = sync.OnceValue(func() []*Pack {
	names, err := packFiles.ReadDir("packs")
	if err != nil || len(names) == 0 {
		panic("rules: internal error: no rule packs")
	}
	var out []*Pack
	for _, n := range names {
		b, err := packFiles.ReadFile("packs/" + n.Name())
		if err == nil {
			var p *Pack
			if p, err = readPack(b); err == nil {
				out = append(out, p)
				continue
			}
		}
		panic("rules: internal error: " + n.Name() + ": " + err.Error())
	}
	slices.SortFunc(out, func(a, b *Pack) int { return strings.Compare(a.From, b.From) })
	return out
})

// readPack decodes a pack and refuses one with unknown fields, levels or
// repeated ids.
func readPack(b []byte) (*Pack, error) {
	dec := json.NewDecoder(strings.NewReader(string(b)))
	dec.DisallowUnknownFields()
	p := &Pack{byID: make(map[string]*RuleText)}
	if err := dec.Decode(p); err != nil {
		return nil, err
	}
	for i := range p.Rules {
		r := &p.Rules[i]
		if r.ID == "" || r.Vi == "" || r.En == "" || (r.Level != LevelHard && r.Level != LevelSoft) {
			return nil, fmt.Errorf("rule %q: id, level and both texts are needed", r.ID)
		}
		if p.byID[r.ID] != nil {
			return nil, fmt.Errorf("rule %s stands twice", r.ID)
		}
		p.byID[r.ID] = r
	}
	return p, nil
}

// PackOn returns the newest pack that holds on the day; before the first, the
// first (a station whose clock stands at 1970 still has rules).
func PackOn(day population.Date) *Pack {
	all := packs()
	p := all[0]
	for _, q := range all[1:] {
		if q.From <= day.String() {
			p = q
		}
	}
	return p
}

// Rule returns a rule of the pack by id.
func (p *Pack) Rule(id string) (RuleText, bool) {
	r, ok := p.byID[id]
	if !ok {
		return RuleText{}, false
	}
	return *r, true
}

// Text words a finding in a language ("en", otherwise Vietnamese). An unknown
// rule is named by its id.
func (p *Pack) Text(f Finding, lang string) string {
	r, ok := p.byID[f.Rule]
	if !ok {
		return f.Rule
	}
	text := r.Vi
	if lang == "en" {
		text = r.En
	}
	for k, v := range f.Args {
		if k == "kind" {
			v = p.kind(v, lang)
		}
		text = strings.ReplaceAll(text, "{"+k+"}", v)
	}
	return text
}

func (p *Pack) kind(name, lang string) string {
	if lang == "en" {
		return strings.ReplaceAll(name, "_", " ")
	}
	if vi, ok := p.Kinds[name]; ok {
		return vi
	}
	return name
}

// Text words a finding by the newest pack; ids keep their meaning, so it also
// words findings of older packs.
func Text(f Finding, lang string) string {
	all := packs()
	return all[len(all)-1].Text(f, lang)
}
