package main

import (
	"context"
	"fmt"
	"io"

	"tramxa/service/update"
)

func runUpdateStatus(ctx context.Context, args []string, std stdio) error {
	c := newUpdateCall("status", std)
	if err := c.open(ctx, args); err != nil {
		return err
	}
	st, err := c.slots.Status()
	if err != nil {
		return err
	}
	if *c.asJSON {
		return writeJSON(std.out, st)
	}
	showUpdateStatus(std.out, st)
	return nil
}

func showUpdateStatus(w io.Writer, st update.Status) {
	if st.Development {
		say(w, update.AsRefusal(update.ErrDevelopment).Text)
	}
	fmt.Fprintf(w, "đang chạy / runs: %s (%d), %s, mức dữ liệu / data level %d\n", st.Current.Version, st.Current.Sequence, st.Slot, st.Level)
	if st.Trial != nil {
		fmt.Fprintf(w, "đang thử / on trial: %s (%d), lần / start %d of %d\n", st.Trial.Version, st.Trial.Sequence, st.Tries, update.MaxTries)
	}
	if st.Previous != nil {
		can := "tramxa update rollback"
		if !st.CanGoBack {
			can = "không đọc được dữ liệu hiện tại / does not read the data any more"
		}
		fmt.Fprintf(w, "bản trước / before: %s (%d), %s\n", st.Previous.Version, st.Previous.Sequence, can)
	}
	for _, m := range st.Left {
		fmt.Fprintf(w, "đã bỏ / left: %s (%d), %s\n", m.Version, m.Sequence, m.At.Format("2006-01-02 15:04 UTC"))
		say(w, m.Reason)
	}
}
