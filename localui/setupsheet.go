package localui

import (
	"context"
	"crypto/sha256"
	"strings"
)

// sheetView is the page of the recovery sheet.
type sheetView struct {
	Groups []groupView
	First  int // numbers of the two groups asked for
	Second int
	Length int // characters of a group
	Proved bool
}

type groupView struct {
	Number int
	Asked  bool
}

// codeGroups are the groups of a recovery code as it was made.
func codeGroups(code string) []string {
	return strings.FieldsFunc(code, func(r rune) bool { return r == '-' || r == ' ' })
}

// askedGroups picks two groups of a code that are typed from the paper. Which
// ones follows from the code, so that sheet and page agree without keeping it.
func askedGroups(code string) (a, b int) {
	n := len(codeGroups(code))
	if n < 2 {
		return 0, 0
	}
	sum := sha256.Sum256([]byte("tramxa groups\x00" + code))
	a = int(sum[0]) % n
	b = (a + 1 + int(sum[1])%(n-1)) % n
	return min(a, b), max(a, b)
}

func sheetDone(s *setup, ctx context.Context) bool {
	if s.state.Sheet == "" {
		return false
	}
	r, err := s.o.Recovery(ctx)
	return err == nil && s.state.Sheet == sheetMark(r.Code)
}

func viewSheet(s *setup, v *setupVisit) (any, error) {
	r, err := s.o.Recovery(v.r.Context())
	if err != nil {
		return nil, err
	}
	b := sheetView{Proved: sheetDone(s, v.r.Context())}
	one, two := askedGroups(r.Code)
	for i, g := range codeGroups(r.Code) {
		b.Length = max(b.Length, len(g))
		b.Groups = append(b.Groups, groupView{i + 1, i == one || i == two})
	}
	b.First, b.Second = one+1, two+1
	return b, nil
}

// postSheet asks for two groups that only the paper shows: a sheet nobody has
// printed is found out now and not on the day it is needed.
func postSheet(s *setup, v *setupVisit) error {
	r, err := s.o.Recovery(v.r.Context())
	if err != nil {
		return err
	}
	groups := codeGroups(r.Code)
	one, two := askedGroups(r.Code)
	if v.sent("group1") == "" && v.sent("group2") == "" && sheetDone(s, v.r.Context()) {
		return nil // shown before; the page was only passed through
	}
	for _, g := range []struct{ field, want string }{{"group1", groups[one]}, {"group2", groups[two]}} {
		switch got := v.sent(g.field); {
		case got == "":
			v.fault(g.field, "setup.sheet.missing")
		case !sameGroup(got, g.want):
			v.fault(g.field, "setup.sheet.wrong")
		}
	}
	if len(v.faults) == 0 {
		s.state.Sheet = sheetMark(r.Code)
	}
	return nil
}

// sameGroup compares as people read: case does not count, nor O for 0 and I or L
// for 1.
func sameGroup(a, b string) bool {
	read := strings.NewReplacer("O", "0", "I", "1", "L", "1")
	return read.Replace(plainCode(a)) == read.Replace(plainCode(b))
}

// sheetPDF is the recovery sheet. Only here the code is shown.
func (s *setup) sheetPDF(v *setupVisit) error {
	r, err := s.o.Recovery(v.r.Context())
	if err != nil {
		return err
	}
	one, two := askedGroups(r.Code)
	b, err := RecoverySheet(SheetFacts{Place: s.state.Place, Unit: s.state.UnitName, Province: s.state.Province, UnitCode: s.state.Unit, Station: s.state.Station,
		Date: s.today(), Code: r.Code, Asked: []int{one, two}, Fingerprint: r.Fingerprint})
	if err != nil {
		return err
	}
	servePDF(v.w, "phieu-khoi-phuc.pdf", b)
	return nil
}
