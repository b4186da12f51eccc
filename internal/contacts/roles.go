package contacts

import (
	"errors"
	"slices"

	"candour/internal/vault"
	"candour/policy"
)

// formID is the form in which a contact is written down: an id that the program
// gives a meaning to, for every operator.
const formID = "contact-card"

// Fields of the form, which the program gives a meaning to.
const (
	fieldName    = "name"
	fieldNumber  = "number"
	fieldMobile  = "mobile"
	fieldWork    = "work"
	fieldHome    = "home"
	fieldEmail   = "email"
	fieldCompany = "company"
	fieldNote    = "message" // takes several lines, as that name does everywhere
)

// Roles are the parts of a policy that play a part in address books.
type Roles struct {
	Form     policy.Form
	Surface  string
	Purpose  string
	Category string
}

// ErrUndeclared says that the policy declares no address book.
var ErrUndeclared = errors.New("contacts: the policy declares no form " + formID)

// RolesOf finds them by the form contact-card: its surface, its purpose and the
// category of its name. ErrUndeclared if the policy has no such form.
func RolesOf(c *policy.Compiled) (Roles, error) {
	form, ok := c.Policy().FormByID(formID)
	if !ok || len(form.Surfaces) == 0 {
		return Roles{}, ErrUndeclared
	}
	name, ok := form.FieldNamed(fieldName)
	if !ok || name.Category == "" {
		return Roles{}, ErrUndeclared
	}
	return Roles{Form: *form, Surface: form.Surfaces[0], Purpose: form.Purpose, Category: name.Category}, nil
}

// May reports whether people in a role may keep contacts.
func (r Roles) May(c *policy.Compiled, actor string) bool {
	who, ok := c.Policy().ActorByID(actor)
	return ok && slices.Contains(who.Purposes, r.Purpose)
}

// Permission is the one under which a person lets the app keep contacts; nil
// where the policy declares none.
func (r Roles) Permission(c *policy.Compiled) *policy.Permission {
	p := c.Policy()
	for i := range p.Permissions {
		if q := &p.Permissions[i]; slices.Contains(q.Surfaces, r.Surface) && slices.Contains(q.Categories, r.Category) {
			return q
		}
	}
	return nil
}

// own is the access of people to their contacts, by the software.
func (r Roles) own() vault.Access {
	return vault.Access{Actor: "system", Purpose: r.Purpose, Surface: r.Surface, Own: true}
}
