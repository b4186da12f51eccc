package people

import (
	"context"
	"fmt"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// How a person came to a version of the notice.
const (
	FirstUse = "first-use" // it was in force when they first used their account
	SeenIt   = "seen"      // they were told what changed, and said that they had seen it
)

// Notice is a version of the notice that a person has seen.
type Notice struct {
	Policy  int
	At      time.Time
	Surface string
	Code    string // FirstUse or SeenIt
}

// ofNotices are the rows of a person under all their aliases.
const ofNotices = ` FROM notices_seen n JOIN subjects s ON s.subject = n.subject
	WHERE s.root = (SELECT root FROM subjects WHERE subject = $1)`

// Known returns the latest version of the notice that a person has seen; 0 if
// none is known.
func (d *Desk) Known(ctx context.Context, tx *store.Tx, s keys.SubjectID) (version int, err error) {
	if err := tx.QueryRow(ctx, "SELECT COALESCE(MAX(n.policy), 0)"+ofNotices, int64(s)).Scan(&version); err != nil {
		return 0, fmt.Errorf("people: %w", err)
	}
	return version, nil
}

// See records that a person saw the version of the notice that is in force, or
// first used their account under it, with its evidence (R1). That they saw it
// is no consent to anything. To see it twice changes nothing.
func (d *Desk) See(ctx context.Context, tx *store.Tx, s keys.SubjectID, actor, surface, code string) error {
	version, now := d.c.InForce().Policy().Version, d.c.Now()
	if known, err := d.Known(ctx, tx, s); err != nil || known >= version {
		return err
	}
	n, err := tx.Change(ctx, "INSERT INTO notices_seen (subject, policy, at_ms, surface, code) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
		int64(s), version, now.UnixMilli(), surface, code)
	if err != nil {
		return fmt.Errorf("people: %w", err)
	}
	if n == 0 {
		return nil // in another window, at the same moment
	}
	_, err = d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.NoticeAccepted, At: now, Actor: actor, Surface: surface, Policy: version, Subject: s, Code: code,
	})
	return err
}

// Notices returns the versions of the notice that a person has seen, the newest
// first.
func (d *Desk) Notices(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]Notice, error) {
	rows, err := tx.Query(ctx, "SELECT n.policy, n.at_ms, n.surface, n.code"+ofNotices+" ORDER BY n.policy DESC", int64(s))
	if err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	defer rows.Close()
	var list []Notice
	for rows.Next() {
		var n Notice
		var at int64
		if err := rows.Scan(&n.Policy, &at, &n.Surface, &n.Code); err != nil {
			return nil, fmt.Errorf("people: %w", err)
		}
		n.At = time.UnixMilli(at).UTC()
		list = append(list, n)
	}
	return list, rows.Err()
}
