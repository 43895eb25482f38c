// Package grubenv is the small state that the boot loader and the running
// system of an image share: which root slot to start, whether it has proved
// itself, and how often it may still be tried.
//
// It owns the file /grub/grubenv of the boot partition (GRUB's environment
// block, exactly 1,024 bytes) and the rules by which a slot is put on trial,
// confirmed and left. It touches no disk. It refuses blocks of another size,
// values out of range and names it does not know.
package grubenv
