package console

import (
	"slices"

	"candour/internal/identity"
	"candour/internal/support"
	"candour/internal/vault"
	"candour/policy"
)

// Forms of the policy that the program gives a meaning to here, and their
// fields.
const (
	findForm      = "find-person"
	contactForm   = "contact"
	complaintForm = "complaint"
	choiceForm    = "cookie-choice" // its purpose is that of proving choices

	referenceField = "reference"
	byReference    = "reference" // how somebody was looked for, in evidence
	purposeField   = "purpose"
)

// staff are the roles of the operator's own people.
var staff = []identity.Role{identity.Support, identity.Marketing, identity.Officer, identity.Engineer}

// need says whether a role's work needs a page, by the policy in force.
type need func(*policy.Compiled, identity.Role) bool

func (h *site) may(n need, me *identity.Session) bool {
	return n(h.InForce().Compiled, me.Account.Role)
}

// rolesFor are the roles that need a page under a version of the policy that
// applies now or later. The policy in force is asked again each time.
func (h *site) rolesFor(n need) (list []identity.Role) {
	now := h.Now()
	for _, r := range staff {
		for _, v := range h.Versions.List() {
			if (v == h.InForce() || v.From.After(now)) && n(v.Compiled, r) && !slices.Contains(list, r) {
				list = append(list, r)
			}
		}
	}
	return list
}

// acts reports whether a role acts for a purpose.
func acts(c *policy.Compiled, r identity.Role, purpose string) bool {
	actor, ok := c.Policy().ActorByID(r.Actor())
	return ok && slices.Contains(actor.Purposes, purpose)
}

// actsIn reports whether a role acts for the purpose of a form.
func actsIn(c *policy.Compiled, r identity.Role, form string) bool {
	f, ok := c.Policy().FormByID(form)
	return ok && acts(c, r, f.Purpose)
}

// offered are the purposes that a role may state to find a person: options of
// the form that are purposes of its actor.
func offered(c *policy.Compiled, r identity.Role) (list []policy.Option) {
	f, ok := c.Policy().FormByID(findForm)
	if !ok {
		return nil
	}
	field, ok := f.FieldNamed(purposeField)
	if !ok {
		return nil
	}
	for _, o := range field.Options {
		if _, declared := c.Purpose(o.Value); declared && acts(c, r, o.Value) {
			list = append(list, o)
		}
	}
	return list
}

func mayFind(c *policy.Compiled, r identity.Role) bool { return len(offered(c, r)) > 0 }

// deskOf is the desk whose enquiries a role works on; none for most.
func deskOf(c *policy.Compiled, r identity.Role) (support.QueueID, bool) {
	if !actsIn(c, r, contactForm) {
		return "", false
	}
	if r == identity.Officer {
		return support.QueueRights, true
	}
	return support.QueueSupport, true
}

// mayAppoint is for whoever may give a firm without an administrator one.
func mayAppoint(c *policy.Compiled, r identity.Role) bool { return identity.MayAppoint(c, r) }

func mayAnswer(c *policy.Compiled, r identity.Role) bool {
	_, ok := deskOf(c, r)
	return ok
}

// always is for what every member of staff needs: the promise they work by.
func always(*policy.Compiled, identity.Role) bool { return true }

// oversees is for who answers for the whole and who keeps it running. What
// they see there is about nobody.
func oversees(_ *policy.Compiled, r identity.Role) bool {
	return r == identity.Officer || r == identity.Engineer
}

// access is that of somebody at their desk: what they do with the data of
// others is their role's.
func access(me *identity.Session, purpose string) vault.Access {
	return vault.Access{Actor: me.Account.Role.Actor(), Purpose: purpose, Surface: me.Surface}
}
