// Package voicemail answers for people who cannot: it keeps how each line's
// voicemail is set, the greeting its person recorded, and the messages that
// callers left. What is said passes through package media, and when it is
// answered is package sip's matter.
//
// Which call for what:
//
//	Box, Set               how the voicemail of a line is set, and setting it
//	Greeting, SetGreeting  the person's own greeting, and recording or removing it
//	Leave                  a message that a caller left
//	Messages, Waiting      a line's messages; how many are new
//	Sound, Heard, Remove   what was said; that it was played; its end
//	OnWaiting              who is told when the number of messages changes
//	Sweep, Erased, Facts   what is past its time or nobody's goes; what a copy is told
//	Prompt                 the words that voicemail says itself
//
// A message is two records of the person it was left for: its sound, as a file
// that every browser plays, and from which number it came, unless that was
// withheld. The caller is told before the tone that they are recorded.
//
// What the program needs of the policy it finds through the form voicemail, never
// by an id: see RolesOf. An operator who declares none has no voicemail.
package voicemail
