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
	NoWayOut:    {503, "This phone cannot reach outside numbers yet, only extensions. Use another phone for this call."},
	NoEmergency: {503, "This phone cannot make emergency calls yet. Use another phone now: any mobile or landline reaches 999 and 112."},
	Undeclared:  {503, "Calls are not offered here."},
	Forbidden:   {403, "We may not connect this call."},
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
