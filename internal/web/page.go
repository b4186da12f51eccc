package web

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"candour/internal/notice"
)

// Base is what every page knows. Each page's struct embeds it.
//
// A page's template has the page's name. It is executed inside the template
// "base", which calls {{template "content" .}}: so a page's file defines
// "content", and may define "head" where base offers that block.
// "consent_message" (the message itself) and "consent_preferences" (the form
// on the cookie page) are templates that take a Consent and nothing else,
// because the hash of what a person was shown is taken over their words.
type Base struct {
	Title        string // of the page alone; the operator's name is Brand.Name
	Description  string
	Language     string // BCP 47, for <html lang>
	Surface      SurfaceView
	Path         string // of this page, for aria-current and canonical links
	Brand        BrandView
	Nav          []Link // the header's navigation, in order
	Footer       Footer
	Assets       Assets
	Theme        string // empty (the device decides), "light" or "dark"
	Consent      Consent
	Announcement *Announcement // a published change that does not apply yet, or nil
	Changed      *Changed      // what changed since this browser decided, or nil
	// Integrations is JSON for data-integrations on <html>: what this browser
	// agreed to load here, empty if nothing. Elements are
	// {"id","kind","script","account"}; browser code loads them by kind, if the
	// record of the choice, in data-choice, is still the one it was made under.
	Integrations string
	Choice       string
	PrivacyURL   string // absolute on surfaces other than the website
	CookiesURL   string
	ContactURL   string
	HomeURL      string // of the website
	SignOut      string // where the button to sign out posts; empty while nobody is signed in
	Year         int
	NoIndex      bool // for error pages, confirmations and surfaces behind a sign-in
}

// Link is a link of ours.
type Link struct {
	Label   string
	Href    string
	Current bool   // it leads to this page
	Below   []Link // what stands together under its word; each is a link by itself
}

// SurfaceView is the surface a page belongs to.
type SurfaceView struct {
	ID          string // website, portal, partner, softphone, console
	Title       string
	Description string
	URL         string
}

// BrandView is the operator's look. Colours, fonts and radius are custom
// properties in the style sheet Assets.Brand.
type BrandView struct {
	Name    string
	Tagline string
	Logo    string // address, empty if there is none
	Favicon string
}

// Assets are addresses by hashed name; empty where the build has none.
type Assets struct {
	Brand  string // the operator's tokens as custom properties
	Style  string // site.css
	Member string // member.css; empty on the website
	Script string // site.js, an ES module
}

// Footer is what the law and good manners want on each page.
type Footer struct {
	Links     []Link // the operator's pages
	Surfaces  []Link // the other sites of the operator
	Name      string // legal name
	Company   string // company number, empty if none
	Where     string // where it is registered
	VAT       string
	Regulated string // by whom
	Address   []string
	Email     string
	Telephone string
	TelHref   string // tel:+44...
}

// Announcement tells people of a policy change before it applies (R1).
type Announcement struct {
	Version int
	From    time.Time
	Changes []string // in words
	URL     string   // the new version
}

// Changed tells a returning browser what changed since the version under which
// it decided, until it has seen it or decides anew (R1).
type Changed struct {
	Since   int       // that version
	From    time.Time // from when the version in force applies
	Changes []string  // what people must be told, in words; may be empty
	URL     string    // all differences
	Action  string    // where "I have seen this" posts
}

// Consent is what the consent message, the cookie page and the footer show.
type Consent struct {
	Ask        bool        // show the message
	Action     string      // where the forms post; holds the way back and what was shown
	Groups     []GroupView // need consent
	Objections []Objection // need no consent, but take an objection
	Exempt     []GroupView // need no consent and can not be refused; named only
	Decided    bool        // this browser chose about consent
	On         time.Time   // the day of that choice
	Under      int         // the policy version it was made under
	GPC        bool        // the browser sends Global Privacy Control and we obey it (L46)
	Period     string      // after which we ask again, in words: "6 months"
	PageURL    string      // the cookie page
	Operator   string      // short name
	Accept     Button
	Reject     Button
	Save       Button
	Choose     string // label of what opens the choices
}

// Button is a submit button of the form of choices: name=Name value=Value.
type Button struct{ Name, Value, Label string }

// GroupView is a cookie group that a person decides on.
type GroupView struct {
	ID          string // also the input's name
	Title       string
	Description string
	Chosen      bool     // ticked: what was decided; never before a decision
	Cookies     []string // declared names
	Recipients  []string // who receives data, by name
}

// Objection is a cookie group that is used until a person objects. It is no
// box to tick: it has a sentence that says how it is now, and a button.
type Objection struct {
	GroupView
	Counts bool   // it counts visits; else it is about how pages look
	Active bool   // used in this browser now
	Signal bool   // not used because of the browser's signal alone
	Object string // where the button to object posts
	End    string // where the button to take that back posts
}

// Form is a form of the policy, ready to be shown.
type Form struct {
	ID      string
	Title   string
	Action  string
	Submit  string
	Fields  []Field
	Trap    *Field        // the robot trap: off screen, not announced, not filled in by people
	Hidden  []HiddenField // forgery token, time of opening, code from an e-mail
	Purpose string        // title of the purpose the data is for
	Kept    string        // how long it is kept, in words
	Refusal string        // why the whole form was not taken, in words; empty if it was not sent yet
	// Passkey is what the browser does with its passkey before the form is sent,
	// "get" or "create", and Question what it is asked, as JSON. Empty for a
	// form that people fill in.
	Passkey  string
	Question string
	Upload   bool // it sends a file
}

// Act is a form with nothing but a button, and what people do not see: the
// template "act".
type Act struct {
	Action string
	Label  string
	About  string // read out after the label, where several buttons have the same
	Look   string // class of the button: primary, danger, small; may be empty
	Hidden []HiddenField
}

// HiddenField is an input that a person does not see.
type HiddenField struct{ Name, Value string }

// Field is one input. Its id is Form.ID + "-" + Name.
type Field struct {
	ID           string
	Name         string
	Label        string
	Type         string // text, email, tel, password, textarea, select, radio, checkbox, file
	Accept       string // of a file: which kinds
	Capture      bool   // of a file: a device with a camera takes it now
	Autocomplete string
	MaxLength    int
	Optional     bool
	Reason       string // why it is asked (R7), from the category
	Without      string // what is lost by leaving it empty
	Hint         string
	Options      []FieldOption
	Value        string
	Error        string // what is wrong with it, in words
	Describes    string // ids for aria-describedby: ID-hint ID-error ID-reason ID-without, those there are
}

// Summary is what the list of mistakes says of the field: its label, with a
// colon unless the label ends in punctuation of its own, and what is wrong.
func (f Field) Summary() string {
	last, _ := utf8.DecodeLastRuneInString(f.Label)
	if f.Label == "" || unicode.Is(unicode.Terminal_Punctuation, last) || last == '…' {
		return strings.TrimSpace(f.Label + " " + f.Error)
	}
	return f.Label + ": " + f.Error
}

// FieldOption is one choice of a field.
type FieldOption struct {
	Value, Label string
	Selected     bool
}

// Content is a page that the operator wrote.
type Content struct {
	Heading string // the hero's title, else the page's
	Hero    *Hero  // nil when the page has none
	Blocks  []Block
	Body    *notice.Document
}

// Hero is the head of a page.
type Hero struct {
	Title, Text, Image string // Image is an address
	Actions            []Action
}

// Action is a link that looks like a button.
type Action struct {
	Label, Href string
	Primary     bool
	External    bool
}

// Block is a laid out section.
type Block struct {
	Kind  string // features, steps, quote, band, products, faq
	Title string
	Text  string
	Items []BlockItem
}

// BlockItem is one card, step, answer or product.
type BlockItem struct {
	Title, Text, Image, Href, Label, Price string
	External                               bool
}

// ErrorPage is the page "error": a refusal in plain words.
type ErrorPage struct {
	Base
	Status    int
	Heading   string
	Words     []string // paragraphs
	RequestID string   // to quote when writing to us; empty where it helps nobody
	Links     []Link
}
