package marketing

import (
	"errors"
	"fmt"

	"candour/policy"
)

// Ids of the policy that the program gives a meaning to, for every operator.
const (
	formID        = "newsletter"
	confirmFormID = "newsletter-confirm"
	leaveFormID   = "newsletter-leave"
	personActor   = "contact" // whoever fills in a form without an account
	systemActor   = "system"
	optIn         = "opt-in"
)

// Roles are the parts of a policy that play the newsletter's parts.
type Roles struct {
	Form      policy.Form      // the sign-up form
	Email     string           // category of its e-mail field
	Purpose   string           // the newsletter itself: marketing by opt-in
	Pending   string           // holding an address until it is confirmed
	Kept      policy.Retention // for how long Pending holds it
	Confirm   policy.Form      // the page of the link that confirms
	Leave     policy.Form      // the page of the link that ends it
	ConfirmAs string           // name of the field that carries the token
	LeaveAs   string
}

// RolesOf finds the newsletter's parts in a policy: the form newsletter, whose
// purpose is marketing by opt-in; the forms newsletter-confirm and
// newsletter-leave, each with one field of the control consent for the token;
// and the purpose for unconfirmed addresses, which is the one that may hold
// every personal field of the form on another basis than consent, for a time
// counted from collection, and the shortest of several. The error says what
// the policy lacks.
func RolesOf(c *policy.Compiled) (Roles, error) {
	var r Roles
	p := c.Policy()
	for id, into := range map[string]*policy.Form{formID: &r.Form, confirmFormID: &r.Confirm, leaveFormID: &r.Leave} {
		f, ok := p.FormByID(id)
		if !ok {
			return Roles{}, fmt.Errorf("marketing: the policy declares no form %s", id)
		}
		*into = *f
	}
	r.Purpose = r.Form.Purpose
	if q, ok := p.PurposeByID(r.Purpose); !ok || q.Marketing != optIn {
		return Roles{}, errors.New("marketing: the purpose of the form newsletter must be marketing by opt-in")
	}
	for _, f := range r.Form.Fields {
		if k, ok := p.CategoryByID(f.Category); ok && k.Format == "email" {
			r.Email = k.ID
		}
	}
	if r.Email == "" {
		return Roles{}, errors.New("marketing: the form newsletter has no field for an e-mail address")
	}
	var ok bool
	if r.ConfirmAs, ok = tokenField(r.Confirm); !ok {
		return Roles{}, errors.New("marketing: the form newsletter-confirm has no field with the control consent")
	}
	if r.LeaveAs, ok = tokenField(r.Leave); !ok {
		return Roles{}, errors.New("marketing: the form newsletter-leave has no field with the control consent")
	}
	if r.Pending, r.Kept, ok = c.Unconfirmed(r.Form); !ok {
		return Roles{}, errors.New("marketing: no purpose may hold the fields of the form newsletter until the address is confirmed; declare one on legitimate interests with a retention of some days from collection")
	}
	return r, nil
}

func tokenField(f policy.Form) (string, bool) {
	for _, x := range f.Fields {
		if x.Control == "consent" {
			return x.Name, true
		}
	}
	return "", false
}
