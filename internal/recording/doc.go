// Package recording keeps the sound of calls that somebody chose to record: what
// each side said apart, each under the key of whose voice it is. That both are told
// before anything is kept, and what ends a recording, is package sip's matter; what
// is said passes through package media.
//
// Which call for what:
//
//	May                        whether somebody may record a call, and why not
//	Begin, Announced           that they chose to; that both sides were told
//	Keep, End                  the next piece of what was said; the end
//	Refuse                     the other side said no: their voice is erased at once
//	List, Sound, Heard         one's recordings, what is heard of them
//	Remove                     their end, of both sides' voices
//	About, TakeOut             calls that others recorded, and taking one's voice out
//	OnEnd                      who is told that a recording may go on no longer
//	Follow, Erased, Sweep      what goes with a consent, a person, in its time
//	Facts                      what a copy is told
//	Prompt                     the words that are said in a call that is recorded
//
// The voice of somebody outside, who is no person of ours, is kept as whoever
// recorded keeps it, and goes with them. A recording is written while the call goes
// on, in pieces of Piece, so that a program that dies loses the last of them alone;
// nothing of it stands anywhere but in the vault.
//
// What the program needs of the policy it finds through two purposes: see RolesOf.
// Where an operator declares them not, nobody records.
package recording
