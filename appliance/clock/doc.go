// Package clock tells the time and whether the time can be trusted.
//
// Half of the PCs in the field have a dead CMOS battery: after a power cut they
// wake up in 1970, or in whatever year the firmware was made. So a time below
// the floor (the latest moment known to have passed: the program's own date, the
// last trusted record of the journal, the last word of the hub) is not trusted,
// and neither is one more than ten years above it.
//
// It owns the floor, the offset the hub stated and what "today" is. It refuses
// to order anything: order is the journal's sequence, a time is evidence.
package clock
