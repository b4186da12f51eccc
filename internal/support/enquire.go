package support

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
	"candour/policy"
)

// Ids of the policy that the program gives a meaning to, for every operator.
const (
	formID       = "contact"
	messageField = "message"
	aboutField   = "about"
	aboutData    = "data" // the choice that goes to the rights desk
	personActor  = "contact"
	systemActor  = "system"
	closedEvent  = "enquiry.closed" // retention of an enquiry counts from it
)

// RightComplaint is the id of the right to complain, whose acknowledgement has
// a term of its own (DPA 2018 s164A).
const RightComplaint = "complaint"

// Config is what the desk stands on.
type Config struct {
	Store   *store.Store
	Log     *evidence.Log
	Vault   *vault.Vault
	Queue   *mail.Queue
	InForce func() *policy.Compiled
	Now     func() time.Time
}

// Desk takes enquiries and keeps tickets. It is safe for concurrent use.
type Desk struct{ c Config }

// New returns the desk and registers with the queue how an acknowledgement is
// written.
func New(c Config) *Desk {
	d := &Desk{c}
	c.Queue.Handle(mail.EnquiryReceived, d.acknowledge)
	return d
}

// Enquiry is a submitted contact form. It holds personal data and prints as a
// placeholder.
type Enquiry struct {
	Form    url.Values
	Surface string // where it was submitted; empty: where the policy says the form is
	Policy  int    // version of the policy that was shown
}

// Format writes a placeholder, whatever the verb.
func (Enquiry) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(enquiry)") }

// LogValue returns a placeholder.
func (Enquiry) LogValue() slog.Value { return slog.StringValue("(enquiry)") }

// Receipt is what whoever enquired is told.
type Receipt struct {
	Reference string // to quote
	Right     string // the data-subject right the words suggest; empty for none
	Rights    bool   // the rights desk has it, for its words or for the choice
}

// Enquire takes an enquiry: records, ticket, evidence and the owed
// acknowledgement, in one transaction. The error is intake.FieldErrors if the
// form cannot be taken.
func (d *Desk) Enquire(ctx context.Context, e Enquiry) (Receipt, error) {
	c := d.c.InForce()
	form, ok := c.Policy().FormByID(formID)
	if !ok {
		return Receipt{}, errors.New("support: the policy declares no form contact")
	}
	answers, err := intake.Read(c.Policy(), *form, e.Form)
	if err != nil {
		return Receipt{}, err
	}
	email, ok := emailOf(c.Policy(), answers)
	if !ok {
		return Receipt{}, errors.New("support: the form contact has no field for an e-mail address that must be filled in")
	}
	if e.Surface == "" {
		e.Surface = form.Surfaces[0]
	}
	t := Ticket{Queue: QueueSupport, About: answers.Value(aboutField), Surface: e.Surface, Policy: e.Policy}
	t.Suggests, _ = SuggestsRight(answers.Value(messageField))
	if t.Suggests != "" || t.About == aboutData {
		t.Queue = QueueRights
	}
	err = d.c.Store.Update(ctx, func(tx *store.Tx) error {
		t.ID, t.Opened = d.c.Store.NewID(), d.c.Now()
		a := vault.Access{Actor: personActor, Purpose: form.Purpose, Surface: e.Surface}
		address, err := d.keep(ctx, tx, a, &t, answers, email)
		if err != nil {
			return err
		}
		if err := d.open(ctx, tx, &t); err != nil {
			return err
		}
		_, err = d.c.Log.Append(ctx, tx, evidence.Body{
			Kind: evidence.EnquiryMade, At: t.Opened, Actor: personActor, Surface: e.Surface, Purpose: form.Purpose,
			Policy: e.Policy, Subject: t.Subject, Ref: t.ID, Code: string(t.Queue),
		})
		if err != nil {
			return err
		}
		_, err = d.c.Queue.Add(ctx, tx, mail.Item{Kind: mail.EnquiryReceived, Purpose: form.Purpose, Subject: t.Subject, Address: address, Ref: t.ID})
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{Reference: t.Reference, Right: t.Suggests, Rights: t.Queue == QueueRights}, nil
}

// emailOf returns which of the answers is the e-mail address.
func emailOf(p *policy.Policy, answers intake.Answers) (int, bool) {
	for i, x := range answers {
		if k, ok := p.CategoryByID(x.Category); ok && k.Format == "email" {
			return i, true
		}
	}
	return 0, false
}

// keep writes the answers as records of the person with this e-mail address,
// and returns the record that holds it. Whoever knows an address can write in
// its owner's name, so nothing that is held is shown for it: to see what is
// held takes more than a form.
func (d *Desk) keep(ctx context.Context, tx *store.Tx, a vault.Access, t *Ticket, answers intake.Answers, email int) (vault.RecordID, error) {
	known, err := d.c.Vault.Find(ctx, tx, vault.Access{Actor: systemActor, Purpose: a.Purpose, Surface: a.Surface}, answers[email].Category, answers[email].Value)
	if err != nil {
		return 0, err
	}
	for _, s := range known {
		stopped, err := d.unanswerable(ctx, tx, a.Purpose, answers[email].Category, s)
		if err != nil {
			return 0, err
		}
		if stopped {
			continue
		}
		id, err := d.put(ctx, tx, a, s, t.ID, answers, email)
		if err == nil {
			t.Subject = s
			return id, nil
		}
		// Somebody of whom only what law obliges to keep is left, or who
		// objected to or restricted what was held before, has written anew and
		// expects an answer: that is a new beginning, apart from the old.
		if !errors.Is(err, vault.ErrNotFound) && !errors.Is(err, vault.ErrObjected) {
			return 0, err
		}
	}
	if t.Subject, err = d.c.Vault.NewSubject(ctx, tx); err != nil {
		return 0, err
	}
	return d.put(ctx, tx, a, t.Subject, t.ID, answers, email)
}

// unanswerable reports whether an answer could not use the address of a person,
// because they have what is held of them stored and nothing else (UK GDPR Art
// 18), or shut out whoever answers (R29). What they send of their own accord
// afterwards, to be answered, is not what they restricted; the vault would store
// it, but then neither the acknowledgement nor whoever answers could use it, and
// the old stays as it is.
func (d *Desk) unanswerable(ctx context.Context, tx *store.Tx, purpose, category string, s keys.SubjectID) (bool, error) {
	standing, err := d.c.Vault.Standing(ctx, tx, s)
	if errors.Is(err, vault.ErrNotFound) {
		return false, nil // put meets the same and begins anew
	}
	if err != nil {
		return false, err
	}
	c := d.c.InForce()
	who, _ := c.Actor(systemActor)
	k, _ := c.Category(category)
	p, _ := c.Purpose(purpose)
	if c.Use(who, k, p, standing) == policy.Restricted {
		return true, nil
	}
	for i := range c.Policy().Actors {
		if who, ok := c.Actor(c.Policy().Actors[i].ID); ok && c.Use(who, k, p, standing) == policy.ShutOut {
			return true, nil
		}
	}
	return false, nil
}

func (d *Desk) put(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, matter int64, answers intake.Answers, email int) (vault.RecordID, error) {
	var items []vault.Item
	at := 0
	for i, x := range answers {
		if x.Category == "" {
			continue
		}
		if i == email {
			at = len(items)
		}
		items = append(items, vault.Item{Category: x.Category, Parts: []vault.Part{{Owner: s, Value: []byte(x.Value)}}, Matter: matter})
	}
	ids, err := d.c.Vault.Put(ctx, tx, a, items...)
	if err != nil {
		return 0, err
	}
	return ids[at], nil
}

// acknowledge finds the words of an acknowledgement.
func (d *Desk) acknowledge(ctx context.Context, tx *store.Tx, it mail.Item) (mail.Content, error) {
	t, err := d.ticket(ctx, tx, it.Ref)
	if errors.Is(err, ErrNotFound) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	return mail.Acknowledgement{Reference: t.Reference, About: d.label(t.About), Rights: t.Queue == QueueRights, Complaint: t.Suggests == RightComplaint}, nil
}

// label returns the words of a chosen option, empty if the policy has it no
// longer.
func (d *Desk) label(option string) string {
	form, ok := d.c.InForce().Policy().FormByID(formID)
	if !ok {
		return ""
	}
	field, ok := form.FieldNamed(aboutField)
	if !ok {
		return ""
	}
	for _, o := range field.Options {
		if o.Value == option {
			return o.Label
		}
	}
	return ""
}
