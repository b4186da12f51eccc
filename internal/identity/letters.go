package identity

import (
	"context"
	"errors"

	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
)

// Paths of the pages that links lead to, on the surface they were asked on.
const (
	pathFinish    = "/sign-up/finish"
	pathReset     = "/reset/finish"
	pathSignIn    = "/sign-in"
	pathAddress   = "/address/confirm"
	pathLook      = "/security"
	pathVoicemail = "/voicemail" // the messages, on the surfaces of people with lines
	pathBegin     = "/recover/begin"
	pathStop      = "/recover/stop"
	pathRecover   = "/recover/finish"
	tokenName     = "token"
)

// mailOf is the mail that carries each kind of link.
var mailOf = map[linkKind]mail.Kind{
	linkSignUp: mail.AccountSignUp, linkInvitation: mail.AccountInvited, linkReset: mail.AccountReset, linkUnlock: mail.AccountUnlock,
	linkAddressNew: mail.AccountAddressNew, linkAddressOld: mail.AccountAddressOld,
	linkRecoverAsk: mail.AccountRecoverAsked, linkRecoverStop: mail.AccountRecoverBegun, linkRecover: mail.AccountRecoverReady,
}

var pathOf = map[linkKind]string{
	linkSignUp: pathFinish, linkInvitation: pathFinish, linkReset: pathReset, linkUnlock: pathSignIn,
	linkAddressNew: pathAddress, linkAddressOld: pathAddress,
	linkRecoverAsk: pathBegin, linkRecoverStop: pathStop, linkRecover: pathRecover, linkRecoverStaff: pathRecover,
}

// noticeOf is the mail that tells of each change.
var noticeOf = map[string]mail.Kind{
	"password.changed": mail.AccountPasswordChanged, "password.reset": mail.AccountPasswordChanged,
	"passkey.added": mail.AccountPasskeyAdded, "passkey.removed": mail.AccountPasskeyRemoved,
	"authenticator.added": mail.AccountAuthenticatorAdded, "authenticator.removed": mail.AccountAuthenticatorRemoved,
	"recovery.renewed": mail.AccountRecoveryRenewed, "recovery.removed": mail.AccountRecoveryRenewed, "recovery.used": mail.AccountRecoveryUsed,
	"recover.stopped": mail.AccountRecoverStopped, "recover.done": mail.AccountRecovered,
}

// letters says who writes which mails.
func (a *Accounts) letters() map[mail.Kind]mail.Handler {
	all := map[mail.Kind]mail.Handler{mail.AccountAddressChanged: a.notice, mail.AccountClosed: a.notice, mail.AccountSignedOut: a.notice, mail.AccountRecoverOffered: a.notice, mail.AccountAppointed: a.notice, mail.AccountPhoneAdded: a.notice, mail.VoicemailWaiting: a.notice, mail.VoicemailFilling: a.notice, mail.VoicemailFull: a.notice}
	for _, k := range mailOf {
		all[k] = a.carry
	}
	for _, k := range noticeOf {
		all[k] = a.notice
	}
	return all
}

// PhoneAdded owes the person of an account the notice that a phone was added to
// its line: whoever has that phone calls in their name and at their cost, so a
// stranger in the account is to be noticed (ASVS 5.0 6.3.7).
func (a *Accounts) PhoneAdded(ctx context.Context, tx *store.Tx, x Account) error {
	return a.hears(ctx, tx, x, mail.AccountPhoneAdded)
}

// VoicemailWaiting owes the person of an account the word that somebody left
// them a message: who and what stays with us.
func (a *Accounts) VoicemailWaiting(ctx context.Context, tx *store.Tx, x Account) error {
	return a.hears(ctx, tx, x, mail.VoicemailWaiting)
}

// VoicemailFilling owes the person of an account the word that there is little
// room for messages.
func (a *Accounts) VoicemailFilling(ctx context.Context, tx *store.Tx, x Account) error {
	return a.hears(ctx, tx, x, mail.VoicemailFilling)
}

// VoicemailFull owes the person of an account the word that there is no room for
// messages.
func (a *Accounts) VoicemailFull(ctx context.Context, tx *store.Tx, x Account) error {
	return a.hears(ctx, tx, x, mail.VoicemailFull)
}

// hears is notify for what happens outside of this package.
func (a *Accounts) hears(ctx context.Context, tx *store.Tx, x Account, kind mail.Kind) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	return a.notify(ctx, tx, d.purpose, x, kind)
}

// notify owes the person of an account a notice.
func (a *Accounts) notify(ctx context.Context, tx *store.Tx, purpose string, x Account, kind mail.Kind) error {
	_, err := a.c.Queue.Add(ctx, tx, mail.Item{Kind: kind, Purpose: purpose, Subject: x.Subject, Address: x.address, Ref: x.ID})
	return err
}

// carry finds the words of a mail that carries a link. It runs when the mail
// is sent, and is the only place that looks whether an address has an account.
func (a *Accounts) carry(ctx context.Context, tx *store.Tx, it mail.Item) (mail.Content, error) {
	d, err := a.declared()
	if errors.Is(err, ErrClosed) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	l, err := a.link(ctx, tx, it.Ref)
	if errors.Is(err, ErrLink) || err == nil && (l.state != linkAsked || !a.c.Now().Before(l.ends)) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	rec, err := a.c.Vault.Read(ctx, tx, vault.Access{Actor: systemActor, Purpose: it.Purpose, Own: true}, l.address)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	address, err := mail.ParseAddress(string(rec.Value()))
	if err != nil {
		return nil, mail.ErrVoid
	}
	if err := a.count(ctx, tx, l, address); err != nil {
		return nil, err
	}
	return a.words(ctx, tx, d, l, address)
}

// words chooses the letter.
func (a *Accounts) words(ctx context.Context, tx *store.Tx, d declared, l link, address mail.Address) (mail.Content, error) {
	switch l.kind {
	case linkSignUp, linkInvitation, linkAddressNew:
		x, err := a.byAddress(ctx, tx, d, address)
		if err == nil {
			of := mail.AccountKnown
			if l.kind == linkAddressNew {
				of = mail.AccountAddressTaken
			}
			return mail.AccountLink{Of: of, Link: a.c.Queue.LinkOn(a.label(d, x.Role, ""), pathSignIn, "", "")}, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return nil, err
		}
	}
	content := mail.AccountLink{Of: mailOf[l.kind], Link: a.address(d, l), Until: l.ends}
	if l.kind == linkRecoverStop {
		content.Until = l.ends.Add(-recoveryLasts) // what its reader has to know is when the wait is over
	}
	return content, nil
}

// address is where a link leads: a page of the surface it was asked on, if the
// role signs in there, or else of the first that it signs in on.
func (a *Accounts) address(d declared, l link) string {
	return a.c.Queue.LinkOn(a.label(d, l.role, l.surface), pathOf[l.kind], tokenName, a.token(l))
}

func (a *Accounts) label(d declared, r Role, surface string) string {
	s, ok := d.p.SurfaceByID(surface)
	if !ok || !d.opens(r, surface) {
		if s, ok = d.home(r); !ok {
			return ""
		}
	}
	return s.Host
}

// notice finds the words of a mail that tells of a change.
func (a *Accounts) notice(ctx context.Context, tx *store.Tx, it mail.Item) (mail.Content, error) {
	d, err := a.declared()
	if errors.Is(err, ErrClosed) {
		return nil, mail.ErrVoid
	}
	if err != nil {
		return nil, err
	}
	x, err := scanAccount(tx.QueryRow(ctx, selectAccount+"WHERE id = $1", it.Ref))
	if err != nil {
		return nil, mail.ErrVoid // the account went with its person
	}
	home, ok := d.home(x.Role)
	if !ok {
		return nil, mail.ErrVoid
	}
	path := pathLook
	switch it.Kind {
	case mail.VoicemailWaiting, mail.VoicemailFilling, mail.VoicemailFull:
		path = pathVoicemail
	}
	return mail.AccountChange{Of: it.Kind, Place: home.Title, Link: a.c.Queue.LinkOn(home.Host, path, "", "")}, nil
}
