package main

import (
	"errors"
	"fmt"

	"tramxa/appliance/backups"
	"tramxa/appliance/journal"
	"tramxa/localui"
)

// explainNewer says what to do about a book or a copy that a newer version of the
// program wrote. A hint that is there already stays. Other errors stay as they are.
func explainNewer(err error) error {
	if !errors.Is(err, journal.ErrNewer) || hint(err) != "" {
		return err
	}
	return withHint(err, fmt.Sprintf("không có gì thay đổi; hãy dùng USB, gói cài hoặc bản cập nhật mới hơn bản này (%s) / "+
		"nothing was changed; use a stick, package or update that is newer than this version (%s)", version, version))
}

// explainCopy is explainNewer for a copy whose particulars say which program made
// it.
func explainCopy(err error, c backups.Copy) error {
	if !errors.Is(err, journal.ErrNewer) {
		return err
	}
	maker := makerOf(c)
	if maker == "" {
		return explainNewer(err)
	}
	return withHint(err, fmt.Sprintf("không có gì thay đổi; bản sao do phiên bản %s ghi, đây là %s: hãy dùng USB, gói cài hoặc bản cập nhật từ %s trở lên / "+
		"nothing was changed; version %s made the copy, this is %s: use a stick, package or update of %s or later", maker, version, maker, maker, version, maker))
}

// refuseCopy is explainCopy for the setup pages.
func refuseCopy(err error, c backups.Copy) error {
	if !errors.Is(err, journal.ErrNewer) {
		return err
	}
	maker := makerOf(c)
	if maker == "" {
		maker = "?"
	}
	return localui.Refusal{Text: localui.Text{
		Vi: fmt.Sprintf("Sổ này do phiên bản mới hơn của chương trình ghi (%s); máy này có %s. Không có gì thay đổi. Hãy cài bằng USB mới hơn rồi phục hồi lại.", maker, version),
		En: fmt.Sprintf("A newer version of the program wrote this book (%s); this is %s. Nothing was changed. Install from a newer stick, then restore again.", maker, version)}}
}

// makerOf is the version of the program that made a copy; "": nobody knows.
func makerOf(c backups.Copy) string {
	if c.Folder == "" {
		return ""
	}
	info, err := c.Info()
	if err != nil {
		return ""
	}
	return info.Program
}
