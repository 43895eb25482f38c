package appliance_test

import (
	"context"
	"strings"
	"testing"
)

func TestAStationSaysThatItAnswers(t *testing.T) {
	o := options(t, at(begun))
	s := open(t, o)
	ctx := context.Background()
	if err := s.Answers(ctx); err != nil {
		t.Error(err)
	}
	before := s.Status().AccessHead
	for range 2 {
		if err := s.Try(ctx, "1.2.3"); err != nil {
			t.Fatal(err)
		}
	}
	if now := s.Status().AccessHead; now != before+2 {
		t.Errorf("two trials wrote %d records", now-before)
	}
	for _, bad := range []string{"", strings.Repeat("x", 65)} {
		if s.Try(ctx, bad) == nil {
			t.Errorf("version %q is taken", bad)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s.Answers(ctx) == nil || s.Try(ctx, "1.2.3") == nil {
		t.Error("a closed station answers")
	}
	open(t, o) // the next start takes what was written
}
