// Package spoke is the station's end of replication: it cuts the journal after
// the cursor into batches, sends them to the hub over a link, and moves the
// cursor when the hub has committed them. It resumes exactly, whatever line,
// hub or own process ended before.
//
// It never opens a record: what is inside is the register's business. It never
// sends when the hub's watermark is not a prefix of its own journal: a restored
// or cloned copy is a matter for people and a new epoch, and until then nothing
// is overwritten on either side.
//
// Beside that it asks for updates of the program, fetches their parts and tells
// how they went (Updates); it knows their hashes and nothing of what they are.
package spoke
