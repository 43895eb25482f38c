package population

import "testing"

func TestNormNumber(t *testing.T) {
	for typed, want := range map[string]string{
		"064185012345": "064185012345", " 064 185 012 345 ": "064185012345", "'064185012345": "064185012345",
		"064.185.012-345": "064185012345", "231045678": "231045678", "231 045 678": "231045678",
	} {
		if got, ok := NormNumber(typed); !ok || got != want {
			t.Errorf("%q: %q, %v", typed, got, ok)
		}
	}
	for typed, want := range map[string]string{"": "", "64185012345": "64185012345", " 0641850l2345 ": "0641850l2345", "12 34": "12 34", "٠٦٤١٨٥٠١٢٣٤٥": "٠٦٤١٨٥٠١٢٣٤٥"} {
		if got, ok := NormNumber(typed); ok || got != want {
			t.Errorf("%q: %q, %v", typed, got, ok)
		}
	}
}

func TestNumberFacts(t *testing.T) {
	for n, want := range map[string]NumberMeaning{
		"064185012345": {64, Female, 1985}, "034080000001": {34, Male, 1980}, "001226000001": {1, Male, 2026},
		"079326000001": {79, Female, 2026}, "100499000001": {100, Male, 2199}, "075500000001": {75, Female, 2100},
	} {
		got, ok := NumberFacts(n)
		if !ok || got != want {
			t.Errorf("%s: %+v, %v", n, got, ok)
		}
		three, ok := numberDigits(got.Sex, Date{Year: uint16(got.Year)})
		if !ok || n[3:6] != string(appendDigits(nil, three, 3)) {
			t.Errorf("%s: sex and year give %03d", n, three)
		}
	}
	for _, n := range []string{"", "231045678", "06418501234", "06418501234a"} {
		if m, ok := NumberFacts(n); ok {
			t.Errorf("%s: %+v", n, m)
		}
	}
}

func TestInsurance(t *testing.T) {
	for typed, want := range map[string][2]string{
		"HT4790123456789": {"HT4790123456789", "0123456789"}, "ht 4 79 0123456789": {"HT4790123456789", "0123456789"},
		"0123456789": {"0123456789", "0123456789"}, "064185012345": {"064185012345", "064185012345"},
	} {
		got, ok := NormInsurance(typed)
		if !ok || got != want[0] || InsuranceCore(got) != want[1] {
			t.Errorf("%q: %q, %v, core %q", typed, got, ok, InsuranceCore(got))
		}
	}
	for _, typed := range []string{"", "HT6790123456789", "H14790123456789", "HT479012345678", "01234567890", "abc"} {
		if got, ok := NormInsurance(typed); ok || got != typed || InsuranceCore(typed) != "" {
			t.Errorf("%q: %q, %v, core %q", typed, got, ok, InsuranceCore(typed))
		}
	}
}

func TestHouseholdNumbers(t *testing.T) {
	for _, n := range []HouseholdNumber{{}, {100, 0}, {100, 1}, {1<<32 - 1, 255}} {
		b, err := n.MarshalText()
		var back HouseholdNumber
		if err != nil || back.UnmarshalText(b) != nil || back != n {
			t.Errorf("%v as %q is %v, %v", n, b, back, err)
		}
	}
	for _, s := range []string{"0", "100.", "100.0", ".1", "100.256", "0100", "1.01", "-1", "a", "1.2.3"} {
		if n, err := ParseHouseholdNumber(s); err == nil {
			t.Errorf("%q read as %v", s, n)
		}
	}
	var n HouseholdNumber
	if n.UnmarshalText([]byte("x")) == nil {
		t.Error("x was read")
	}
}
