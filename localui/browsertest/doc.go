// Package browsertest works the pages in a real browser, Debian's chromium
// without a screen, as a person does: keys, mouse, what has the focus. It counts
// what had to be pressed, and knows the way from a technician's stick to the
// first recorded birth, which the tests of the pages and of the booted image go
// alike.
//
// It is for tests: nothing of the product imports it. It refuses to know how the
// pages are made; it sees what the browser shows.
package browsertest
