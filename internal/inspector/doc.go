// Package inspector opens the accounts as which `candour audit` looks at the
// pages behind the sign-in, and erases them again.
//
// Each is a made-up person of one role with one address of a domain that can be
// nobody's (RFC 6761 section 6.4), so that what an audit left behind, because
// it was killed, is found by that address alone. Everything goes through the
// same doors as for anybody, with its evidence, but for two things: nobody
// asked for the erasure, so no request is kept of it; and no mail goes to such
// an address.
//
// Of whoever has a desk in the console, an enquiry of their own is on it: it is
// the one page about a person that an audit may open as staff, who need a
// purpose to look at anybody else.
package inspector
