// Package rights does what people ask about their data: a copy of it (UK GDPR
// Art 15), to take it along (Art 20), to have it put right (Art 16), erased
// (Art 17), left alone (Art 18), not used for a purpose (Art 21, 7(3)), and to
// complain (DPA 2018 s164A).
//
// Which call for what:
//
//	Ask, Enter        people without an account: an address is sent a link, the
//	                  link leads to a Person
//	View, Access      what is held, to be read, and as a file
//	Portability       what the person gave, as a file for another provider
//	Rectify           put a record right
//	Restrict, Lift, Object, Withdraw
//	Keeping, Erase    what a law would keep; erase the rest; Receipt shows it
//	Complain          a complaint, which also becomes a ticket of the rights desk
//	Acknowledge, CloseComplaint
//	                  what the operator's people do with that
//
// Each act on a Person is one transaction with its request, its evidence and
// what it changes; a copy is handed out between two. What other packages keep
// about a person beyond the vault they hand over as a Source and drop as a
// Forget; so this package knows none of their tables.
//
// An erasure and a complaint are kept apart from the person they are about, as
// a subject of their own with nothing but what the law on rights lets us hold
// (the address, the words): so the operator can show that it acted, and the
// confirmation still reaches its reader, when nothing else is left.
//
// Which forms, purposes and categories it works with is found in the policy by
// role (see Roles), so that no operator's names are in this code.
package rights
