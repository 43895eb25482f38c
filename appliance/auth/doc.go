// Package auth keeps what lets a user in: password hashes, login sessions,
// lockout and the device numbers that make command keys.
//
// It owns one small file beside the data, replaced atomically and never
// replicated, backed up or put in the view; losing it costs passwords, not
// data. Names and roles of users are not here: they are entries of the book
// (population.UserCreated), and this package knows a user by number and login
// only. It decides nothing about who may do what; the registrar does.
package auth
