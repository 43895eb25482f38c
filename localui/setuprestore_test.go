package localui

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestTheLastPageKnowsOfTheRestore: from the moment the setup is over its last
// page says that a copy was restored, also before the work has noted its own end.
func TestTheLastPageKnowsOfTheRestore(t *testing.T) {
	s := &setup{}
	s.o = SetupOptions{
		Log:     discard(),
		Backups: func(context.Context) ([]BackupChoice, error) { return []BackupChoice{{ID: "a"}}, nil },
		Restore: func(context.Context, string, string, Progress) error {
			s.back.mu.Lock() // the work cannot note its end
			return nil
		},
	}
	r := httptest.NewRequest("POST", "/cai-dat/khoi-phuc", strings.NewReader("id=a"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	v := &setupVisit{w: httptest.NewRecorder(), r: r}
	if err := parseForm(r); err != nil {
		t.Fatal(err)
	}
	if err := s.restorePost(v); err != nil {
		t.Fatal(err)
	}
	over := func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.done }
	const patience = 2 * time.Minute // ends what hangs
	for end := time.Now().Add(patience); !over() && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	said := make(chan bool, 1)
	go func() {
		page, _ := viewDone(s, v)
		said <- page.(doneView).Restored
	}()
	select {
	case restored := <-said:
		if !restored {
			t.Error("the last page does not know of it")
		}
	case <-time.After(patience):
		t.Error("the last page waits for the work")
	}
	s.back.mu.Unlock()
}
