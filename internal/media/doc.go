// Package media carries the sound and picture of calls. A Relay stands between
// the two legs of a call: each leg ends here, with its own keys, addresses and
// sources, so that neither side learns anything of the other's network; the
// packets inside are passed on as they are, without transcoding. It knows SDP
// (RFC 8866, RFC 3264) and nothing of SIP, people or the policy.
package media
