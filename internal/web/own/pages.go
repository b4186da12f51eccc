package own

import "candour/internal/web"

// Profile is the page "portal_profile": what a person tells, and every
// category with what becomes of it.
type Profile struct {
	web.Base
	Said    string // what was just done, in words; empty if nothing was
	Account []Fact // told where nothing is asked; nil where there is a form
	Details *web.Form
	Filled  []Filled // of the details, what may be taken back
	About   *About
	Groups  []CategoryGroup
}

// Fact is a line of a list of facts.
type Fact struct{ Name, Value string }

// Filled is a field that holds something its person may take back.
type Filled struct{ Label, Remove string }

// About is the form that rests on consent.
type About struct {
	Form     web.Form
	Words    []string // shown before the form, and recorded with a yes
	Given    bool     // consent stands
	On       string   // since when
	Filled   []Filled
	Withdraw string // where the button to take the yes back posts
}

// CategoryGroup is a heading of the list of categories.
type CategoryGroup struct {
	Title string
	Rows  []CategoryRow
}

// CategoryRow is a category and what becomes of it.
type CategoryRow struct {
	Title  string
	State  string // in words
	Detail string
	Href   string // of its input, if it has one on the page
	Held   bool
}

// Preferences is the page "portal_preferences": every purpose, and how it
// stands.
type Preferences struct {
	web.Base
	Sections []Section
	Services bool   // marketing comes by telephone or post: the preference services are explained
	Calls    string // the operator's page about unwanted calls and post; empty if it has none
}

// Section is a group of purposes that take the same kind of decision.
type Section struct {
	ID, Title, Lead string
	Choices         []ChoiceView
	Fold            bool // nothing can be done about any of them now, so the list is folded up
}

// ChoiceView is a purpose and what may be said about it.
type ChoiceView struct {
	ID          string
	Title       string
	Description string
	State       string // in words
	Tag         string // class of the tag that holds it: optional, needed
	Since       string // "since 1 May 2026, under version 1"; empty if nothing was decided
	VersionURL  string
	Words       []string // all that is recorded with a yes
	Open        bool     // a yes can be given here, so the words stand open
	Channels    *web.Form
	Yes, No     string // where the buttons post; empty for no button
	YesLabel    string
	NoLabel     string
	Note        string
	Widened     []string // what the yes does not cover
	Link        *web.Link
}

// ChoiceHistory is the page "portal_choices": what was decided, and which
// notices were seen.
type ChoiceHistory struct {
	web.Base
	Past    []PastView
	Notices []NoticeView
}

// PastView is one decision.
type PastView struct {
	When, Title, What, Where, How string
	Version                       int
	VersionURL                    string
	Words                         []string
	Print                         string // the start of the hash of the words, to compare
}

// NoticeView is a version of the notice that was seen.
type NoticeView struct {
	Version   int
	URL       string
	When, How string
	Where     string
}
