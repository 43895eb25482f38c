// Package crashfs is a file system in memory whose power can be cut. It
// implements journal.FS, for tests of what must survive.
//
// It owns the fault model. After Crash:
//
//   - what was synced is there;
//   - of what was not, any sectors (512 bytes) or blocks (4 KiB) may be there, in
//     any combination, each as it was after any of the writes to it;
//   - the size of a file may be that after any unsynced write, truncation or
//     allocation;
//   - a creation, rename or removal in a directory not synced since may have
//     happened or not; a rename is one step, of a directory too;
//   - open files are dead (ErrDead).
//
// Calls can be made to fail: a write then is short, a sync leaves some blocks
// written, the rest lost, and all of them clean, as kernels do; a quota makes the
// disk full; a bit can be flipped. All of it follows from seeds, nothing from
// time.
//
// What it refuses: permissions, links, O_APPEND, and directories that can be
// lost; MkdirAll is durable at once. Memory holds only pages that are not zero,
// so preallocation costs nothing.
package crashfs
