package vault

import (
	"context"
	"errors"
	"slices"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
)

// Holding is how much is held of a category about a person, collected in one
// way. It says nothing of what it says.
type Holding struct {
	Category string
	Surface  string // where it was collected
	Purposes []string
	Policy   int   // version at collection
	Count    int64 // records, each with its copies counted once for each time it is kept
	First    time.Time
	Last     time.Time // of collection
}

const selectHeld = `SELECT r.label, COUNT(*), MIN(r.collected_ms), MAX(r.collected_ms) FROM records r
	WHERE r.subject = $1 AND (r.expires_day = 0 OR r.expires_day > $2) AND EXISTS (SELECT 1 FROM data_keys k WHERE k.key_id = r.key_id)
	GROUP BY r.label ORDER BY r.label`

// Held returns what is held about a person under all their aliases, without
// opening any of it, so it costs the same whatever it says. ErrNotFound if
// there is no such person.
func (v *Vault) Held(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]Holding, error) {
	group, err := v.group(ctx, tx, s, false)
	if err != nil {
		return nil, err
	}
	var list []Holding
	for _, m := range group {
		if list, err = v.heldOf(ctx, tx, m.subject, list); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (v *Vault) heldOf(ctx context.Context, tx *store.Tx, s keys.SubjectID, list []Holding) ([]Holding, error) {
	rows, err := tx.Query(ctx, selectHeld, int64(s), dayOf(v.now()))
	if err != nil {
		return nil, err
	}
	var labels []int64
	from := len(list)
	for rows.Next() {
		var label, first, last int64
		var h Holding
		if err := rows.Scan(&label, &h.Count, &first, &last); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		h.First, h.Last = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
		labels, list = append(labels, label), append(list, h)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for i, n := range labels {
		l, err := v.labelOf(ctx, tx, n)
		if err != nil {
			return nil, err
		}
		h := &list[from+i]
		h.Category, h.Surface, h.Purposes, h.Policy = l.Category, l.Surface, l.purposes, l.Version
	}
	return list, nil
}

// Own returns what a person owns of some categories, for their own eyes:
// whatever they restricted or objected to is theirs all the same (UK GDPR Art
// 15). Copies of one part come once, with all their purposes, the oldest
// record first. The caller must know that it is they who ask.
func (v *Vault) Own(ctx context.Context, tx *store.Tx, s keys.SubjectID, categories ...string) ([]Record, error) {
	var list []Record
	keep := func(r Record) error {
		if r.Parts[0].Kind == Owner && r.Parts[0].Value != nil {
			list = append(list, r)
		}
		return nil
	}
	err := v.walkOnly(ctx, tx, s, func(l *label) bool { return slices.Contains(categories, l.Category) }, keep)
	slices.SortFunc(list, func(a, b Record) int { return int(min(max(a.ID-b.ID, -1), 1)) })
	return list, err
}
