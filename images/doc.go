// Package images builds the bootable image for PCs from one plan: Debian's
// packages, the program, a boot loader and a disk layout with two root slots
// and a data partition.
//
// It owns the plan format, what stands in the image beside Debian's packages
// (overlay/), the boot menu and the manifest. The same plan, program and package
// versions give the same bytes. Nothing is mounted, no loop device and no
// virtual machine is used. Nothing secret and no identity gets into an image:
// keys and numbers are made at the first start.
//
// Its parts that other programs need stand in packages of their own: disk
// (bytes of the layout), grubenv (state of the boot loader), guest (what runs
// inside), boottest (the image started in an emulator).
package images
