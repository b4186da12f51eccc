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
	Block    string    // address of the block that keeps their calls back; empty for none
	Stop     string    // where their calls that cost are stopped; empty where that cannot be, or a block stands
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

// Firms is the page "console_firms": firms that have people and no
// administrator.
type Firms struct {
	web.Base
	Firms []FirmView
	Next  string // address of those after; empty for none
}

// FirmView is a firm as a code.
type FirmView struct {
	Reference, Opened string
	People            int
	Href              string
}

// FirmPage is the page "console_firm": the people of a firm, one of whom is to
// be its administrator.
type FirmPage struct {
	web.Base
	Reference, Opened string
	Purpose           string // title of that for which they are looked at
	People            []FirmPerson
}

// FirmPerson is one of them.
type FirmPerson struct {
	Email             string // empty where it is withheld
	Reference, Opened string
	Appoint           string // where the button posts
}

// Enquiry is the page "console_enquiry": one ticket with its words.
type Enquiry struct {
	web.Base
	Ticket      TicketView
	Open        bool
	Complaint   bool
	Facts       []Fact
	Seen        bool // the words were shown, which stands in the person's history
	States      []string
	Groups      []Held
	Erased      bool
	Person      string // address of the person's page; empty where there is none for this role
	Close       string // where the buttons post
	Move        string
	Acknowledge string // of a complaint that nobody took up; empty else
	Other       string // the desk it moves to
}

// Policy is the page "console_policy".
type Policy struct {
	web.Base
	Number     int
	From, Hash string
	Notice     string // address
	Versions   []VersionView
	Record     []web.Link
	Roles      []RoleGroup
}

// VersionView is one published version.
type VersionView struct {
	Number      int
	From, State string
	Notice      string   // address
	Since       string   // address of all differences to the one before; empty for the first
	Changes     []string // against the one before, in words
}

// RoleGroup is what one role may do.
type RoleGroup struct {
	Role string
	Own  bool // of whoever looks
	Rows []RoleRow
}

// RoleRow is one purpose of a role on one ground.
type RoleRow struct {
	Purpose string
	Data    []string
	Ground  string
	Stops   string // what a person can do about it
}

// DataMap is the page "console_data_map": where data comes from, what for, where
// it goes and how long it stays, as declared and as held.
type DataMap struct {
	web.Base
	Policy     int
	Following  string // title of the purpose or category that is followed; empty for none
	Purposes   []web.Link
	Categories []web.Link
	Picture    *Picture // of what is followed; nil for none
	Groups     []FlowGroup
	Different  []string // where declared and held differ, in words
	Held       int64    // records
}

// FlowGroup is the flows of one purpose.
type FlowGroup struct {
	Purpose string
	Href    string // follows it; empty if it is not declared any more
	Flows   []FlowView
}

// FlowView is one category for one purpose.
type FlowView struct {
	Category, Href string
	From, To       []string
	Kept           string
	Held           string // in words
	Notes          []string
}

// Picture is a drawing of columns of boxes and lines between them, in its own
// units.
type Picture struct {
	Title, Description string
	Width, Height      int
	Heads              []Label
	Lines              []Line
	Boxes              []Box
}

// Label is a text at a place.
type Label struct {
	X, Y int
	Text string
}

// Line leads from one box to the next.
type Line struct {
	X1, Y1, X2, Y2, Bend1, Bend2 int
	Class                        string
}

// Box is a box with its words, line by line.
type Box struct {
	X, Y, Width, Height int
	Class               string
	Words               []Label
}

// Evidence is the page "console_evidence".
type Evidence struct {
	web.Base
	Healthy    bool
	Health     string
	Facts      []Fact
	Key        string // the verifier key
	Checkpoint string // the last that was signed
	Verify     string // where the button posts; empty for who may not
	Running    bool   // a check is under way
	Checked    *Checked
	Searches   *Searches   // nil for who does not answer for them
	Entries    []EntryView // those open for everyone, newest first
}

// Searches are the searches for people that led to nobody, newest first.
type Searches struct {
	Total string // of all that there are
	Last  []SearchView
}

// SearchView is one of them: who by role, what for, and by which kind of detail.
type SearchView struct {
	At, Who, Why, By string
	Refused          bool // the policy does not let the role look so
}

// Checked is how a check of the evidence ended.
type Checked struct {
	Began, Ended string
	Holds        bool
	Words        string
	Lines        []string
}

// EntryView is an entry that is open for everyone.
type EntryView struct{ Number, At, Kind, What string }

// Work is the page "console_work": what the software owes, and whether it is
// behind.
type Work struct {
	web.Base
	Parts []Part
}

// Part is one kind of work.
type Part struct {
	Title  string
	Behind bool
	Words  string
	Facts  []Fact
}

// Audit is the page "console_audit": the last report of candour audit.
type Audit struct {
	web.Base
	Found       bool
	Facts       []Fact
	Differences []string
	More        int    // differences that are not listed
	Report      string // address of the whole
	Fault       string // why a report that is there cannot be shown
}
