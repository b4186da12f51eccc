// Package evidence proves what was done: each act writes an entry into a
// tamper-evident log, in the act's own transaction.
//
// Most callers want Append, in the transaction of their act, with a Body of
// one of the kinds in kind.go. What comes in floods is counted by a Counter.
// Opening gives an entry with its proof to whoever may see it; About gives a
// person theirs; Handler publishes the log. Whoever checks wants the packages
// verify (a whole log) and opening (one entry, trusting nobody).
//
// The public leaf is a commitment to a salted body and says nothing; the body
// is stored sealed with the key of the person it is about, and goes dark with
// that key. Bodies hold declared ids, codes, times, counts and hashes only.
//
// An entry is durable when its transaction commits. It is published when a
// signed checkpoint covers it, some tens of milliseconds later (Integrated
// waits for that). A process killed between the two publishes it after its
// next start. What this rests on stands in sequence.go and start.go.
package evidence
