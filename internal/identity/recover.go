package identity

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"candour/internal/evidence"
	"candour/internal/mail"
	"candour/internal/store"
)

// recoveryWait is how long whoever lost their second factor waits for it to be
// removed. Password and mailbox alone are less than the sign-in asks for, so
// time stands in for the factor: three days reach over a weekend, and its owner
// finds one of two mails, or signs in, which stops it (ASVS 5.0 6.4.4). The
// mails and pages say it in words.
const recoveryWait = 3 * 24 * time.Hour

// recoveryLasts is how long the last link is good once the wait is over.
const recoveryLasts = 7 * 24 * time.Hour

// wayRecovered is the way of a session that began where old factors ended.
const wayRecovered = "recovery-link"

// Forms of the policy with which a lost second factor is removed.
const (
	recoverBegin  = "recover-begin"
	recoverStop   = "recover-stop"
	recoverFinish = "recover-finish"
)

// offers reports whether the policy declares forms on a surface.
func (d declared) offers(surface string, forms ...string) bool {
	for _, id := range forms {
		f, ok := d.p.FormByID(id)
		if !ok || !slices.Contains(f.Surfaces, surface) {
			return false
		}
	}
	return true
}

// MayRecover reports whether whoever holds half a session may ask for the
// second factor to be removed: people of the operator's staff may not, whom an
// engineer lets in.
func (a *Accounts) MayRecover(half *Session) bool {
	d, err := a.declared()
	return err == nil && half.Level == Half && !d.staff(half.Account.Role) && d.offers(half.Surface, recoverBegin, recoverStop, recoverFinish)
}

// AskRecovery owes a mail with the link that begins the wait. Whoever asks has
// just typed the password, which half a session stands for. ErrNotFound if they
// may not, or the half session is over.
func (a *Accounts) AskRecovery(ctx context.Context, half *Session) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	if !a.MayRecover(half) {
		return ErrNotFound
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.holdBy(ctx, tx, half); err != nil {
			return err
		}
		x := half.Account
		if err := a.void(ctx, tx, x.ID, linkRecoverAsk); err != nil {
			return err
		}
		l := link{kind: linkRecoverAsk, account: x.ID, subject: x.Subject, address: x.address, role: x.Role, surface: half.Surface}
		return a.owe(ctx, tx, d.purpose, &l)
	})
}

// recovering follows a link of recovery and returns the account it is for, as
// it is now. It must be followed on the surface that it was made for, and the
// account must still be open, and have the address that the link went to.
func (a *Accounts) recovering(ctx context.Context, tx *store.Tx, d declared, surface, token string, kinds ...linkKind) (link, Account, error) {
	l, err := a.follow(ctx, tx, token, kinds...)
	if err != nil {
		return l, Account{}, err
	}
	x, err := a.ByID(ctx, tx, l.account)
	if errors.Is(err, ErrNotFound) || err == nil && (x.address != l.address || l.surface != surface || !d.opens(x.Role, surface)) {
		return l, x, ErrLink
	}
	return l, x, err
}

// GoodToRecover reports whether a link of recovery would be taken on a surface
// now, so that a page can say so before anything is typed. ErrLink if not.
func (a *Accounts) GoodToRecover(ctx context.Context, surface, token string) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	return a.c.Store.View(ctx, func(tx *store.Tx) error {
		_, _, err := a.recovering(ctx, tx, d, surface, token, recoverKinds...)
		return err
	})
}

// BeginRecovery begins the wait by the link in the first mail, and returns when
// it is over. A wait that was under way begins anew. Two mails are owed: one at
// once with a link that stops it, and one at its end with the link that removes
// the factors. ErrLink if the link is not good.
func (a *Accounts) BeginRecovery(ctx context.Context, surface, token string) (over time.Time, err error) {
	d, err := a.declared()
	if err != nil {
		return over, err
	}
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		asked, x, err := a.recovering(ctx, tx, d, surface, token, linkRecoverAsk)
		if err != nil {
			return err
		}
		if err := a.holdFor(ctx, tx, asked); err != nil {
			return err
		}
		if err := a.use(ctx, tx, asked); err != nil {
			return err
		}
		if err := a.void(ctx, tx, x.ID, linkRecoverStop, linkRecover); err != nil {
			return err
		}
		stop := link{kind: linkRecoverStop, id: a.c.Store.NewID(), account: x.ID, subject: x.Subject, address: x.address, role: x.Role, surface: surface}
		last := stop
		last.kind, last.id, last.pair = linkRecover, a.c.Store.NewID(), stop.id
		stop.pair = last.id
		over = a.c.Now().Add(recoveryWait)
		if err := a.owe(ctx, tx, d.purpose, &stop); err != nil {
			return err
		}
		if err := a.oweAfter(ctx, tx, d.purpose, &last, over); err != nil {
			return err
		}
		return a.prove(ctx, tx, d, evidence.Body{Kind: evidence.AccountChanged, Surface: surface, Subject: x.Subject, Ref: x.ID, Code: "recover.begun", Actor: x.Role.Actor()})
	})
	return over, err
}

// StopRecovery ends a wait by the link in the first notice. ErrLink if the link
// is not good, or the wait was stopped already.
func (a *Accounts) StopRecovery(ctx context.Context, surface, token string) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		l, x, err := a.recovering(ctx, tx, d, surface, token, linkRecoverStop)
		if err != nil {
			return err
		}
		if err := a.holdFor(ctx, tx, l); err != nil {
			return err
		}
		if err := a.use(ctx, tx, l); err != nil {
			return err
		}
		return a.stopRecovery(ctx, tx, d, x, surface)
	})
}

// Recovering returns until when whoever is signed in would have to wait for
// their second factor to be removed; false if nobody asked for that.
func (a *Accounts) Recovering(ctx context.Context, me *Session) (over time.Time, ok bool, err error) {
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		ids, err := tx.IDs(ctx, "SELECT id FROM account_links WHERE account = $1 AND account > 0 AND kind = $2 AND state = $3 AND ends_ms > $4",
			me.Account.ID, string(linkRecover), linkAsked, a.c.Now().UnixMilli())
		if err != nil || len(ids) == 0 {
			return wrap(err)
		}
		l, err := a.link(ctx, tx, ids[0])
		over, ok = l.opens(), true
		return err
	})
	return over, ok, err
}

// EndRecovery stops what Recovering tells of.
func (a *Accounts) EndRecovery(ctx context.Context, me *Session) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.holdBy(ctx, tx, me); err != nil {
			return err
		}
		return a.stopRecovery(ctx, tx, d, me.Account, me.Surface)
	})
}

// stopRecovery ends every link of recovery of an account: its person is there,
// and signs in as ever. If a wait was under way, or an engineer had made a link,
// it stands in their history and they are told.
func (a *Accounts) stopRecovery(ctx context.Context, tx *store.Tx, d declared, x Account, surface string) error {
	n, err := tx.Change(ctx, "UPDATE account_links SET state = $1 WHERE account = $2 AND account > 0 AND state = $3 AND kind IN ($4, $5) AND ends_ms > $6",
		linkVoid, x.ID, linkAsked, string(linkRecover), string(linkRecoverStaff), a.c.Now().UnixMilli())
	if err != nil {
		return wrap(err)
	}
	if err := a.void(ctx, tx, x.ID, linkRecoverAsk, linkRecoverStop); err != nil || n == 0 {
		return err
	}
	return a.changed(ctx, tx, d, x, surface, "recover.stopped")
}

// FinishRecovery removes every second factor of an account by a link whose time
// has come, signs it out everywhere, and signs its person in here: as far as
// somebody comes who has none, so that those who must have one set it up next.
// The password is asked for once more, and its guesses are counted like those of
// a step-up. ErrLink if the link is not good, or not yet; ErrCode if the
// password is not right, and then the link still is.
func (a *Accounts) FinishRecovery(ctx context.Context, surface, token, password string, dev Device) (kept string, s *Session, err error) {
	d, err := a.declared()
	if err != nil {
		return "", nil, err
	}
	var l link
	var who candidate
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		if l, who.account, err = a.recovering(ctx, tx, d, surface, token, linkRecover, linkRecoverStaff); err != nil {
			return err
		}
		return a.prepare(ctx, tx, d, &who)
	})
	if err != nil {
		return "", nil, err
	}
	if err := a.known(ctx, &Session{Account: who.account, Surface: surface}, password, who); err != nil {
		return "", nil, err
	}
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if still, err := a.still(ctx, tx, d, &who); err != nil || !still {
			return cmp.Or(err, ErrLink)
		}
		if err := a.use(ctx, tx, l); err != nil {
			return err
		}
		if err := a.dropFactors(ctx, tx, d, who, surface); err != nil {
			return err
		}
		kept, s, err = a.begin(ctx, tx, d, who.account, surface, a.levelFor(d, who.account.Role, false), wayRecovered, dev)
		return err
	})
	return kept, s, err
}

// dropFactors removes all that an account proves itself with but the password,
// ends its sessions and its other links of recovery, and tells its person.
func (a *Accounts) dropFactors(ctx context.Context, tx *store.Tx, d declared, who candidate, surface string) error {
	for _, c := range who.factors {
		if c.Kind == kindPassword {
			continue
		}
		if err := a.drop(ctx, tx, d, &Session{Account: who.account, Surface: surface}, c); err != nil {
			return err
		}
	}
	if err := a.endAll(ctx, tx, who.account.ID, 0); err != nil {
		return err
	}
	if err := a.void(ctx, tx, who.account.ID, recoverKinds...); err != nil {
		return err
	}
	return a.changed(ctx, tx, d, who.account, surface, "recover.done")
}

// OfferRecovery makes a link by which a member of staff who lost their second
// factor removes it, for whoever runs the machine: it is shown and not sent, and
// its person is told. It returns the link and until when it is good. ErrNotFound
// if nobody signs in with the address; ErrRole if they are not of the staff, and
// wait as other people do; an AddressFault if the address is none.
func (a *Accounts) OfferRecovery(ctx context.Context, actor, email string) (address string, until time.Time, err error) {
	d, err := a.declared()
	if err != nil {
		return "", until, err
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil {
		return "", until, err
	}
	var l link
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		x, err := a.byAddress(ctx, tx, d, parsed)
		if err != nil {
			return err
		}
		home, ok := d.home(x.Role)
		if !ok || !d.staff(x.Role) || !d.offers(home.ID, recoverFinish) {
			return ErrRole
		}
		if err := a.hold(ctx, tx, x.ID); err != nil {
			return err
		}
		if err := a.void(ctx, tx, x.ID, recoverKinds...); err != nil {
			return err
		}
		l = link{kind: linkRecoverStaff, account: x.ID, subject: x.Subject, address: x.address, role: x.Role, surface: home.ID}
		if err := a.offer(ctx, tx, &l); err != nil {
			return err
		}
		err = a.prove(ctx, tx, d, evidence.Body{Kind: evidence.AccountChanged, Surface: home.ID, Subject: x.Subject, Ref: x.ID, Code: "recover.offered", Actor: actor})
		if err != nil {
			return err
		}
		err = a.notify(ctx, tx, d.purpose, x, mail.AccountRecoverOffered)
		return err
	})
	if err != nil {
		return "", until, err
	}
	return a.address(d, l), l.ends, nil
}
