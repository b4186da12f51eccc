package people

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// State is how a purpose stands for a person.
type State string

// The states.
const (
	StateGiven     State = "given"
	StateDeclined  State = "declined"
	StateNotAsked  State = "not-asked"
	StateWithdrawn State = "withdrawn"
	StateInUse     State = "in-use" // goes on unless they object
	StateObjected  State = "objected"
	StateNeeded    State = "needed" // contract or law; cannot be refused
)

// Channel is a way in which marketing may come.
type Channel struct {
	ID    string
	Allow bool
}

// Choice is a purpose and how it stands for a person.
type Choice struct {
	Purpose  *policy.Purpose
	Kind     Kind
	Place    Place
	State    State
	Channels []Channel // of marketing
	Since    time.Time // of the decision that counts; zero if there is none
	Policy   int       // version it was made under; 0 if there is none
	Words    Words     // what is shown before a decision
	Widened  []string  // what a yes of an earlier version does not cover, in words: to be asked again
}

// Choices returns every declared purpose that touches a person in a role, in
// the policy's order, and how it stands. vault.ErrNotFound if there is no such
// person.
func (d *Desk) Choices(ctx context.Context, tx *store.Tx, s keys.SubjectID, actor string) ([]Choice, error) {
	c := d.c.InForce()
	p := c.Policy()
	st, err := d.c.Vault.Standing(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	latest, err := newest(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	var list []Choice
	for _, q := range Touching(p, actor) {
		row, decided := latest[q.ID]
		ch := Choice{Purpose: q, Kind: KindOf(q), Place: PlaceOf(p, q), Words: Statement(p, q)}
		ch.State = state(c, q, st, row, decided)
		if decided {
			ch.Since, ch.Policy = row.At, row.Policy
		}
		if ch.State == StateGiven && decided {
			ch.Widened = d.since(row.Policy, p, q.ID)
		}
		for _, id := range q.Channels {
			ch.Channels = append(ch.Channels, Channel{id, ch.open() && reaches(q, id, row, decided)})
		}
		list = append(list, ch)
	}
	return list, nil
}

// since returns what a purpose may do more than under an earlier version.
func (d *Desk) since(version int, now *policy.Policy, purpose string) []string {
	if d.c.Version == nil || version >= now.Version {
		return nil
	}
	key := [2]int{version, now.Version}
	changes, ok := d.widened.Load(key)
	if !ok {
		old := d.c.Version(version)
		if old == nil {
			return nil
		}
		changes = policy.Diff(old, now)
		d.widened.Store(key, changes)
	}
	return policy.Widening(changes.([]policy.Change), purpose)
}

// open reports whether the purpose goes on.
func (c Choice) open() bool { return c.State == StateGiven || c.State == StateInUse }

func state(c *policy.Compiled, q *policy.Purpose, st policy.Standing, row Row, decided bool) State {
	i, ok := c.Purpose(q.ID)
	objected := ok && st.Objections.Has(i)
	switch KindOf(q) {
	case Fixed:
		return StateNeeded
	case ByObjection, OnRequest:
		if objected {
			return StateObjected
		}
		return StateInUse
	}
	switch {
	case objected:
		return StateObjected
	case stands(c, q, st):
		return StateGiven
	case !decided || row.Code == Resumed:
		return StateNotAsked
	case row.Code == Declined:
		return StateDeclined
	}
	return StateWithdrawn // also where it ended otherwise than by the person's hand
}

// reaches says whether a channel is open, by the newest decision. Where none
// is kept, a purpose with one channel is a yes to that.
func reaches(q *policy.Purpose, channel string, row Row, decided bool) bool {
	switch {
	case len(q.Channels) == 0:
		return true
	case !slices.Contains(q.Channels, channel):
		return false
	case KindOf(q) == ByObjection:
		return true
	case !decided:
		return len(q.Channels) == 1
	}
	return row.Code == Given && slices.Contains(row.Channels, channel)
}

// Reaches reports whether marketing for a purpose may go to a person by a
// channel, as far as their choice of channels goes: that consent stands, or no
// objection does, the vault's door knows. A purpose without channels is open by
// all.
func Reaches(ctx context.Context, tx *store.Tx, q *policy.Purpose, s keys.SubjectID, channel string) (bool, error) {
	if len(q.Channels) == 0 || KindOf(q) != ByConsent {
		return reaches(q, channel, Row{}, false), nil
	}
	latest, err := newest(ctx, tx, s)
	if err != nil {
		return false, err
	}
	row, decided := latest[q.ID]
	return reaches(q, channel, row, decided), nil
}

// Refused returns the purposes that a person said no to: refused, withdrawn or
// objected to, and not taken back. A person who is not there refused nothing.
func (d *Desk) Refused(ctx context.Context, tx *store.Tx, s keys.SubjectID) (map[string]bool, error) {
	c := d.c.InForce()
	st, err := d.c.Vault.Standing(ctx, tx, s)
	if errors.Is(err, vault.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	latest, err := newest(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	no := map[string]bool{}
	for i := range c.Policy().Purposes {
		q := &c.Policy().Purposes[i]
		row, decided := latest[q.ID]
		switch state(c, q, st, row, decided) {
		case StateObjected, StateWithdrawn, StateDeclined:
			no[q.ID] = true
		}
	}
	return no, nil
}

// Past is a decision of the history with the words that were shown.
type Past struct {
	Row
	Words Words // none where they were those of another page, such as a form on the website
}

// History returns what a person decided, newest first.
func (d *Desk) History(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]Past, error) {
	list, err := rows(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	slices.Reverse(list)
	past := make([]Past, len(list))
	for i, r := range list {
		past[i].Row = r
		var words string
		err := tx.QueryRow(ctx, "SELECT words FROM wordings WHERE hash = $1", r.Wording[:]).Scan(&words)
		switch {
		case err == nil:
			past[i].Words = strings.Split(words, "\n")
		case !errors.Is(err, sql.ErrNoRows):
			return nil, fmt.Errorf("people: %w", err)
		}
	}
	return past, nil
}
