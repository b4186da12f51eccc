package recording

import (
	"context"
	"errors"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/media"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Sides of a recording, as its table has them.
const (
	ownSide   = 0
	otherSide = 1
)

// Whose the other side is.
const (
	outside = 0
	ours    = 1
	erased  = 2
)

// May tells whether somebody may record a call: ErrUndeclared, ErrRole, ErrConsent,
// ErrObjected or ErrFull if not.
func (d *Desk) May(ctx context.Context, tx *store.Tx, s Start) error {
	c := d.c.InForce()
	roles, err := RolesOf(c)
	switch {
	case err != nil:
		return err
	case !may(c, s.By.Role.Actor()):
		return ErrRole
	}
	if err := d.collects(ctx, tx, c, roles.Surface, roles.Voice, PurposeID, s.By.Subject); err != nil {
		return err
	}
	if s.Other.ID != 0 {
		if err := d.collects(ctx, tx, c, roles.Surface, roles.Other, OtherID, s.Other.Subject); err != nil {
			return err
		}
	}
	var n int
	err = tx.QueryRow(ctx, "SELECT COUNT(*) FROM recordings WHERE subject = $1", int64(s.By.Subject)).Scan(&n)
	if err == nil && n >= MaxRecordings {
		err = ErrFull
	}
	return wrap(err)
}

// collects asks the policy whether a category may be kept of somebody.
func (d *Desk) collects(ctx context.Context, tx *store.Tx, c *policy.Compiled, surface, category, purpose string, s keys.SubjectID) error {
	st, err := d.c.Vault.Standing(ctx, tx, s)
	if errors.Is(err, vault.ErrNotFound) {
		return ErrObjected // erased since
	}
	if err != nil {
		return wrap(err)
	}
	on, _ := c.Surface(surface)
	k, _ := c.Category(category)
	p, _ := c.Purpose(purpose)
	switch c.Collect(on, k, p, st) {
	case policy.Allowed:
		return nil
	case policy.NoConsent:
		return ErrConsent
	case policy.Objected:
		return ErrObjected
	}
	return ErrUndeclared
}

// Begin notes that somebody chose to record a call, before both sides are told. Its
// errors are those of May. What it returns is for the other acts, until End.
func (d *Desk) Begin(ctx context.Context, tx *store.Tx, s Start) (int64, error) {
	if err := d.May(ctx, tx, s); err != nil {
		return 0, err
	}
	roles, _ := d.Roles()
	id, now, far := d.c.Store.NewID(), d.c.Now(), int64(outside)
	if s.Other.ID != 0 {
		far = ours
	}
	_, err := tx.Exec(ctx, `INSERT INTO recordings (id, subject, other, far, call, begun_ms, ended_ms, length_ms, code, apart, heard_ms, expires_day)
		VALUES ($1, $2, $3, $4, $5, $6, 0, 0, '', 0, 0, $7)`,
		id, int64(s.By.Subject), int64(s.Other.Subject), far, s.Call, now.UnixMilli(), expires(d.c.InForce(), roles, now))
	if err == nil {
		a := roles.own()
		a.Actor = s.By.Role.Actor()
		err = d.prove(ctx, tx, a, evidence.Body{Kind: evidence.RecordingBegun, Subject: s.By.Subject, Ref: id})
	}
	if err != nil {
		return 0, wrap(err)
	}
	d.goes(id, true)
	return id, nil
}

// Announced notes that both sides were told: from here on, what they say is kept.
func (d *Desk) Announced(ctx context.Context, tx *store.Tx, id int64) error {
	r, err := d.open(ctx, tx, id)
	if err != nil {
		return err
	}
	roles, err := d.Roles()
	if err != nil {
		return err
	}
	return wrap(d.proveBoth(ctx, tx, r,
		evidence.Body{Kind: evidence.RecordingAnnounced, Code: "own", Category: roles.Voice},
		evidence.Body{Kind: evidence.RecordingAnnounced, Code: "other", Category: roles.Other}))
}

// Keep keeps the next piece of what was said. ErrConsent, ErrObjected or
// ErrUndeclared if that may not be any more: nothing of the piece is kept then.
func (d *Desk) Keep(ctx context.Context, tx *store.Tx, id int64, s Said) error {
	r, err := d.open(ctx, tx, id)
	if err != nil {
		return err
	}
	roles, err := d.Roles()
	if err != nil {
		return err
	}
	var number int64
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM recording_pieces WHERE recording = $1 AND side = 0", id).Scan(&number); err != nil {
		return wrap(err)
	}
	if r.Gone {
		return ErrObjected // else their voice would be kept as somebody's outside
	}
	theirs, access, category := r.other, roles.others(), roles.Other
	if theirs == 0 {
		theirs, access, category = r.subject, roles.own(), roles.Voice
	}
	if err := d.piece(ctx, tx, roles.own(), roles.Voice, r.subject, id, ownSide, number, s.Own); err != nil {
		return err
	}
	if err := d.piece(ctx, tx, access, category, theirs, id, otherSide, number, s.Other); err != nil {
		return err
	}
	apart := r.Apart || !s.Own.Matches(s.Other)
	_, err = tx.Exec(ctx, "UPDATE recordings SET length_ms = length_ms + $1, apart = $2 WHERE id = $3", s.Length.Milliseconds(), flag(apart), id)
	return wrap(err)
}

func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

// piece keeps a piece of one side.
func (d *Desk) piece(ctx context.Context, tx *store.Tx, a vault.Access, category string, s keys.SubjectID, id, side, number int64, sound media.Sound) error {
	ids, err := d.c.Vault.Write(ctx, tx, a, vault.Item{Category: category, Parts: []vault.Part{{Owner: s, Value: sound.File()}}})
	switch {
	case errors.Is(err, vault.ErrNoConsent):
		return ErrConsent
	case errors.Is(err, vault.ErrObjected) || errors.Is(err, vault.ErrNotFound):
		return ErrObjected
	case errors.Is(err, vault.ErrUndeclared):
		return ErrUndeclared
	case err != nil:
		return wrap(err)
	}
	_, err = tx.Exec(ctx, "INSERT INTO recording_pieces (recording, side, number, subject, record) VALUES ($1, $2, $3, $4, $5)", id, side, number, int64(s), int64(ids[0]))
	return wrap(err)
}

// End notes that a recording is over, and why. One of which nothing was kept is
// forgotten. A second end changes nothing.
func (d *Desk) End(ctx context.Context, tx *store.Tx, id int64, why Code) error {
	tx.AfterCommit(func() { d.goes(id, false) })
	r, err := d.open(ctx, tx, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if r.Length == 0 {
		_, err = tx.Exec(ctx, "DELETE FROM recordings WHERE id = $1", id)
	} else {
		_, err = tx.Exec(ctx, "UPDATE recordings SET ended_ms = $1, code = $2 WHERE id = $3", d.c.Now().UnixMilli(), string(why), id)
	}
	if err != nil {
		return wrap(err)
	}
	b := evidence.Body{Kind: evidence.RecordingEnded, Code: string(why)}
	return wrap(d.proveBoth(ctx, tx, r, b, b))
}

// Refuse notes that the other side said that they are not to be recorded: what was
// kept of their voice is erased, and nothing more is kept. End follows it.
func (d *Desk) Refuse(ctx context.Context, tx *store.Tx, id int64) error {
	r, err := d.open(ctx, tx, id)
	if err != nil {
		return err
	}
	roles, err := d.Roles()
	if err != nil {
		return err
	}
	own, other := evidence.Body{Kind: evidence.RecordingObjected, Code: "other"}, evidence.Body{Kind: evidence.RecordingObjected, Code: "own"}
	if err := d.proveBoth(ctx, tx, r, own, other); err != nil {
		return wrap(err)
	}
	return wrap(d.silence(ctx, tx, roles, r))
}

// open returns a recording that goes on.
func (d *Desk) open(ctx context.Context, tx *store.Tx, id int64) (row, error) {
	return d.row(ctx, tx, "WHERE id = $1 AND ended_ms = 0 AND subject <> 0", id)
}
