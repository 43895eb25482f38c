// Package disk is the layout of a tramxa disk in bytes: the partition table, the
// boot code before the first partition, and the FAT32 file system of the boot
// partition.
//
// It owns these formats as written by images and by the installer. The same
// input gives the same bytes; no clock and no random source is read. It refuses
// tables it would not have written, and files that do not fit. File systems
// other than FAT are made by the tools of Debian and only placed here.
package disk
