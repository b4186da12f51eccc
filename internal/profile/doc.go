// Package profile keeps what a signed-in person tells about themselves: the
// declared form profile, whose purpose is the account, and the declared form
// about-you, which rests on their consent.
//
// Each field is a record of the vault under the form's purpose, written,
// changed and taken away through its doors. A field that may be left empty can
// be taken back alone. Consent that is given with data is set first, in the
// same transaction, with the words that were shown; to take back the last such
// field withdraws nothing, because silence is no decision: the page says so
// and has the button.
//
// Categories lists every declared category with what becomes of it here: an
// input, held from elsewhere, not collected, never stored.
//
// What marketing by a channel needs (a number, a postal address) is copied
// under its purpose when the person allows the channel, and goes with it: see
// Reach.
package profile
