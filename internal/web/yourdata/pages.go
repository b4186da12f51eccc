package yourdata

import (
	"time"

	"candour/internal/rights"
	"candour/internal/web"
)

// Choices are what can be decided, each with its button. It is the template
// "decide".
type Choices struct {
	Records    int
	Restricted bool
	File       web.Act // the whole copy
	Take       []web.Act
	Restrict   web.Act // or lifts it
	Erase      Way
	Object     []Choice
	Withdraw   []Choice
}

// Choice is a purpose with its button.
type Choice struct {
	Title, Description string
	Made               bool // an objection stands
	Act                web.Act
}

// Held is what is held, made to be read and printed. It is the template "held".
type Held struct {
	Made         time.Time
	Controller   rights.Controller
	Records      int
	Groups       []Group
	Facts        []rights.Fact
	MoreFacts    int
	Happened     []rights.Happening
	MoreHappened bool   // than is shown
	History      string // address of all of it; empty if it is in the file alone
	Processing   rights.Processing
}

// Group is a category with the newest of its records.
type Group struct {
	Category rights.Category
	Items    []Item
	More     int
}

// Item is a record, what it is held for, and the way to put it right.
type Item struct {
	rights.Item
	For     []string // titles of the purposes
	Correct Way
}

// Correct is the page "your_data_correct".
type Correct struct {
	web.Base
	What string // title of the category
	Form web.Form
	Back Way
}

// Erase is the page "your_data_erase": what would be kept and why, before the
// second step.
type Erase struct {
	web.Base
	Kept  []rights.Kept
	Held  string // how long the note of the erasure is kept, in words
	Ends  bool   // an account goes with it
	Last  *Last
	Erase web.Act
	Back  Way
}

// Last says what goes with somebody who is the last of their role, and offers
// to hand it over first. It refuses nothing.
type Last struct {
	Title string
	Words []string
	Way   web.Link
}

// Done is the page "your_data_done": what was done.
type Done struct {
	web.Base
	Heading   string
	Words     []string
	Reference string
	Kept      []rights.Kept
	Receipt   string // address of the receipt; empty if there is none
	Back      *Way   // nil once there is nothing to go back to
}
