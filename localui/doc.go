// Package localui is the pages: the station's for the officer and the LAN, and
// the hub's for the province. They are rendered on the server and work without
// script; small scripts of our own make them quicker.
//
// It owns what is on the page: templates, styles, scripts, the locale files in
// which every string a user sees stands, and the form definitions that renderer
// and decoder share. It decides nothing about the book: what may be written is
// the registrar's and the rules' business, what is counted the report's. It
// opens no store, and no name or number of a person reaches a log line or a URL.
package localui
