package population

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode/utf8"
)

// randomizer is a visitor that fills an entry with random values: every value
// the format can hold, the unlikely ones too.
type randomizer struct {
	*rand.Rand
	persons int // how many entities may still be named
}

// randomEntry returns an entry of the kind that can be written.
func randomEntry(rnd *rand.Rand, k Kind) Entry {
	r := &randomizer{Rand: rnd, persons: MaxEntities - 20}
	e := visit(r, kinds[k].blank)
	if t, ok := e.(InformationChanged); ok {
		e, _ = t.only()
	}
	return e
}

func (r *randomizer) none() bool { return r.IntN(3) == 0 }

func (r *randomizer) num(_ string, _, max uint64) uint64 {
	switch r.IntN(4) {
	case 0:
		return 0
	case 1:
		return max
	case 2:
		return r.Uint64N(max) + 1
	}
	return min(max, r.Uint64N(40))
}

func (r *randomizer) flag(string, bool) bool { return r.IntN(2) == 0 }

func (r *randomizer) word(_ string, _ uint8, words []string) uint8 {
	return uint8(r.IntN(len(words)))
}

func (r *randomizer) letters(max int, alphabet string) string {
	var b strings.Builder
	runes := []rune(alphabet)
	for range r.IntN(30) {
		c := runes[r.IntN(len(runes))]
		if b.Len()+utf8.RuneLen(c) > max {
			break
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (r *randomizer) text(_, _ string, max int) string {
	return strings.Join(strings.Fields(r.letters(max, `ab "\/<&đẫơ漢`)), " ")
}

func (r *randomizer) lines(_, _ string, max int) string {
	return strings.TrimSpace(r.letters(max, "abđẫơ\n\t  "))
}

func (r *randomizer) name(string, string) string {
	words := strings.Fields(r.letters(maxName, "aBcđẫơ'’-   "))
	return strings.Join(words, " ")
}

func (r *randomizer) hash(string, []byte) []byte {
	if r.none() {
		return nil
	}
	b := make([]byte, hashSize)
	for i := range b {
		b[i] = byte(r.IntN(256))
	}
	return b
}

func (r *randomizer) id(string, ID) ID {
	switch r.IntN(5) {
	case 0:
		return 0
	case 1:
		return NewID(Mint(1+r.IntN(1<<20)), 1+r.Uint32N(1<<32-1))
	case 2:
		return NewID(testMint, 1<<32-1-r.Uint32N(3))
	}
	return NewID(testMint, 1+r.Uint32N(60))
}

func (r *randomizer) idNear(name string, _, base ID) ID {
	if r.none() {
		return base
	}
	return r.id(name, 0)
}

func (r *randomizer) idNext(name string, _, prev ID) ID {
	if prev.Valid() && prev.Serial() < 1<<32-1 && r.IntN(2) == 0 {
		return prev + 1
	}
	return r.id(name, 0)
}

func (r *randomizer) date(string, Date) Date {
	d := DateOfDays(firstDay + r.IntN(lastDay-firstDay+1))
	switch r.IntN(6) {
	case 0:
		return Date{}
	case 1:
		d.Month, d.Day = 0, 0
	case 2:
		d.Day = 0
	case 3:
		return DateOfDays(dateOrigin - 5 + r.IntN(10))
	}
	return d
}

func (r *randomizer) period(_ string, _ Period, of Date) Period {
	switch r.IntN(4) {
	case 0:
		return 0
	case 1:
		return MonthPeriod(MinYear+r.IntN(MaxYear-MinYear+1), 1+r.IntN(12))
	}
	return PeriodOf(of)
}

func (r *randomizer) household(string, HouseholdNumber) HouseholdNumber {
	if r.none() {
		return HouseholdNumber{}
	}
	return HouseholdNumber{1 + r.Uint32N(1<<32-1), uint8(r.IntN(3))}
}

func (r *randomizer) number(_, _ string, sex Sex, born Date) string {
	switch three, ok := numberDigits(sex, born); r.IntN(5) {
	case 0:
		return ""
	case 1:
		return r.letters(maxNumber, "0123456789ABđ")
	case 2:
		return fmt.Sprintf("%09d", r.IntN(1e9))
	case 3:
		if ok {
			return fmt.Sprintf("%03d%03d%06d", r.IntN(1000), three, r.IntN(1e6))
		}
	}
	return fmt.Sprintf("%012d", r.Uint64N(1e12))
}

func (r *randomizer) insurance(_, _, number string) string {
	switch r.IntN(6) {
	case 0:
		return ""
	case 1:
		return r.letters(maxNumber, "0123456789ABđ")
	case 2:
		return number
	case 3:
		return fmt.Sprintf("%010d", r.Uint64N(1e10))
	case 4:
		return fmt.Sprintf("%c%c%d%012d", 'A'+r.IntN(26), 'A'+r.IntN(26), 1+r.IntN(5), r.Uint64N(1e12))
	}
	return fmt.Sprintf("%012d", r.Uint64N(1e12))
}

func (r *randomizer) fields(string, []Field) []Field {
	var fs []Field
	for f := FieldName; f <= FieldRelation; f++ {
		if r.none() {
			fs = append(fs, f)
		}
	}
	return fs
}

func (r *randomizer) entry(string, Entry) Entry {
	for {
		switch k := Kind(1 + r.IntN(len(kinds)-1)); k {
		case KindAmendment, KindAnnulment:
		default:
			return randomEntry(r.Rand, k)
		}
	}
}

func (r *randomizer) list(_ string, _, max int) int {
	n := r.IntN(4)
	if r.IntN(100) == 0 {
		n = max / 2
	}
	n = min(n, r.persons, max)
	r.persons -= n
	return n
}

func (*randomizer) object(string) {}
func (*randomizer) item(int)      {}
func (*randomizer) end()          {}
