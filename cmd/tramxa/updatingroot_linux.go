package main

import (
	"context"
	"time"

	"tramxa/images/guest"
	"tramxa/service/update"
)

// On a machine started from the image the system below is updated too: it lies
// in two partitions as the program lies in two slots. What writes them is a unit
// of the system's own, with rights; the station only brings the parts and says
// when it has served for a while.

// rootProof is how long the station serves before the system below is good: as
// long as a program's trial.
const rootProof = 3 * time.Minute

// onImage says whether this machine runs from the image.
func onImage() bool {
	_, err := guest.ReadState()
	return err == nil
}

// confirmRoot says that the running system is good, once the station has served
// for a while and still answers; when that cannot be said, it tries again.
func (u *updating) confirmRoot(ctx context.Context) {
	if !onImage() {
		return
	}
	for wait := rootProof; ; wait = time.Minute {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		err := u.n.Answers(ctx)
		if err == nil {
			err = u.store.AskRootConfirm()
		}
		if err == nil {
			err = u.store.ReportRoot()
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		u.n.log.Warn("the system below is not marked as good yet", "error", err)
	}
}

// rootSystems are what this machine takes beside programs.
func rootSystems() []string {
	if onImage() {
		return []string{imageSystem()}
	}
	return nil
}

// hasRoot says whether a release brings a system for this machine.
func hasRoot(r update.Release) bool {
	if !onImage() {
		return false
	}
	_, ok := r.File(imageSystem(), update.KindRoot)
	return ok
}
