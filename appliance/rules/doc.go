// Package rules says what is wrong, or odd, about an entry before it goes into
// the population book.
//
// It owns the edit rules of the book: each rule has a stable id ("B03") that
// is never given another meaning, and looks at one thing. A rule's level
// (hard refuses, soft asks for a reason), its texts in Vietnamese and English,
// its limits and the day it comes into force stand in a dated pack (data, see
// packs/), because circulars change and the program should not have to.
//
// An entry is examined in two steps around its fold: Examine looks at the book
// before it, After at the book that has it. So a rule judges what the book
// would become, which is the same question for a new entry, an amendment, an
// annulment and the annulment of an annulment.
//
// It refuses to: write, read a clock (the caller says what day it is), fail on
// content, and warn because a child bears another surname or clan than the
// head. A finding never carries personal data beyond what the form itself
// shows: ids, dates and numbers of the entry, no names.
package rules
