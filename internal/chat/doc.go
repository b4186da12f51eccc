// Package chat carries messages from one line to another that it reaches: words,
// photos, files, and once in a while where somebody is.
//
// A message is one record of the vault in two parts, as a call is: the author's
// part says to whom and what, the reader's from whom and what, each sealed for
// its person. So each side sees, exports and erases its own, and the other's is
// whole all the same. What came with it is a record in two parts likewise. The
// table of messages holds ids, codes and times.
//
// Where somebody is is not like that: it is theirs alone, and the reader looks
// at the author's record for as long as the author's consent stands and no
// longer than a day (PECR reg 14). There is one fix a press, to one person; see
// Share for what keeps repeats from becoming a track.
//
// Which call for what:
//
//	Send                    a message, with a photo or a file if there is one
//	Share, Unshare          where the author is, once; and that taken back
//	Threads, Thread         a person's conversations; one of them
//	Seen, Unread            what was read; how much is new
//	Attached                the photo or file of a message
//	Forget                  taking a message out of one's own conversations
//	Listen                  being told that something changed
//	Erased, Sweep           what an erasure drops here; what is past its time
//
// What the program needs of the policy it finds through the forms message,
// message-file and place, never by an id. An operator who declares no form
// message has no messages.
package chat
