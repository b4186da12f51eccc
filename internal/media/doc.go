// Package media carries the sound and picture of calls. A Relay stands between
// the two legs of a call: each leg ends here, with its own keys, addresses and
// sources, so that neither side learns anything of the other's network; the
// packets inside are passed on as they are, without transcoding. It knows SDP
// (RFC 8866, RFC 3264) and nothing of SIP, people or the policy.
//
// A leg is a browser's (ICE, DTLS-SRTP, one port for all) or a phone's (RTP, ports
// of its own, with the keys of RFC 4568 if the phone offers some). Each is what the
// offer is, or as what it is invited; legs of both kinds are bridged alike.
//
// Of a packet only what is said passes, with its marker, its distance in time and
// its place among others. Of RTCP nothing passes: a side's request for a whole
// picture, and how many bits a second of it the side can take, are told to the
// other in reports of our own; lost packets of a picture are asked for and given
// again on each leg by itself.
package media
