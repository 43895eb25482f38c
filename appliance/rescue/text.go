package rescue

// text is one sentence of a log with the same verbs in both languages.
type text struct{ vi, en string }

// The sentences. A test holds both languages to the same verbs.
var (
	sayCheck   = text{"kiểm tra %s (chỉ đọc)", "checking %s (only reading)"}
	sayLane    = text{"  quyển %d: %d bản ghi nguyên vẹn, tới số %d", "  lane %d: %d records whole, up to %d"}
	sayDamage  = text{"  HỎNG: tệp %s, byte %d đến %d, bản ghi %d đến %d", "  DAMAGED: file %s, bytes %d to %d, records %d to %d"}
	sayNoKey   = text{"  không có tệp khóa: không đọc được nội dung", "  no key file: the content cannot be read"}
	sayCannot  = text{"  không xem được: %v", "  cannot be examined: %v"}
	sayWhole   = text{"  nguyên vẹn", "  whole"}
	sayTakeOff = text{"lấy trạm từ %s ra %s (nơi cũ chỉ đọc)", "taking the station off %s to %s (the old place is only read)"}
	sayCopied  = text{"  đã chép %d tệp, %d byte", "  copied %d files, %d bytes"}
	sayUnread  = text{"  không đọc được: tệp %s, byte %d đến %d", "  cannot be read: file %s, bytes %d to %d"}
	sayAside   = text{"cái đang có ở %s được đổi tên thành %s, không xóa gì", "what was at %s is renamed to %s, nothing is deleted"}
	sayHealed  = text{"  quyển %d được làm lại: lấy về %d bản ghi, tới số %d", "  lane %d made anew: %d records brought back, up to %d"}
	sayRefold  = text{"dựng lại sổ từ nhật ký tại %s", "making the register again from the journal at %s"}
	sayState   = text{"  sổ tới bản ghi số %d, %d dòng, mã kiểm %x", "  register up to record %d, %d rows, hash %x"}
	sayDiffers = text{"  CHÚ Ý: nhật ký nguyên vẹn, nhưng sổ dựng từ nhật ký (%d dòng, mã kiểm %x) khác với bản sao ghi (%d dòng, mã kiểm %x). Trạm vẫn được khôi phục theo nhật ký; hãy báo tỉnh và giữ bản sao này",
		"  ATTENTION: the journal is whole, but the register made from it (%d rows, hash %x) is not what the copy states (%d rows, hash %x). The station is restored as the journal has it; tell the province and keep this copy"}
	sayKept      = text{"  cái đã chép được giữ ở %s, không xóa", "  what was copied is kept in %s, nothing is deleted"}
	sayMove      = text{"chuyển trạm %d từ %s vào %s", "moving station %d from %s to %s"}
	sayRestore   = text{"khôi phục trạm %d từ bản sao %s vào %s", "restoring station %d from the copy %s to %s"}
	sayFromHub   = text{"lấy sổ của trạm %d từ máy chủ tỉnh vào %s", "taking the book of station %d from the province to %s"}
	sayFetched   = text{"  quyển %d: lấy về %d bản ghi", "  lane %d: %d records taken"}
	sayInPlace   = text{"xong: trạm %d ở %s", "done: station %d is at %s"}
	sayNextHub   = text{"lần liên lạc tới, tỉnh sẽ nhận ra đây là bản khác của trạm và hỏi lại trước khi nhận tiếp", "at the next contact the province recognises another copy of the station and asks before it takes more"}
	sayFailed    = text{"KHÔNG XONG: %v. Nơi cũ không bị thay đổi", "NOT DONE: %v. The old place is unchanged"}
	sayKeyCopied = text{"tệp khóa được chép kèm: ai có USB này đọc được sổ", "the key file is copied along: who has this stick can read the book"}
)
