package update

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// margin is the disk space that an update must leave, in bytes.
const margin = 96 << 20

// Question is everything that Preflight looks at beside the release.
type Question struct {
	State   State
	Machine Machine
	Free    uint64 // bytes free where the slots lie
	Channel string
	Now     time.Time
	ByHand  bool // somebody chose this bundle: marks of going back by hand do not count
	Again   bool // somebody insists: no marks count
}

// Preflight says whether a release may be installed. It touches nothing and is
// asked before anything is touched. Warnings are for people and stop nothing.
func Preflight(r Release, q Question) (warnings []Text, _ *Refusal) {
	f, ok := r.File(q.Machine.System, KindProgram)
	if !ok {
		return nil, refuse(ReasonSystem, text(
			"Gói cập nhật %s không có chương trình cho máy này (%s). Không có gì bị thay đổi. Hãy lấy gói dành cho máy này.",
			"bundle %s has no program for this machine (%s); nothing was changed; get the bundle for this system", r.Version, q.Machine.System))
	}
	for _, check := range []func(Release, ManifestFile, Question) *Refusal{
		checkChannel, checkOS, checkMemory, checkDisk, checkOrder, checkFormats, checkMarks,
	} {
		if no := check(r, f, q); no != nil {
			return nil, no
		}
	}
	if q.Now.After(r.Expires) {
		warnings = append(warnings, text(
			"Gói cập nhật đã quá hạn từ %s (theo đồng hồ máy này). Vẫn cài được; hãy hỏi tỉnh xem có gói mới hơn không.",
			"the bundle expired on %s by this machine's clock; it is installed all the same; ask the province for a newer one", r.Expires.Format("2006-01-02")))
	}
	return warnings, nil
}

func checkChannel(r Release, _ ManifestFile, q Question) *Refusal {
	if r.Channel == q.Channel {
		return nil
	}
	return refuse(ReasonChannel, text(
		"Gói cập nhật thuộc kênh %q, máy này nhận kênh %q. Không có gì bị thay đổi.",
		"the bundle is of channel %q, this machine takes %q; nothing was changed", r.Channel, q.Channel))
}

func checkOS(r Release, _ ManifestFile, q Question) *Refusal {
	system, _, _ := strings.Cut(q.Machine.System, "/")
	for _, o := range r.Requires.OSMin {
		if o.System != system || q.Machine.OSVersion == "" || compareVersions(q.Machine.OSVersion, o.Version) >= 0 {
			continue
		}
		return refuse(ReasonOS, text(
			"Phiên bản %s cần hệ điều hành %s %s trở lên, máy này là %s. Không có gì bị thay đổi. Hãy dùng USB cài hệ điều hành trạm.",
			"version %s needs %s %s or later, this machine has %s; nothing was changed; use the stick with the station's own system", r.Version, o.System, o.Version, q.Machine.OSVersion))
	}
	return nil
}

func checkMemory(r Release, _ ManifestFile, q Question) *Refusal {
	// What the hardware keeps for itself is not counted by the system.
	if q.Machine.RAM == 0 || q.Machine.RAM >= r.Requires.RAM-r.Requires.RAM/8 {
		return nil
	}
	return refuse(ReasonMemory, text(
		"Phiên bản %s cần %s bộ nhớ, máy này có %s. Không có gì bị thay đổi. Hãy thêm RAM hoặc giữ phiên bản đang chạy.",
		"version %s needs %s of memory, this machine has %s; nothing was changed; add memory or stay with the running version", r.Version, bytesText(r.Requires.RAM), bytesText(q.Machine.RAM)))
}

func checkDisk(r Release, f ManifestFile, q Question) *Refusal {
	need := diskNeeded(f) + r.Requires.FreeDisk
	if q.Free >= uint64(need) {
		return nil
	}
	return errDiskFull(need, int64(q.Free))
}

// diskNeeded is what unpacking takes: the part if it must be fetched, the
// program, its second copy, and a margin.
func diskNeeded(f ManifestFile) int64 { return f.Size + 2*f.Packings[0].Size + margin }

func errDiskFull(need, free int64) *Refusal {
	return refuse(ReasonDisk, text(
		"Ổ đĩa còn %s, cần %s để cập nhật. Không có gì bị thay đổi. Hãy dọn bớt ổ đĩa.",
		"the disk has %s free, the update needs %s; nothing was changed; free some space first", bytesText(free), bytesText(need)))
}

func checkOrder(r Release, f ManifestFile, q Question) *Refusal {
	cur := q.State.In(q.State.Current)
	if q.State.Trial != nil {
		return errTrying(q.State)
	}
	switch {
	case f.SHA256 == cur.SHA256:
		return refuse(ReasonCurrent, text("Máy đang chạy phiên bản %s rồi.", "version %s runs already", r.Version))
	case r.Sequence < q.State.Highest && !keptPrevious(q.State, f):
		return refuse(ReasonOlder, text(
			"Gói cập nhật %s (số %d) cũ hơn phiên bản đã chạy (số %d). Không có gì bị thay đổi. Hãy lấy gói mới hơn.",
			"bundle %s (number %d) is older than what has run here (number %d); nothing was changed; get a newer one", r.Version, r.Sequence, q.State.Highest))
	case cur.Sequence < r.MinFrom:
		return refuse(ReasonMinFrom, text(
			"Không thể lên thẳng phiên bản %s từ phiên bản đang chạy (số %d): cần cài gói số %d trước. Không có gì bị thay đổi.",
			"version %s cannot come directly over number %d: number %d must come before it; nothing was changed", r.Version, cur.Sequence, r.MinFrom))
	}
	return nil
}

// keptPrevious says whether the file is the program kept to go back to.
func keptPrevious(s State, f ManifestFile) bool {
	p := s.In(s.Previous)
	return p != nil && p.SHA256 == f.SHA256
}

func checkFormats(r Release, _ ManifestFile, q Question) *Refusal {
	if r.Formats.Covers(q.State.Level) {
		return nil
	}
	return refuse(ReasonFormats, text(
		"Phiên bản %s không đọc được dữ liệu của máy này (mức %d). Không có gì bị thay đổi. Hãy lấy gói khác từ tỉnh.",
		"version %s does not read this machine's data (level %d, it reads %d to %d); nothing was changed; ask the province for another bundle", r.Version, q.State.Level, r.Formats.Reads[0], r.Formats.Reads[1]))
}

// maxUnproven is how often a trial may have been cut short before a release is
// not taken again by itself.
const maxUnproven = 2

func checkMarks(r Release, f ManifestFile, q Question) *Refusal {
	m := q.State.mark(f.SHA256)
	if m == nil || q.Again || m.Why == MarkUser && q.ByHand || m.Why == MarkUnproven && (q.ByHand || m.Times < maxUnproven) {
		return nil
	}
	return refuse(ReasonFailed, Text{
		VI: fmt.Sprintf("Phiên bản %s đã thử trên máy này và phải quay lại: %s Không có gì bị thay đổi. Muốn thử lại thì thêm --again.", r.Version, m.Reason.VI),
		EN: fmt.Sprintf("version %s was tried on this machine and left again: %s; nothing was changed; --again tries it once more", r.Version, m.Reason.EN),
	})
}

// compareVersions compares numbers between dots; missing ones are 0.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if d := versionField(as, i) - versionField(bs, i); d != 0 {
			return d
		}
	}
	return 0
}

func versionField(fields []string, i int) int {
	if i >= len(fields) {
		return 0
	}
	n, _ := strconv.Atoi(fields[i]) // text after a number counts as 0
	return n
}
