package marketing

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

// Refusals of a link.
var (
	// ErrToken says that a link is none of ours, or was changed on its way.
	ErrToken = errors.New("marketing: not a link of ours")
	// ErrLapsed says that a link no longer confirms anything: the address was
	// not confirmed in time and is erased, or the newsletter was ended since.
	ErrLapsed = errors.New("marketing: the link has lapsed")
)

// Config is what the newsletter stands on.
type Config struct {
	Store   *store.Store
	Ring    *keys.Ring
	Log     *evidence.Log
	Vault   *vault.Vault
	Queue   *mail.Queue
	InForce func() *policy.Compiled
	Now     func() time.Time
}

// Newsletter is the list of who gets it. It is safe for concurrent use.
type Newsletter struct {
	c       Config
	confirm mail.Tokens
	leave   mail.Tokens
}

// New returns the newsletter and registers with the queue how its mails are
// written.
func New(c Config) *Newsletter {
	n := &Newsletter{c: c, confirm: mail.NewTokens(c.Ring, "newsletter confirm"), leave: mail.NewTokens(c.Ring, "newsletter leave")}
	c.Queue.Handle(mail.NewsletterConfirm, n.answer)
	c.Queue.Handle(mail.NewsletterWelcome, n.welcome)
	return n
}

// Signup is a submitted newsletter form. It holds personal data and prints as
// a placeholder.
type Signup struct {
	Form    url.Values
	Surface string   // where it was submitted; empty: where the policy says the form is
	Policy  int      // version of the policy that was shown
	Wording [32]byte // SHA-256 of the words that were shown (L16)
}

// Format writes a placeholder, whatever the verb.
func (Signup) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(newsletter sign-up)") }

// LogValue returns a placeholder.
func (Signup) LogValue() slog.Value { return slog.StringValue("(newsletter sign-up)") }

// state is where a sign-up stands, as the table has it.
type state string

const (
	asked    state = "asked"    // the address is not confirmed
	known    state = "known"    // the address had the newsletter already
	standing state = "standing" // confirmed
	ended    state = "ended"    // by its reader
)

// signup is a row of the table newsletter.
type signup struct {
	id      int64
	subject keys.SubjectID
	address vault.RecordID
	state   state
	policy  int
	wording []byte
	surface string
	mark    mail.Mark // empty until it is confirmed
}

// Subscribe takes a sign-up and owes a mail about it. What it does and returns
// is the same for every address that can be written to, known or not. The
// error is intake.FieldErrors if the form cannot be taken.
func (n *Newsletter) Subscribe(ctx context.Context, s Signup) error {
	roles, err := RolesOf(n.c.InForce())
	if err != nil {
		return err
	}
	answers, err := intake.Read(n.c.InForce().Policy(), roles.Form, s.Form)
	if err != nil {
		return err
	}
	if s.Surface == "" {
		s.Surface = roles.Form.Surfaces[0]
	}
	return n.c.Store.Update(ctx, func(tx *store.Tx) error {
		subject, err := n.c.Vault.NewSubject(ctx, tx)
		if err != nil {
			return err
		}
		address, err := n.keep(ctx, tx, vault.Access{Actor: personActor, Purpose: roles.Pending, Surface: s.Surface}, roles.Email, subject, answers)
		if err != nil {
			return err
		}
		return n.ask(ctx, tx, roles, s, subject, address)
	})
}

// keep writes answers as records of one person and returns that of the e-mail
// address.
func (n *Newsletter) keep(ctx context.Context, tx *store.Tx, a vault.Access, email string, s keys.SubjectID, answers intake.Answers) (vault.RecordID, error) {
	var items []vault.Item
	at := -1
	for _, x := range answers {
		if x.Category == "" {
			continue
		}
		if x.Category == email {
			at = len(items)
		}
		items = append(items, vault.Item{Category: x.Category, Parts: []vault.Part{{Owner: s, Value: []byte(x.Value)}}})
	}
	if at < 0 {
		return 0, errors.New("marketing: an e-mail address is not optional in the form newsletter")
	}
	ids, err := n.c.Vault.Put(ctx, tx, a, items...)
	if err != nil {
		return 0, err
	}
	return ids[at], nil
}

// ask writes the row, history, evidence and owed mail of a sign-up.
func (n *Newsletter) ask(ctx context.Context, tx *store.Tx, roles Roles, s Signup, subject keys.SubjectID, address vault.RecordID) error {
	id, now := n.c.Store.NewID(), n.c.Now()
	_, err := tx.Exec(ctx, `INSERT INTO newsletter (id, subject, address, state, policy, wording, surface, mark, asked_ms) VALUES ($1, $2, $3, 'asked', $4, $5, $6, $7, $8)`,
		id, int64(subject), int64(address), s.Policy, s.Wording[:], s.Surface, []byte{}, now.UnixMilli())
	if err != nil {
		return fmt.Errorf("marketing: %w", err)
	}
	if err := n.remember(ctx, tx, id, "asked"); err != nil {
		return err
	}
	_, err = n.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.NewsletterAsked, At: now, Actor: personActor, Surface: s.Surface, Purpose: roles.Pending,
		Policy: s.Policy, Subject: subject, Ref: id, Hash: s.Wording[:],
	})
	if err != nil {
		return err
	}
	_, err = n.c.Queue.Add(ctx, tx, mail.Item{Kind: mail.NewsletterConfirm, Purpose: roles.Pending, Subject: subject, Address: address, Ref: id})
	return err
}

// remember appends to the history.
func (n *Newsletter) remember(ctx context.Context, tx *store.Tx, id int64, code string) error {
	_, err := tx.Exec(ctx, "INSERT INTO newsletter_history (id, newsletter, code, at_ms) VALUES ($1, $2, $3, $4)", n.c.Store.NewID(), id, code, n.c.Now().UnixMilli())
	if err != nil {
		return fmt.Errorf("marketing: %w", err)
	}
	return nil
}
