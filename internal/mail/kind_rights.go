package mail

import "time"

// RightsWay is the content of RightsLink.
type RightsWay struct {
	Link  string // address of the page, which works for an hour
	Right string // the right that was chosen, as the policy words it; may be empty
}

// NothingHeld is the content of RightsNothing.
type NothingHeld struct {
	Kept string // how long the address that asked is kept, in words
}

// ToPortal is the content of RightsPortal.
type ToPortal struct {
	Portal string // where to sign in; may be empty
}

// Erasure is the content of RightsErased.
type Erasure struct {
	Reference string
	Receipt   string   // address of the page with the receipt
	Kept      []string // how long what a law keeps is kept, in words
	Held      string   // how long this address and the note of the request are kept
}

// ComplaintTaken is the content of ComplaintReceived.
type ComplaintTaken struct {
	Reference string
	Received  time.Time
	Regulator string // its name
	Website   string // its address
}

// Kind returns RightsLink.
func (RightsWay) Kind() Kind { return RightsLink }

// Kind returns RightsNothing.
func (NothingHeld) Kind() Kind { return RightsNothing }

// Kind returns RightsPortal.
func (ToPortal) Kind() Kind { return RightsPortal }

// Kind returns RightsErased.
func (Erasure) Kind() Kind { return RightsErased }

// Kind returns ComplaintReceived.
func (ComplaintTaken) Kind() Kind { return ComplaintReceived }

func (RightsWay) way() string      { return "" }
func (NothingHeld) way() string    { return "" }
func (ToPortal) way() string       { return "" }
func (Erasure) way() string        { return "" }
func (ComplaintTaken) way() string { return "" }
