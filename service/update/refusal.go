package update

import (
	"errors"
)

// Reason is why an update is refused; scripts and the province rely on these
// words.
type Reason string

// Reasons of a Refusal.
const (
	ReasonDevelopment Reason = "development" // this program has no release keys
	ReasonUnsigned    Reason = "unsigned"
	ReasonDamaged     Reason = "damaged" // cut, altered, or no bundle
	ReasonSource      Reason = "source"  // the stick was pulled or cannot be read
	ReasonChannel     Reason = "channel"
	ReasonSystem      Reason = "system" // nothing for this system in it
	ReasonOS          Reason = "os"     // the operating system is too old
	ReasonMemory      Reason = "memory"
	ReasonDisk        Reason = "disk"
	ReasonFormats     Reason = "formats" // it does not read this machine's data
	ReasonCurrent     Reason = "current" // it runs already
	ReasonOlder       Reason = "older"
	ReasonMinFrom     Reason = "min_from" // another release must come between
	ReasonFailed      Reason = "failed_before"
	ReasonTrying      Reason = "trying"  // another update is on trial
	ReasonNothing     Reason = "nothing" // no bundle was found
	ReasonNoPrevious  Reason = "no_previous"
)

// Refusal is an update that was not taken, or a way back that is not there.
// Nothing has been changed.
type Refusal struct {
	Reason Reason
	Text   Text
	Err    error // what led to it, may be nil
}

func (r *Refusal) Error() string { return r.Text.EN }
func (r *Refusal) Unwrap() error { return r.Err }

func refuse(why Reason, t Text) *Refusal { return &Refusal{Reason: why, Text: t} }

// AsRefusal finds the refusal in err, or makes one of the errors that reading a
// bundle gives. nil when err is of another kind.
func AsRefusal(err error) *Refusal {
	var r *Refusal
	var src *SourceError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &r):
		return r
	case errors.Is(err, ErrDevelopment):
		return &Refusal{ReasonDevelopment, text(
			"Chương trình này là bản phát triển, không có khóa phát hành nên không nhận cập nhật. Hãy cài gói phát hành trước.",
			"%s", ErrDevelopment), err}
	case errors.Is(err, ErrUnsigned):
		return &Refusal{ReasonUnsigned, text(
			"Gói cập nhật không có đủ chữ ký phát hành hợp lệ. Không có gì bị thay đổi. Hãy lấy lại gói từ tỉnh.",
			"%s; nothing was changed; get the bundle from the province again", err), err}
	case errors.As(err, &src):
		return &Refusal{ReasonSource, text(
			"Không đọc được hết gói cập nhật: USB bị rút ra hoặc bị hỏng. Không có gì bị thay đổi. Hãy cắm lại và làm lại.",
			"%s: the stick was pulled out or is damaged; nothing was changed; plug it in again and repeat", err), err}
	case errors.Is(err, ErrFormat):
		return &Refusal{ReasonDamaged, text(
			"Gói cập nhật bị hỏng hoặc chép chưa hết. Không có gì bị thay đổi. Hãy chép lại gói.",
			"%s; nothing was changed; copy the bundle again", err), err}
	}
	return nil
}
