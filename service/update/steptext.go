package update

func errTrying(s State) *Refusal {
	p := s.In(s.Trial.Slot)
	return refuse(ReasonTrying, text(
		"Phiên bản %s đang được thử. Hãy đợi vài phút cho thử xong rồi làm lại.",
		"version %s is on trial; wait some minutes until it is confirmed or gone, then repeat", p.Version))
}

func lostText(p Installed) Text {
	return text(
		"Tệp chương trình %s bị mất hoặc bị sửa (có thể do phần mềm diệt vi-rút).",
		"the program file of %s was removed or altered, perhaps by an antivirus", p.Version)
}

func insteadText(p, q Installed) Text {
	return text(
		"Tệp chương trình %s bị mất hoặc bị sửa (có thể do phần mềm diệt vi-rút); đang chạy %s.",
		"the program file of %s was removed or altered, perhaps by an antivirus; %s runs instead", p.Version, q.Version)
}

func stuckText(p Installed) Text {
	return text(
		"Không còn tệp chương trình nào nguyên vẹn đọc được dữ liệu. Dữ liệu vẫn nguyên. Hãy cắm USB cập nhật có phiên bản %s trở lên, hoặc cài lại gói.",
		"no whole program is left that reads the data; the data are untouched; apply a bundle of version %s or later, or install the package again", p.Version)
}

func unprovenText(t *Trial) Text {
	if !t.Last.IsZero() {
		return t.Last
	}
	return text(
		"Đã khởi động %d lần nhưng lần nào cũng bị ngắt trước khi thử xong (mất điện hoặc máy bị treo).",
		"it was started %d times and cut off each time before it had proved itself: the power went or the machine stood still", t.Tries)
}

func handText() Text {
	return text("Người dùng yêu cầu quay lại phiên bản trước.", "somebody went back by hand")
}
