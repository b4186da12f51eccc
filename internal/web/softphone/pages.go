package softphone

import (
	"candour/internal/web"
	"candour/internal/web/member"
)

// Phone is the page "phone": the phone, and beside it the latest calls.
type Phone struct {
	web.Base
	Name       string // of whoever is signed in; empty if it is not known
	Extension  string // empty if the account has no line
	Number     web.Field
	Form       web.Form
	Asks       []Ask
	Keys       []Key
	Calls      []CallView // the latest
	Colleagues []Colleague
	Voicemail  *Waiting
	Urgent     []member.Card // what they must be told, before everything else
	More       string        // address of all calls
	Script     string        // of the phone; empty where the build has none
	Style      string
	Session    string  // where the phone asks who is signed in
	Flow       string  // what the phone talks over
	Help       bool    // emergency calls lead somewhere
	Rescue     *Rescue // what an emergency call tells; nil where such calls lead nowhere
	Settings   string  // address of the call settings; empty where there are none
	Unplaced   bool    // emergency calls lead somewhere, and where the line is for them, or that its person was warned, is not known yet
	Quiet      bool    // the line is not to be disturbed
	Manifest   string  // how the phone is installed
	Worker     string  // the script that runs while it is closed
	Wake       string  // where a browser says that it is to be woken; empty where nobody is
	Key        string  // what it is told of us for that
	Names      string  // where it asks whose numbers are whose; empty where nobody keeps contacts
	Messages   string  // address of the messages; empty where there are none
	New        int     // messages that were not read
	Missed     int     // calls that were missed since the list of them was last looked at
	News       string  // where it is told how much is new

	Recording *Recording // how a call is recorded; nil where nobody records
}

// Waiting is what the page says of one's voicemail; nil where there is none.
type Waiting struct {
	On         bool
	Fresh, Old int  // messages
	Near, Full bool // there is little room for more, or none
	Page       string
}

// Ask is what is shown before a device is asked for.
type Ask struct {
	Device string // microphone or camera
	Words  []string
	Needed bool // without it there are no calls
	Given  bool // it was allowed before
	Grant  string
	Refuse string
}

// Key is one of the twelve of a phone. Name is how a sign is read out; empty
// for a digit.
type Key struct{ Digit, Letters, Name string }

// Calls is the page "calls": one's own calls, newest first.
type Calls struct {
	web.Base
	Calls  []CallView
	Older  string // the next page; empty on the last
	Newest string // the first page; empty on it
	Kept   string // how long a call is kept, in words
}

// CallView is a call as one of its sides sees it.
type CallView struct {
	Kind   string // out, in, missed, failed: which picture it gets
	Who    string // the other side, in words
	Number string // beside its name; empty where it has none
	What   string // what came of it
	When   string
	Stamp  string // the same for programs, RFC 3339
	Dial   string // what the phone on the page dials to reach the other side; empty if nothing does
	Call   string // a link to the phone that has it in its field, on a page without a phone
	Forget string // where the button to remove it posts; empty where there is none
	Block  string // where the button to block its caller posts; empty where there is none
	Report string // where it is reported; empty where it cannot be
	Noted  string // what was done about it, in words
	Bill   string // what it cost, and until when the bill needs it; empty of a call that is on none
	Sound  string // address of its recording; empty if there is none
}

// Permissions is the page "permissions": what the app may use of a device.
type Permissions struct {
	web.Base
	Asked []PermissionView // the app asks for these today
	Later []PermissionView // declared, and asked for by nothing yet
}

// PermissionView is one permission and how it stands.
type PermissionView struct {
	ID      string
	Title   string
	Meaning string
	Reason  string
	Without string // what is lost without it; empty where it is needed
	Needed  bool
	State   string // in words
	Tag     string // class of the tag that holds it
	Since   string // "since 1 May 2026, under version 1"; empty if nothing was answered
	Notice  string // address of that version
	Words   []string
	Next    string    // what happens next, in words
	Link    *web.Link // where it is decided, if not here
	Grant   string    // where the button to allow it posts; empty where that is asked elsewhere
	Refuse  string    // where a button for a no posts; empty where there is none
	Revoke  string    // where the button to take it back posts; empty where there is nothing to take back
}

// Colleague is somebody of the same firm who has a line.
type Colleague struct {
	Extension string
	Name      string // empty where it is not known
}
