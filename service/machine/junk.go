package machine

import "strings"

// junk are what makers leave in the firmware instead of a name or number.
// Compared in lower case, without spaces, dots and dashes.
var junk = map[string]bool{
	"tobefilledbyoem": true, "systemmanufacturer": true, "systemproductname": true, "systemserialnumber": true,
	"systemversion": true, "baseboardserialnumber": true, "boardserialnumber": true, "chassisserialnumber": true,
	"default": true, "defaultstring": true, "none": true, "null": true, "na": true, "n/a": true, "notspecified": true,
	"notapplicable": true, "notavailable": true, "unknown": true, "invalid": true, "oem": true, "empty": true,
	"123456789": true, "1234567890": true, "0123456789": true, "0123456789abcdef": true, "123456789abcdef": true,
	"12345678": true, "123456": true, "01234567": true, "03000200040005000006000700080009": true, // a board maker's default UUID
	"serial": true, "serialnumber": true, "typewriter": true, "xxxxxxxxxx": true, "sernum": true, "mb1234567890": true,
}

// known returns s, or "" when it is a placeholder: one of the list, or one
// character repeated.
func known(s string) string {
	s = strings.TrimSpace(s)
	plain := strings.ToLower(strings.NewReplacer(" ", "", ".", "", "-", "", "_", "", "&", "").Replace(s))
	if plain == "" || junk[plain] || strings.Count(plain, plain[:1]) == len(plain) {
		return ""
	}
	return s
}
