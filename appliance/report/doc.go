// Package report counts the book of a station for a span of months: the rows
// of a form, the balance
//
//	end = start + births − deaths + arrivals − departures + registered
//	      + corrections (missed, double, out of scope) ± moves inside
//
// by sex and by age, and the stock at the end by sex, age and hamlet. A report
// is a pure function of a register view and its options: station and hub run
// the same code, so they agree or one of them is wrong. Every number opens to
// the persons behind it (People).
//
// It owns what the numbers mean and the layouts of forms, which are dated data
// (layouts/*.json). It refuses to guess: what the signed forms do not settle is
// marked provisional, and nobody is counted as under age whose age is not
// certain. It writes nothing, reads no clock and checks no rule.
//
// # What is counted
//
// A person is in the stock at the end of a month when a stay of his that began
// to count in that month or before has not ended by its end. Months are those
// in which entries count, so a late event changes the first month still open
// and never a report that was sent; an amendment or annulment of what counted
// in a closed month does, and it is for the rules to let it pass. Where somebody is counted follows the areas
// his household belonged to; hamlet and collaborator of an area are those of
// today.
//
// The column tình trạng cư trú (Facts.Residence) makes no difference in version
// 1: who is in the book is counted, tạm trú too. Visitors who are not to be
// counted are not to be put in the book, or are taken off by a scope correction.
// So the balance cannot be broken by a change of that column. A person's sex is
// that of today throughout.
package report
