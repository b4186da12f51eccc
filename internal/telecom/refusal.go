package telecom

import (
	"maps"
	"slices"
)

// Code is why a call was refused, or how one ended: a closed set.
type Code string

// Refusals, before anything rings.
const (
	Empty       Code = "empty"        // nothing was dialled
	Unreadable  Code = "unreadable"   // not digits
	Incomplete  Code = "incomplete"   // the number goes on
	NoSuch      Code = "no-such"      // nobody has it, or nobody may
	Self        Code = "self"         // the caller's own
	NoWayOut    Code = "no-way-out"   // there is no trunk
	NoEmergency Code = "no-emergency" // the same, for 999 and its like
	Undeclared  Code = "undeclared"   // the policy declares no telephone
	Forbidden   Code = "forbidden"    // the policy refuses
	NoNumber    Code = "no-number"    // the caller's line has no number that may be shown
	NoIdentity  Code = "no-identity"  // a caller outside shows no number that could be one
	BadIdentity Code = "bad-identity" // a caller outside shows a number that may not be shown
	Everywhere  Code = "all-busy"     // every trunk is full, or gone

	NoPrice      Code = "no-price"       // nobody knows what it would cost
	NotAllowed   Code = "not-allowed"    // the account may not call such numbers
	SpendCap     Code = "spend-cap"      // the account spent what it may this month
	TooManyCalls Code = "too-many-calls" // within an hour
	Fraud        Code = "fraud"          // its calls that cost are blocked
)

// Ends of a call that was let through.
const (
	Completed   Code = "completed"   // answered, and hung up
	Cancelled   Code = "cancelled"   // the caller gave up
	NoAnswer    Code = "no-answer"   // nobody answered in time
	Busy        Code = "busy"        // busy
	Declined    Code = "declined"    // refused by a person
	Voicemail   Code = "voicemail"   // the same, or one of the next, and a message was left
	Unavailable Code = "unavailable" // no device is there, or none could be reached
	Failed      Code = "failed"      // no common codec, or a fault
	Lost        Code = "lost"        // a side vanished after the answer
	Interrupted Code = "interrupted" // this program stopped
	Blocked     Code = "blocked"     // the callee blocks the caller
	Quiet       Code = "quiet"       // the callee is not to be disturbed
	Anonymous   Code = "anonymous"   // the callee takes no calls from withheld numbers (RFC 5079)
	Forwarded   Code = "forwarded"   // answered where the callee forwards to
)

// refusals are the words and the SIP status (RFC 3261 section 21) of each
// refusal.
var refusals = map[Code]struct {
	sip   int
	words string
}{
	Empty:       {484, "Type a number or an extension first."},
	Unreadable:  {404, "That is not a number we can read. Use digits, with a plus in front for another country."},
	Incomplete:  {484, "That number is not complete. Check it and dial all of it, with the area code."},
	NoSuch:      {404, "Nobody has that number. Check it and try again."},
	Self:        {486, "That is your own extension."},
	NoWayOut:    {503, "This phone cannot reach that number, only extensions. Use another phone for this call."},
	NoEmergency: {503, "This phone cannot make emergency calls yet. Use another phone now: any mobile or landline reaches 999 and 112."},
	Undeclared:  {503, "Calls are not offered here."},
	Forbidden:   {403, "We may not connect this call."},
	NoNumber:    {403, "This line has no telephone number of its own yet, so it cannot call outside numbers. Emergency calls work. Ask your provider for a number."},
	NoIdentity:  {403, "A call without a valid caller number cannot be connected."},
	BadIdentity: {403, "A call that shows this caller number cannot be connected."},
	Everywhere:  {503, "All lines to outside numbers are in use at the moment. Please try again in a minute."},

	NoPrice:      {404, "We cannot connect calls to that number, because we have no price for it. Ask our support if you need it."},
	NotAllowed:   {403, "Calls to that kind of number are switched off for your account. Open “Spending and limits” to see why, and who can switch them on."},
	SpendCap:     {403, "Your limit for calls this month is reached. Raise it under “Spending and limits”. Emergency calls and calls to extensions go on."},
	TooManyCalls: {403, "Your account has begun as many calls as it may within an hour. Wait a little and try again."},
	Fraud:        {403, "Calls that cost are stopped here. Read why, and contest it, under “Spending and limits”. Emergency calls go on."},
}

// Codes returns every code, sorted, for closed metric labels.
func Codes() []Code {
	list := slices.AppendSeq(slices.Collect(maps.Keys(refusals)), maps.Keys(endWords))
	slices.Sort(list)
	return list
}

// Refusal is why a call is not let through. It holds nothing of what was
// dialled.
type Refusal struct{ Code Code }

// Error names the code.
func (r *Refusal) Error() string { return "telecom: refused: " + string(r.Code) }

// Words are for the caller.
func (r *Refusal) Words() string { return refusals[r.Code].words }

// SIP is the status that the signalling answers with.
func (r *Refusal) SIP() int { return refusals[r.Code].sip }

// Is lets errors.Is find a refusal by its code.
func (r *Refusal) Is(other error) bool {
	o, ok := other.(*Refusal)
	return ok && o.Code == r.Code
}

func refuse(c Code) error { return &Refusal{c} }
