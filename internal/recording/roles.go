package recording

import (
	"errors"
	"slices"

	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/policy"
)

// Purposes that the program gives a meaning to, for every operator.
const (
	// PurposeID is for what whoever records keeps: on their consent.
	PurposeID = "call-recording"
	// OtherID is for what the other side says in it: for the interest of whoever
	// records, unless the other side objects (UK GDPR Art 6(1)(f), Art 21).
	OtherID = "call-recorded"
)

// systemActor is the id of the policy's actor that the program acts as.
const systemActor = "system"

// ErrUndeclared says that the policy declares no recording of calls.
var ErrUndeclared = errors.New("recording: the policy declares none")

// Roles are the parts of a policy that play a part in recording calls.
type Roles struct {
	Surface string // of the phone
	Voice   string // category of what whoever records says, and somebody outside
	Other   string // category of what the other side says
}

// RolesOf finds them: the two purposes, each with a category that the surface of
// the phone may collect, the first on consent, the second on a legitimate interest.
// ErrUndeclared if the policy lacks one.
func RolesOf(c *policy.Compiled) (Roles, error) {
	calls, err := telecom.RolesOf(c)
	if err != nil {
		return Roles{}, errors.Join(ErrUndeclared, err)
	}
	r := Roles{Surface: calls.Surface}
	r.Voice = categoryOf(c.Policy(), PurposeID, policy.Consent, r.Surface)
	r.Other = categoryOf(c.Policy(), OtherID, policy.LegitimateInterest, r.Surface)
	if r.Voice == "" || r.Other == "" {
		return Roles{}, ErrUndeclared
	}
	return r, nil
}

// categoryOf is the first that a purpose uses on a basis and a surface collects.
func categoryOf(p *policy.Policy, purpose string, basis policy.Basis, surface string) string {
	q, ok := p.PurposeByID(purpose)
	if !ok {
		return ""
	}
	for _, u := range q.Uses {
		for _, id := range u.Categories {
			k, ok := p.CategoryByID(id)
			if ok && u.Basis == basis && slices.Contains(k.Surfaces, surface) {
				return id
			}
		}
	}
	return ""
}

// may reports whether people in a role may record.
func may(c *policy.Compiled, actor string) bool {
	who, ok := c.Policy().ActorByID(actor)
	return ok && slices.Contains(who.Purposes, PurposeID)
}

// own is the access of people to what is theirs, by the software.
func (r Roles) own() vault.Access {
	return vault.Access{Actor: systemActor, Purpose: PurposeID, Surface: r.Surface, Own: true}
}

// others is the access of whoever recorded to the other side's voice. It is not
// that person's own use: their objection, or a restriction, decides.
func (r Roles) others() vault.Access {
	return vault.Access{Actor: systemActor, Purpose: OtherID, Surface: r.Surface}
}
