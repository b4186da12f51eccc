package rights

import (
	"context"
	"errors"
	"slices"
	"time"

	"candour/internal/consent/people"
	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/marketing"
	"candour/internal/store"
	"candour/internal/support"
)

// Fact is something that is kept about a person beyond the vault, in words for
// that person. It holds none of their data: what it is, when, and a code.
type Fact struct {
	Title string    `json:"title"`
	At    time.Time `json:"at"`
	Code  string    `json:"code,omitempty"`
}

// Source hands fn what a package keeps about one subject beyond the vault, a
// fact at a time, oldest first. An error of fn ends it.
type Source func(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(Fact) error) error

// Accounts is the source of the account a person has. What it signs in with is
// records of the vault.
func Accounts(accounts *identity.Accounts) Source {
	return func(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(Fact) error) error {
		account, err := accounts.Of(ctx, tx, s)
		if errors.Is(err, identity.ErrNotFound) || err == nil && account.Subject != s {
			return nil // none, or it is told under the subject that has it
		}
		if err != nil {
			return err
		}
		return fn(Fact{"You opened an account, reference " + account.Reference, account.Opened, string(account.Role)})
	}
}

// Tickets is the source of what waits, or waited, at the desks.
func Tickets(desk *support.Desk) Source {
	titles := map[support.QueueID]string{
		support.QueueSupport: "A message of yours to our support", support.QueueRights: "A message of yours to those who look after your data",
	}
	return func(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(Fact) error) error {
		list, err := desk.Of(ctx, tx, s)
		if err != nil {
			return err
		}
		for _, t := range list {
			if err := fn(Fact{titles[t.Queue] + ", reference " + t.Reference, t.Opened, t.About}); err != nil {
				return err
			}
			if t.Closed.IsZero() {
				continue
			}
			if err := fn(Fact{"We closed your message, reference " + t.Reference, t.Closed, "closed"}); err != nil {
				return err
			}
		}
		return nil
	}
}

var newsletterTitles = map[string]string{
	"asked": "The newsletter was asked for with this address", "already": "It was asked for again, and you had it already",
	"confirmed": "You confirmed that you want the newsletter", "withdrawn": "You stopped the newsletter",
}

// Newsletter is the source of what a person decided about the newsletter.
func Newsletter(n *marketing.Newsletter) Source {
	return func(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(Fact) error) error {
		list, err := n.History(ctx, tx, s)
		if err != nil {
			return err
		}
		for _, e := range list {
			if err := fn(Fact{newsletterTitles[e.Code], e.At, e.Code}); err != nil {
				return err
			}
		}
		return nil
	}
}

var choiceTitles = map[people.Code]string{
	people.Given: "You said yes", people.Declined: "You said no", people.Withdrawn: "You took your yes back",
	people.Objected: "You objected", people.Resumed: "You took your objection back",
}

// Decided is the source of what a person decided about purposes (L16).
func Decided(desk *people.Desk, name func(purpose string) string) Source {
	return func(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(Fact) error) error {
		list, err := desk.History(ctx, tx, s)
		if err != nil {
			return err
		}
		for _, c := range slices.Backward(list) {
			if c.Subject != s {
				continue // told under the subject that decided it
			}
			if err := fn(Fact{choiceTitles[c.Code] + ": " + name(c.Purpose), c.At, string(c.Code)}); err != nil {
				return err
			}
		}
		return nil
	}
}

var answerTitles = map[people.Answer]string{
	people.PermissionGranted: "You let the app use", people.PermissionRefused: "You did not let the app use", people.PermissionRevoked: "You took back from the app",
}

// Permissions is the source of what a person answered when an app asked for a
// permission of their device (R11).
func Permissions(desk *people.Desk, name func(permission string) string) Source {
	return func(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(Fact) error) error {
		list, err := desk.Answers(ctx, tx, s)
		if err != nil {
			return err
		}
		for _, a := range list {
			if a.Subject != s {
				continue // told under the subject that said it
			}
			if err := fn(Fact{answerTitles[a.Answer] + ": " + name(a.Permission), a.At, string(a.Answer)}); err != nil {
				return err
			}
		}
		return nil
	}
}

// requests is the source of this package's own rows.
func (d *Desk) requests(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(Fact) error) error {
	list, err := d.RequestsOf(ctx, tx, s)
	if err != nil {
		return err
	}
	for _, r := range list {
		title := r.Right
		if right, ok := d.c.InForce().Policy().RightByID(r.Right); ok {
			title = right.Title
		}
		if err := fn(Fact{"You used a right: " + title + ", reference " + r.Reference, r.Received, r.Right}); err != nil {
			return err
		}
		if !r.Acknowledged.IsZero() {
			if err := fn(Fact{"We acknowledged " + r.Reference + " and began to look into it", r.Acknowledged, "acknowledged"}); err != nil {
				return err
			}
		}
		if r.Answered.IsZero() {
			continue
		}
		if err := fn(Fact{"We answered " + r.Reference, r.Answered, r.Outcome}); err != nil {
			return err
		}
	}
	return nil
}

// facts hands fn what is kept about a person beyond the vault, of every source
// and under every alias.
func (d *Desk) facts(ctx context.Context, tx *store.Tx, p Person, fn func(Fact) error) error {
	for _, root := range p.all() {
		members, err := d.c.Vault.Members(ctx, tx, root)
		if err != nil {
			return err
		}
		for _, s := range members {
			for _, source := range append(d.c.Sources[:len(d.c.Sources):len(d.c.Sources)], d.requests) {
				if err := source(ctx, tx, s, fn); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
