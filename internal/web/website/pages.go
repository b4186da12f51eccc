package website

import (
	"time"

	"candour/internal/notice"
	"candour/internal/web"
	"candour/policy"
)

// Home is the page "home".
type Home struct {
	web.Base
	web.Content
}

// Page is the page "page": terms, complaints, accessibility and the like.
type Page struct {
	web.Base
	web.Content
}

// Products is the page "products".
type Products struct {
	web.Base
	web.Content
}

// Contact is the page "contact".
type Contact struct {
	web.Base
	web.Content
	Form web.Form
}

// ContactSent is the page "contact_sent".
type ContactSent struct {
	web.Base
	Reference string // of the ticket, to quote
	Rights    bool   // the desk for requests about data has it
	Right     string // title of the data right that the words suggest, if any
	RightIs   string // what that right is, in words
	Complaint bool   // that right is to complain
	Officer   policy.Contact
}

// Newsletter is the page "newsletter".
type Newsletter struct {
	web.Base
	web.Content
	Form web.Form
}

// NewsletterCheck is the page "newsletter_check": a mail is on its way. It
// says the same whether or not the address was known.
type NewsletterCheck struct {
	web.Base
	Kept string // how long an unconfirmed address is kept, in words
}

// NewsletterConfirmed is the page "newsletter_confirmed": the button that
// confirms, or the thanks after it.
type NewsletterConfirmed struct {
	web.Base
	Form *web.Form // nil when done
	Done bool
}

// NewsletterLeft is the page "newsletter_left": the button that ends the
// newsletter, or the word that it has ended.
type NewsletterLeft struct {
	web.Base
	Form *web.Form // nil when done
	Done bool
}

// Privacy is the page "privacy": the notice of one version.
type Privacy struct {
	web.Base
	Document *notice.Document
	Version  VersionView
	Current  VersionView  // the one in force
	Pending  *VersionView // published and not in force yet
	Print    bool
}

// VersionView is one published version of the policy.
type VersionView struct {
	Number    int
	From      time.Time
	Published time.Time
	Until     time.Time // zero while no later version is published
	State     string    // "in force", "coming", "past"
	URL       string
	Hash      string   // first 16 hexadecimal digits
	Changes   []string // against the version before, in words
}

// PrivacyVersions is the page "privacy_versions".
type PrivacyVersions struct {
	web.Base
	Versions []VersionView // newest first
}

// PrivacyChanges is the page "privacy_changes": every difference in meaning
// between two versions.
type PrivacyChanges struct {
	web.Base
	Old, New VersionView
	Changes  []Change // none if only words changed
}

// Change is one difference in meaning.
type Change struct {
	What string
	Ask  bool // whoever agreed before is asked again
}

// Cookies is the page "cookies". The table of all cookies is in the Body; the
// form is {{template "consent_preferences" .Consent}}.
type Cookies struct {
	web.Base
	web.Content
}
