package marketing

import (
	"context"
	"errors"

	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
)

// Way is how somebody left, for the evidence.
type Way string

// The ways to leave.
const (
	OneClick Way = "one-click" // their mail program's button (RFC 8058)
	ByPage   Way = "page"      // the page of the link in a mail
	ByChoice Way = "account"   // their choices in an account
)

// Leave ends the newsletter for the address of a link, whichever of its
// sign-ups the link is of: consent no longer stands, what hung on it alone is
// erased, and the address is marked as not to be written to. It asks nothing
// of the browser, may be repeated, and the link works for ever; only a link
// that is none of ours gets ErrToken.
func (n *Newsletter) Leave(ctx context.Context, token string, way Way) error {
	id, ok := n.leave.Check(token)
	if !ok {
		return ErrToken
	}
	roles, err := RolesOf(n.c.InForce())
	if err != nil {
		return err
	}
	err = n.c.Store.Update(ctx, func(tx *store.Tx) error {
		s, err := n.row(ctx, tx, id)
		if errors.Is(err, mail.ErrVoid) || err == nil && len(s.mark) == 0 {
			return nil // never confirmed: nothing comes by it
		}
		if err != nil {
			return err
		}
		return n.endAll(ctx, tx, roles, s.mark, way)
	})
	if errors.Is(err, errMoved) {
		return n.Leave(ctx, token, way)
	}
	return err
}

// endAll ends every sign-up of an address. An old link has only the mark to go
// by, since the address was erased when its own sign-up ended.
func (n *Newsletter) endAll(ctx context.Context, tx *store.Tx, roles Roles, m mail.Mark, way Way) error {
	release, err := n.hold(ctx, tx, m)
	if err != nil {
		return err
	}
	if err := n.endMarked(ctx, tx, roles, m, way, 0); err != nil {
		return err
	}
	return release()
}

// endMarked is endAll for whoever holds the mark. decided is the person whose
// own decision this follows, which is kept already; 0 for nobody's.
func (n *Newsletter) endMarked(ctx context.Context, tx *store.Tx, roles Roles, m mail.Mark, way Way, decided keys.SubjectID) error {
	list, err := n.marked(ctx, tx, m)
	if err != nil {
		return err
	}
	for _, s := range list {
		if err := n.end(ctx, tx, roles, s, way, decided); err != nil {
			return err
		}
	}
	return n.c.Queue.Suppress(ctx, tx, roles.Purpose, m)
}

func (n *Newsletter) end(ctx context.Context, tx *store.Tx, roles Roles, s signup, way Way, decided keys.SubjectID) error {
	if err := n.move(ctx, tx, s.id, standing, ended); err != nil {
		return err
	}
	if err := n.remember(ctx, tx, s.id, "withdrawn"); err != nil {
		return err
	}
	err := n.c.Vault.SetConsent(ctx, tx, s.subject, roles.Purpose, false)
	if errors.Is(err, vault.ErrNotFound) {
		return nil // erased: an entry about them would make them a new key
	}
	if err != nil {
		return err
	}
	s.policy = n.c.InForce().Policy().Version
	if root, err := n.c.Vault.Root(ctx, tx, s.subject); err != nil {
		return err
	} else if root != decided {
		if err := n.choose(ctx, tx, roles, s, people.Withdrawn); err != nil {
			return err
		}
	}
	_, err = n.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.NewsletterEnded, At: n.c.Now(), Actor: personActor, Purpose: roles.Purpose, Policy: s.policy,
		Subject: s.subject, Ref: s.id, Code: string(way), Choices: map[string]bool{roles.Purpose: false},
	})
	return err
}
