package localui

import (
	"context"
	"errors"
	"slices"
)

// ErrDiffers is answered by Restore when the station is in place as its whole
// journal has it, and the copy states another register.
var ErrDiffers = errors.New("the restored register is not the one the copy states")

// restoreView is the page for a backup in place of a new station.
type restoreView struct {
	Can    bool
	List   []restoreLine
	Failed string // the list could not be made
	Code   string
	ID     string
	Test   taskView
}

type restoreLine struct {
	ID, Label, Detail string
	NeedsCode, On     bool
}

func (s *setup) restorePage(v *setupVisit) error {
	if s.done {
		v.goTo("xong")
		return nil
	}
	b := restoreView{Can: s.o.Restore != nil && s.o.Backups != nil, Code: v.typed("code", ""), ID: v.typed("id", ""), Test: s.back.view(v.words)}
	if b.Test.Running {
		v.w.Header().Set("Refresh", "2; url=/cai-dat/khoi-phuc")
	}
	if b.Can && !b.Test.Running {
		list, err := s.o.Backups(v.r.Context())
		if err != nil {
			b.Failed = v.failure(err)
		}
		for i, c := range list {
			b.List = append(b.List, restoreLine{c.ID, c.Label.In(v.lang), c.Detail.In(v.lang), c.NeedsCode, c.ID == b.ID || b.ID == "" && i == 0})
		}
	}
	return s.show(v, "setup-restore", v.text("setup.restore.title"), setupBody{Data: b})
}

// restorePost begins to restore the backup chosen.
func (s *setup) restorePost(v *setupVisit) error {
	if s.o.Restore == nil || s.o.Backups == nil || s.done {
		return errNotFound
	}
	list, err := s.o.Backups(v.r.Context())
	if err != nil {
		return s.restorePage(v)
	}
	id, code := v.r.PostForm.Get("id"), v.sent("code")
	i := slices.IndexFunc(list, func(c BackupChoice) bool { return c.ID == id })
	switch {
	case i < 0:
		v.fault("id", "setup.restore.pick")
	case list[i].NeedsCode && code == "":
		v.fault("code", "setup.restore.code_missing")
	}
	if len(v.faults) > 0 {
		return s.restorePage(v)
	}
	differs := false
	s.back.start(func(ctx context.Context, say Progress) error {
		err := s.o.Restore(ctx, id, code, say)
		if differs = errors.Is(err, ErrDiffers); differs {
			return nil
		}
		return err
	}, func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			s.o.Log.Error("localui: restore failed", "error", err)
			return
		}
		s.restored, s.differs = true, differs
		s.end(openAfter)
	})
	v.goTo("khoi-phuc")
	return nil
}
