package main

import (
	"testing"

	"tramxa/appliance/population"
	"tramxa/appliance/register"
	"tramxa/service/update"
)

// TestALevelIsWhatIsWritten: of an update on trial the version before must be
// able to read what was typed meanwhile. That rests on the level, so the level must
// name all that the journal holds for good. A version that raises one of these
// numbers makes a new level; how is said in package service/update.
func TestALevelIsWhatIsWritten(t *testing.T) {
	type written struct{ entries, fold int }
	levels := map[int]written{
		1: {entries: 1, fold: 1},
	}
	f := update.ThisFormats
	if got := (written{population.Version, register.FoldVersion}); levels[f.Reads[1]] != got {
		t.Errorf("this source knows %+v and says that it reads levels up to %d, which are %+v: see 'go doc ./service/update'", got, f.Reads[1], levels[f.Reads[1]])
	}
	if f.Writes != 1 {
		t.Errorf("level %d is written: nothing of this source looks at %s, so it would be written on trial, too; see 'go doc ./service/update'", f.Writes, update.EnvLevel)
	}
}
