package store_test

import (
	"strings"
	"testing"

	"tramxa/appliance/store"
)

func TestViewOptions(t *testing.T) {
	for name, c := range map[string]struct {
		view store.ViewOptions
		want string // part of the error; "": it opens
	}{
		"as ever":        {},
		"small":          {view: store.ViewOptions{BlockCache: 4 << 20, IndexCache: 4 << 20, MemTable: 7 << 20}},
		"large":          {view: store.ViewOptions{BlockCache: 32 << 20, IndexCache: 16 << 20, MemTable: 16 << 20}},
		"tiny memtable":  {view: store.ViewOptions{MemTable: 1 << 20}, want: "memtable"},
		"negative cache": {view: store.ViewOptions{BlockCache: -1}, want: "block cache"},
		"huge cache":     {view: store.ViewOptions{IndexCache: 1 << 40}, want: "index cache"},
	} {
		t.Run(name, func(t *testing.T) {
			o := onDisk(t)
			o.View = c.view
			s, err := store.Open(t.Context(), o)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("opened with %+v: %v", c.view, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			mustSave(t, s, 1, 1, 20)
			closeStore(t, s)
			again := open(t, o)
			defer closeStore(t, again)
			checkWhole(t, again, 1, 20)
		})
	}
}
