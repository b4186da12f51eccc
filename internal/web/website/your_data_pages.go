package website

import (
	"time"

	"candour/internal/rights"
	"candour/internal/web"
	"candour/policy"
)

// YourData is the page "your_data": the form that asks for a link.
type YourData struct {
	web.Base
	web.Content
	Form web.Form
}

// YourDataSent is the page "your_data_sent": a mail is on its way. It says the
// same for every address.
type YourDataSent struct {
	web.Base
	Kept string // how long an address that leads to nothing is kept, in words
}

// YourDataChoices is the page "your_data_choices": what the person of a link
// can do. It shows nothing of what is held: programs look at links in mails
// before people do.
type YourDataChoices struct {
	web.Base
	Until      time.Time
	Asked      string // title of the right that was chosen; may be empty
	Records    int
	Restricted bool
	See        web.Act
	File       web.Act
	Take       []web.Act
	Restrict   web.Act // or lifts it
	Erase      web.Act
	Object     []ChoiceView
	Withdraw   []ChoiceView
}

// ChoiceView is a purpose with its button.
type ChoiceView struct {
	Title, Description string
	Made               bool // an objection stands
	Act                web.Act
}

// YourDataView is the page "your_data_view": what is held, made to be read and
// printed.
type YourDataView struct {
	web.Base
	Reference  string
	Made       time.Time
	Controller rights.Controller
	Records    int
	Groups     []GroupOfItems
	Facts      []rights.Fact
	MoreFacts  int
	Processing rights.Processing
	File       web.Act
	Back       web.Act
}

// GroupOfItems is a category with the newest of its records.
type GroupOfItems struct {
	Category rights.Category
	Items    []ItemView
	More     int
}

// ItemView is a record, and the button to put it right.
type ItemView struct {
	rights.Item
	Correct *web.Act
}

// YourDataCorrect is the page "your_data_correct".
type YourDataCorrect struct {
	web.Base
	What string // title of the category
	Form web.Form
	Back web.Act
}

// YourDataErase is the page "your_data_erase": what would be kept and why,
// before the second step.
type YourDataErase struct {
	web.Base
	Kept  []rights.Kept
	Held  string // how long the note of the erasure is kept, in words
	Erase web.Act
	Back  web.Act
}

// YourDataDone is the page "your_data_done": what was done.
type YourDataDone struct {
	web.Base
	Heading   string
	Words     []string
	Reference string
	Kept      []rights.Kept
	Receipt   string   // address of the receipt; empty if there is none
	Back      *web.Act // nil once the link is dead
}

// YourDataReceipt is the page "your_data_receipt".
type YourDataReceipt struct {
	web.Base
	Reference string
	Erased    time.Time
	Stages    []StageView
	Complete  bool
	Kept      []rights.Kept
	Keys      int      // destroyed
	Limits    []string // what no receipt can prove
	Signed    string   // address of the signed receipt; empty until it is signed
}

// StageView is a stage of an erasure, in words.
type StageView struct {
	Words string
	Done  bool
}

// Complaint is the page "complaint".
type Complaint struct {
	web.Base
	web.Content
	Form web.Form
}

// ComplaintSent is the page "complaint_sent".
type ComplaintSent struct {
	web.Base
	Reference string
	Officer   policy.Contact
	Regulator policy.Regulator
}
