package push

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/internal/vault"
)

// What is what a device is woken for.
type What string

// The reasons. The words that people read are the app's own.
const (
	Call     What = "call"     // somebody calls
	Missed   What = "missed"   // they hung up, or nobody answered
	Answered What = "answered" // another phone of the same person took the call
)

// How long a push service keeps a message for a device that it cannot reach: a
// call that is over rings nowhere, and a missed one is worth knowing of.
const (
	callLife   = 30 * time.Second
	missedLife = 4 * time.Hour
)

// topic makes a later message take the place of one that still waits (RFC 8030
// section 5.4): it is the same for everybody, and says nothing.
const topic = "call"

func messageOf(w What) message {
	body, _ := json.Marshal(map[string]What{"what": w}) // of a closed set
	m := message{body: body, urgency: "high", topic: topic, life: callLife}
	if w != Call {
		m.life, m.urgency = missedLife, "normal"
	}
	return m
}

// Wake sends a message to each browser of an account that is to be woken, and
// reports whether there is any, without waiting for what comes of it. That the
// service was used stands in the person's history.
func (d *Desk) Wake(ctx context.Context, account int64, w What) (bool, error) {
	roles, err := d.Roles()
	if err != nil {
		return false, nil // nobody is woken
	}
	var list []address
	var to []Subscription
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		all, err := d.rows(ctx, tx, "account = $1", account)
		for _, a := range all {
			s, err := d.subscription(ctx, tx, roles, a)
			if err != nil {
				return err
			}
			if s.endpoint != nil {
				list, to = append(list, a), append(to, s)
			}
		}
		return err
	})
	if err != nil || len(list) == 0 {
		return false, wrap(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false, nil
	}
	for i, a := range list {
		d.open.Go(func() { d.sendTo(context.WithoutCancel(ctx), roles, a, to[i], w) })
	}
	return true, nil
}

// subscription opens where a browser is woken; the zero value where its sign-in
// is over, its consent was taken back, or its service is no longer used.
func (d *Desk) subscription(ctx context.Context, tx *store.Tx, roles Roles, a address) (Subscription, error) {
	stands, err := d.c.Accounts.Stands(ctx, tx, roles.Surface, a.session)
	if err != nil || !stands {
		return Subscription{}, err
	}
	rec, err := d.c.Vault.Read(ctx, tx, roles.own(), a.record)
	if errors.Is(err, vault.ErrNotFound) || errors.Is(err, vault.ErrNoConsent) || errors.Is(err, vault.ErrObjected) {
		return Subscription{}, nil
	}
	if err != nil {
		return Subscription{}, err
	}
	s, err := d.c.Services.parse(rec.Value())
	if err != nil {
		return Subscription{}, nil
	}
	return s, nil
}

// sendTo sends one message, and keeps what came of it.
func (d *Desk) sendTo(ctx context.Context, roles Roles, a address, to Subscription, w What) {
	ctx, cancel := context.WithTimeout(ctx, 2*sendTime)
	defer cancel()
	came, err := d.c.Services.send(ctx, d.by, d.c.Now(), to, messageOf(w))
	if err != nil {
		d.c.Logger.Warn("a device could not be woken", "error", err)
	}
	if came == failed {
		return
	}
	err = d.c.Store.Update(ctx, func(tx *store.Tx) error {
		if came == gone {
			return d.drop(ctx, tx, roles, a)
		}
		_, err := d.c.Log.Append(ctx, tx, evidence.Body{
			Kind: evidence.RecordDisclosed, At: d.c.Now(), Actor: systemActor, Surface: roles.Surface, Purpose: roles.Purpose,
			Policy: d.c.InForce().Policy().Version, Subject: a.subject, Category: roles.Category, Code: roles.Recipient,
		})
		return err
	})
	if err != nil {
		d.c.Logger.Error("what came of waking a device could not be kept", "error", err)
	}
}
