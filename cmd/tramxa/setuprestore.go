package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"tramxa/appliance/backups"
	"tramxa/appliance/clock"
	"tramxa/appliance/journal"
	"tramxa/appliance/rescue"
	"tramxa/appliance/store"
	"tramxa/localui"
	"tramxa/service/machine"
)

// The setup can bring back a station instead of making one: from a backup, or
// from the disk of the PC before, plugged in by a cable.

// findOld looks for stations and copies on sticks and other disks, and among the
// copies that lie on this one.
func (f *founding) findOld(ctx context.Context) ([]rescue.Found, error) {
	roots := []string{f.base.Backups()}
	sticks, err := machine.Removable(ctx)
	if err != nil {
		f.log.Warn("sticks cannot be looked for", "error", err)
	}
	for _, v := range sticks {
		roots = append(roots, v.Dir)
	}
	return rescue.Find(ctx, rescue.FindOptions{Roots: roots, Most: 5000})
}

// oldOnes lists what could be brought back.
func (f *founding) oldOnes(ctx context.Context) ([]localui.BackupChoice, error) {
	found, err := f.findOld(ctx)
	if err != nil {
		return nil, err
	}
	var list []localui.BackupChoice
	for _, o := range found {
		station := o.Genesis.Origin.Station
		day := "?"
		if !o.Changed.IsZero() {
			day = o.Changed.In(clock.Country).Format("15:04 02/01/2006")
		}
		c := localui.BackupChoice{ID: oldID(o), NeedsCode: f.keysOf(o) == nil,
			Label: localui.Text{Vi: fmt.Sprintf("Bản sao lưu trạm %d, xã %s, %s", station, o.Genesis.Unit, day),
				En: fmt.Sprintf("Backup of station %d, commune %s, %s", station, o.Genesis.Unit, day)},
			Detail: localui.Text{Vi: fmt.Sprintf("%s · %d KB", o.Path, o.Bytes>>10), En: fmt.Sprintf("%s · %d KB", o.Path, o.Bytes>>10)}}
		if o.What == rescue.Station {
			c.Label = localui.Text{Vi: fmt.Sprintf("Sổ trên ổ đĩa cũ: trạm %d, xã %s, %s", station, o.Genesis.Unit, day),
				En: fmt.Sprintf("The book on the old disk: station %d, commune %s, %s", station, o.Genesis.Unit, day)}
		}
		if o.Newer() != nil {
			c = newerChoice(o, c)
		}
		list = append(list, c)
	}
	return list, nil
}

// oldID names one of what was found: a place holds many copies.
func oldID(o rescue.Found) string {
	if o.What == rescue.Station {
		return o.Path
	}
	return fmt.Sprintf("%s#%d", o.Path, o.Backup.Number)
}

// newerChoice is a choice that settleOld refuses: what a newer program made, or an
// older copy beside it. It is listed so that people learn what they need for it.
func newerChoice(o rescue.Found, c localui.BackupChoice) localui.BackupChoice {
	if len(o.Genesis.Key) == 0 {
		c.Label = localui.Text{Vi: "Sổ hoặc bản sao lưu do phiên bản mới hơn ghi", En: "A book or backup that a newer version wrote"}
	}
	c.NeedsCode = false
	c.Detail.Vi += " · cần USB cài đặt mới hơn"
	c.Detail.En += " · needs a newer stick"
	return c
}

// keysOf are the keys that lie ready for it: on the same medium, or brought as a
// file; nil: the recovery code must be typed.
func (f *founding) keysOf(o rescue.Found) *store.Keys {
	for _, name := range []string{o.KeyFile, f.takenKey()} {
		if name == "" {
			continue
		}
		k, err := store.ReadKeys(journal.OS, name)
		if err == nil && o.Genesis.Key.Equal(k.Signer.Public()) {
			return &k
		}
	}
	return nil
}

// bringBack restores a backup, or moves the station of another disk here.
func (f *founding) bringBack(ctx context.Context, id, typed string, say localui.Progress) error {
	found, err := f.findOld(ctx)
	if err != nil {
		return err
	}
	for _, o := range found {
		if oldID(o) == id {
			return f.settleOld(ctx, o, typed, say)
		}
	}
	return localui.Refusal{Text: localui.Text{Vi: "Bản đó không còn ở đây. Cắm lại USB và thử lần nữa.", En: "That copy is not there any more. Plug the stick in again and try once more."}}
}

func (f *founding) settleOld(ctx context.Context, o rescue.Found, typed string, say localui.Progress) error {
	if err := o.Newer(); err != nil { // also of an older copy: it lacks what the newer ones have
		return refuseCopy(err, o.Backup)
	}
	keys := f.keysOf(o)
	if keys == nil {
		k, err := openWithCode(o, typed)
		var wrong *backups.CodeError
		switch {
		case errors.As(err, &wrong):
			return localui.Refusal{Text: localui.Text{Vi: fmt.Sprintf("Mã khôi phục chưa đúng (nhóm %d). Xem lại trên phiếu.", wrong.Group), En: wrong.Error()}}
		case err != nil:
			return err
		}
		keys = &k
	}
	c, err := f.firstConfig()
	if err != nil {
		return err
	}
	c.Listen, c.LAN, c.LANHelp = defaultPage, defaultLAN, defaultLANHelp
	if info, err := o.Backup.Info(); o.What == rescue.Backup && err == nil {
		c.Name, c.Hub, c.HubPin, c.Metered = info.Name, info.Hub, info.HubPin, info.Metered
	}
	t := rescue.Target{Dir: f.dir, KeyFile: f.key, SetAside: true, Finish: f.settled(c, *keys), Progress: func(p store.Progress) {
		stage := localui.Text{Vi: "Đang khôi phục", En: "Restoring"}
		say(stage, p.Done, p.Total)
	}}
	bring := rescue.Restore
	if o.What == rescue.Station {
		bring = rescue.Move
	}
	s, err := bring(ctx, o, *keys, t)
	if err != nil {
		return refuseCopy(err, o.Backup)
	}
	if err := f.forgetFounding(); err != nil || s.Differs == nil {
		return err
	}
	f.log.Warn("the restored register is not the one the copy states", "error", s.Differs)
	return localui.ErrDiffers
}

// settled furnishes a station that was brought back. It keeps the certificate
// that this setup is reached by: its print stands on the last page and on the
// sheet for the wall.
func (f *founding) settled(c stationConfig, keys store.Keys) func(dir string) error {
	furnish := furnisher(c, keys, nil)
	return func(dir string) error {
		b, err := readIfThere(filepath.Join(f.dir, lanFile), 64<<10)
		if err == nil && b != nil {
			err = journal.WriteFileAtomic(journal.OS, filepath.Join(dir, lanFile), b, 0o600)
		}
		if err != nil {
			return err
		}
		return furnish(dir)
	}
}

// lanFile is the certificate of the LAN pages; localui.LANCertificate keeps it.
const lanFile = "lan.pem"
