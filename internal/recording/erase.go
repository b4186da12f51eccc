package recording

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/rights"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Remove erases a recording, of whoever made it: their own voice and the other
// side's. ErrNotFound if there is no such, or it goes on.
func (d *Desk) Remove(ctx context.Context, tx *store.Tx, s keys.SubjectID, id int64) error {
	r, err := d.row(ctx, tx, "WHERE id = $1 AND subject = $2 AND ended_ms > 0", id, int64(s))
	if err != nil {
		return err
	}
	roles, err := d.Roles()
	if err != nil {
		return err
	}
	if err := d.proveBoth(ctx, tx, r, evidence.Body{Kind: evidence.RecordingErased, Code: "own"}, evidence.Body{Kind: evidence.RecordingErased, Code: "other"}); err != nil {
		return wrap(err)
	}
	return wrap(d.drop(ctx, tx, roles, r))
}

// drop erases all of a recording, and its row.
func (d *Desk) drop(ctx context.Context, tx *store.Tx, roles Roles, r row) error {
	// In one order, whichever of the two asks: they may do so at once.
	for _, s := range slices.Sorted(slices.Values([]keys.SubjectID{r.subject, r.other})) {
		if s == 0 {
			continue
		}
		if err := d.c.Vault.Claim(ctx, tx, s); err != nil && !errors.Is(err, vault.ErrNotFound) {
			return err
		}
	}
	for _, side := range []int64{ownSide, otherSide} {
		if err := d.erase(ctx, tx, roles, r, side); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, "DELETE FROM recordings WHERE id = $1", r.ID)
	return err
}

// erase erases what is kept of a side.
func (d *Desk) erase(ctx context.Context, tx *store.Tx, roles Roles, r row, side int64) error {
	ids, of, err := d.pieces(ctx, tx, r.ID, side)
	if err != nil || len(ids) == 0 {
		return err
	}
	a := roles.own()
	if side == otherSide && of != r.subject {
		a = roles.others()
	}
	if err := d.c.Vault.RemoveParts(ctx, tx, a, of, ids...); err != nil && !errors.Is(err, vault.ErrNotFound) {
		return err // who is not there has nothing left
	}
	_, err = tx.Exec(ctx, "DELETE FROM recording_pieces WHERE recording = $1 AND side = $2", r.ID, side)
	return err
}

// silence takes the other side's voice out of a recording.
func (d *Desk) silence(ctx context.Context, tx *store.Tx, roles Roles, r row) error {
	if err := d.erase(ctx, tx, roles, r, otherSide); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE recordings SET other = 0, far = $1 WHERE id = $2", erased, r.ID)
	return err
}

// TakeOut erases somebody's voice from a call that the other side recorded (UK GDPR
// Art 21(1), Art 17(1)(c)). A recording that goes on ends. ErrNotFound if theirs is
// in no such.
func (d *Desk) TakeOut(ctx context.Context, tx *store.Tx, s keys.SubjectID, id int64) error {
	r, err := d.row(ctx, tx, "WHERE id = $1 AND other = $2", id, int64(s))
	if err != nil {
		return err
	}
	roles, err := d.Roles()
	if err != nil {
		return err
	}
	return wrap(d.takeOut(ctx, tx, roles, r))
}

func (d *Desk) takeOut(ctx context.Context, tx *store.Tx, roles Roles, r row) error {
	if err := d.proveBoth(ctx, tx, r, evidence.Body{Kind: evidence.RecordingErased, Code: "theirs"}, evidence.Body{Kind: evidence.RecordingErased, Code: "voice"}); err != nil {
		return err
	}
	if r.Ended.IsZero() {
		d.tell(tx, Objected, r.ID)
	}
	return d.silence(ctx, tx, roles, r)
}

// Follow acts with a decision, in its transaction: it is a people.Follower. With
// the consent to recordings they go, each with both sides' voices; with an
// objection to being recorded, the person's voice goes from all.
func (d *Desk) Follow(ctx context.Context, tx *store.Tx, dec people.Decision) (func() error, error) {
	roles, err := d.Roles()
	if err != nil || dec.Yes || dec.Purpose != PurposeID && dec.Purpose != OtherID {
		return nil, nil //nolint:nilerr // this is not about recordings
	}
	members, err := d.c.Vault.Members(ctx, tx, dec.Subject)
	if err != nil {
		return nil, err
	}
	return func() error {
		for _, m := range members {
			var err error
			if dec.Purpose == OtherID {
				err = d.objected(ctx, tx, roles, m)
			} else {
				err = d.orphan(ctx, tx, m, Withdrawn)
			}
			if err != nil {
				return wrap(err)
			}
		}
		return nil
	}, nil
}

// objected takes a voice out of all recordings.
func (d *Desk) objected(ctx context.Context, tx *store.Tx, roles Roles, s keys.SubjectID) error {
	list, err := d.rows(ctx, tx, "WHERE other = $1 ORDER BY id", int64(s))
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := d.takeOut(ctx, tx, roles, r); err != nil {
			return err
		}
	}
	return nil
}

// orphan leaves the recordings of somebody to nobody: their own voice goes with
// their key, and Sweep erases what is left. Nobody can hear any of it from here on.
func (d *Desk) orphan(ctx context.Context, tx *store.Tx, s keys.SubjectID, why Code) error {
	going, err := tx.IDs(ctx, "SELECT id FROM recordings WHERE subject = $1 AND ended_ms = 0", int64(s))
	if err != nil {
		return err
	}
	d.tell(tx, why, going...)
	if _, err := tx.Exec(ctx, "DELETE FROM recording_pieces WHERE subject = $1 AND recording IN (SELECT id FROM recordings WHERE subject = $1)", int64(s)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM recordings WHERE subject = $1 AND NOT EXISTS (SELECT 1 FROM recording_pieces p WHERE p.recording = recordings.id)", int64(s)); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE recordings SET subject = 0 WHERE subject = $1", int64(s))
	return err
}

// Erased drops what is kept here of somebody, in the transaction in which they are
// erased: their voice goes with their key, also from what others recorded.
func (d *Desk) Erased(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	if err := d.orphan(ctx, tx, s, Withdrawn); err != nil {
		return wrap(err)
	}
	going, err := tx.IDs(ctx, "SELECT id FROM recordings WHERE other = $1 AND ended_ms = 0", int64(s))
	if err != nil {
		return wrap(err)
	}
	d.tell(tx, Objected, going...)
	if _, err := tx.Exec(ctx, "DELETE FROM recording_pieces WHERE subject = $1", int64(s)); err != nil {
		return wrap(err)
	}
	_, err = tx.Exec(ctx, "UPDATE recordings SET other = 0, far = $1 WHERE other = $2", erased, int64(s))
	return wrap(err)
}

// sweepBatch is how many rows one transaction looks at.
const sweepBatch = 50

// Sweep closes recordings that a program left open when it died, and erases those
// that came to their day or are nobody's any more. It belongs to the start, and on
// the beat of the retention sweep (R12).
func (d *Desk) Sweep(ctx context.Context) error {
	roles, err := d.Roles()
	if err != nil {
		return nil //nolint:nilerr // not declared: the records go at their time
	}
	var open []int64
	err = d.View(ctx, func(tx *store.Tx) (err error) {
		open, err = tx.IDs(ctx, "SELECT id FROM recordings WHERE ended_ms = 0 ORDER BY id")
		return err
	})
	if err != nil {
		return wrap(err)
	}
	for _, id := range open {
		if d.isGoing(id) {
			continue
		}
		if err := d.Update(ctx, func(tx *store.Tx) error { return d.End(ctx, tx, id, Cut) }); err != nil {
			return wrap(err)
		}
	}
	today := d.c.Now().UnixMilli() / dayMillis
	for more := true; more; {
		err := d.Update(ctx, func(tx *store.Tx) error {
			list, err := d.rows(ctx, tx, "WHERE subject = 0 OR expires_day <= $1 ORDER BY id LIMIT $2", today, sweepBatch)
			if err != nil {
				return err
			}
			more = len(list) == sweepBatch
			for _, r := range list {
				if err := d.drop(ctx, tx, roles, r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return wrap(err)
		}
	}
	return nil
}

const dayMillis = 24 * 60 * 60 * 1000

// expires is the first day on which a recording begun now is gone: its sound goes
// by the same rule of the policy.
func expires(c *policy.Compiled, roles Roles, begun time.Time) int64 {
	k, _ := c.Category(roles.Voice)
	p, _ := c.Purpose(PurposeID)
	r, ok := c.Retention(k, p)
	if !ok {
		return begun.UnixMilli() / dayMillis
	}
	period := r.Period
	if r.Event != policy.CollectedEvent {
		if period = r.Limit; period.IsZero() {
			return math.MaxInt64 // until it is taken back
		}
	}
	return (period.From(begun.UTC()).UnixMilli() + dayMillis - 1) / dayMillis
}

// Facts tells a copy of a person's data what is kept of them here beyond the vault:
// it is a rights.Source. What was said is in records; what the other side said is
// in the other side's.
func (d *Desk) Facts(ctx context.Context, tx *store.Tx, s keys.SubjectID, fn func(rights.Fact) error) error {
	list, err := d.rows(ctx, tx, "WHERE (subject = $1 OR other = $1) AND length_ms > 0 ORDER BY id", int64(s))
	if err != nil {
		return wrap(err)
	}
	for _, r := range list {
		f := rights.Fact{Title: "You recorded a call", At: r.Begun, Code: "recording"}
		if r.subject != s {
			f.Title, f.Code = "The other side recorded a call with you, and your voice in it is kept", "recorded"
		}
		if err := fn(f); err != nil {
			return err
		}
		if !r.Heard.IsZero() {
			if err := fn(rights.Fact{Title: "The recording of a call was played for the first time", At: r.Heard, Code: f.Code}); err != nil {
				return err
			}
		}
	}
	return nil
}
