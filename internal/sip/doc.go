// Package sip is the signalling: a registrar and a back-to-back user agent
// (RFC 3261) for browsers, which come over WebSockets (RFC 7118), and for
// ordinary phones, which come over UDP and TCP. A browser's messages are those of
// whose session opened its socket; a phone's begin with a digest (RFC 8760) of
// what it was set up with, before which nothing is kept of it. Each call has
// two dialogs of its own, one with each side, so that nothing but what this
// package writes passes from one to the other.
//
// A message takes one way through it: a frame is read (browser.go, listen.go),
// bounded and parsed (frame.go), judged (validate.go), for a phone asked who it is
// (peer.go, digest.go, guard.go), matched to its transaction on its flow (wire.go,
// transact.go), and acted on in the order in which the messages of its call
// arrived (dispatch.go, serial.go). What may ring, and what is remembered of
// it, is decided by package telecom; sound and picture are package media's.
//
// No line of a log holds a number, a name, an address or a message.
package sip
