package console

import (
	"candour/internal/web"
	"candour/internal/web/member"
)

// PeopleSearch is the page "console_people_search".
type PeopleSearch struct {
	web.Base
	Form web.Form
}

// PeopleFound is the page "console_people_found": one address or number of
// several people who are not known to be one.
type PeopleFound struct {
	web.Base
	People []FoundView
}

// FoundView is one of several people.
type FoundView struct {
	Number    int
	Reference string // of their account; empty if they have none
	Href      string
}

// Person is the page "console_person": what a role sees of a person for a
// purpose.
type Person struct {
	web.Base
	Purpose  string   // title
	Why      string   // what the purpose is
	Until    string   // time of day at which the page ends
	Seen     bool     // a look took place and stands in the person's history
	States   []string // what limits the use of their data, in words
	Facts    []Fact
	Groups   []Held
	Withheld []Withheld
	Unused   []string // titles of categories that the purpose does not use
	Tickets  []TicketView
	Choices  *Timeline // nil where the role may not see any
}

// Fact is a line of a list of facts.
type Fact struct{ Name, Value string }

// Held is what is held in one category.
type Held struct {
	Title   string
	Records []HeldRecord
}

// HeldRecord is one record, or several that say the same.
type HeldRecord struct {
	Value     string
	Collected string // the last of several
	Surface   string
	Kept      string
	Times     int // how often it is held; 0 for once
}

// Withheld is a category that is not shown, and why.
type Withheld struct{ Title, Why string }

// TicketView is an enquiry as a code.
type TicketView struct {
	Reference, Opened, State, Desk, About, Suggests string
	Href                                            string // empty where it is another desk's
}

// Timeline is what a person decided over time, as a picture and as a table.
type Timeline struct {
	From, To string
	Rows     []TimelineRow
	Table    []DecisionView // newest first
}

// TimelineRow is one purpose.
type TimelineRow struct {
	Title string
	Now   string // how it stands, in words
	Spans []Span
}

// Span is a stretch of time, in thousandths of the whole, and how it is drawn:
// a yes is high, a no is low, so that colour alone says nothing.
type Span struct {
	X, Width, Y, Height int
	Class               string // given, no or objected
}

// DecisionView is one decision.
type DecisionView struct{ On, Purpose, What string }

// Home is the page "console_home": what a role can do.
type Home struct {
	web.Base
	Role  string // title of the actor
	Cards []member.Card
}

// Enquiries is the page "console_enquiries": the open tickets of a desk.
type Enquiries struct {
	web.Base
	Desk    string
	Tickets []TicketView
	Next    string // address of those after; empty for none
}

// Enquiry is the page "console_enquiry": one ticket with its words.
type Enquiry struct {
	web.Base
	Ticket TicketView
	Open   bool
	Facts  []Fact
	Seen   bool // the words were shown, which stands in the person's history
	States []string
	Groups []Held
	Person string // address of the person's page; empty where there is nobody any more
	Close  string // where the buttons post
	Move   string
	Other  string // the desk it moves to
}
