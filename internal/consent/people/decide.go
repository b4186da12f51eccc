package people

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Refusals of a decision.
var (
	// ErrNotFound says that the purpose is not one that touches this person.
	ErrNotFound = errors.New("people: no such purpose")
	// ErrFixed says that contract or law leaves nothing to decide, or that a
	// person has to look at an objection.
	ErrFixed = errors.New("people: not decided here")
	// ErrChannel says that a yes to marketing names no channel, or one that the
	// policy does not declare.
	ErrChannel = errors.New("people: no such channel, or none chosen")
	// ErrWords says that the words changed since they were shown, so that a yes
	// to them is a yes to something else (UK GDPR Art 4(11)).
	ErrWords = errors.New("people: other words were shown")
)

// Config is what the desk stands on.
type Config struct {
	Store   *store.Store
	Log     *evidence.Log
	Vault   *vault.Vault
	InForce func() *policy.Compiled
	Version func(int) *policy.Policy // a published policy by its number, or nil
	Now     func() time.Time
}

// Desk takes the decisions of people. It is safe for concurrent use once all
// followers are added.
type Desk struct {
	c         Config
	followers []Follower
	widened   sync.Map // of [2]int, the versions: []policy.Change, which never change
}

// New returns a desk.
func New(c Config) *Desk { return &Desk{c: c} }

// View and Update run fn in a transaction of the desk's store.
func (d *Desk) View(ctx context.Context, fn func(*store.Tx) error) error {
	return d.c.Store.View(ctx, fn)
}

// Update is described at View.
func (d *Desk) Update(ctx context.Context, fn func(*store.Tx) error) error {
	return d.c.Store.Update(ctx, fn)
}

// Follower acts in the transaction of a decision. It is asked before anything
// is written, so that it can take the claims it needs in the order in which it
// always takes them; after, if it is not nil, runs when the decision stands.
type Follower interface {
	Follow(ctx context.Context, tx *store.Tx, d Decision) (after func() error, err error)
}

// Follow adds a follower. It belongs to the wiring, before the first decision.
func (d *Desk) Follow(f Follower) { d.followers = append(d.followers, f) }

// Decision is a person's word on a purpose. It may hold an address, and prints
// as a placeholder.
type Decision struct {
	Subject  keys.SubjectID
	Actor    string // the role they are signed in with
	Surface  string
	Purpose  string
	Yes      bool
	Channels []string // of a purpose with channels: those allowed. Of one with a single channel a yes alone means that one
	Shown    [32]byte // hash of the words that were shown; only a yes asks for it
	Way      Way      // empty: ByPage
	Email    string   // an address that is proven to be theirs; empty if there is none
}

// Format writes a placeholder, whatever the verb.
func (Decision) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(a decision)") }

// LogValue returns a placeholder.
func (Decision) LogValue() slog.Value { return slog.StringValue("(a decision)") }

// Decide keeps a decision with its evidence, in one transaction. To say the
// same twice adds nothing to the history. ErrNotFound, ErrFixed, ErrChannel or ErrWords if
// it cannot be taken; vault.ErrNotFound if the person is erased.
func (d *Desk) Decide(ctx context.Context, dec Decision) error {
	return d.c.Store.Update(ctx, func(tx *store.Tx) error { return d.DecideIn(ctx, tx, dec) })
}

// DecideIn is Decide within tx.
func (d *Desk) DecideIn(ctx context.Context, tx *store.Tx, dec Decision) error {
	c := d.c.InForce()
	q, ok := c.Policy().PurposeByID(dec.Purpose)
	if !ok || !touches(c.Policy(), dec.Actor, dec.Purpose) {
		return ErrNotFound
	}
	kind := KindOf(q)
	if kind != ByConsent && kind != ByObjection {
		return ErrFixed
	}
	if dec.Yes && PlaceOf(c.Policy(), q) == InApp && !isApp(c.Policy(), dec.Surface) {
		return ErrFixed // the app asks, in the moment in which it needs it (R11)
	}
	words := Statement(c.Policy(), q)
	if dec.Yes && dec.Shown != words.Hash() {
		return ErrWords
	}
	row, err := d.row(c, q, dec)
	if err != nil {
		return err
	}
	return d.follow(ctx, tx, dec, func() error {
		// Claimed before it is read what stands: a button that is pressed twice at
		// once is one decision.
		if err := d.c.Vault.Claim(ctx, tx, dec.Subject); err != nil {
			return err
		}
		again, err := d.again(ctx, tx, c, q, dec, &row)
		if err != nil || again {
			return err
		}
		return d.keep(ctx, tx, q, dec, row, func() error { return d.stand(ctx, tx, q, dec, row) })
	})
}

// again reports whether a decision stands so already, and makes a no that
// ends no yes a refusal. It reads after the followers took their claims, since
// what they follow may have changed until then.
func (d *Desk) again(ctx context.Context, tx *store.Tx, c *policy.Compiled, q *policy.Purpose, dec Decision, row *Row) (bool, error) {
	latest, err := newest(ctx, tx, dec.Subject)
	if err != nil {
		return false, err
	}
	st, err := d.c.Vault.Standing(ctx, tx, dec.Subject)
	if err != nil {
		return false, err
	}
	stands := stands(c, q, st)
	last, decided := latest[q.ID]
	if row.Code == Withdrawn && !stands && !last.Code.yes() && last.Code != Withdrawn {
		row.Code = Declined
	}
	return decided && row.same(last) && stands == last.Code.yes(), nil
}

// follow has the followers act around a decision.
func (d *Desk) follow(ctx context.Context, tx *store.Tx, dec Decision, keep func() error) error {
	var afters []func() error
	for _, f := range d.followers {
		after, err := f.Follow(ctx, tx, dec)
		if err != nil {
			return err
		}
		if after != nil {
			afters = append(afters, after)
		}
	}
	if err := keep(); err != nil {
		return err
	}
	for _, after := range afters {
		if err := after(); err != nil {
			return err
		}
	}
	return nil
}

// row makes the row of a decision.
func (d *Desk) row(c *policy.Compiled, q *policy.Purpose, dec Decision) (Row, error) {
	r := Row{
		Subject: dec.Subject, Purpose: q.ID, At: d.c.Now(), Policy: c.Policy().Version, Wording: Statement(c.Policy(), q).Hash(),
		Surface: dec.Surface, Way: dec.Way,
	}
	if r.Way == "" {
		r.Way = ByPage
	}
	switch consent := KindOf(q) == ByConsent; {
	case consent && dec.Yes && PlaceOf(c.Policy(), q) == InBrowser:
		r.Code = Resumed // the browser gives its own yes
	case consent && dec.Yes:
		var err error
		if r.Channels, err = channels(q, dec.Channels); err != nil {
			return r, err
		}
		r.Code = Given
	case consent:
		r.Code = Withdrawn
	case dec.Yes:
		r.Code = Resumed
	default:
		r.Code = Objected
	}
	return r, nil
}

// channels returns the channels that a yes allows, in the policy's order.
func channels(q *policy.Purpose, chosen []string) ([]string, error) {
	if len(q.Channels) == 0 {
		return nil, nil
	}
	if len(chosen) == 0 && len(q.Channels) == 1 {
		return q.Channels, nil
	}
	var allowed []string
	for _, c := range q.Channels {
		if slices.Contains(chosen, c) {
			allowed = append(allowed, c)
		}
	}
	for _, c := range chosen {
		if !slices.Contains(q.Channels, c) {
			return nil, ErrChannel
		}
	}
	if len(allowed) == 0 {
		return nil, ErrChannel
	}
	return allowed, nil
}

// keep writes a decision: the standing, the row, the words and the evidence. It
// is the one place in which a decision about a purpose is recorded.
func (d *Desk) keep(ctx context.Context, tx *store.Tx, q *policy.Purpose, dec Decision, row Row, stand func() error) error {
	if err := stand(); err != nil {
		return err
	}
	id, err := Remember(ctx, tx, row)
	if err != nil {
		return err
	}
	words := Statement(d.c.InForce().Policy(), q)
	hash := words.Hash()
	if _, err := tx.Exec(ctx, "INSERT INTO wordings (hash, words) VALUES ($1, $2) ON CONFLICT DO NOTHING", hash[:], words.text()); err != nil {
		return fmt.Errorf("people: %w", err)
	}
	_, err = d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.ConsentDecided, At: row.At, Actor: dec.Actor, Surface: row.Surface, Purpose: q.ID, Policy: row.Policy,
		Subject: dec.Subject, Ref: id, Code: string(row.Code), Hash: row.Wording[:], Choices: chosen(q, row),
	})
	return err
}

// stand brings the person's standing to what was decided. A yes takes back an
// objection that stood before: it is the later and more particular word.
func (d *Desk) stand(ctx context.Context, tx *store.Tx, q *policy.Purpose, dec Decision, row Row) error {
	a := vault.Access{Actor: dec.Actor, Purpose: q.ID, Surface: dec.Surface}
	if KindOf(q) == ByObjection {
		return d.c.Vault.Object(ctx, tx, a, dec.Subject, q.ID, !dec.Yes)
	}
	if err := d.c.Vault.SetConsent(ctx, tx, dec.Subject, q.ID, row.Code == Given); err != nil || row.Code != Given {
		return err
	}
	c := d.c.InForce()
	st, err := d.c.Vault.Standing(ctx, tx, dec.Subject)
	if err != nil {
		return err
	}
	if i, ok := c.Purpose(q.ID); ok && st.Objections.Has(i) {
		return d.c.Vault.Object(ctx, tx, a, dec.Subject, q.ID, false)
	}
	return nil
}

// chosen is a decision as evidence: the purpose, and each of several channels
// as purpose/channel.
func chosen(q *policy.Purpose, r Row) map[string]bool {
	if r.Code == Resumed && KindOf(q) == ByConsent {
		return nil // a no taken back is not a yes
	}
	m := map[string]bool{q.ID: r.Code.yes()}
	if len(q.Channels) > 1 {
		for _, c := range q.Channels {
			m[q.ID+"/"+c] = slices.Contains(r.Channels, c)
		}
	}
	return m
}

// stands reports whether a purpose may go on for a person with this standing.
func stands(c *policy.Compiled, q *policy.Purpose, st policy.Standing) bool {
	i, ok := c.Purpose(q.ID)
	if !ok || st.Objections.Has(i) {
		return false
	}
	return KindOf(q) != ByConsent || st.Consents.Has(i)
}
