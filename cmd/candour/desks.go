package main

import (
	"context"
	"errors"
	"fmt"

	"candour/internal/chat"
	"candour/internal/consent/people"
	"candour/internal/contacts"
	"candour/internal/evidence"
	"candour/internal/history"
	"candour/internal/identity"
	"candour/internal/inspector"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/marketing"
	"candour/internal/profile"
	"candour/internal/push"
	"candour/internal/recording"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/support"
	"candour/internal/telecom"
	"candour/internal/voicemail"
)

// desks are what acts for people, wired to one another: what each keeps of a
// person beyond the vault is handed over with a copy and forgotten with an
// erasure.
type desks struct {
	newsletter *marketing.Newsletter
	help       *support.Desk
	accounts   *identity.Accounts
	choices    *people.Desk
	profiles   *profile.Desk
	rights     *rights.Desk
	history    *history.Desk
	inspector  *inspector.Desk
	phones     *telecom.Desk
	push       *push.Desk
	contacts   *contacts.Desk
	chat       *chat.Desk
	voicemail  *voicemail.Desk
	recordings *recording.Desk
}

// openDesks wires the desks to a queue. portal is where people with an account
// sign in; counter, which may be nil, counts the calls that were refused.
func (a *app) openDesks(queue *mail.Queue, breached *identity.Breached, counter *evidence.Counter, portal string) (*desks, error) {
	d := &desks{
		newsletter: marketing.New(marketing.Config{Store: a.store, Ring: a.ring, Log: a.evidence, Vault: a.vault, Queue: queue, InForce: a.inForce, Now: a.now}),
		help:       support.New(support.Config{Store: a.store, Log: a.evidence, Vault: a.vault, Queue: queue, InForce: a.inForce, Now: a.now}),
	}
	var err error
	d.accounts, err = identity.New(identity.Config{
		Store: a.store, Ring: a.ring, Log: a.evidence, Vault: a.vault, Queue: queue, InForce: a.inForce, Now: a.now, Breached: breached,
	})
	if err != nil {
		return nil, err
	}
	d.choices = people.New(people.Config{Store: a.store, Log: a.evidence, Vault: a.vault, InForce: a.inForce, Version: a.policyOf, Now: a.now})
	d.profiles = profile.New(profile.Config{Store: a.store, Vault: a.vault, People: d.choices, InForce: a.inForce})
	d.choices.Follow(d.newsletter)
	d.choices.Follow(d.profiles)
	d.accounts.OnAddress(d.newsletter.Moved)
	d.accounts.OnAddress(d.profiles.Moved)
	d.history = history.New(history.Config{Store: a.store, Log: a.evidence, Vault: a.vault, Versions: a.versions, Now: a.now, Reference: d.reference})
	tariff, err := a.tariff()
	if err != nil {
		return nil, err
	}
	d.phones = telecom.New(telecom.Config{
		Store: a.store, Ring: a.ring, Log: a.evidence, Counter: counter, Vault: a.vault, Accounts: d.accounts, InForce: a.inForce, Now: a.now,
		Tariff: tariff, Queue: queue,
	})
	if err := a.openPush(d); err != nil {
		return nil, err
	}
	d.contacts = contacts.New(contacts.Config{Store: a.store, Vault: a.vault, InForce: a.inForce, Now: a.now})
	d.chat = chat.New(chat.Config{Store: a.store, Log: a.evidence, Vault: a.vault, InForce: a.inForce, Now: a.now, Blocked: d.phones.HasBlocked})
	d.voicemail = voicemail.New(voicemail.Config{Store: a.store, Log: a.evidence, Vault: a.vault, Accounts: d.accounts, InForce: a.inForce, Now: a.now})
	d.recordings = recording.New(recording.Config{Store: a.store, Log: a.evidence, Vault: a.vault, InForce: a.inForce, Now: a.now})
	d.choices.Follow(d.recordings)
	forget := []func(context.Context, *store.Tx, keys.SubjectID) error{d.newsletter.Forget, d.help.Forget, d.push.Forget, d.phones.Erased, d.voicemail.Erased, d.recordings.Erased, d.contacts.Erased, d.chat.Erased, d.accounts.Forget}
	d.inspector = inspector.New(inspector.Config{
		Store: a.store, Vault: a.vault, InForce: a.inForce, Accounts: d.accounts, Profiles: d.profiles, Support: d.help, Phones: d.phones, Now: a.now, Forget: forget,
	})
	d.rights = rights.New(rights.Config{
		Store: a.store, Ring: a.ring, Log: a.evidence, Vault: a.vault, Queue: queue, InForce: a.inForce, Now: a.now,
		Ticket:     d.help.OpenIn,
		TicketDone: d.help.CloseIn,
		Sources:    []rights.Source{rights.Accounts(d.accounts), rights.Tickets(d.help), rights.Newsletter(d.newsletter), rights.Decided(d.choices, a.purposeTitle), rights.Permissions(d.choices, a.permissionTitle), d.phones.Facts, d.push.Facts, d.voicemail.Facts, d.recordings.Facts},
		Forget:     forget,
		Choices:    d.choices,
		HasAccount: d.hasAccount,
		Portal:     portal,
		History:    d.history,
	})
	return d, nil
}

// tariff is what calls to the outside world cost; nil for a command that only
// keeps house.
func (a *app) tariff() (*telecom.Tariff, error) {
	if a.profile == nil {
		return nil, nil
	}
	tariff, faults := telecom.LoadTariff(a.profile)
	if len(faults) > 0 {
		return nil, fmt.Errorf("the operator's prices cannot be used: %s", faults[0])
	}
	return tariff, nil
}

// reference is what people quote of the row that an entry is about; empty if
// they quote nothing.
func (d *desks) reference(ctx context.Context, tx *store.Tx, kind evidence.Kind, ref int64) (string, error) {
	var reference string
	var err error
	switch kind {
	case evidence.EnquiryMade:
		reference, err = d.help.Reference(ctx, tx, ref)
	case evidence.RightRequested, evidence.RightAcknowledged, evidence.RightAnswered, evidence.ComplaintMade:
		reference, err = d.rights.Reference(ctx, tx, ref)
	}
	if errors.Is(err, support.ErrNotFound) || errors.Is(err, rights.ErrNotFound) {
		return "", nil
	}
	return reference, err
}

// hasAccount reports whether a person has an account, under whichever alias.
func (d *desks) hasAccount(ctx context.Context, tx *store.Tx, s keys.SubjectID) (bool, error) {
	_, err := d.accounts.Of(ctx, tx, s)
	if errors.Is(err, identity.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// desksNow returns the desks of the running server, or, for a command on a
// folder that no server has, desks whose mails wait until one sends them.
func (a *app) desksNow() (*desks, error) {
	if a.desks != nil {
		return a.desks, nil
	}
	composer, err := mail.NewComposer("http://" + a.inForce().Policy().Operator.LocalDomain + ":8080")
	if err != nil {
		return nil, err
	}
	a.desks, err = a.openDesks(mail.NewQueue(mail.Config{
		Store: a.store, Ring: a.ring, Log: a.evidence, Vault: a.vault, InForce: a.inForce, Composer: composer, Logger: a.log, Now: a.now,
	}), nil, nil, "")
	return a.desks, err
}

// purposeTitle is a purpose as people read it.
func (a *app) purposeTitle(id string) string {
	if q, ok := a.inForce().Policy().PurposeByID(id); ok {
		return q.Title
	}
	return id
}

// permissionTitle is a permission as people read it.
func (a *app) permissionTitle(id string) string {
	if q, ok := a.inForce().Policy().PermissionByID(id); ok {
		return q.Title
	}
	return id
}
