package guest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// timesyncMark is the file whose age is the earliest time that systemd starts
// with: after a battery has died the clock does not fall back behind it.
const timesyncMark = "/var/lib/systemd/timesync/clock"

// SetClock sets this machine's clock to what the station has asked for in
// ClockFile below root, and takes the file away, whatever it is. Only for the
// system's unit: what lies there was written by the station's user, who is not
// trusted further than the setup: once there is a station, founded, nothing is
// set any more. fs.ErrNotExist when nothing was asked.
func SetClock(root *os.Root, founded bool) error {
	at, err := readClockRequest(root)
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if founded {
		err = errors.New("the clock is set during the setup only")
	}
	if err == nil {
		err = setClock(at)
	}
	return errors.Join(err, root.RemoveAll(ClockFile))
}

// readClockRequest is the time to be set now.
func readClockRequest(root *os.Root) (time.Time, error) {
	seen, err := root.Lstat(ClockFile)
	if err != nil {
		return time.Time{}, err
	}
	f, err := root.OpenFile(ClockFile, os.O_RDONLY|unix.O_NONBLOCK, 0) // a pipe would wait for ever
	if err != nil {
		return time.Time{}, err
	}
	defer f.Close()
	asked, err := f.Stat()
	if err != nil {
		return time.Time{}, err
	}
	if !asked.Mode().IsRegular() || !os.SameFile(seen, asked) {
		return time.Time{}, errors.New("the request is no file")
	}
	b, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return time.Time{}, err
	}
	at, err := parseClockRequest(b)
	// The request says what time it was when it was written; one from before a
	// power cut says nothing any more.
	waited := time.Since(asked.ModTime())
	if err == nil && (waited < -time.Second || waited > time.Minute) {
		err = errors.New("the request is old")
	}
	return at.Add(max(0, waited)), err
}

func setClock(at time.Time) error {
	tv := unix.NsecToTimeval(at.UnixNano())
	if err := unix.Settimeofday(&tv); err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	return errors.Join(setRTC(at), keepClock(at))
}

// setRTC sets the clock on the board, which goes on while the PC is off. A
// machine without one is none the worse.
func setRTC(at time.Time) error {
	f, err := os.OpenFile("/dev/rtc0", os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	at = at.UTC()
	t := unix.RTCTime{Sec: int32(at.Second()), Min: int32(at.Minute()), Hour: int32(at.Hour()),
		Mday: int32(at.Day()), Mon: int32(at.Month()) - 1, Year: int32(at.Year()) - 1900}
	if err := unix.IoctlSetRTCTime(int(f.Fd()), &t); err != nil {
		return fmt.Errorf("set the clock on the board: %w", err)
	}
	return nil
}

// keepClock leaves the mark as systemd-timesyncd itself does, owned by whom its
// folder belongs to.
func keepClock(at time.Time) error {
	f, err := os.OpenFile(timesyncMark, os.O_WRONLY|os.O_CREATE, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // no data partition
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if dir, err := os.Stat(timesyncMark[:len(timesyncMark)-len("/clock")]); err == nil {
		if st, ok := dir.Sys().(*syscall.Stat_t); ok {
			err = os.Chown(timesyncMark, int(st.Uid), int(st.Gid))
		}
		if err != nil {
			return err
		}
	}
	return os.Chtimes(timesyncMark, at, at)
}
