// Package marketing keeps the newsletter: who asked for it, who confirmed, who
// left.
//
// The opt-in is confirmed (PECR 2003 regulation 22; UK GDPR Art 7): an address
// is held under the policy's purpose for unconfirmed addresses until whoever
// reads mail there presses a button; only then does consent stand and is the
// address held for the newsletter. One click ends it, at once, for ever and
// without signing in (RFC 8058; R16): consent ends and what hung on it alone
// is erased in one transaction (R12). What remains is a keyed mark by which
// the address is not written to again until it confirms anew.
//
// Nobody learns from the form whether an address is on the list. Subscribe
// does not look: it writes the same rows for every address, and whether the
// mail says "please confirm" or "you have it already" is decided when it is
// sent, to the one person who may know.
//
// Which form, purposes and pages it works with is found in the policy by role
// (see Roles), so that no operator's names are in this code.
package marketing
