package identity

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"candour/policy"
)

// Ids of the policy that the program gives a meaning to, for every operator.
const (
	signUpForm  = "sign-up"
	signInForm  = "sign-in"
	systemActor = "system"
)

// Names of fields that the program gives a meaning to: HTML's own words for
// them (section 4.10.18.7), where it has one.
const (
	passwordField = "current-password"
	staffKind     = "staff"
	partnerKind   = "partner"
)

// Role is what an account is for. Each stands for an actor of the policy.
type Role string

// The roles.
const (
	CustomerAdministrator Role = "customer-administrator" // may invite and remove the users of their firm
	CustomerUser          Role = "customer-user"
	Partner               Role = "partner"
	Support               Role = "support"
	Marketing             Role = "marketing"
	Officer               Role = "dpo" // data protection officer
	Engineer              Role = "engineer"
)

// Roles returns all roles.
func Roles() []Role {
	return []Role{CustomerAdministrator, CustomerUser, Partner, Support, Marketing, Officer, Engineer}
}

// ParseRole reads a role. The error names those there are.
func ParseRole(s string) (Role, error) {
	if slices.Contains(Roles(), Role(s)) {
		return Role(s), nil
	}
	return "", fmt.Errorf("there is no role %q; the roles are %v", s, Roles())
}

// Actor is the policy's actor that the role acts as.
func (r Role) Actor() string {
	switch r {
	case CustomerAdministrator, CustomerUser:
		return "customer"
	}
	return string(r)
}

// declared is what the policy in force says about signing in.
type declared struct {
	p        *policy.Policy
	compiled *policy.Compiled
	purpose  string // for which addresses and credentials are used
	account  string // for which what is known of the account's person is used; the same if no other is declared
	email    string // category
	secret   string // category of credentials
}

// ErrClosed says that the policy declares no accounts: no form sign-in.
var ErrClosed = errors.New("identity: the policy declares no sign-in")

// declared finds the parts: the form sign-in, with one field for an e-mail
// address and one for the password.
func (a *Accounts) declared() (declared, error) { return declaredIn(a.c.InForce()) }

func declaredIn(c *policy.Compiled) (declared, error) {
	d := declared{p: c.Policy(), compiled: c}
	f, ok := d.p.FormByID(signInForm)
	if !ok {
		return d, ErrClosed
	}
	d.purpose, d.account = f.Purpose, f.Purpose
	for _, x := range f.Fields {
		if k, ok := d.p.CategoryByID(x.Category); ok && k.Format == "email" {
			d.email = k.ID
		} else if ok && x.Name == passwordField {
			d.secret = k.ID
		}
	}
	if d.email == "" || d.secret == "" {
		return d, errors.New("identity: the form sign-in needs a field for an e-mail address and one named current-password")
	}
	if f, ok := d.p.FormByID("profile"); ok {
		d.account = f.Purpose
	}
	return d, nil
}

// uses reports whether the policy declares a category for a purpose.
func (d declared) uses(category, purpose string) bool {
	k, kok := d.compiled.Category(category)
	p, pok := d.compiled.Purpose(purpose)
	if !kok || !pok {
		return false
	}
	_, ok := d.compiled.UseOf(k, p)
	return ok
}

// purposes returns those of the account's two purposes that use a category.
func (d declared) purposes(category string) (list []string) {
	for _, p := range []string{d.purpose, d.account} {
		if d.uses(category, p) && !slices.Contains(list, p) {
			list = append(list, p)
		}
	}
	return list
}

// opens reports whether a role signs in on a surface.
func (d declared) opens(r Role, surface string) bool {
	actor, ok := d.p.ActorByID(r.Actor())
	if !ok || !slices.Contains(actor.SignsIn, surface) {
		return false
	}
	_, cookie := d.p.CookieByRole("signin", surface)
	return cookie
}

// home is the surface that a role signs in on first.
func (d declared) home(r Role) (*policy.Surface, bool) {
	actor, ok := d.p.ActorByID(r.Actor())
	if !ok || len(actor.SignsIn) == 0 {
		return nil, false
	}
	return d.p.SurfaceByID(actor.SignsIn[0])
}

// staff reports whether a role is the operator's own, who need a second factor.
func (d declared) staff(r Role) bool {
	actor, ok := d.p.ActorByID(r.Actor())
	return ok && actor.Kind == staffKind
}

// Times of a session whose cookie ends with the browser (NIST SP 800-63B
// section 2.2.3; ASVS 5.0 7.3).
const (
	idleTime      = 30 * time.Minute
	longestTime   = 12 * time.Hour
	idleOfStaff   = 15 * time.Minute
	longestStaff  = 10 * time.Hour
	proofLasts    = 10 * time.Minute // of a step-up
	halfLasts     = 10 * time.Minute // between password and code
	triesPerHalf  = 5
	seenPrecision = time.Minute // how exactly it is known when a session was last used
)

// times returns how long a session of a role on a surface lasts unused and at
// the most: as its cookie is declared, or as above.
func (d declared) times(r Role, surface string, now time.Time) (idle, longest time.Duration) {
	if k, ok := d.p.CookieByRole("signin", surface); ok && !k.Lifetime.IsZero() {
		lasts := k.Lifetime.From(now).Sub(now)
		return lasts, lasts
	}
	if d.staff(r) {
		return idleOfStaff, longestStaff
	}
	return idleTime, longestTime
}
