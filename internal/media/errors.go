package media

import "errors"

// What callers of this package tell apart. None of them holds anything of what
// was sent to us.
var (
	// ErrSDP means that a description cannot be understood (RFC 8866), or says
	// what cannot be true (SIP 400).
	ErrSDP = errors.New("media: session description is malformed")
	// ErrCodec means that a description is in order, and that nothing in it can
	// be carried (SIP 488): no sound, no codec in common, or not WebRTC.
	ErrCodec = errors.New("media: nothing in common to carry")
	// ErrState means that a call came out of its order: an answer without an
	// offer, a bridge before the answers.
	ErrState = errors.New("media: not in this state of the call")
	// ErrClosed means that the leg or the relay was closed.
	ErrClosed = errors.New("media: closed")
	// ErrPorts means that no port is free for another phone (SIP 503).
	ErrPorts = errors.New("media: no port is free")
	// ErrDigit means that this digit cannot be sent to this leg: it is none, or
	// the leg takes no telephone-events, or listens to nothing now, or too many
	// wait already.
	ErrDigit = errors.New("media: digit cannot be sent")
)
