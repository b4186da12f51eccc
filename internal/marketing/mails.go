package marketing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
)

// noticePause is the least time between two mails to one address about
// sign-ups, whoever makes them.
const noticePause = 24 * time.Hour

// answer finds the mail that answers a sign-up: a request to confirm, or the
// word that the address has the newsletter already. It runs when the mail is
// sent and is the only place that looks.
func (n *Newsletter) answer(ctx context.Context, tx *store.Tx, it mail.Item) (mail.Content, error) {
	roles, err := RolesOf(n.c.InForce())
	if err != nil {
		return nil, err
	}
	row, err := n.row(ctx, tx, it.Ref)
	if err != nil {
		return nil, err
	}
	if row.state != asked && row.state != known {
		return nil, mail.ErrVoid // answered meanwhile
	}
	record, err := n.c.Vault.Read(ctx, tx, vault.Access{Actor: systemActor, Purpose: roles.Pending}, row.address)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	address, err := mail.ParseAddress(string(record.Value()))
	if err != nil {
		return nil, mail.ErrVoid
	}
	mark := n.c.Queue.Mark(roles.Purpose, address)
	if err := n.notice(ctx, tx, row.id, mark); err != nil {
		return nil, err
	}
	subscriptions, err := n.live(ctx, tx, roles, mark)
	if err != nil {
		return nil, err
	}
	if len(subscriptions) == 0 {
		if row.state == known {
			return nil, mail.ErrVoid // it left between two attempts to tell it
		}
		return mail.Confirmation{Confirm: n.c.Queue.Link(roles.Confirm.Path, roles.ConfirmAs, n.confirm.Make(row.id)), Until: record.Expires}, nil
	}
	if row.state == asked {
		if err := n.move(ctx, tx, row.id, asked, known); err != nil {
			return nil, err
		}
		if err := n.remember(ctx, tx, row.id, "already"); err != nil {
			return nil, err
		}
	}
	return mail.Already{Leave: n.leaveLink(roles, subscriptions[0].id)}, nil
}

// welcome finds the first newsletter mail.
func (n *Newsletter) welcome(ctx context.Context, tx *store.Tx, it mail.Item) (mail.Content, error) {
	roles, err := RolesOf(n.c.InForce())
	if err != nil {
		return nil, err
	}
	row, err := n.row(ctx, tx, it.Ref)
	if err != nil {
		return nil, err
	}
	if row.state != standing {
		return nil, mail.ErrVoid
	}
	return mail.Welcome{Leave: n.leaveLink(roles, row.id)}, nil
}

func (n *Newsletter) leaveLink(roles Roles, id int64) string {
	return n.c.Queue.Link(roles.Leave.Path, roles.LeaveAs, n.leave.Make(id))
}

// notice lets one sign-up of an address be answered within noticePause, at
// each attempt; mail.ErrVoid for any other. It is one statement, so that of
// two sign-ups looked at together one waits for the other and gives way.
func (n *Newsletter) notice(ctx context.Context, tx *store.Tx, id int64, m mail.Mark) error {
	now := n.c.Now()
	met, err := tx.Change(ctx, `INSERT INTO newsletter_notices (mark, newsletter, at_ms) VALUES ($1, $2, $3)
		ON CONFLICT (mark) DO UPDATE SET newsletter = excluded.newsletter, at_ms = excluded.at_ms
		WHERE newsletter_notices.newsletter = excluded.newsletter OR newsletter_notices.at_ms <= $4`,
		[]byte(m), id, now.UnixMilli(), now.Add(-noticePause).UnixMilli())
	if err := changed(met, err); errors.Is(err, errMoved) {
		return mail.ErrVoid
	} else if err != nil {
		return err
	}
	return nil
}

// hold makes whoever acts on an address wait for whoever does so already, to
// the end of their transaction, where release lets go and also ends the pause:
// whoever reads mail at the address has acted.
func (n *Newsletter) hold(ctx context.Context, tx *store.Tx, m mail.Mark) (release func() error, err error) {
	_, err = tx.Exec(ctx, `INSERT INTO newsletter_notices (mark, newsletter, at_ms) VALUES ($1, 0, 0)
		ON CONFLICT (mark) DO UPDATE SET newsletter = 0`, []byte(m))
	if err != nil {
		return nil, fmt.Errorf("marketing: %w", err)
	}
	return func() error {
		if _, err := tx.Exec(ctx, "DELETE FROM newsletter_notices WHERE mark = $1", []byte(m)); err != nil {
			return fmt.Errorf("marketing: %w", err)
		}
		return nil
	}, nil
}
