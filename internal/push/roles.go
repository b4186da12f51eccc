package push

import (
	"errors"
	"slices"

	"candour/internal/vault"
	"candour/policy"
)

// formID is the form by which a browser says where it is reached: an id that the
// program gives a meaning to, for every operator.
const formID = "wake"

// systemActor is the id of the policy's actor that the program acts as.
const systemActor = "system"

// ErrUndeclared says that the policy declares nothing of the kind: of such an
// operator, no device is woken.
var ErrUndeclared = errors.New("push: the policy declares no way to wake a device")

// Roles are the parts of a policy that play a part in waking devices.
type Roles struct {
	Form       policy.Form
	Field      string // name of the field that holds a subscription
	Surface    string
	Purpose    string // on consent
	Category   string // of subscriptions
	Permission string // by which people are asked
	Recipient  string // whom the subscriptions are used with: the push services
}

// RolesOf finds them: the form wake, whose first field with a category is of the
// subscriptions; its purpose, which must rest on consent for them; the permission
// of its surface that is about them; and the recipient that gets them for the
// purpose. ErrUndeclared if one is missing.
func RolesOf(c *policy.Compiled) (Roles, error) {
	p := c.Policy()
	form, ok := p.FormByID(formID)
	if !ok || len(form.Surfaces) == 0 {
		return Roles{}, ErrUndeclared
	}
	r := Roles{Form: *form, Surface: form.Surfaces[0], Purpose: form.Purpose}
	for _, f := range form.Fields {
		if f.Category != "" {
			r.Field, r.Category = f.Name, f.Category
			break
		}
	}
	x, ok := p.PurposeByID(r.Purpose)
	if !ok || r.Category == "" || !slices.ContainsFunc(x.Uses, func(u policy.Use) bool {
		return u.Basis == policy.Consent && slices.Contains(u.Categories, r.Category)
	}) {
		return Roles{}, ErrUndeclared
	}
	for _, q := range p.Permissions {
		if slices.Contains(q.Surfaces, r.Surface) && slices.Contains(q.Categories, r.Category) {
			r.Permission = q.ID
		}
	}
	for _, x := range p.Recipients {
		if slices.Contains(x.Categories, r.Category) && r.Recipient == "" {
			r.Recipient = x.ID
		}
	}
	if r.Permission == "" || r.Recipient == "" || !slices.Contains(x.Recipients, r.Recipient) {
		return Roles{}, ErrUndeclared
	}
	return r, nil
}

// own is the access of people to what is theirs, by the software.
func (r Roles) own() vault.Access {
	return vault.Access{Actor: systemActor, Purpose: r.Purpose, Surface: r.Surface, Own: true}
}
