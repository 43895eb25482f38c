// Package update changes the program of a machine, and goes back when the new
// one is bad.
//
// It owns four formats, each versioned, strict, bounded and pinned by a golden
// file in testdata: the key set, the manifest of a release with its signatures,
// the bundle (*.tramup) that carries both with the parts, and the state of the
// slots (state.json). It owns the rules: what may be installed (Preflight), which program
// starts next and what its failure leads to (Step, pure), and how that reaches
// the disk so that the power may go at any instant (Store).
//
// What holds:
//
//   - a release counts only with signatures of the threshold of the key set in
//     this program, or of one that leads from it by signed rotation;
//   - nothing is touched before every check has passed;
//   - a new program is tried beside the old one; only starts of a tried,
//     unconfirmed program count; a confirmed one is never left because of power
//     cuts;
//   - data are written at the level that the program to go back to reads;
//   - a program is started only when its bytes have the hash that was signed;
//   - the clock decides nothing: an expired manifest is a warning.
//
// There is one level so far. The first release that changes what stands in the
// journal for good (the layout of entries, a kind more, another fold) makes the
// second, in three steps, each on all machines before the next:
//
//  1. The hub first, for records reach it as they are: a release whose hub folds
//     both levels, and whose fold version is raised when every node has it.
//  2. A release of stations that reads levels 1 to 2 and writes 1. It is the one
//     to go back to.
//  3. A release that writes 2, when it may. What it may is the Level of State:
//     the launcher says it in EnvLevel; a verb run by hand reads it from
//     BASE/app, and writes level 1 when there is none; never simply what its
//     source can. The store hands it to where entries are encoded. On trial that
//     is still level 1; after the confirmation the level rises (Step), and the
//     next start writes 2.
//
// A test of cmd/tramxa (TestALevelIsWhatIsWritten) fails when the source writes
// anything else than its level says, so that none of this is forgotten.
//
// It refuses to start processes, to talk to the network and to touch the
// journal: going back never takes an entry with it.
package update
