package localui

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"tramxa/appliance/clock"
	"tramxa/appliance/codelist"
	"tramxa/appliance/population"
)

// funcs are what templates call, in one language.
func (l locale) funcs(lang string) template.FuncMap {
	w := words{l, lang}
	return template.FuncMap{
		"t": l.text, "num": w.num, "date": w.date, "code": w.code, "period": w.period,
		"sex": w.sex, "clock": w.clock, "mask": mask, "signed": w.signed,
	}
}

// words turns values into text of one language.
type words struct {
	locale
	lang string
}

// num writes a number with the separator of the language: 1.042 or 1,042.
func (w words) num(v any) string {
	var n int64
	switch v := v.(type) {
	case int:
		n = int64(v)
	case uint64:
		n = int64(v)
	case uint32:
		n = int64(v)
	case int64:
		n = v
	}
	s := strconv.FormatInt(n, 10)
	head, neg := s, strings.HasPrefix(s, "-")
	if neg {
		head = s[1:]
	}
	for i := len(head) - 3; i > 0; i -= 3 {
		head = head[:i] + w.text("num.separator") + head[i:]
	}
	if neg {
		return "−" + head
	}
	return head
}

// signed writes a term of the balance with its sign.
func (w words) signed(sign, n int) string {
	switch {
	case n == 0:
		return "0"
	case sign > 0:
		return "+" + w.num(n)
	case sign < 0:
		return "−" + w.num(n)
	}
	return w.num(n)
}

// date writes a date as the forms have it, in every language.
func (w words) date(d population.Date) string {
	if d.IsZero() {
		return "–"
	}
	return d.Vi()
}

func (w words) period(p population.Period) string {
	s := p.String()
	if len(s) != 7 {
		return s
	}
	return s[5:] + "/" + s[:4]
}

func (w words) code(list string, c population.Code) string {
	return codelist.Label(codelist.List(list), c, w.lang)
}

func (w words) sex(s population.Sex) string {
	switch s {
	case population.Male:
		return w.text("sex.male")
	case population.Female:
		return w.text("sex.female")
	}
	return ""
}

// clock writes a moment in local time, shortly when it is of the day of now.
func (w words) clock(at, now time.Time) string {
	if at.IsZero() {
		return w.text("never")
	}
	at, now = at.In(clock.Country), now.In(clock.Country)
	if at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format("15:04")
	}
	return at.Format("15:04 02/01/2006")
}

// mask hides a number but for its end.
func mask(s string) string {
	if len(s) <= 3 {
		return s
	}
	return "•••" + s[len(s)-3:]
}
