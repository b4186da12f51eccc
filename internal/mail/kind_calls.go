package mail

import "time"

// The kinds of mail about what calls cost, and about those that were stopped.
const (
	CallsNearCap   Kind = "calls.near-cap"  // most of what an account may spend in a month is spent
	CallsAtCap     Kind = "calls.at-cap"    // all of it is
	CallsBlocked   Kind = "calls.blocked"   // software alone stopped calls that cost (UK GDPR Art 22C(2)(a))
	CallsStopped   Kind = "calls.stopped"   // a member of staff did
	CallsContested Kind = "calls.contested" // acknowledges that its person contested that
	CallsDecided   Kind = "calls.decided"   // a person decided about it
)

const spendingTemplate = "calls_spending"

// SpendingNote is the content of CallsNearCap and CallsAtCap.
type SpendingNote struct {
	Of         Kind
	Spent, Cap string // amounts, in words
	Month      string
	Link       string // where the limit is changed
}

// Reached reports whether all is spent.
func (n SpendingNote) Reached() bool { return n.Of == CallsAtCap }

// BlockNote is the content of the mails about a block of calls.
type BlockNote struct {
	Of        Kind
	Reference string
	Saw, Rule string // what was seen, in numbers, and by which rule
	Within    string // in which time a person answers
	Due       time.Time
	Lifted    bool
	Link      string // of the page about it
}

// Kind returns which of the mails it is.
func (n SpendingNote) Kind() Kind { return n.Of }

// Kind returns which of the mails it is.
func (n BlockNote) Kind() Kind { return n.Of }

func (SpendingNote) way() string { return "" }
func (BlockNote) way() string    { return "" }
