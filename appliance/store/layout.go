package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"tramxa/appliance/journal"
)

// Names in a station's directory:
//
//	journal/e<epoch>/lane0, lane1   package journal
//	view/                           badger; rebuildable
//	view.bad-<time>/                the last view that was not believed
//	checkpoints/<sequence>.txc      the two newest
//	clean.json                      after a clean stop only
//	cursor.json                     what the hub has
//	verify-*/                       while Verify runs
//	ballast  lock
const (
	viewName   = "view"
	badName    = "view.bad-" // and the time, UTC, 20060102T150405
	verifyName = "verify-"
	ckptName   = "checkpoints"
	ckptExt    = ".txc"
	cleanName  = "clean.json"
	cursorName = "cursor.json"
	lockName   = "lock"
)

func laneDir(dir string, epoch journal.Epoch, lane journal.Lane) string {
	return filepath.Join(dir, "journal", fmt.Sprintf("e%d", epoch), fmt.Sprintf("lane%d", lane))
}

func ckptPath(dir string, seq journal.Seq) string {
	return filepath.Join(dir, ckptName, fmt.Sprintf("%016d%s", seq, ckptExt))
}

// ckptSeq reads the sequence out of a checkpoint's name.
func ckptSeq(name string) (journal.Seq, bool) {
	stem, ok := strings.CutSuffix(name, ckptExt)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(stem, 10, 63)
	return journal.Seq(n), err == nil && filepath.Base(ckptPath("", journal.Seq(n))) == name
}

// checkpoints lists the sequences of the checkpoint files, newest first. It changes
// nothing: who asks may be reading beside a station that is just writing one.
func checkpoints(fsys journal.FS, dir string) ([]journal.Seq, error) {
	folder := filepath.Join(dir, ckptName)
	names, err := fsys.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var seqs []journal.Seq
	for _, name := range names {
		if seq, ok := ckptSeq(name); ok {
			seqs = append(seqs, seq)
		}
	}
	slices.SortFunc(seqs, func(a, b journal.Seq) int { return int(int64(b) - int64(a)) })
	return seqs, nil
}

func syncParent(fsys journal.FS, name string) error { return fsys.SyncDir(filepath.Dir(name)) }

// removeFile removes a file durably; none there is fine.
func removeFile(fsys journal.FS, name string) error {
	err := fsys.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncParent(fsys, name)
}
