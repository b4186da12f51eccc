package website

import (
	"time"

	"candour/internal/rights"
	"candour/internal/web"
	"candour/internal/web/yourdata"
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
	yourdata.Choices
	Until time.Time
	Asked string // title of the right that was chosen; may be empty
	See   web.Act
}

// YourDataView is the page "your_data_view".
type YourDataView struct {
	web.Base
	yourdata.Held
	Reference string
	File      web.Act
	Back      yourdata.Way
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
