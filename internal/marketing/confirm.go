package marketing

import (
	"context"
	"errors"

	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/support/intake"
	"candour/internal/vault"
)

// Confirm ends a sign-up well: from now on consent stands and the newsletter
// comes. It may be repeated. ErrToken for a link that is none of ours,
// ErrLapsed for one whose time is over. It must be behind a button: programs
// that look at links before people do must not confirm (RFC 9110 9.2.1).
func (n *Newsletter) Confirm(ctx context.Context, token string) error {
	id, ok := n.confirm.Check(token)
	if !ok {
		return ErrToken
	}
	roles, err := RolesOf(n.c.InForce())
	if err != nil {
		return err
	}
	err = n.c.Store.Update(ctx, func(tx *store.Tx) error {
		s, err := n.row(ctx, tx, id)
		switch {
		case errors.Is(err, mail.ErrVoid):
			return ErrLapsed
		case err != nil:
			return err
		case s.state == standing:
			return n.stands(ctx, tx, roles, s)
		case s.state == ended:
			return ErrLapsed // or a link kept for years would undo a withdrawal
		}
		return n.confirmed(ctx, tx, roles, s)
	})
	if errors.Is(err, errMoved) {
		return n.Confirm(ctx, token)
	}
	return err
}

// stands answers a link that is followed again: the person may have withdrawn
// elsewhere since, and must not be told otherwise.
func (n *Newsletter) stands(ctx context.Context, tx *store.Tx, roles Roles, s signup) error {
	_, err := n.c.Vault.Read(ctx, tx, vault.Access{Actor: systemActor, Purpose: roles.Purpose}, s.address)
	if isGone(err) {
		return ErrLapsed
	}
	return err
}

func (n *Newsletter) confirmed(ctx context.Context, tx *store.Tx, roles Roles, s signup) error {
	answers, err := n.pending(ctx, tx, roles, s)
	if err != nil {
		return err
	}
	address, err := mail.ParseAddress(answers[0].Value)
	if err != nil {
		return ErrLapsed
	}
	mark := n.c.Queue.Mark(roles.Purpose, address)
	release, err := n.hold(ctx, tx, mark)
	if err != nil {
		return err
	}
	if err := n.accept(ctx, tx, roles, s, mark, answers); err != nil {
		return err
	}
	return release()
}

// accept lets the newsletter come, unless it comes already.
func (n *Newsletter) accept(ctx context.Context, tx *store.Tx, roles Roles, s signup, mark mail.Mark, answers intake.Answers) error {
	live, err := n.live(ctx, tx, roles, mark)
	if err != nil {
		return err
	}
	if len(live) > 0 { // by another sign-up that was confirmed first
		if s.state == known {
			return nil
		}
		return n.move(ctx, tx, s.id, s.state, known)
	}
	if err := n.move(ctx, tx, s.id, s.state, standing); err != nil {
		return err
	}
	if err := n.c.Vault.ConsentUnder(ctx, tx, s.subject, roles.Purpose, s.policy); err != nil {
		return err
	}
	record, err := n.keep(ctx, tx, vault.Access{Actor: personActor, Purpose: roles.Purpose, Surface: s.surface}, roles.Email, s.subject, answers)
	if errors.Is(err, vault.ErrNoConsent) {
		return ErrLapsed // the newsletter does more now than they were told when they asked for it
	}
	if err != nil {
		return err
	}
	if err := n.settle(ctx, tx, s.id, record, mark); err != nil {
		return err
	}
	if err := n.c.Queue.Allow(ctx, tx, roles.Purpose, mark); err != nil {
		return err
	}
	return n.prove(ctx, tx, roles, s, record)
}

// prove writes down the consent, who gave it to what, when and how, and what
// they were told (UK GDPR Art 7(1); L16), and owes the first mail.
func (n *Newsletter) prove(ctx context.Context, tx *store.Tx, roles Roles, s signup, record vault.RecordID) error {
	if err := n.remember(ctx, tx, s.id, "confirmed"); err != nil {
		return err
	}
	if err := n.choose(ctx, tx, roles, s, people.Given); err != nil {
		return err
	}
	_, err := n.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.NewsletterConfirmed, At: n.c.Now(), Actor: personActor, Surface: s.surface, Purpose: roles.Purpose,
		Policy: s.policy, Subject: s.subject, Ref: s.id, Hash: s.wording, Choices: map[string]bool{roles.Purpose: true},
	})
	if err != nil {
		return err
	}
	_, err = n.c.Queue.Add(ctx, tx, mail.Item{Kind: mail.NewsletterWelcome, Purpose: roles.Purpose, Subject: s.subject, Address: record, Ref: s.id})
	return err
}

// choose appends to the person's choices, of which the newsletter is one,
// whether it is decided on here or in an account.
func (n *Newsletter) choose(ctx context.Context, tx *store.Tx, roles Roles, s signup, code people.Code) error {
	r := people.Row{
		Subject: s.subject, Purpose: roles.Purpose, Code: code, At: n.c.Now(), Policy: s.policy,
		Surface: s.surface, Way: people.ByMail,
	}
	copy(r.Wording[:], s.wording)
	if code == people.Given {
		r.Channels = []string{channel}
	}
	_, err := people.Remember(ctx, tx, r)
	return err
}

// channel is that of the newsletter (policy.Purpose).
const channel = "email"

// pending reads back what was given with a sign-up, the e-mail address first.
// Fields that the newsletter's own purpose does not use are left to lapse.
func (n *Newsletter) pending(ctx context.Context, tx *store.Tx, roles Roles, s signup) (intake.Answers, error) {
	a := vault.Access{Actor: systemActor, Purpose: roles.Pending}
	record, err := n.c.Vault.Read(ctx, tx, a, s.address)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, ErrLapsed
	}
	if err != nil {
		return nil, err
	}
	answers := intake.Answers{{Category: roles.Email, Value: string(record.Value())}}
	c := n.c.InForce()
	for _, f := range roles.Form.Fields {
		k, kok := c.Category(f.Category)
		p, pok := c.Purpose(roles.Purpose)
		if f.Category == roles.Email || !kok || !pok {
			continue
		}
		if _, used := c.UseOf(k, p); !used {
			continue
		}
		records, err := n.c.Vault.ReadSubject(ctx, tx, a, s.subject, f.Category)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			answers = append(answers, intake.Answer{Field: f.Name, Category: f.Category, Value: string(r.Value())})
		}
	}
	return answers, nil
}
