package people

import (
	"context"
	"fmt"
	"slices"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// Answer is what a person said when an app asked for a permission of their
// device, or later.
type Answer string

// The answers.
const (
	PermissionGranted Answer = "granted"
	PermissionRefused Answer = "refused"
	PermissionRevoked Answer = "revoked" // granted before, and taken back
)

// PermissionDecision is a person's word on a permission (R11).
type PermissionDecision struct {
	Subject    keys.SubjectID
	Actor      string // the role they are signed in with
	Surface    string
	Permission string
	Answer     Answer
	Shown      [32]byte // hash of the words that were shown; only a grant asks for it
}

// PermissionState is a declared permission and how it stands for a person.
type PermissionState struct {
	Permission *policy.Permission
	Answer     Answer    // the newest that holds; empty if the person was not asked
	At         time.Time // of that; zero if there is none
	Policy     int       // version it was given under
	Words      Words     // what is shown before a grant
}

// Granted reports whether the app may ask the device.
func (s PermissionState) Granted() bool { return s.Answer == PermissionGranted }

// Permissions returns each permission that the policy declares for a surface,
// in the policy's order, and how it stands for a person in a role. One whose
// purpose lost its consent elsewhere, as on the page of choices, is revoked.
func (d *Desk) Permissions(ctx context.Context, tx *store.Tx, s keys.SubjectID, actor, surface string) ([]PermissionState, error) {
	c := d.c.InForce()
	p := c.Policy()
	latest, err := newestAnswers(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	choices, err := d.Choices(ctx, tx, s, actor)
	if err != nil {
		return nil, err
	}
	var list []PermissionState
	for i := range p.Permissions {
		q := &p.Permissions[i]
		if !slices.Contains(q.Surfaces, surface) {
			continue
		}
		state := latest[q.ID]
		state.Permission, state.Words = q, PermissionWords(p, q, actor)
		for _, x := range consentsOf(p, q, actor) {
			at := slices.IndexFunc(choices, func(c Choice) bool { return c.Purpose.ID == x.ID })
			if state.Granted() && at >= 0 && choices[at].State != StateGiven {
				state.Answer, state.At = PermissionRevoked, choices[at].Since
			}
		}
		list = append(list, state)
	}
	return list, nil
}

// PermissionWords are what a person reads before an app asks their device: what
// the permission does, why, what is lost without it, and, where it brings a
// purpose on consent, all about that purpose.
func PermissionWords(p *policy.Policy, q *policy.Permission, actor string) Words {
	w := Words{q.Title, q.Meaning, q.Reason}
	if q.Without != "" {
		w = append(w, "Without it: "+q.Without)
	}
	for _, x := range consentsOf(p, q, actor) {
		w = append(w, Statement(p, x)...)
	}
	return w
}

// consentsOf returns the purposes on consent that a permission is asked for. A
// permission that an app cannot do without rests on the contract; what it may
// be used for on consent beyond that is asked in a moment of its own.
func consentsOf(p *policy.Policy, q *policy.Permission, actor string) []*policy.Purpose {
	if q.Required != "optional" {
		return nil
	}
	return slices.DeleteFunc(Touching(p, actor), func(x *policy.Purpose) bool {
		uses := slices.ContainsFunc(x.Uses, func(u policy.Use) bool {
			return u.Basis == policy.Consent && slices.ContainsFunc(u.Categories, func(id string) bool { return slices.Contains(q.Categories, id) })
		})
		return !uses || PlaceOf(p, x) != InApp
	})
}

// DecidePermission keeps a person's answer with its evidence, and the consent
// that goes with it, in one transaction. To say the same twice adds nothing.
// ErrNotFound if the surface asks for no such permission, ErrFixed for an
// answer that is none, ErrWords for a grant under other words.
func (d *Desk) DecidePermission(ctx context.Context, dec PermissionDecision) error {
	p := d.c.InForce().Policy()
	q, ok := p.PermissionByID(dec.Permission)
	if !ok || !slices.Contains(q.Surfaces, dec.Surface) {
		return ErrNotFound
	}
	words := PermissionWords(p, q, dec.Actor)
	granted := dec.Answer == PermissionGranted
	switch {
	case !granted && dec.Answer != PermissionRefused && dec.Answer != PermissionRevoked:
		return ErrFixed
	case granted && dec.Shown != words.Hash():
		return ErrWords
	}
	return d.c.Store.Update(ctx, func(tx *store.Tx) error {
		for _, x := range consentsOf(p, q, dec.Actor) {
			err := d.DecideIn(ctx, tx, Decision{
				Subject: dec.Subject, Actor: dec.Actor, Surface: dec.Surface, Purpose: x.ID, Yes: granted, Shown: Statement(p, x).Hash(), Way: InTheApp,
			})
			if err != nil {
				return err
			}
		}
		return d.keepAnswer(ctx, tx, dec, words)
	})
}

// keepAnswer writes the row, the words and the evidence of an answer.
func (d *Desk) keepAnswer(ctx context.Context, tx *store.Tx, dec PermissionDecision, words Words) error {
	latest, err := newestAnswers(ctx, tx, dec.Subject)
	if err != nil {
		return err
	}
	version, hash, now := d.c.InForce().Policy().Version, words.Hash(), d.c.Now()
	last, asked := latest[dec.Permission]
	if asked && last.Answer == dec.Answer && last.Policy == version {
		return nil
	}
	if dec.Answer == PermissionRevoked && !last.Granted() {
		return nil // there is nothing to take back
	}
	id := tx.Store().NewID()
	_, err = tx.Exec(ctx, "INSERT INTO permission_answers (id, subject, permission, code, at_ms, policy, wording, surface) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		id, int64(dec.Subject), dec.Permission, string(dec.Answer), now.UnixMilli(), version, hash[:], dec.Surface)
	if err != nil {
		return fmt.Errorf("people: %w", err)
	}
	if _, err := tx.Exec(ctx, "INSERT INTO wordings (hash, words) VALUES ($1, $2) ON CONFLICT DO NOTHING", hash[:], words.text()); err != nil {
		return fmt.Errorf("people: %w", err)
	}
	_, err = d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.PermissionDecided, At: now, Actor: dec.Actor, Surface: dec.Surface, Policy: version, Subject: dec.Subject,
		Ref: id, Code: string(dec.Answer), Hash: hash[:], Choices: map[string]bool{dec.Permission: dec.Answer == PermissionGranted},
	})
	return err
}

// PastAnswer is one answer of the history.
type PastAnswer struct {
	Subject    keys.SubjectID
	Permission string
	Answer     Answer
	At         time.Time
	Policy     int
}

// Answers returns what a person said about permissions, oldest first.
func (d *Desk) Answers(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]PastAnswer, error) {
	return answers(ctx, tx, s)
}

func answers(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]PastAnswer, error) {
	rows, err := tx.Query(ctx, `SELECT a.subject, a.permission, a.code, a.at_ms, a.policy FROM permission_answers a JOIN subjects s ON s.subject = a.subject
		WHERE s.root = (SELECT root FROM subjects WHERE subject = $1) ORDER BY a.id`, int64(s))
	if err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	defer rows.Close()
	var list []PastAnswer
	for rows.Next() {
		var a PastAnswer
		var at int64
		if err := rows.Scan((*int64)(&a.Subject), &a.Permission, (*string)(&a.Answer), &at, &a.Policy); err != nil {
			return nil, fmt.Errorf("people: %w", err)
		}
		a.At = time.UnixMilli(at).UTC()
		list = append(list, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	return list, nil
}

// newestAnswers returns the answer that counts for each permission.
func newestAnswers(ctx context.Context, tx *store.Tx, s keys.SubjectID) (map[string]PermissionState, error) {
	list, err := answers(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	latest := map[string]PermissionState{}
	for _, a := range list {
		latest[a.Permission] = PermissionState{Answer: a.Answer, At: a.At, Policy: a.Policy}
	}
	return latest, nil
}
