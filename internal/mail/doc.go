// Package mail composes, keeps and sends the operator's e-mails, and holds the
// outgoing-mail door.
//
// # Which call for what
//
// A domain package that owes somebody a mail calls Queue.Add in the
// transaction that makes it owe it, and has registered with Queue.Handle how
// the words of that kind of mail are found when it is sent. Whoever wires the
// program starts Queue.Run with a Sender: SMTP in production, Mailbox for
// development. Without one, mail stays in the queue and Queue.Status says so.
//
// # What stands in the queue
//
// Ids, codes and times: never an address, a word that somebody wrote, or a
// secret. The recipient's address is a record in the vault, read through its
// purpose-checked door when the mail is sent; a token in a link is derived at
// that moment from the program's root key. So erasing a person also empties
// the mails that were still to go, and a copy of the table opens nothing.
//
// # The door
//
// Marketing leaves only with standing consent to its purpose (or lawful soft
// opt-in), to an address that has not opted out since, and with a one-click
// way out in it: PECR 2003 regulation 22 and 23, RFC 8058. It is asked in the
// moment before sending, not when the mail was queued. A refusal is recorded
// as evidence with its reason.
//
// # Delivery
//
// At least once. A worker claims a mail for the length of a lease, sends it
// outside of any transaction, then writes down what became of it. A process
// that dies between the server's acceptance and that note sends the mail a
// second time; both carry the same Message-ID, by which the recipient's
// software can drop one. The other order would lose mails instead.
//
// There is no job library: what is owed stands in our own table and is found
// again at every start and on every beat, so a job would only be a second copy
// of it that can disagree. A nudge after the commit saves waiting for the
// beat, and losing it loses nothing.
//
// BUG: between the door's last look and the server's acceptance lie up to
// sendTimeout; a withdrawal in that window comes too late for that one mail.
package mail
