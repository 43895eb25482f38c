// Package localui is the pages: the station's for the officer and the LAN, and
// the hub's for the province. They are rendered on the server and work without
// script; one small script of our own makes them quicker.
//
// It owns what is on the page: templates, styles, the script, the locale files
// in which every string a user sees stands (findings of rules come worded from
// their pack), and the form definitions that page, reader and amendment share. It
// decides nothing about the book: what may be written is the registrar's and the
// rules' business, what is counted the report's.
//
// It refuses to open a store (badger, raft and the store are not imported: data
// come through Book, Board and the registrar), to answer in the clear anybody but
// this machine, and to let a name or number of a person reach a log line or an
// address, but for what the officer herself typed into the search box. Numbers
// are masked in lists. Drafts of forms lie in the browser's tab and go with it.
//
// # The first start
//
// Where there is no station yet, NewSetup has the pages: nine steps that can be
// left and taken up again, whose state the caller keeps. Passwords and the
// recovery code are not in it. Paper (recovery sheet, health sheet, poster) is PDF
// made here, with text in Vietnamese first.
//
// # How a form goes
//
// A form is data (form, field): the path of a field is its JSON path in the
// entry. GET fills it in and hides a command key in it; POST reads it into the
// entry's JSON form, has population read that, and gives the command to the
// registrar. What a rule says of a path stands beside the field of that path. A
// form sent twice has the same key, so it records once; to read the same entry
// again it also hides the record at which it was first shown, and what depends on
// the book (relations, what has changed) is read as of that record.
//
// An ended login costs nothing: the form that was sent is kept in the login page
// and goes on with the login.
package localui
