// Package link owns a connected session between a station (spoke) and a hub:
// the hello and the welcome that ride in the headers of the websocket upgrade,
// the messages after it, and what each end does on each of them.
//
// The types of all messages are listed once, in message.go. Both ends are pure
// step functions (Client, Server): an event goes in, effects come out, no clock
// and no socket inside. The transport (Dial, Handler) carries the effects out.
//
// Updates of the program are plain requests beside the links (updates.go).
//
// The package refuses to judge a batch: an Intake does; or a release: Releases do. It opens no record and
// does not know what one means. Format by byte: replication/DESIGN.md.
package link
