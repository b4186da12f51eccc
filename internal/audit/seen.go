package audit

import (
	"net/http"
	"time"
)

// State is how a visitor has decided.
type State string

// The states, in the order in which they are visited.
const (
	First     State = "first"     // nothing pressed yet
	Refused   State = "refused"   // "Reject all" pressed
	Accepted  State = "accepted"  // "Accept all" pressed
	Withdrawn State = "withdrawn" // "Accept all" taken back on the cookie page
)

// States are all states in order.
var States = []State{First, Refused, Accepted, Withdrawn}

// visit is one look at one page in one state.
type visit struct {
	State   State
	Role    string // whose sign-in the browser held; empty for a visitor's
	Address string // as it was asked for; empty for what came after a press
	URL     string // where that led
	Surface string
	Status  int
	Title   string
	Start   time.Time // when the document came
	End     time.Time // when the look at it ended

	// guess: nothing leads there; the policy declares a form at this path.
	guess bool

	header   http.Header // of the document's answer
	content  content
	cookies  []cookie
	requests []request
	entries  []entry
	asks     []ask

	// banner is whether a consent message with both ways to decide was to be
	// seen when the page was opened; half whether it had only a way to accept.
	banner, half bool
}

// content is what page.js finds in the documents of a page.
type content struct {
	Title  string  `json:"title"`
	Fields []field `json:"fields"`
	Links  []link  `json:"links"`
	Hints  []hint  `json:"hints"`
}

// field is an element a person, or a script for them, can fill in.
type field struct {
	Tag      string `json:"tag"`
	Type     string `json:"type"`
	Name     string `json:"name"`     // its name, or else its id
	Label    string `json:"label"`    // label with what describes it
	Action   string `json:"action"`   // where its form goes; empty outside a form
	Text     string `json:"text"`     // what is to be read in its form, or on the page outside a form
	Required bool   `json:"required"` // must be filled in
	Checked  bool   `json:"checked"`  // a box that is ticked already
	Hidden   bool   `json:"hidden"`
}

// link is a way out of the page.
type link struct {
	Href   string `json:"href"`
	Text   string `json:"text"`
	Marked bool   `json:"marked"` // told from others as leaving the site
	Ping   string `json:"ping"`   // tells another address that it was followed
	Save   bool   `json:"save"`   // a download
}

// hint asks the browser to load something before it is needed.
type hint struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
}

// Who set a cookie.
const (
	byServer = "server"
	byScript = "script"
)

// cookie is one cookie as set. Its value is never kept.
type cookie struct {
	Name     string
	Domain   string // without the leading dot
	HostOnly bool
	HTTPOnly bool
	Secure   bool
	SameSite string    // strict, lax, none or empty
	Expires  time.Time // zero: when the browser closes
	At       time.Time // when it was seen
	By       string    // byServer or byScript
	New      bool      // set during this look, and not only still there
	Stored   bool      // the browser kept it
}

// entry is something in another kind of storage, named as the policy names
// kinds.
type entry struct {
	Storage string // local-storage, session-storage, indexed-db, cache, service-worker, or a kind the policy has no word for
	Name    string
	Origin  string
}

// request is one request to a host that is no surface of the operator.
type request struct {
	URL       string // without its query, which may hold an identifier
	Directive string // the CSP directive that governs it
	Refused   string // why the browser did not make it; empty when it was made
}

// ask is a call that makes a browser ask for a permission.
type ask struct {
	API     string   `json:"api"`
	Feature []string `json:"features"` // Permissions-Policy features it needs
	Pressed bool     `json:"pressed"`  // the person had just pressed something
}
