// Package people keeps what people decide about the purposes of the policy:
// consents, for marketing by channel, and objections.
//
// A decision is a row of an append-only history whose newest entry decides,
// the person's standing in the vault, and evidence, in one transaction. The
// row says when, where, what was chosen, under which version of the policy and
// in which words (UK GDPR Art 5(2), 7(1)). A withdrawal is never refused, and
// what hung on the consent alone is erased with it.
//
// Which call for what:
//
//	Choices        every declared purpose that touches a person, and how it stands
//	Decide         one decision, in a transaction of its own
//	DecideIn       the same within the caller's, for consent given with data
//	ObjectIn, WithdrawIn
//	               the same as rights, which every person has in every role
//	History        what was decided before, with the words that were shown
//	Reaches        may marketing for a purpose go to a person by this channel?
//	Refused        the purposes a person said no to, to tighten a browser by
//	DecidePermission  an answer to an app that asked for a permission of the device
//	Permissions    each permission of a surface, and how it stands
//	See, Notices   which versions of the notice a person has seen
//	Follow         has another package act in the transaction of a decision
//
// What browsers decide about cookies is in the package above; each browser's
// choice stands, and a person's no tightens it.
package people
