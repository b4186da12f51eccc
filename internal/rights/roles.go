package rights

import (
	"context"
	"errors"
	"slices"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/support"
	"candour/internal/vault"
	"candour/policy"
)

// Ids of the policy that the program gives a meaning to, for every operator.
const (
	FormID          = "your-data"         // asks for a link
	ActFormID       = "your-data-act"     // carries the link's code to each act
	CorrectFormID   = "your-data-correct" // and with it a new value
	ComplaintFormID = "complaint"

	rightField  = "right" // the choice of the form your-data
	personActor = "contact"
	systemActor = "system"
	staffKind   = "staff" // kind of actor
)

// The rights of the policy that are acted on here.
const (
	Access        = "access"
	Rectification = "rectification"
	Erasure       = "erasure"
	Restriction   = "restriction"
	Portability   = "portability"
	Objection     = "objection"
	Withdrawal    = "withdraw-consent"
	Complaint     = support.RightComplaint
)

// Roles are the parts of a policy that play a part here.
type Roles struct {
	Form    policy.Form      // the form that asks for a link
	Act     policy.Form      // the form of each act
	TokenAs string           // name of the field that carries the link's code
	Email   string           // category of the form's e-mail field
	Purpose string           // acting on rights
	Pending string           // holding an address until its reader follows the link
	Kept    policy.Retention // for how long Pending holds it
}

// RolesOf finds them: the form your-data with an e-mail address, whose purpose
// is that of acting on rights; the form your-data-act with one field of the
// control consent; and the purpose for unconfirmed addresses. The error says
// what the policy lacks, and is ErrUndeclared.
func RolesOf(c *policy.Compiled) (Roles, error) {
	var r Roles
	form, ok := c.Policy().FormByID(FormID)
	act, aok := c.Policy().FormByID(ActFormID)
	if !ok || !aok {
		return Roles{}, lacks("the forms " + FormID + " and " + ActFormID)
	}
	r.Form, r.Act, r.Purpose = *form, *act, form.Purpose
	if r.Email = emailOf(c.Policy(), form); r.Email == "" {
		return Roles{}, lacks("a field for an e-mail address in the form " + FormID)
	}
	if r.TokenAs = TokenField(act); r.TokenAs == "" {
		return Roles{}, lacks("a field with the control consent in the form " + ActFormID)
	}
	if r.Pending, r.Kept, ok = c.Unconfirmed(r.Form); !ok {
		return Roles{}, lacks("a purpose that may hold an address until it is confirmed")
	}
	return r, nil
}

func lacks(what string) error {
	return errors.Join(ErrUndeclared, errors.New("rights: the policy lacks "+what))
}

func emailOf(p *policy.Policy, form *policy.Form) string {
	for _, f := range form.Fields {
		if k, ok := p.CategoryByID(f.Category); ok && k.Format == "email" {
			return k.ID
		}
	}
	return ""
}

// TokenField is the field of a form that carries the code of a link.
func TokenField(f *policy.Form) string {
	for _, field := range f.Fields {
		if field.Control == "consent" {
			return field.Name
		}
	}
	return ""
}

// purpose is that of acting on rights: of the form that asks for it, or of the
// form for complaints.
func purpose(p *policy.Policy) (string, bool) {
	for _, id := range []string{FormID, ComplaintFormID} {
		if f, ok := p.FormByID(id); ok {
			return f.Purpose, true
		}
	}
	return "", false
}

// Find returns the people whose e-mail address this is, as far as the access
// may look for them: in every category of addresses that can be looked up and
// that its purpose uses. ErrActor if the actor may not act for the purpose,
// vault.ErrPurpose if the purpose uses no such category.
func (d *Desk) Find(ctx context.Context, tx *store.Tx, a vault.Access, address string) ([]keys.SubjectID, error) {
	c := d.c.InForce()
	actor, ok := c.Policy().ActorByID(a.Actor)
	if !ok || !slices.Contains(actor.Purposes, a.Purpose) {
		return nil, ErrActor
	}
	q, _ := c.Purpose(a.Purpose)
	var found []keys.SubjectID
	looked := false
	for _, k := range c.Policy().Categories {
		i, ok := c.Category(k.ID)
		if _, used := c.UseOf(i, q); !ok || !used || k.Format != "email" || !k.Lookup {
			continue
		}
		looked = true
		list, err := d.c.Vault.Find(ctx, tx, a, k.ID, address)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			if !slices.Contains(found, s) {
				found = append(found, s)
			}
		}
	}
	if !looked {
		return nil, vault.ErrPurpose
	}
	return found, nil
}
