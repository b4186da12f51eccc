package rights

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/history"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/support"
	"candour/internal/vault"
	"candour/policy"
)

// Refusals. Each has plain words where it is shown.
var (
	// ErrToken says that a link is none of ours, or was changed on its way.
	ErrToken = errors.New("rights: not a link of ours")
	// ErrLapsed says that a link's hour is over, or what it was about is erased.
	ErrLapsed = errors.New("rights: the link has lapsed")
	// ErrNothing says that nothing is held that could be acted on.
	ErrNothing = errors.New("rights: nothing is held")
	// ErrActor says that the actor may not act for the purpose.
	ErrActor = errors.New("rights: the actor may not act for this purpose")
	// ErrNotFound says that there is no such record or receipt, or that it is
	// somebody else's.
	ErrNotFound = errors.New("rights: not found")
	// ErrFixed says that a record is none that a person can put right alone:
	// it was not given by them, is no text, or is what they are found by.
	ErrFixed = errors.New("rights: not a record to be put right here")
	// ErrNotObjectable says that the purpose rests on nothing that can be
	// objected to (UK GDPR Art 21(1)).
	ErrNotObjectable = errors.New("rights: the purpose cannot be objected to")
	// ErrNoConsent says that no consent to the purpose stands.
	ErrNoConsent = errors.New("rights: no consent stands")
	// ErrUndeclared says that the policy declares no form or right for it.
	ErrUndeclared = errors.New("rights: the policy does not declare this")
)

// Config is what the desk stands on. What is marked as optional may be nil.
type Config struct {
	Store   *store.Store
	Ring    *keys.Ring
	Log     *evidence.Log
	Vault   *vault.Vault
	Queue   *mail.Queue
	InForce func() *policy.Compiled
	Now     func() time.Time

	// Ticket opens a ticket in the caller's transaction, for complaints.
	Ticket func(context.Context, *store.Tx, support.Ticket) (support.Ticket, error)
	// TicketDone closes it, in the transaction in which its complaint is. Optional.
	TicketDone func(context.Context, *store.Tx, int64) error
	// Sources hand over what is kept about a person beyond the vault.
	Sources []Source
	// Forget drops it, in the transaction of an erasure and after what the
	// vault held is gone. It is called once for each subject of the person.
	Forget []func(context.Context, *store.Tx, keys.SubjectID) error
	// Choices keeps objections and withdrawals in the history of what people
	// decide, with what follows from them: the newsletter ends.
	Choices *people.Desk
	// HasAccount reports whether a person has an account, and so uses their
	// rights there. Optional.
	HasAccount func(context.Context, *store.Tx, keys.SubjectID) (bool, error)
	// Portal is the address at which people with an account sign in.
	Portal string
	// History tells what happened with a person's data. Optional.
	History *history.Desk
}

// Desk does what people ask. It is safe for concurrent use.
type Desk struct {
	c        Config
	links    mail.Tokens
	receipts mail.Tokens
}

// New returns the desk and registers with the queue how its mails are written.
func New(c Config) *Desk {
	d := &Desk{c: c, links: mail.NewTokens(c.Ring, "rights link"), receipts: mail.NewTokens(c.Ring, "rights receipt")}
	c.Queue.Handle(mail.RightsLink, d.answer)
	c.Queue.Handle(mail.RightsErased, d.erasedMail)
	c.Queue.Handle(mail.ComplaintReceived, d.complaintMail)
	return d
}

// Way is how a request came.
type Way string

// The ways.
const (
	ByPortal  Way = "portal"  // signed in
	ByLink    Way = "link"    // by a link to an address, without an account
	ByDesk    Way = "desk"    // staff, for the person
	ByCommand Way = "command" // the operator's engineer
)

// Person is whoever a request is about, and who acts for them: one person may
// be several subjects, which an address or an account joins. It prints as a
// fixed word.
type Person struct {
	Subjects []keys.SubjectID // at least one; the first stands for all in the list of requests
	Access   vault.Access     // who acts, for which purpose, on which surface
	Way      Way

	// waiting are the subjects that hold nothing but an address that was typed
	// into the form and to which nobody has answered: they are copied and erased
	// with the person, but decisions are not made for them, or the link itself
	// would be stopped by a restriction.
	waiting []keys.SubjectID
	address string // that a link was sent to; empty otherwise
}

// Format writes a placeholder, whatever the verb.
func (Person) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(person)") }

// LogValue returns a placeholder.
func (Person) LogValue() slog.Value { return slog.StringValue("(person)") }

// all are all subjects of a person.
func (p *Person) all() []keys.SubjectID { return slices.Concat(p.Subjects, p.waiting) }

// may checks that the actor may act for the purpose, and that there is anybody
// to act for. A right is everybody's, whatever their role: whoever acts on their
// own data needs no purpose of an actor for it.
func (d *Desk) may(p Person) error {
	actor, ok := d.c.InForce().Policy().ActorByID(p.Access.Actor)
	if !ok || !p.Access.Own && !slices.Contains(actor.Purposes, p.Access.Purpose) {
		return ErrActor
	}
	if len(p.Subjects) == 0 {
		return ErrNothing
	}
	return nil
}

// gone turns the vault's answer that a person is not there into ours.
func gone(err error) error {
	if errors.Is(err, vault.ErrNotFound) {
		return ErrNothing
	}
	return err
}

// evidence appends an entry about an act of the person's.
func (d *Desk) evidence(ctx context.Context, tx *store.Tx, p Person, b evidence.Body) error {
	b.At, b.Actor, b.Surface, b.Policy = d.c.Now(), p.Access.Actor, p.Access.Surface, d.c.InForce().Policy().Version
	if b.Purpose == "" {
		b.Purpose = p.Access.Purpose
	}
	_, err := d.c.Log.Append(ctx, tx, b)
	return err
}
