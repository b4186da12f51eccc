package consent

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/policy"
)

// Desk takes decisions and reads cookies. It is safe for concurrent use.
type Desk struct {
	store   *store.Store
	log     *evidence.Log
	secret  []byte
	version func(int) *policy.Policy
	now     func() time.Time

	mu    sync.Mutex
	again map[[2]int]map[string]bool // groups to ask again, by old and new version
}

// New returns a desk. secret keys the code of the cookie; version returns a
// published policy by its number, or nil.
func New(st *store.Store, log *evidence.Log, secret []byte, version func(int) *policy.Policy, now func() time.Time) *Desk {
	return &Desk{store: st, log: log, secret: secret, version: version, now: now, again: map[[2]int]map[string]bool{}}
}

// askAgain returns the groups whose consent of the old version does not cover
// what the new one does. Versions never change, so the answer is kept.
func (d *Desk) askAgain(old, new *policy.Policy) map[string]bool {
	key := [2]int{old.Version, new.Version}
	d.mu.Lock()
	defer d.mu.Unlock()
	if g, ok := d.again[key]; ok {
		return g
	}
	groups := map[string]bool{}
	for _, id := range policy.AskAgain(policy.Diff(old, new)) {
		groups[id] = true
	}
	d.again[key] = groups
	return groups
}

// Request is a decision as a person made it.
type Request struct {
	Surface string
	Choices map[string]bool // by group id; groups left out stay as they are
	Wording [32]byte        // SHA-256 of the words the person was shown
	State   State           // what the browser had before
	Account bool            // it follows the word of whoever is signed in; nothing was shown
}

// ErrGroup says that a choice names a group on which nobody decides.
var ErrGroup = errors.New("consent: not a group that people decide on")

// Decide keeps a decision with its evidence, in one transaction, and returns
// what the browser's cookie is to say. What the browser had decided before on
// other groups is carried over, with the day on which that was and the version
// that it was made under. The evidence names only what was decided now: what
// was before has its own.
func (d *Desk) Decide(ctx context.Context, r Request) (Decision, error) {
	p := r.State.policy
	choices, earlier, err := merge(p, r)
	if err != nil {
		return Decision{}, err
	}
	now := d.now().UTC()
	v := Decision{Policy: p.Version, Day: now.Truncate(24 * time.Hour), Choices: choices, Earlier: earlier, GPC: r.State.gpc}
	if carried(p, r, choices) {
		v.Day = r.State.decision.Day
	}
	id := randomID()
	if accepted(p, choices) {
		v.ID = id
	}
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		if err := d.insert(ctx, tx, id, now, r, v); err != nil {
			return err
		}
		_, err := d.log.Append(ctx, tx, evidence.Body{
			Kind: evidence.ConsentDecided, At: now, Actor: actor(p), Surface: r.Surface, Purpose: purpose(p), Policy: p.Version,
			Ref: id, Code: r.code(), Hash: r.hash(), Choices: r.Choices,
		})
		return err
	})
	if err != nil {
		return Decision{}, fmt.Errorf("consent: keeping a decision: %w", err)
	}
	return v, nil
}

// merge lays new choices over those that stand.
func merge(p *policy.Policy, r Request) (Choices, Earlier, error) {
	choices, earlier := r.State.standing, r.State.earlier
	if r.State.gpc && !r.State.decision.GPC {
		// The signal came after what was accepted and is a no to it. A decision
		// made under the signal is kept as the more particular word, so what was
		// not said again now must not become part of one (L46).
		choices.Yes = 0
	}
	for id, yes := range r.Choices {
		i := groupIndex(p, id)
		if i < 0 || !Decidable(&p.CookieGroups[i]) {
			return Choices{}, nil, ErrGroup
		}
		choices, earlier = choices.With(i, yes), earlier.with(i, 0)
	}
	return choices, earlier, nil
}

// carried reports whether a choice on consent was made before and not now: such
// a choice grows no younger by another one.
func carried(p *policy.Policy, r Request, c Choices) bool {
	for i := range p.CookieGroups {
		_, now := r.Choices[p.CookieGroups[i].ID]
		if _, decided := c.Of(i); decided && !now && p.CookieGroups[i].Consent {
			return true
		}
	}
	return false
}

func accepted(p *policy.Policy, c Choices) bool {
	for i := range p.CookieGroups {
		if yes, _ := c.Of(i); yes && p.CookieGroups[i].Consent {
			return true
		}
	}
	return false
}

func (d *Desk) insert(ctx context.Context, tx *store.Tx, id int64, now time.Time, r Request, v Decision) error {
	if before := r.State.decision.ID; before != 0 {
		if _, err := tx.Exec(ctx, "UPDATE consent_decisions SET ended_ms = $1 WHERE id = $2 AND ended_ms = 0", now.UnixMilli(), before); err != nil {
			return err
		}
	}
	gpc := 0
	if r.State.gpc {
		gpc = 1
	}
	_, err := tx.Exec(ctx, "INSERT INTO consent_decisions (id, at_ms, policy, wording, surface, choices, gpc, ended_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
		id, now.UnixMilli(), r.State.policy.Version, r.Wording[:], r.Surface, choiceText(r, v), gpc)
	return err
}

// choiceText says what stands after a decision: group=yes or group=no, and
// after @ the version under which it was made if it was carried over. The words
// whose hash the row holds were shown for what has no such mark.
func choiceText(r Request, v Decision) string {
	var parts []string
	for i, g := range r.State.policy.CookieGroups {
		yes, decided := v.Choices.Of(i)
		if !decided {
			continue
		}
		part := g.ID + "=no"
		if yes {
			part = g.ID + "=yes"
		}
		if _, now := r.Choices[g.ID]; !now {
			made := v.Earlier.of(i)
			if made == 0 {
				made = v.Policy
			}
			part += "@" + strconv.Itoa(made)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

// randomID returns a positive number that tells nothing about its time.
func randomID() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int64(binary.BigEndian.Uint64(b[:])>>1) | 1
}

// visitorActor is the role in which a browser decides, where it is declared.
const visitorActor = "visitor"

func actor(p *policy.Policy) string {
	if _, ok := p.ActorByID(visitorActor); ok {
		return visitorActor
	}
	return ""
}

// ChoiceForm is the declared form with which people choose.
const ChoiceForm = "cookie-choice"

// purpose is what the record of a choice is kept for.
func purpose(p *policy.Policy) string {
	if f, ok := p.FormByID(ChoiceForm); ok {
		return f.Purpose
	}
	return ""
}

// code says what made the decision, where it was not the message or page.
func (r Request) code() string {
	switch {
	case r.Account:
		return "account"
	case r.State.gpc:
		return "gpc"
	}
	return ""
}

// hash is that of the words, where any were shown.
func (r Request) hash() []byte {
	if r.Account {
		return nil
	}
	return r.Wording[:]
}

// Record is one kept decision.
type Record struct {
	ID      int64
	At      time.Time
	Policy  int
	Wording []byte
	Surface string
	Choices string // by group: "analytics=yes@1 statistics=no"; @ and a version on what was not decided now
	GPC     bool
	Ended   time.Time // zero while it stands
}

// ErrNotFound says that there is no decision with that id.
var ErrNotFound = errors.New("consent: there is no such decision")

// Get returns a decision: the proof that the law asks for (UK GDPR Art 7(1)),
// to whoever shows the id that is in their browser.
func (d *Desk) Get(ctx context.Context, id int64) (Record, error) {
	r := Record{ID: id}
	var at, ended, gpc int64
	err := d.store.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT at_ms, policy, wording, surface, choices, gpc, ended_ms FROM consent_decisions WHERE id = $1", id).
			Scan(&at, &r.Policy, &r.Wording, &r.Surface, &r.Choices, &gpc, &ended)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Record{}, ErrNotFound
	}
	if err != nil {
		return Record{}, fmt.Errorf("consent: %w", err)
	}
	r.At, r.GPC = time.UnixMilli(at).UTC(), gpc == 1
	if ended != 0 {
		r.Ended = time.UnixMilli(ended).UTC()
	}
	return r, nil
}
