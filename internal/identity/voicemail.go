package identity

import (
	"context"
	"errors"

	"candour/internal/mail"
	"candour/internal/store"
)

// pathVoicemail is the page of messages, on the surfaces of people with lines.
const pathVoicemail = "/voicemail"

// VoicemailWaiting owes the person of an account the word that somebody left
// them a message: who and what stays with us.
func (a *Accounts) VoicemailWaiting(ctx context.Context, tx *store.Tx, x Account) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	_, err = a.c.Queue.Add(ctx, tx, mail.Item{Kind: mail.VoicemailWaiting, Purpose: d.purpose, Subject: x.Subject, Address: x.address, Ref: x.ID})
	return err
}

// voicemail finds the words of that mail.
func (a *Accounts) voicemail(ctx context.Context, tx *store.Tx, it mail.Item) (mail.Content, error) {
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
	return mail.AccountChange{Of: it.Kind, Place: home.Title, Link: a.c.Queue.LinkOn(home.Host, pathVoicemail, "", "")}, nil
}
