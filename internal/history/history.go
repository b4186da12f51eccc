// Package history shows a person what happened with their data: what was
// collected, looked at, used, sent, disclosed and decided, by whom, where and
// why, in the words of the policy version it happened under, each with the
// proof that it stands in the evidence log (R28).
//
//	List       the entries about a person, newest first
//	Get        one of them
//	Opening    the same as a file that anybody can check without trusting us
//	Withhold   keeps an entry back while a law asks for secrecy
//
// # What could betray somebody else
//
// A person sees an entry only if it is sealed for them, under one of their own
// aliases. What else could tell of another person, and what keeps it from
// doing so:
//
//   - What several people share, a call or a conversation, is told to each in an
//     entry of their own, sealed for them, about their own part and without the
//     number of a record that is another's; so is a look at it (vault.Put,
//     vault.Look). Who is only mentioned is told nothing: the record is somebody
//     else's. A batch about many people is one entry with the operator.
//   - Who looked is a role of the policy, never a member of staff.
//   - Numbers of rows are shown only where the table of words says what they
//     are to the person; a number that is not theirs is never in their entry.
//   - That entries are missing says nothing: ids are common to all people, and
//     a page is filled up past what is left out.
//   - Which letter was chosen for an address says whether somebody else has it:
//     the evidence of a mail names what was owed (package mail).
//   - An entry under secrecy is not found, in the list and by its id, and no
//     differently from one that never was.
//   - An entry of a kind without words is not shown. A test sees that there is
//     none.
package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"candour/internal/evidence"
	"candour/internal/evidence/opening"
	"candour/internal/keys"
	"candour/internal/notice"
	"candour/internal/store"
	"candour/internal/vault"
)

// Config is what a Desk stands on.
type Config struct {
	Store    *store.Store
	Log      *evidence.Log
	Vault    *vault.Vault
	Versions *notice.Versions
	Now      func() time.Time
	// Reference returns what a person knows a row of ours by, such as the
	// reference of a ticket, empty if they know it by nothing. Nil knows none.
	Reference func(ctx context.Context, tx *store.Tx, kind evidence.Kind, ref int64) (string, error)
}

// Desk shows histories. It is safe for concurrent use.
type Desk struct{ c Config }

// New returns a desk.
func New(c Config) *Desk { return &Desk{c} }

// ErrNotFound says that there is no such entry in this person's history: it
// never was, it is somebody else's, or it is withheld.
var ErrNotFound = errors.New("history: no such entry")

// ErrNotYet says that an entry is not in the signed log yet. It is within a
// moment, while the log runs.
var ErrNotYet = errors.New("history: the entry is not in the signed log yet; try again in a moment")

// people returns all subjects that are the person, and those that are known to
// be theirs besides: what a complaint or an erasure was held as. Of those, one
// that is gone is no error.
func (d *Desk) people(ctx context.Context, tx *store.Tx, s keys.SubjectID, also []keys.SubjectID) ([]keys.SubjectID, error) {
	group, err := d.c.Vault.Members(ctx, tx, s)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	for _, other := range also {
		more, err := d.c.Vault.Members(ctx, tx, other)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return nil, err
		}
		for _, m := range more {
			if !slices.Contains(group, m) {
				group = append(group, m)
			}
		}
	}
	return group, nil
}

// own returns an entry with its id if the person may see it.
func (d *Desk) own(ctx context.Context, tx *store.Tx, s keys.SubjectID, id int64, also []keys.SubjectID) (evidence.Entry, error) {
	group, err := d.people(ctx, tx, s, also)
	if err != nil {
		return evidence.Entry{}, err
	}
	e, err := d.c.Log.OfGroup(ctx, tx, group, id)
	if errors.Is(err, evidence.ErrNoEntry) {
		return evidence.Entry{}, ErrNotFound
	}
	if err != nil {
		return evidence.Entry{}, err
	}
	hidden, err := d.withheld(ctx, tx, []evidence.Entry{e})
	if err != nil {
		return evidence.Entry{}, err
	}
	if hidden[id] || !tellable(e.Body, group) {
		return evidence.Entry{}, ErrNotFound
	}
	return e, nil
}

// Get returns one entry of a person's history, whole. ErrNotFound if it is not
// theirs to see. also is as in Query.
func (d *Desk) Get(ctx context.Context, tx *store.Tx, s keys.SubjectID, id int64, also ...keys.SubjectID) (Entry, error) {
	e, err := d.own(ctx, tx, s, id, also)
	if err != nil {
		return Entry{}, err
	}
	return d.tell(ctx, tx, e)
}

// Opening returns one entry of a person's history with the proof that it is in
// the log: what package opening and its check-evidence.mjs verify, given
// the log's verifier key. ErrNotFound if it is not theirs to see, ErrNotYet
// before it is under a signed checkpoint. also is as in Query.
func (d *Desk) Opening(ctx context.Context, s keys.SubjectID, id int64, also ...keys.SubjectID) (opening.Opening, error) {
	err := d.c.Store.View(ctx, func(tx *store.Tx) error {
		_, err := d.own(ctx, tx, s, id, also)
		return err
	})
	if err != nil {
		return opening.Opening{}, err
	}
	o, err := d.c.Log.Opening(ctx, id)
	switch {
	case errors.Is(err, evidence.ErrNotPublished):
		return o, ErrNotYet
	case errors.Is(err, evidence.ErrSealed), errors.Is(err, evidence.ErrNoEntry):
		return o, ErrNotFound // erased since
	}
	return o, err
}

// Withhold keeps an entry out of the history of whom it is about until a time,
// because a law asks for secrecy (for example Investigatory Powers Act 2016
// s57). Call it in the transaction that writes the entry. A later call sets
// another time; one that is past shows the entry.
func (d *Desk) Withhold(ctx context.Context, tx *store.Tx, entry int64, until time.Time) error {
	_, err := tx.Exec(ctx, `INSERT INTO history_withheld (entry, until_ms) VALUES ($1, $2)
		ON CONFLICT (entry) DO UPDATE SET until_ms = excluded.until_ms`, entry, until.UnixMilli())
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// withheld returns which of the entries, newest first, are under secrecy.
func (d *Desk) withheld(ctx context.Context, tx *store.Tx, entries []evidence.Entry) (map[int64]bool, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	rows, err := tx.Query(ctx, "SELECT entry FROM history_withheld WHERE entry >= $1 AND entry <= $2 AND until_ms > $3",
		entries[len(entries)-1].ID, entries[0].ID, d.c.Now().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer rows.Close()
	hidden := map[int64]bool{}
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		hidden[id] = true
	}
	return hidden, rows.Err()
}
