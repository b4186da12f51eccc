package yourdata

import (
	"errors"
	"net/http"

	"candour/internal/rights"
	"candour/internal/web"
)

// Pages are the acts of one surface.
type Pages struct {
	*web.Site
	Rights *rights.Desk
}

// Holder is whoever acts on their own data, and what each of their buttons
// needs.
type Holder struct {
	rights.Person
	// Base is the path below which the acts are, and Hidden what each button
	// carries: the code of a link, or nothing for whoever is signed in.
	Base   string
	Hidden []web.HiddenField
	Token  string // the code of the link
	// Save and Sure are added to the path of a step that asks, for the path of
	// the step that does. They are empty where the first is a page with an
	// address and the second what is sent to it.
	Save, Sure string
	// Back leads to where all can be decided.
	Back Way
	// Last is what goes with them besides their data; nil for nothing.
	Last *Last
	// Ended is called once the person is erased, before the answer: their account
	// and its sessions went too. Nil for whoever acts without an account.
	Ended func(http.ResponseWriter, *http.Request)
}

// Acting is the handler of something that a holder does.
type Acting func(http.ResponseWriter, *http.Request, *Holder) error

// Way leads somewhere: by a button that sends something, or by a link. One of
// both is set, or neither. It is the template "way".
type Way struct {
	Act  *web.Act
	Link *web.Link
	// Of a link, as in web.Act.
	About, Look string
}

// Act is a button of theirs.
func (b *Holder) Act(what, label, about, look string) web.Act {
	return web.Act{Action: b.Base + "/" + what, Label: label, About: about, Look: look, Hidden: b.Hidden}
}

// step leads to a page that asks before anything is done: by a button, because
// the code is not to stand in its address, or by a link where there is no code.
func (b *Holder) step(what, label, about, look string) Way {
	if b.Token == "" {
		return Way{Link: &web.Link{Label: label, Href: b.Base + "/" + what}, About: about, Look: look}
	}
	act := b.Act(what, label, about, look)
	return Way{Act: &act}
}

// Refusal turns a refusal of the rights desk into one of the web server's:
// what is not theirs, and what the policy does not declare, is not there.
func Refusal(err error) error {
	for _, known := range []error{
		rights.ErrNotFound, rights.ErrFixed, rights.ErrNotObjectable, rights.ErrNoConsent, rights.ErrUndeclared, rights.ErrActor, rights.ErrNothing,
	} {
		if errors.Is(err, known) {
			return web.ErrNotFound
		}
	}
	return err
}
