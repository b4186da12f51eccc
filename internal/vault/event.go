package vault

import (
	"context"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// anyMatter has an event fall for every matter of a person.
const anyMatter = -1

// withdrawn is the retention event that falls when a consent ends.
const withdrawn = "consent.withdrawn"

// Event records that an event fell for a person, in all their matters, from
// which retention counts: the end of a contract, of all contact. What was
// collected until now is kept for the declared period from at; what comes
// after waits for the next such event.
func (v *Vault) Event(ctx context.Context, tx *store.Tx, s keys.SubjectID, event string, at time.Time) error {
	return v.event(ctx, tx, s, event, anyMatter, at)
}

// EventFor is Event for one matter: one enquiry was closed, the other is open.
func (v *Vault) EventFor(ctx context.Context, tx *store.Tx, s keys.SubjectID, event string, matter int64, at time.Time) error {
	return v.event(ctx, tx, s, event, matter, at)
}

func (v *Vault) event(ctx context.Context, tx *store.Tx, s keys.SubjectID, event string, matter int64, at time.Time) error {
	if event == policy.CollectedEvent || event == "" || matter < anyMatter {
		return ErrInput
	}
	group, err := v.group(ctx, tx, s, true)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO retention_events (subject, event, matter, at_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		int64(group[0].subject), event, matter, at.UnixMilli())
	if err != nil {
		return err
	}
	err = v.endKeys(ctx, tx, group, func(k keys.Key, t term) (time.Time, bool) {
		ends := t.Event == event && !k.Closed && (matter == anyMatter || k.Matter == matter)
		return t.Period.From(at.UTC()), ends
	})
	if err != nil {
		return err
	}
	return v.evidence(ctx, tx, Access{}, evidence.Body{Kind: evidence.RetentionEvent, Subject: s, Code: event})
}

// endConsent erases what hung on a consent: at once, or at the end of the
// period that its retention class gives after the withdrawal.
func (v *Vault) endConsent(ctx context.Context, tx *store.Tx, s keys.SubjectID, purpose string) error {
	group, err := v.group(ctx, tx, s, true)
	if err != nil {
		return err
	}
	now := v.now()
	return v.endKeys(ctx, tx, group, func(k keys.Key, t term) (time.Time, bool) {
		if t.Event == withdrawn {
			return t.Period.From(now.UTC()), k.Purpose == purpose
		}
		return now, k.Purpose == purpose
	})
}

// endKeys sets the end of the data keys that ends picks, and destroys those
// whose end has come.
func (v *Vault) endKeys(ctx context.Context, tx *store.Tx, group []member, ends func(keys.Key, term) (time.Time, bool)) error {
	for _, m := range group {
		list, err := v.ring.Keys(ctx, tx, m.subject)
		if err != nil {
			return err
		}
		for _, k := range list {
			t, ok := parseTerm(k.Class)
			if !ok {
				continue
			}
			end, ok := ends(k, t)
			if !ok {
				continue
			}
			if end.After(v.now()) {
				err = v.ring.Shut(ctx, tx, k, dayAfter(end))
			} else {
				err = v.destroyKey(ctx, tx, k, 0)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// destroyKey destroys a data key and owes its rows to the background. In an
// erasure all tags of the person go at once; otherwise those of its rows do.
func (v *Vault) destroyKey(ctx context.Context, tx *store.Tx, k keys.Key, erasure int64) error {
	if err := v.ring.Destroy(ctx, tx, k); err != nil {
		return err
	}
	if erasure == 0 && k.Class != keys.Evidence {
		_, err := tx.Exec(ctx, "DELETE FROM tags WHERE subject = $1 AND part IN (SELECT id FROM records WHERE subject = $1 AND key_id = $2)", int64(k.Subject), k.KeyID)
		if err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "INSERT INTO purges (subject, key_id, erasure) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", int64(k.Subject), k.KeyID, erasure)
	return err
}
