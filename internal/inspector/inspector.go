package inspector

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"candour/internal/consent/people"
	"candour/internal/demo"
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/profile"
	"candour/internal/store"
	"candour/internal/support"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/policy"
)

// Config is what the inspector stands on. All fields are needed.
type Config struct {
	Store    *store.Store
	Vault    *vault.Vault
	InForce  func() *policy.Compiled
	Accounts *identity.Accounts
	Profiles *profile.Desk
	Support  *support.Desk
	Phones   *telecom.Desk
	Now      func() time.Time
	// Forget acts in the transaction in which a person is erased, for what is
	// kept of them beyond the vault.
	Forget []func(context.Context, *store.Tx, keys.SubjectID) error
}

// Desk opens and erases made-up people. It is safe for concurrent use; there
// is one person of each role.
type Desk struct{ c Config }

// New returns the desk.
func New(c Config) *Desk { return &Desk{c} }

// Person is somebody made up who is signed in. It prints as a placeholder.
type Person struct {
	Held   []Held // that of the surface they sign in on first comes first
	Ticket string // reference of their own enquiry; empty for none
}

// Held is what a browser holds to be signed in on a surface.
type Held struct{ Surface, Cookie, Token string }

// Format writes a placeholder, whatever the verb.
func (Person) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(a person)") }

// LogValue returns a placeholder.
func (Person) LogValue() slog.Value { return slog.StringValue("(a person)") }

// Format writes a placeholder, whatever the verb.
func (Held) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(a sign-in)") }

// LogValue returns a placeholder.
func (Held) LogValue() slog.Value { return slog.StringValue("(a sign-in)") }

// Address is the address of the made-up person of a role.
func Address(role identity.Role) string { return "audit-" + string(role) + "@example.invalid" }

// Roles returns the roles that a policy lets sign in.
func Roles(p *policy.Policy) []identity.Role {
	return slices.DeleteFunc(identity.Roles(), func(r identity.Role) bool { return len(surfaces(p, r)) == 0 })
}

// surfaces are those that a role signs in on, and the names of the cookies
// there.
func surfaces(p *policy.Policy, role identity.Role) (list []Held) {
	actor, ok := p.ActorByID(role.Actor())
	if _, form := p.FormByID("sign-in"); !ok || !form {
		return nil
	}
	for _, id := range actor.SignsIn {
		if k, ok := p.CookieByRole("signin", id); ok {
			list = append(list, Held{Surface: id, Cookie: k.Name})
		}
	}
	return list
}

// Begin makes the person of a role and signs them in wherever the role may. If
// there is one already, left by an audit that was killed, they are erased
// first. identity.ErrRole if the policy lets the role sign in nowhere. Nobody
// is left behind after an error.
func (d *Desk) Begin(ctx context.Context, role identity.Role) (p Person, err error) {
	pol := d.c.InForce().Policy()
	if p.Held = surfaces(pol, role); len(p.Held) == 0 {
		return Person{}, identity.ErrRole
	}
	if _, err := d.Erase(ctx, role); err != nil {
		return Person{}, err
	}
	defer func() {
		if err != nil {
			_, gone := d.Erase(context.WithoutCancel(ctx), role)
			p, err = Person{}, fmt.Errorf("inspector: %w", errors.Join(err, gone))
		}
	}()
	if p.Ticket, err = d.enquire(ctx, pol, role); err != nil {
		return p, err
	}
	return p, d.open(ctx, pol, role, &p)
}

// name is what the made-up people are called.
const name = "Audit of the site"

// enquire has somebody with a desk in the console write to that desk.
func (d *Desk) enquire(ctx context.Context, pol *policy.Policy, role identity.Role) (string, error) {
	form, ok := pol.FormByID("contact")
	actor, declared := pol.ActorByID(role.Actor())
	if !ok || !declared || role != identity.Support && role != identity.Officer || !slices.Contains(actor.Purposes, form.Purpose) {
		return "", nil
	}
	about, chosen := form.FieldNamed("about")
	forRights := func(o policy.Option) bool { return o.Value == "data" }
	if role == identity.Officer && (!chosen || !slices.ContainsFunc(about.Options, forRights)) {
		return "", nil // nothing that is chosen leads to their desk
	}
	values := demo.Answers(pol, form, 0, name, Address(role))
	if chosen {
		for _, o := range about.Options {
			if forRights(o) == (role == identity.Officer) {
				values.Set(about.Name, o.Value)
			}
		}
	}
	if _, ok := form.FieldNamed("message"); ok {
		values.Set("message", "This was written by an audit of the site, and is erased when the audit ends.")
	}
	r, err := d.c.Support.Enquire(ctx, support.Enquiry{Surface: form.Surfaces[0], Policy: pol.Version, Form: values})
	return r.Reference, err
}

// open opens the account, tells what its forms ask, and signs in elsewhere too.
func (d *Desk) open(ctx context.Context, pol *policy.Policy, role identity.Role, p *Person) error {
	password := rand.Text() // 130 bits
	link, _, err := d.c.Accounts.EmployAt(ctx, identity.Employment{Role: role, Email: Address(role), Proven: true})
	if err != nil {
		return err
	}
	_, token, _ := strings.Cut(link, "token=")
	opened, err := d.c.Accounts.Finish(ctx, token, password, identity.Device{})
	if err != nil {
		return err
	}
	session := opened.Session
	p.Held[0].Token = opened.Token
	var recovery []string
	if session.Level == identity.Enrol {
		if recovery, err = d.enrol(ctx, session); err != nil {
			return err
		}
	}
	if renewed, ok := session.Renewed(); ok {
		p.Held[0].Token = renewed
	}
	for i := range p.Held[1:] {
		h := &p.Held[1+i]
		token, other, err := d.c.Accounts.SignIn(ctx, identity.Attempt{Surface: h.Surface, Email: Address(role), Password: password})
		if err == nil && other.Level == identity.Half && len(recovery) > i {
			token, _, err = d.c.Accounts.Code(ctx, other, recovery[i], identity.Device{})
		}
		if err != nil {
			return err
		}
		h.Token = token
	}
	if err := d.line(ctx, session, p.Held); err != nil {
		return err
	}
	return d.tell(ctx, pol, session, Address(role))
}

// line gives whoever signs in where calls are made a telephone line, so that
// their phone is looked at as anybody's is. The extension is one that nobody
// has: six digits, by chance.
func (d *Desk) line(ctx context.Context, s *identity.Session, held []Held) error {
	roles, err := telecom.RolesOf(d.c.InForce())
	if err != nil || !slices.ContainsFunc(held, func(h Held) bool { return h.Surface == roles.Surface }) {
		return nil // no telephone is declared, or not for them
	}
	for range 8 {
		n, err := rand.Int(rand.Reader, big.NewInt(100_000))
		if err != nil {
			return err
		}
		err = d.c.Store.Update(ctx, func(tx *store.Tx) error {
			_, err := d.c.Phones.Give(ctx, tx, s.Account.ID, fmt.Sprintf("8%05d", n))
			return err
		})
		if !errors.Is(err, telecom.ErrTaken) {
			return err
		}
	}
	return telecom.ErrTaken
}

// enrol sets up a second factor, for those who may do nothing without.
func (d *Desk) enrol(ctx context.Context, s *identity.Session) ([]string, error) {
	secret, err := d.c.Accounts.NewSecret(ctx, s)
	if err != nil {
		return nil, err
	}
	code, err := totp.GenerateCode(strings.ReplaceAll(secret.Text(), " ", ""), d.c.Now())
	if err != nil {
		return nil, err
	}
	return d.c.Accounts.SetAuthenticator(ctx, s, code)
}

// tell fills in the person's own pages, so that those show what they show of
// anybody.
func (d *Desk) tell(ctx context.Context, pol *policy.Policy, s *identity.Session, email string) error {
	who := profile.Who{Subject: s.Account.Subject, Actor: s.Account.Role.Actor(), Surface: s.Surface, Email: email}
	for _, id := range []string{profile.Details, profile.AboutMe} {
		form, ok := pol.FormByID(id)
		if !ok || !slices.Contains(form.Surfaces, s.Surface) {
			continue
		}
		told := profile.Submission{Who: who, Form: id, Values: demo.Answers(pol, form, 0, name, email)}
		if q, ok := pol.PurposeByID(form.Purpose); ok {
			told.Shown = people.Statement(pol, q).Hash()
		}
		if err := d.c.Profiles.Save(ctx, told); err != nil {
			return err
		}
	}
	return nil
}

// Erase erases the person of a role, with all that is kept of them, and reports
// whether there was one. The stages after the first are owed to the keeper of
// retention, as with anybody.
func (d *Desk) Erase(ctx context.Context, role identity.Role) (there bool, err error) {
	err = d.c.Store.Update(ctx, func(tx *store.Tx) error {
		there = false
		subjects, err := d.find(ctx, tx, Address(role))
		if err != nil || len(subjects) == 0 {
			return err
		}
		there = true
		for _, s := range subjects[1:] {
			if err := d.c.Vault.Alias(ctx, tx, s, subjects[0]); err != nil {
				return err
			}
		}
		members, err := d.c.Vault.Members(ctx, tx, subjects[0])
		if err != nil {
			return err
		}
		if _, err := d.c.Vault.EraseIn(ctx, tx, subjects[0]); err != nil {
			return err
		}
		for _, s := range members {
			for _, forget := range d.c.Forget {
				if err := forget(ctx, tx, s); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("inspector: erasing a made-up person: %w", err)
	}
	return there, nil
}

// EraseAll erases whoever is left of audits that were killed. It belongs at the
// start, before an audit can begin.
func (d *Desk) EraseAll(ctx context.Context) (n int, err error) {
	for _, role := range identity.Roles() {
		there, err := d.Erase(ctx, role)
		if err != nil {
			return n, err
		}
		if there {
			n++
		}
	}
	return n, nil
}

// find returns who has an address, in every category that can be looked up, for
// a purpose that the program itself may act for.
func (d *Desk) find(ctx context.Context, tx *store.Tx, address string) (found []keys.SubjectID, err error) {
	c := d.c.InForce()
	system, ok := c.Policy().ActorByID("system")
	if !ok {
		return nil, nil
	}
	for _, k := range c.Policy().Categories {
		i, ok := c.Category(k.ID)
		if !ok || k.Format != "email" || !k.Lookup {
			continue
		}
		purpose := slices.IndexFunc(system.Purposes, func(id string) bool {
			q, ok := c.Purpose(id)
			_, used := c.UseOf(i, q)
			return ok && used
		})
		if purpose < 0 {
			continue // the program has never written one
		}
		list, err := d.c.Vault.Find(ctx, tx, vault.Access{Actor: system.ID, Purpose: system.Purposes[purpose]}, k.ID, address)
		if err != nil {
			return nil, err
		}
		for _, s := range list {
			if !slices.Contains(found, s) {
				found = append(found, s)
			}
		}
	}
	return found, nil
}
