package population

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestRefs: no zero ids, no duplicates, a fixed order, never too many.
func TestRefs(t *testing.T) {
	rnd := rand.New(rand.NewPCG(15, 16))
	for _, k := range Kinds() {
		for range 100 {
			e := randomEntry(rnd, k)
			refs := e.Refs()
			seen := map[Ref]bool{}
			for _, r := range refs {
				if r.ID == 0 || r.Type == 0 || seen[r] {
					t.Fatalf("%#v: %v in %v", e, r, refs)
				}
				seen[r] = true
			}
			if len(refs) > MaxEntities || !reflect.DeepEqual(refs, e.Refs()) {
				t.Fatalf("%#v: %v", e, refs)
			}
		}
	}
	e := MoveInside{From: own(1), Into: own(2), Persons: []Placed{{own(5), 1}, {own(5), 2}, {}}}
	if want := []Ref{{TypeHousehold, own(1)}, {TypeHousehold, own(2)}, {TypePerson, own(5)}}; !reflect.DeepEqual(e.Refs(), want) {
		t.Errorf("%v", e.Refs())
	}
}

// TestKinds: names and numbers of kinds belong together for ever.
func TestKinds(t *testing.T) {
	if len(Kinds()) != 25 {
		t.Errorf("%d kinds", len(Kinds()))
	}
	for i, k := range Kinds() {
		back, ok := ParseKind(k.String())
		if int(k) != i+1 || !ok || back != k || kinds[k].blank.Kind() != k {
			t.Errorf("kind %d is %q, %v", k, k, back)
		}
		if ClassOf(kinds[k].blank) != 0 {
			t.Errorf("%s is sensitive", k)
		}
	}
	if k, ok := ParseKind("unknown"); ok || Kind(0).Known() || Kind(26).Known() || Kind(4000).String() != "unknown" {
		t.Errorf("unknown kind: %v, %v", k, ok)
	}
}
