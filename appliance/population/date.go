package population

// Date is a day of the Gregorian calendar of which the month or day may be
// unknown. The zero Date is wholly unknown. Years are 1800–2199.
type Date struct {
	Year  uint16
	Month uint8 // 0 unknown; then Day is 0 too
	Day   uint8 // 0 unknown
}

// Period is a calendar month, the unit in which reports count: year*12 + month−1.
// 0 means none.
type Period uint16

// MonthPeriod returns the period of a month (1–12).
func MonthPeriod(year, month int) Period { return Period(year*12 + month - 1) }
