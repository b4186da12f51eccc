package profile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"

	"candour/internal/consent/people"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
	"candour/policy"
)

// Ids of the declared forms.
const (
	Details = "profile"   // what the account needs and what helps it
	AboutMe = "about-you" // what rests on consent
)

// ErrNotFound says that the policy declares no such form or field on this
// surface, or that nothing is held in it.
var ErrNotFound = errors.New("profile: no such field, or nothing in it")

// Config is what the desk stands on.
type Config struct {
	Store   *store.Store
	Vault   *vault.Vault
	People  *people.Desk
	InForce func() *policy.Compiled
}

// Desk keeps profiles. It is safe for concurrent use.
type Desk struct{ c Config }

// New returns a desk.
func New(c Config) *Desk { return &Desk{c} }

// Who is a signed-in person, where they are. It may hold an address, and
// prints as a placeholder.
type Who struct {
	Subject keys.SubjectID
	Actor   string // declared actor they are signed in as
	Surface string
	Email   string // an address that is proven to be theirs; empty if there is none
}

// Format writes a placeholder, whatever the verb.
func (Who) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(a person)") }

// LogValue returns a placeholder.
func (Who) LogValue() slog.Value { return slog.StringValue("(a person)") }

func (w Who) access(purpose string) vault.Access {
	return vault.Access{Actor: w.Actor, Purpose: purpose, Surface: w.Surface, Own: true}
}

// form returns one of the two forms if the policy declares it on the surface.
func (d *Desk) form(surface, id string) (*policy.Form, *policy.Purpose, error) {
	p := d.c.InForce().Policy()
	f, ok := p.FormByID(id)
	if !ok || id != Details && id != AboutMe || !slices.Contains(f.Surfaces, surface) {
		return nil, nil, ErrNotFound
	}
	q, ok := p.PurposeByID(f.Purpose)
	if !ok {
		return nil, nil, ErrNotFound
	}
	return f, q, nil
}

// Values returns what is held in the fields of a form, as the form would be
// filled in.
func (d *Desk) Values(ctx context.Context, tx *store.Tx, w Who, form string) (url.Values, error) {
	f, _, err := d.form(w.Surface, form)
	if err != nil {
		return nil, err
	}
	held, err := d.held(ctx, tx, w.Subject, f)
	if err != nil {
		return nil, err
	}
	values := url.Values{}
	for _, field := range f.Fields {
		if list := held[field.Category]; len(list) > 0 {
			values.Set(field.Name, string(list[len(list)-1].Value()))
		}
	}
	return values, nil
}

// held returns the records in the fields of a form, by category, the newest
// last. One that was collected for something else is not in the form.
func (d *Desk) held(ctx context.Context, tx *store.Tx, s keys.SubjectID, f *policy.Form) (map[string][]vault.Record, error) {
	var categories []string
	for _, field := range f.Fields {
		if field.Category != "" {
			categories = append(categories, field.Category)
		}
	}
	list, err := d.c.Vault.Own(ctx, tx, s, categories...)
	if err != nil {
		return nil, err
	}
	held := map[string][]vault.Record{}
	for _, r := range list {
		if slices.Contains(r.Purposes, f.Purpose) {
			held[r.Category] = append(held[r.Category], r)
		}
	}
	return held, nil
}

// Submission is one of the forms as it was sent. It holds personal data, and
// prints as a placeholder.
type Submission struct {
	Who
	Form   string
	Values url.Values
	Shown  [32]byte // hash of the words about the form's purpose, where it rests on consent
}

// Save takes a form: what is new is written, what changed is put right, what
// was emptied is taken away. The error is intake.FieldErrors if the form
// cannot be taken, ErrNotFound, or one of people's where consent cannot be
// given with it.
func (d *Desk) Save(ctx context.Context, s Submission) error {
	f, q, err := d.form(s.Surface, s.Form)
	if err != nil {
		return err
	}
	answers, err := intake.Read(d.c.InForce().Policy(), *f, s.Values)
	if err != nil {
		return err
	}
	return d.c.Store.Update(ctx, func(tx *store.Tx) error {
		if len(answers) > 0 && people.KindOf(q) == people.ByConsent {
			err := d.c.People.DecideIn(ctx, tx, people.Decision{
				Subject: s.Subject, Actor: s.Actor, Surface: s.Surface, Purpose: q.ID, Yes: true, Shown: s.Shown, Way: people.WithData, Email: s.Email,
			})
			if err != nil {
				return err
			}
		}
		if err := d.write(ctx, tx, s.Who, f, answers); err != nil {
			return err
		}
		return d.refresh(ctx, tx, s.Who)
	})
}

// write brings the records of a form to its answers. A field may be held more
// than once, where two people were found to be one: all of it is put right, so
// that no old word stays behind the new one.
func (d *Desk) write(ctx context.Context, tx *store.Tx, w Who, f *policy.Form, answers intake.Answers) error {
	// Claimed first: a form that is sent twice at once is not kept twice.
	if err := d.c.Vault.Claim(ctx, tx, w.Subject); err != nil {
		return err
	}
	held, err := d.held(ctx, tx, w.Subject, f)
	if err != nil {
		return err
	}
	var fresh []vault.Item
	for _, field := range f.Fields {
		if field.Category == "" {
			continue
		}
		list, value := held[field.Category], answers.Value(field.Name)
		switch {
		case len(list) == 0 && value != "":
			fresh = append(fresh, vault.Item{Category: field.Category, Parts: []vault.Part{{Owner: w.Subject, Value: []byte(value)}}})
		case len(list) == 0:
		case value == "":
			err = d.remove(ctx, tx, w, f, list)
		default:
			err = d.rectify(ctx, tx, w, f, list, value)
		}
		if err != nil {
			return err
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	_, err = d.c.Vault.Put(ctx, tx, w.access(f.Purpose), fresh...)
	return err
}

func (d *Desk) rectify(ctx context.Context, tx *store.Tx, w Who, f *policy.Form, list []vault.Record, value string) error {
	for _, r := range list {
		if string(r.Value()) == value {
			continue
		}
		if err := d.c.Vault.Rectify(ctx, tx, w.access(f.Purpose), r.ID, []byte(value)); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) remove(ctx context.Context, tx *store.Tx, w Who, f *policy.Form, list []vault.Record) error {
	for _, r := range list {
		if err := d.c.Vault.Remove(ctx, tx, w.access(f.Purpose), r.ID); err != nil {
			return err
		}
	}
	return nil
}

// Removed says what a removal leaves.
type Removed struct {
	Field   policy.Field
	Consent bool   // the form rests on a consent that still stands
	Last    bool   // nothing is left in the form
	Purpose string // of the form
}

// Remove takes away what is held in one field. ErrNotFound if there is nothing
// or no such field; vault.ErrMandatory if it cannot be left empty.
func (d *Desk) Remove(ctx context.Context, w Who, form, field string) (Removed, error) {
	f, q, err := d.form(w.Surface, form)
	if err != nil {
		return Removed{}, err
	}
	x, ok := f.FieldNamed(field)
	if !ok || x.Category == "" {
		return Removed{}, ErrNotFound
	}
	out := Removed{Field: *x, Purpose: q.ID}
	err = d.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := d.c.Vault.Claim(ctx, tx, w.Subject); err != nil {
			return err
		}
		held, err := d.held(ctx, tx, w.Subject, f)
		if err != nil {
			return err
		}
		if len(held[x.Category]) == 0 {
			return ErrNotFound
		}
		if !x.Optional {
			return vault.ErrMandatory
		}
		if err := d.remove(ctx, tx, w, f, held[x.Category]); err != nil {
			return err
		}
		out.Last = len(held) == 1
		if out.Consent, err = d.consents(ctx, tx, w.Subject, q); err != nil {
			return err
		}
		return d.refresh(ctx, tx, w)
	})
	return out, err
}

// consents reports whether a purpose rests on a consent that stands.
func (d *Desk) consents(ctx context.Context, tx *store.Tx, s keys.SubjectID, q *policy.Purpose) (bool, error) {
	if people.KindOf(q) != people.ByConsent {
		return false, nil
	}
	st, err := d.c.Vault.Standing(ctx, tx, s)
	if err != nil {
		return false, err
	}
	i, ok := d.c.InForce().Purpose(q.ID)
	return ok && st.Consents.Has(i), nil
}
