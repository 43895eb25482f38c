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
// It refuses to start processes, to talk to the network and to touch the
// journal: going back never takes an entry with it.
package update
