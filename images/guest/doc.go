// Package guest is what runs inside a bootable image beside the station: it
// finds the disk the system started from, puts the data partition in place,
// hands over the seed, mounts sticks, says on the machine's own screen how the
// station can be reached, and installs the system to an internal disk.
//
// It owns /run/tramxa (state of this start, lost at the next) and the layout of
// /data. It refuses to erase a disk that nobody has named, the disk it runs
// from, and by itself any disk that holds a tramxa already. Everything but the
// mounting is plain files and pure functions.
package guest
