// Package codelist owns the dated code lists of the population book: what a
// number in a column means on a day, in Vietnamese and English, and which
// spellings of paper books and other programs stand for it. It also owns the
// lists of provinces and of the province prefixes of identity numbers, and
// reads the list of communes, which is too large and too short-lived to be
// compiled in.
//
// The lists are data (folder data), never constants: the signed appendices of
// Thông tư 01/2022/TT-BYT are not in hand for several of them, and those are
// marked Provisional. Ethnic groups follow Quyết định 121-TCTK/PPCĐ of
// 2/3/1979 and are not.
//
// The package never guesses. A spelling that stands for two codes gives both,
// one that stands for none gives none; the caller asks the user.
package codelist
