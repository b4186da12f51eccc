package identity

import (
	"context"
	"errors"

	"candour/internal/mail"
	"candour/internal/store"
)

// Acts that come together follow one another where what they read decides what
// they write. On SQLite all that writes does so anyway; on PostgreSQL, whose
// isolation here is READ COMMITTED, a row that is written first makes the
// second act wait and then see what the first did. Who needs both takes the
// account first.

// hold makes acts on an account follow one another. ErrNotFound if it is not
// open any more.
func (a *Accounts) hold(ctx context.Context, tx *store.Tx, account int64) error {
	n, err := tx.Change(ctx, "UPDATE accounts SET state = 'open' WHERE id = $1 AND state = 'open'", account)
	if err != nil {
		return wrap(err)
	}
	if n == 0 {
		return ErrNotFound
	}
	return nil
}

// holdBy holds the account that a session acts for. ErrNotFound if the session
// was ended since its request came in: what a stranger in the account began
// must not be done after the owner signed them out.
func (a *Accounts) holdBy(ctx context.Context, tx *store.Tx, by *Session) error {
	if err := a.hold(ctx, tx, by.Account.ID); err != nil {
		return err
	}
	var there int
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM sessions WHERE id = $1", by.ID).Scan(&there); err != nil {
		return wrap(err)
	}
	if there == 0 {
		return ErrNotFound
	}
	return nil
}

// holdFor holds the account of a link. ErrLink if it is not open any more.
func (a *Accounts) holdFor(ctx context.Context, tx *store.Tx, l link) error {
	err := a.hold(ctx, tx, l.account)
	if errors.Is(err, ErrNotFound) {
		return ErrLink
	}
	return err
}

// claim makes acts that give an address to an account follow one another, so
// that none is of two. It takes the row that counts the address's mails.
func (a *Accounts) claim(ctx context.Context, tx *store.Tx, address mail.Address) error {
	_, err := tx.Exec(ctx, `INSERT INTO account_mails (mark, day, amount) VALUES ($1, $2, 0)
		ON CONFLICT (mark, day) DO UPDATE SET amount = account_mails.amount`, a.c.Ring.Tag("account mails", address.Key()), dayOf(a.c.Now()))
	return wrap(err)
}
