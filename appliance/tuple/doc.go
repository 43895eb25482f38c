// Package tuple is the grammar in which bodies of records are written: a
// sequence of unsigned and negative integers, byte strings and lists, each
// self-delimiting and canonical (one value, one encoding).
//
// It owns the bytes of single values and knows nothing of what they mean.
// population writes entries with it; batch walks the same bytes to put equal
// positions of many bodies side by side, without knowing their meaning either.
// It refuses every other spelling of a value: longer heads, empty byte strings
// or lists, zero values at the end.
//
// # Format (version 1, frozen)
//
// A value starts with a head, an unsigned LEB128 number of at most nine bytes
// in its shortest form. The two low bits of the head are the type, the rest n:
//
//	0  unsigned integer n
//	1  negative integer -1-n
//	2  byte string of n bytes, which follow
//	3  list of n values, which follow
//
// A tuple is values up to the end of the bytes. Trailing zero values (the
// single byte 0x00) are cut, so absent fields at the end cost nothing; reading
// past the end yields zero values. n is at most 2^60-1.
//
// A list is either of a fixed shape known to its reader (List) or a record
// (Begin … End): a tuple inside the tuple, whose trailing zero values are cut
// likewise. A record without any value but zeros is the integer 0. The bytes do
// not tell the two apart; the reader does.
package tuple
