package marketing

import (
	"context"
	"errors"

	"candour/internal/evidence"
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
	list, err := n.marked(ctx, tx, m)
	if err != nil {
		return err
	}
	for _, s := range list {
		if err := n.end(ctx, tx, roles, s, way); err != nil {
			return err
		}
	}
	if err := n.c.Queue.Suppress(ctx, tx, roles.Purpose, m); err != nil {
		return err
	}
	return release()
}

func (n *Newsletter) end(ctx context.Context, tx *store.Tx, roles Roles, s signup, way Way) error {
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
	_, err = n.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.NewsletterEnded, At: n.c.Now(), Actor: personActor, Purpose: roles.Purpose, Policy: n.c.InForce().Policy().Version,
		Subject: s.subject, Ref: s.id, Code: string(way), Choices: map[string]bool{roles.Purpose: false},
	})
	return err
}
