// Package boottest starts a built image in an emulator as a PC would, by BIOS
// and by UEFI, without acceleration, and works it over its serial line, its
// pages and SSH.
//
// Its tests want TRAMXA_IMAGE, the directory that 'mkimage disk' has filled,
// built from a plan with a serial console and an authorized key (TRAMXA_KEY is
// the private one); they skip without. A start takes a minute on a quiet machine
// and many on a loaded one: only the loader's test and one start run unless
// TRAMXA_LONG=1.
package boottest
