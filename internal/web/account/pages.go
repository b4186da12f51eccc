package account

import (
	"candour/internal/identity"
	"candour/internal/web"
)

// Ask is the page "account_form": something to fill in, and why.
type Ask struct {
	web.Base
	Heading string
	Lead    string
	Words   []string
	Forms   []web.Form // the first is what most people use
	After   string     // below the forms; may be empty
	Links   []web.Link
	Narrow  bool
}

// Done is the page "account_done": something was done, or is on its way.
type Done struct {
	web.Base
	Heading string
	Words   []string
	Links   []web.Link

	Confirm      string // where a button posts; empty for none
	ConfirmLabel string
	Safe         bool // the button does nothing that cannot be undone
}

// Security is the page "account_security".
type Security struct {
	web.Base
	Email     string
	Reference string
	Owes      bool // a second factor must be set up before anything else
	Passkeys  []Factor
	App       *Factor
	Codes     *Factor
	MayRemove bool
	Sessions  []SessionView
	Others    bool // there are sessions elsewhere

	Recovering string // the second factor is about to be removed, on this day; empty if not
}

// Factor is a way to prove oneself.
type Factor struct {
	Added, Used string // days, in words; Used is empty before the first use
	Remove      string // where the button posts; empty where it must stay
}

// SessionView is a place where the account is signed in.
type SessionView struct {
	Where   string // title of the surface
	Browser string
	System  string
	Address string
	Began   string
	Seen    string
	Way     string
	Here    bool
	End     string // where the button posts
}

// Authenticator is the page "account_authenticator".
type Authenticator struct {
	web.Base
	Picture string // address of the square
	Secret  string // to be typed by hand
	Form    web.Form
}

// Codes is the page "account_codes": recovery codes, shown once.
type Codes struct {
	web.Base
	Codes []string
}

// People is the page "account_people".
type People struct {
	web.Base
	Staff  bool
	People []PersonView
}

// PersonView is an account as its manager sees it.
type PersonView struct {
	Email, Role, Reference, Opened string
	Self                           bool
	Close                          string // the page that asks
	SignOut                        string // where the button posts
	Appoint                        string // the same, of who may be made an administrator; empty else
}

// roleWords are the roles as people call them.
var roleWords = map[identity.Role]string{
	identity.CustomerAdministrator: "Administrator of the firm", identity.CustomerUser: "User of the firm",
	identity.Partner: "Partner firm", identity.Support: "Support", identity.Marketing: "Marketing",
	identity.Officer: "Data protection officer", identity.Engineer: "Engineer",
}
