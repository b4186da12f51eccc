package telecom

import (
	"errors"
	"slices"

	"candour/internal/vault"
	"candour/policy"
)

// formID is the form in which a number is dialled: an id that the program gives
// a meaning to, for every operator.
const formID = "dial"

// Roles are the parts of a policy that play a part in calls.
type Roles struct {
	Form    policy.Form
	Field   string // name of the field in which a number is dialled
	Surface string // on which calls are made
	Purpose string // for which calls are connected and kept
	Traffic string // category of who called whom and when
	Number  string // category of the numbers that lines have
}

// RolesOf finds them: the form dial, whose field for the number is of a
// category of the kind traffic; its purpose; and the category of telephone
// numbers that this program gives out (derived, not given) and that the purpose
// uses. The error says what the policy lacks, and is the refusal Undeclared.
func RolesOf(c *policy.Compiled) (Roles, error) {
	p := c.Policy()
	form, ok := p.FormByID(formID)
	if !ok || len(form.Surfaces) == 0 {
		return Roles{}, lacks("the form " + formID)
	}
	r := Roles{Form: *form, Surface: form.Surfaces[0], Purpose: form.Purpose}
	for _, f := range form.Fields {
		if k, ok := p.CategoryByID(f.Category); ok && k.Kind == "traffic" {
			r.Field, r.Traffic = f.Name, k.ID
			break
		}
	}
	if r.Traffic == "" {
		return Roles{}, lacks("a field of traffic data in the form " + formID)
	}
	purpose, _ := c.Purpose(r.Purpose)
	for _, k := range p.Categories {
		i, _ := c.Category(k.ID)
		_, used := c.UseOf(i, purpose)
		if used && k.Format == "telephone" && k.Source == "derived" && slices.Contains(k.Surfaces, r.Surface) {
			r.Number = k.ID
			return r, nil
		}
	}
	return Roles{}, lacks("a derived category of telephone numbers that the purpose of the form " + formID + " uses")
}

func lacks(what string) error {
	return errors.Join(refuse(Undeclared), errors.New("telecom: the policy lacks "+what))
}

// deviceFormID is the form in which a phone is named: an id that the program
// gives a meaning to, for every operator.
const deviceFormID = "device"

// DeviceRoles are the parts of a policy that play a part in people's own phones.
type DeviceRoles struct {
	Form    policy.Form
	Field   string // name of the field in which a phone is named
	Purpose string // for which the phones are kept
	Name    string // category of their names
	Secret  string // category of what they sign in with
}

// DeviceRolesOf finds them: the form device, whose field for the name is the
// first with a category; its purpose; and the category of tokens that this
// program gives out (derived, not given), that the purpose uses and that the
// form's surfaces collect. The error says what the policy lacks, and is the
// refusal Undeclared: of such an operator, nobody registers a phone.
func DeviceRolesOf(c *policy.Compiled) (DeviceRoles, error) {
	p := c.Policy()
	form, ok := p.FormByID(deviceFormID)
	if !ok || len(form.Surfaces) == 0 {
		return DeviceRoles{}, lacks("the form " + deviceFormID)
	}
	r := DeviceRoles{Form: *form, Purpose: form.Purpose}
	for _, f := range form.Fields {
		if f.Category != "" {
			r.Field, r.Name = f.Name, f.Category
			break
		}
	}
	if r.Name == "" {
		return DeviceRoles{}, lacks("a field for the name in the form " + deviceFormID)
	}
	purpose, _ := c.Purpose(r.Purpose)
	for _, k := range p.Categories {
		i, _ := c.Category(k.ID)
		_, used := c.UseOf(i, purpose)
		here := !slices.ContainsFunc(form.Surfaces, func(s string) bool { return !slices.Contains(k.Surfaces, s) })
		if used && here && k.Format == "token" && k.Source == "derived" {
			r.Secret = k.ID
			return r, nil
		}
	}
	return DeviceRoles{}, lacks("a derived category of tokens that the purpose of the form " + deviceFormID + " uses on its surfaces")
}

// own is the access of people to their phones, by the software.
func (r DeviceRoles) own() vault.Access {
	return vault.Access{Actor: systemActor, Purpose: r.Purpose, Surface: r.Form.Surfaces[0], Own: true}
}

// own is the access of people to what is theirs, by an actor.
func (r Roles) own(actor string) vault.Access {
	return vault.Access{Actor: actor, Purpose: r.Purpose, Surface: r.Surface, Own: true}
}

// verdict is the decision of the call door: whether the caller's actor may act
// for the purpose, the caller may use what is needed, and the surface may
// collect it of both sides. A restriction does not cut a person's own line off
// (UK GDPR Art 18(2)).
func (r Roles) verdict(c *policy.Compiled, actor string, caller, callee policy.Standing) policy.Verdict {
	declared, ok := c.Policy().ActorByID(actor)
	if !ok || !slices.Contains(declared.Purposes, r.Purpose) {
		return policy.WrongActor
	}
	k, kok := c.Category(r.Traffic)
	p, pok := c.Purpose(r.Purpose)
	s, sok := c.Surface(r.Surface)
	if !kok || !pok || !sok {
		return policy.Undeclared
	}
	if v := c.UseOwn(k, p, caller); v != policy.Allowed {
		return v
	}
	if v := c.Collect(s, k, p, caller); v != policy.Allowed {
		return v
	}
	return c.Collect(s, k, p, callee)
}
