package identity

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
)

// linkKind is what a link in a mail lets its reader do.
type linkKind string

const (
	linkSignUp     linkKind = "sign-up"     // open an account that was asked for
	linkInvitation linkKind = "invitation"  // open an account that somebody else asked for
	linkReset      linkKind = "reset"       // set another password
	linkUnlock     linkKind = "unlock"      // sign in although others guessed too often
	linkAddressNew linkKind = "address-new" // confirm another address, at that address
	linkAddressOld linkKind = "address-old" // and at the one that signs in

	linkRecoverAsk   linkKind = "recover-ask"   // begin the wait for a lost second factor to be removed
	linkRecoverStop  linkKind = "recover-stop"  // stop it
	linkRecover      linkKind = "recover"       // remove the factor, once the wait is over
	linkRecoverStaff linkKind = "recover-staff" // the same at once, as whoever runs the machine lets them
)

var linkKinds = []linkKind{
	linkSignUp, linkInvitation, linkReset, linkUnlock, linkAddressNew, linkAddressOld, linkRecoverAsk, linkRecoverStop, linkRecover, linkRecoverStaff,
}

// recoverKinds are those for whoever lost their second factor.
var recoverKinds = []linkKind{linkRecoverAsk, linkRecoverStop, linkRecover, linkRecoverStaff}

// How long links are good. What is asked for again is answered with a new one.
var linkLasts = map[linkKind]time.Duration{
	linkSignUp: 24 * time.Hour, linkInvitation: 7 * 24 * time.Hour, linkReset: time.Hour, linkUnlock: time.Hour,
	linkAddressNew: 24 * time.Hour, linkAddressOld: 24 * time.Hour, linkRecoverAsk: time.Hour, linkRecoverStop: recoveryWait + recoveryLasts,
	linkRecover: recoveryWait + recoveryLasts, linkRecoverStaff: 24 * time.Hour,
}

const (
	linkKept    = 7 * 24 * time.Hour // after it is over, so that its second use is told apart from one of nobody's
	mailsPerDay = 5                  // about accounts, to one address
)

// link is a row of the table account_links.
type link struct {
	id      int64
	kind    linkKind
	account int64
	subject keys.SubjectID
	address vault.RecordID
	role    Role
	company int64
	pair    int64 // change of address, recovery: the link that belongs to it; invitation: the account that asked for it; else 0
	surface string
	policy  int
	wording []byte
	state   string
	ends    time.Time
	counted bool // it left by mail, so that whoever follows it reads mail at the address
}

// opens is when a link begins to be good: those that remove a factor not before
// the wait is over, all others at once.
func (l link) opens() time.Time {
	if l.kind == linkRecover {
		return l.ends.Add(-recoveryLasts)
	}
	return time.Time{}
}

// States of a link.
const (
	linkAsked = "asked"
	linkUsed  = "used"
	linkVoid  = "void"
)

const selectLink = "SELECT id, kind, account, subject, address, role, company, pair, surface, policy, wording, state, ends_ms, counted FROM account_links "

func (a *Accounts) link(ctx context.Context, tx *store.Tx, id int64) (l link, err error) {
	var ends int64
	err = tx.QueryRow(ctx, selectLink+"WHERE id = $1", id).Scan(&l.id, (*string)(&l.kind), &l.account, (*int64)(&l.subject), (*int64)(&l.address),
		(*string)(&l.role), &l.company, &l.pair, &l.surface, &l.policy, &l.wording, &l.state, &ends, &l.counted)
	if errors.Is(err, sql.ErrNoRows) {
		return l, ErrLink
	}
	l.ends = time.UnixMilli(ends).UTC()
	return l, wrap(err)
}

// offer writes a link that is good from now on. Its id is given before if its
// pair had to name it.
func (a *Accounts) offer(ctx context.Context, tx *store.Tx, l *link) error {
	now := a.c.Now()
	if l.id == 0 {
		l.id = a.c.Store.NewID()
	}
	l.state, l.ends = linkAsked, now.Add(linkLasts[l.kind])
	if l.wording == nil {
		l.wording = []byte{}
	}
	_, err := tx.Exec(ctx, `INSERT INTO account_links (id, kind, account, subject, address, role, company, pair, surface, policy, wording, state, made_ms, ends_ms, counted)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		l.id, string(l.kind), l.account, int64(l.subject), int64(l.address), string(l.role), l.company, l.pair, l.surface, l.policy, l.wording,
		l.state, now.UnixMilli(), l.ends.UnixMilli(), flag(l.counted))
	return wrap(err)
}

// token returns what stands in the mail.
func (a *Accounts) token(l link) string { return a.tokens[l.kind].Make(l.id) }

// follow returns the link of a token, if it is good now. ErrLink if not.
func (a *Accounts) follow(ctx context.Context, tx *store.Tx, token string, kinds ...linkKind) (link, error) {
	for _, k := range kinds {
		id, ok := a.tokens[k].Check(token)
		if !ok {
			continue
		}
		l, err := a.link(ctx, tx, id)
		if err != nil {
			return l, err
		}
		if now := a.c.Now(); l.kind != k || l.state != linkAsked || now.Before(l.opens()) || !now.Before(l.ends) {
			return l, ErrLink
		}
		return l, nil
	}
	return link{}, ErrLink
}

// use marks a link as used; ErrLink if somebody was quicker.
func (a *Accounts) use(ctx context.Context, tx *store.Tx, l link) error {
	n, err := tx.Change(ctx, "UPDATE account_links SET state = $1 WHERE id = $2 AND state = $3", linkUsed, l.id, linkAsked)
	if err != nil {
		return wrap(err)
	}
	if n == 0 {
		return ErrLink
	}
	return nil
}

// void ends the open links of a kind of an account.
func (a *Accounts) void(ctx context.Context, tx *store.Tx, account int64, kinds ...linkKind) error {
	for _, k := range kinds {
		_, err := tx.Exec(ctx, "UPDATE account_links SET state = $1 WHERE account = $2 AND kind = $3 AND state = $4", linkVoid, account, string(k), linkAsked)
		if err != nil {
			return wrap(err)
		}
	}
	return nil
}

// Good reports whether a link from a mail would be taken now, so that a page
// can say so before anything is typed. ErrLink if not.
func (a *Accounts) Good(ctx context.Context, token string) error {
	return a.c.Store.View(ctx, func(tx *store.Tx) error {
		_, err := a.follow(ctx, tx, token, linkKinds...)
		return err
	})
}

// count lets a mail to an address go, unless the address got its mails of the
// day; mail.ErrVoid then. Attempts of one mail count once.
func (a *Accounts) count(ctx context.Context, tx *store.Tx, l link, address mail.Address) error {
	if l.counted || l.kind == linkRecoverStop || l.kind == linkRecover {
		return nil // a flood of others must not keep these two from their person; there is one of each for a mail that is counted
	}
	mark := a.c.Ring.Tag("account mails", address.Key())
	n, err := tx.Change(ctx, `INSERT INTO account_mails (mark, day, amount) VALUES ($1, $2, 1)
		ON CONFLICT (mark, day) DO UPDATE SET amount = account_mails.amount + 1 WHERE account_mails.amount < $3`, mark, dayOf(a.c.Now()), mailsPerDay)
	if err != nil {
		return wrap(err)
	}
	if n == 0 {
		return mail.ErrVoid
	}
	_, err = tx.Exec(ctx, "UPDATE account_links SET counted = 1 WHERE id = $1", l.id)
	return wrap(err)
}
