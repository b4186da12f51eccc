package chat

import (
	"errors"
	"slices"

	"candour/internal/vault"
	"candour/policy"
)

// systemActor is the id of the policy's actor that the program acts as.
const systemActor = "system"

// Forms that the program gives a meaning to, for every operator.
const (
	formID  = "message"
	fileID  = "message-file"
	placeID = "place"
)

// Roles are the parts of a policy that play a part in messages.
type Roles struct {
	Surface string
	Purpose string // for which messages are carried and kept
	Words   string // category of what they say
	File    string // category of what comes with them; empty where nothing may

	Form      policy.Form
	FileForm  policy.Form
	PlaceForm policy.Form
	Place     string // category of where somebody is; empty where nobody may share it
	Sharing   string // the purpose on consent for which that is shared
}

// ErrUndeclared says that the policy declares no messages.
var ErrUndeclared = errors.New("chat: the policy declares no form " + formID)

// RolesOf finds them by the forms and the category of their first field.
// ErrUndeclared if the policy has no form message. A place that the policy does
// not share on consent is shared by nobody (PECR reg 14).
func RolesOf(c *policy.Compiled) (Roles, error) {
	p := c.Policy()
	form, ok := p.FormByID(formID)
	if !ok || len(form.Surfaces) == 0 || category(form) == "" {
		return Roles{}, ErrUndeclared
	}
	r := Roles{Surface: form.Surfaces[0], Purpose: form.Purpose, Words: category(form), Form: *form}
	if f, ok := p.FormByID(fileID); ok && f.Purpose == r.Purpose && slices.Contains(f.Surfaces, r.Surface) {
		r.File, r.FileForm = category(f), *f
	}
	if f, ok := p.FormByID(placeID); ok && slices.Contains(f.Surfaces, r.Surface) && onConsent(p, f) {
		r.Place, r.Sharing, r.PlaceForm = category(f), f.Purpose, *f
	}
	return r, nil
}

// category is that of a form's first field that has one.
func category(f *policy.Form) string {
	for _, x := range f.Fields {
		if x.Category != "" {
			return x.Category
		}
	}
	return ""
}

// onConsent reports whether the data of a form rests on consent.
func onConsent(p *policy.Policy, f *policy.Form) bool {
	q, ok := p.PurposeByID(f.Purpose)
	return ok && slices.ContainsFunc(q.Uses, func(u policy.Use) bool {
		return u.Basis == policy.Consent && slices.Contains(u.Categories, category(f))
	})
}

// may reports whether people in a role may act for a purpose.
func may(c *policy.Compiled, actor, purpose string) bool {
	who, ok := c.Policy().ActorByID(actor)
	return ok && slices.Contains(who.Purposes, purpose)
}

// May reports whether people in a role may write messages.
func (r Roles) May(c *policy.Compiled, actor string) bool { return may(c, actor, r.Purpose) }

// MayShare reports whether people in a role may share where they are.
func (r Roles) MayShare(c *policy.Compiled, actor string) bool {
	return r.Place != "" && may(c, actor, r.Sharing)
}

// system is the access of the program to what it carries.
func (r Roles) system() vault.Access {
	return vault.Access{Actor: systemActor, Purpose: r.Purpose, Surface: r.Surface, Own: true}
}

// looking is the access of the program to where somebody is, for whom they
// showed it to. It is not the person's own use: their consent decides.
func (r Roles) looking() vault.Access {
	return vault.Access{Actor: systemActor, Purpose: r.Sharing, Surface: r.Surface}
}
