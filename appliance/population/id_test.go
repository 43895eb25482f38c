package population

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestIDText(t *testing.T) {
	for _, id := range []ID{NewID(1, 1), NewID(12, 3456), NewID(1<<32-1, 1<<32-1), NewID(1, 1<<32-1)} {
		s := id.String()
		if back, err := ParseID(s); err != nil || back != id {
			t.Errorf("%s came back as %v, %v", s, back, err)
		}
		if back, err := ParseID(strings.ToLower(s)); err != nil || back != id {
			t.Errorf("%s written small: %v, %v", s, back, err)
		}
	}
	if s := NewID(12, 3456).String(); s != "12-3456-W" {
		t.Errorf("the printed form has changed: %s", s)
	}
	if ID(0).String() != "" || ID(77).String() != "77" {
		t.Error("zero id, or number without a mint")
	}
	for _, s := range []string{"", "-", "12", "12-3456", "12-3456-", "12-3456-B", "012-3456-W", "12-03456-W", "12-0-W", "0-5-W",
		"12-3456-WW", " 12-3456-W", "12-3456-w ", "+12-3456-W", "12--3456-W", "4294967296-1-W", "12-4294967296-W", "12 3456-W"} {
		if id, err := ParseID(s); err == nil {
			t.Errorf("%q read as %v", s, id)
		}
	}
}

func TestIDJSON(t *testing.T) {
	var v struct{ A, B ID }
	v.A = NewID(12, 3456)
	b, err := json.Marshal(v)
	if err != nil || string(b) != `{"A":"12-3456-W","B":""}` {
		t.Fatalf("%s, %v", b, err)
	}
	w := v
	w.A = 5
	if err := json.Unmarshal(b, &w); err != nil || w != v {
		t.Errorf("%v, %v", w, err)
	}
	if err := json.Unmarshal([]byte(`{"A":"12-3456-B"}`), &w); err == nil {
		t.Error("a wrong check character was read")
	}
}

// TestCheckCharacter: every wrong character, every exchange of two characters,
// and every hyphen at another place is caught, over ids of every length.
func TestCheckCharacter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	texts := []string{"1-1", "9-9", "12-3456", "4294967295-4294967295", "1-4294967295", "4294967295-1", "1000000000-1000000000"}
	for digits := 1; digits <= 10; digits++ {
		for range 40 {
			a := 1 + rnd.Uint32N(pow32(digits)-1)
			whole := NewID(Mint(a), 1+rnd.Uint32N(1<<32-1)).String()
			texts = append(texts, whole[:len(whole)-2])
		}
	}
	wrong := 0
	for _, s := range texts {
		want := checkLetter(s)
		b := []byte(s)
		for i := range b {
			for _, c := range []byte("0123456789-") { // one wrong character
				if c != s[i] {
					b[i] = c
					wrong++
					if checkLetter(string(b)) == want {
						t.Fatalf("%s and %s have the same check character", s, b)
					}
				}
			}
			b[i] = s[i]
			for j := range i { // two exchanged
				if b[i] == b[j] {
					continue
				}
				b[i], b[j] = b[j], b[i]
				wrong++
				if checkLetter(string(b)) == want {
					t.Fatalf("%s and %s have the same check character", s, b)
				}
				b[i], b[j] = b[j], b[i]
			}
		}
	}
	t.Logf("%d ids, %d mistakes, all caught", len(texts), wrong)
}

func pow32(digits int) uint32 {
	if digits > 9 {
		return 1<<32 - 1
	}
	return uint32(pow10(digits))
}

// TestCheckCharacterOverAllSmallIDs: no two ids of up to five digits that differ
// by one mistake share their check character.
func TestCheckCharacterOverAllSmallIDs(t *testing.T) {
	for mint := 1; mint < 100; mint += 7 {
		for serial := 1; serial < 1000; serial++ {
			s := NewID(Mint(mint), uint32(serial)).String()
			i, last := strings.LastIndexByte(s, '-'), s[len(s)-1]
			b := []byte(s[:i])
			for k := range len(b) - 1 {
				if b[k] == b[k+1] {
					continue
				}
				b[k], b[k+1] = b[k+1], b[k]
				if id, err := ParseID(string(b) + "-" + string(last)); err == nil {
					t.Fatalf("%s with neighbours exchanged read as %v", s, id)
				}
				b[k], b[k+1] = b[k+1], b[k]
			}
		}
	}
}
