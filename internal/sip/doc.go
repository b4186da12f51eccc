// Package sip is the signalling: a registrar and a back-to-back user agent
// (RFC 3261, RFC 7118). Each call has two dialogs of its own, one with each
// side, so that nothing but what this package writes passes from one to the
// other.
package sip
