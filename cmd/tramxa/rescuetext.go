package main

// two is a sentence in both languages, with the same verbs.
type two struct{ vi, en string }

// The words of the rescue dialog. Plain letters and lines only: it must work on a
// bare screen without colours.
var (
	rtTitle = two{"CỨU HỘ TRẠM XÃ", "COMMUNE STATION RESCUE"}
	rtMain  = two{`  1  Kiểm tra ổ đĩa và sổ (chỉ đọc)
  2  Chữa tại chỗ
  3  Chuyển trạm sang máy này, hoặc ra USB
  4  Khôi phục từ bản sao lưu (USB, ổ đĩa khác, hoặc máy chủ tỉnh)
  0  Thoát`, `  1  Check disks and books (only reading)
  2  Mend in place
  3  Move a station to this PC, or to a stick
  4  Restore from a backup (stick, another disk, or the province)
  0  Leave`}
	rtNumber    = two{"Gõ số rồi bấm Enter: ", "Type the number and press Enter: "}
	rtWhat      = two{"Không có mục đó.", "There is no such choice."}
	rtLooking   = two{"Đang tìm trên các ổ đĩa, có thể mất vài phút ...", "Looking on all disks, this can take minutes ..."}
	rtNothing   = two{"Không tìm thấy trạm hay bản sao lưu nào. Cắm USB hoặc ổ đĩa khác rồi chọn lại.", "No station and no backup was found. Plug in a stick or another disk and choose again."}
	rtNoStation = two{"Không tìm thấy trạm nào.", "No station was found."}
	rtNoBackup  = two{"Không tìm thấy bản sao lưu nào. Cắm USB có thư mục tramxa-backup rồi chọn lại.", "No backup was found. Plug in the stick with the folder tramxa-backup and choose again."}
	rtStation   = two{"trạm %d, xã %s, ghi lần cuối %s, %s", "station %d, commune %s, last written %s, %s"}
	rtBackup    = two{"bản sao của trạm %d, xã %s, ngày %s, tới bản ghi %d, %s", "copy of station %d, commune %s, of %s, up to record %d, %s"}
	rtNever     = two{"chưa", "never"}
	rtBroken    = two{"(không đọc được: %s)", "(cannot be read: %s)"}
	rtNewer     = two{"(cần USB mới hơn: cạnh đó có bản do phiên bản mới hơn ghi)", "(needs a newer stick: beside it is one that a newer version wrote)"}
	rtNewerOne  = two{"(do phiên bản mới hơn ghi: cần USB mới hơn bản này (%s))", "(a newer version wrote it: needs a stick that is newer than this version (%s))"}
	rtOlder     = two{`Không phải bản sao mới nhất: %v.
Hãy dùng USB cứu hộ mới hơn. Bản này chỉ tới bản ghi %d; những gì ghi sau đó sẽ thiếu.`,
		`This is not the newest copy: %v.
Use a newer rescue stick. This one goes up to record %d only; what was written after that will be missing.`}
	rtBack  = two{"  0  Quay lại", "  0  Back"}
	rtWhich = two{"Chọn cái nào?", "Which one?"}
	rtCode  = two{"Không có tệp khóa. Gõ mã khôi phục trên tờ giấy niêm phong (25 ký tự, 5 nhóm), hoặc 0 để quay lại: ",
		"There is no key file. Type the recovery code from the sealed sheet (25 characters, 5 groups), or 0 to go back: "}
	rtCodeWrong = two{"Mã chưa đúng: %v", "The code is not right: %v"}
	rtNoKeys    = two{"Không có tệp khóa và không có keys.sealed của trạm này: không mở được sổ. Tìm USB sao lưu hoặc tệp khóa cất ở tỉnh.",
		"There is neither a key file nor a keys.sealed of this station: the book cannot be opened. Look for a backup stick, or the key file kept at the province."}
	rtConfirm = two{"Để làm, gõ %s rồi bấm Enter. Gõ gì khác là không làm: ", "To do it type %s and press Enter. Anything else does nothing: "}
	rtNotDone = two{"Không làm gì. Không có gì thay đổi.", "Nothing was done. Nothing has changed."}
	rtFailed  = two{"KHÔNG XONG: %v", "NOT DONE: %v"}
	rtDone    = two{"XONG.", "DONE."}
	rtLog     = two{"Nhật ký việc đã làm: %s (mở trên máy khác để in)", "What was done is written in %s (open it on another PC to print)"}
	rtNoLog   = two{"Không có USB để ghi nhật ký.", "There is no stick to write the log on."}
	rtInUse   = two{"Trạm này đang chạy. Tắt dịch vụ trước: tramxa service stop", "This station is running. Stop the service first: tramxa service stop"}
	rtMend    = two{"Sẽ làm với trạm ở %s: kiểm tra nhật ký; phần hỏng lấy lại từ bản sao lưu hoặc máy chủ tỉnh; dựng lại sổ từ nhật ký. Nhật ký cũ được giữ bên cạnh, không xóa.",
		"To be done to the station at %s: check the journal; bring back what is damaged from a backup or the province; make the register again from the journal. The old journal is kept beside, nothing is deleted."}
	rtLost = two{"Thiếu bản ghi không nơi nào có: %v", "Records are missing that are nowhere: %v"}
	rtEnd  = two{"Không ai biết sau bản ghi cuối đọc được còn gì không. Chấp nhận kết thúc ở đó?", "Nobody can say whether more came after the last record that can be read. Accept the end there?"}
	rtTo   = two{`  1  Sang máy này
  2  Ra USB (chỉ chép, máy cũ không bị thay đổi)`, `  1  To this PC
  2  To a stick (only copied, the old PC stays as it is)`}
	rtNoStick = two{"Không thấy USB ghi được. Cắm USB rồi chọn lại.", "There is no stick that can be written. Plug one in and choose again."}
	rtVolume  = two{"%s %s, còn trống %d MB", "%s %s, %d MB free"}
	rtTake    = two{"Sẽ chép trạm %d từ %s ra %s. Nơi cũ chỉ đọc.", "Station %d will be copied from %s to %s. The old place is only read."}
	rtWithKey = two{"Chép cả tệp khóa? Ai có USB sẽ đọc được sổ; chỉ chép khi không còn tờ mã khôi phục.\n  1  Không\n  2  Chép cả khóa",
		"Copy the key file too? Who has the stick can then read the book; only without the recovery sheet.\n  1  No\n  2  The key too"}
	rtHere     = two{"Sẽ đặt trạm %d vào máy này, ở %s.", "Station %d will be put on this PC, at %s."}
	rtHereFull = two{"Máy này đang có một trạm ở đó: nó được đổi tên, không xóa.", "There is a station there: it is renamed, not deleted."}
	rtKnown    = two{"Lần liên lạc tới, tỉnh nhận ra đây là bản khác của trạm và hỏi lại. Máy cũ không được chạy nữa.", "At the next contact the province recognises another copy of the station and asks. The old PC must not run any more."}
	rtSource   = two{`  1  Từ bản sao lưu trên USB hoặc ổ đĩa
  2  Từ máy chủ tỉnh`, `  1  From a backup on a stick or disk
  2  From the province`}
	rtHub      = two{"Địa chỉ máy chủ tỉnh (máy:cổng), Enter để dùng %q: ", "Address of the province's server (host:port), Enter for %q: "}
	rtPin      = two{"Mã của máy chủ tỉnh (txhub1-...), Enter để dùng %q: ", "Public key of the province's server (txhub1-...), Enter for %q: "}
	rtPassword = two{"Mật khẩu không nằm trong bản sao lưu. Chọn người được đặt mật khẩu mới:", "Passwords are in no backup. Choose who gets a new one:"}
	rtNew      = two{"Mật khẩu mới (hiện trên màn hình): ", "New password (it shows on the screen): "}
	rtAgain    = two{"Gõ lại lần nữa: ", "Type it once more: "}
	rtDiffer   = two{"Hai lần gõ khác nhau.", "The two differ."}
	rtStart    = two{"Khởi động lại máy không có USB cứu hộ, hoặc bật dịch vụ: tramxa service start", "Start the PC without the rescue stick, or start the service: tramxa service start"}
	rtOff      = two{"  1  Khởi động lại\n  2  Tắt máy\n  0  Quay lại", "  1  Restart\n  2  Switch off\n  0  Back"}
	rtEnter    = two{"Bấm Enter để tiếp tục.", "Press Enter to go on."}
)
