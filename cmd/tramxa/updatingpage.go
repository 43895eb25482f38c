package main

import (
	"context"

	"tramxa/localui"
	"tramxa/service/update"
)

// status is what the pages show.
func (u *updating) status() localui.UpdateStatus {
	v, err := readBuild()
	if err != nil {
		v = readVersion()
	}
	out := localui.UpdateStatus{Version: v.Version, Commit: v.Commit, Build: v.Build, Trial: u.n.launcher.Trial()}
	u.mu.Lock()
	out.Stage, out.Percent = u.stage, u.percent
	if u.offer != nil {
		out.Offered = u.offer.release.Version
	}
	u.mu.Unlock()
	switch {
	case out.Trial:
		out.Stage = "trying"
	case u.n.works.waiting():
		out.Stage = "waiting"
	}
	st, err := u.store.Status()
	if err != nil {
		return out // the log has it; the pages show what is known
	}
	out.Development = st.Development
	if st.CanGoBack && st.Previous != nil {
		out.Previous = st.Previous.Version
	}
	if n := len(st.Left); n > 0 && st.Left[n-1].Sequence > st.Current.Sequence {
		out.Refused = st.Left[n-1].Version
		out.Why = localui.Text{Vi: st.Left[n-1].Reason.VI, En: st.Left[n-1].Reason.EN}
	}
	return out
}

// check, apply and back are the buttons.
//
// check does not call it a failure that the line is down when a stick has a new
// version.
func (u *updating) check(ctx context.Context) error {
	err := u.look(ctx)
	u.mu.Lock()
	found := u.offer != nil
	u.mu.Unlock()
	if err != nil && found {
		u.n.log.Info("a new version was found, but not all places could be asked", "error", err)
		return nil
	}
	return refusalOf(err)
}

func (u *updating) apply(ctx context.Context) error {
	u.mu.Lock()
	o, stage := u.offer, u.stage
	u.mu.Unlock()
	switch {
	case u.n.works.waiting():
		return errRestartWaits
	case u.n.launcher.Trial():
		return localui.Refusal{Text: localui.Text{Vi: "Một bản mới đang được thử. Đợi ba phút rồi bấm lại.", En: "A new version is on trial. Wait three minutes and press again."}}
	case o == nil || stage != "" && o.file != "":
		return localui.Refusal{Text: localui.Text{Vi: "Không có bản mới nào để nhận lúc này. Bấm Tìm bản mới.", En: "There is no new version to take now. Press Look for a new version."}}
	case stage == "fetching":
		return nil // what was pressed for is going on
	case o.file == "": // begins when the looking is done
		select {
		case u.wanted <- struct{}{}: // it may take an hour on a slow line
		default:
		}
		return nil
	}
	return refusalOf(u.take(ctx, o, true))
}

func (u *updating) back(context.Context) error {
	if u.n.works.waiting() {
		return errRestartWaits
	}
	if err := u.store.Rollback(); err != nil {
		return refusalOf(err)
	}
	u.n.restartWhenIdle("back to the version before")
	return nil
}

// errRestartWaits answers a page that was opened before.
var errRestartWaits = localui.Refusal{Text: localui.Text{Vi: "Trạm đang đợi việc đang chạy xong để khởi động lại. Đợi trạm khởi động lại rồi làm lại.",
	En: "The station waits for what is running before it starts again. Wait for that, then do it again."}}

// refusalOf turns a refusal of package update into one that pages say.
func refusalOf(err error) error {
	if no := update.AsRefusal(err); no != nil {
		return localui.Refusal{Text: localui.Text{Vi: no.Text.VI, En: no.Text.EN}}
	}
	return err
}
