package softphone

import "candour/internal/web"

// Contacts is the page "contacts": one's own address book.
type Contacts struct {
	web.Base
	Permit   *Permit // it is asked first whether contacts may be kept
	Find     web.Form
	Contacts []ContactView
	All      int    // how many there are
	Looked   bool   // those that were looked for are shown
	Style    string // of the phone
	Script   string // which offers the device's own contacts, where it can
	Kept     string // how long contacts are kept, in words
	Revoke   string // where the yes to contacts is taken back
	People   string // address of the company's directory; empty where there is none
}

// ContactView is a contact as its owner sees it.
type ContactView struct {
	Name, Company, Email, Note string
	Numbers                    []NumberView
	Edit                       string
}

// NumberView is a number of a contact: with where it is called, and where it is
// written to if it is an extension.
type NumberView struct{ Label, Number, Call, Write string }

// ContactEdit is the page "contact_edit": a contact that is written down.
type ContactEdit struct {
	web.Base
	Form   web.Form
	Reason string // why we ask, for all fields
	New    bool
	Remove string // where the button to remove it posts; empty for a new one
	Back   string
}

// ContactImport is the page "contact_import": a file of contacts, and what
// became of the last one.
type ContactImport struct {
	web.Base
	Form   web.Form
	Report *ImportReport
	Most   int // contacts that a book holds
	Size   string
	Back   string
}

// ImportReport is what became of a file.
type ImportReport struct {
	Added, Changed, Same int
	Not                  []NotTakenView
	Left                 []string
}

// NotTakenView is a card that was not taken.
type NotTakenView struct {
	Place     int
	Name, Why string
}
