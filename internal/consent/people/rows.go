package people

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
)

// Code is what was decided.
type Code string

// The codes of decisions.
const (
	Given     Code = "given"
	Declined  Code = "declined"  // a no where no yes stood
	Withdrawn Code = "withdrawn" // a yes taken back
	Objected  Code = "objected"
	Resumed   Code = "resumed" // a no taken back, where no yes is needed or the browser gives it
)

func (c Code) yes() bool { return c == Given || c == Resumed }

// Way is how a decision was said.
type Way string

// The ways.
const (
	ByPage     Way = "page"       // the page of choices
	WithRights Way = "data-page"  // where somebody who is signed in uses their rights
	WithData   Way = "with-data"  // a form whose data rests on it
	ByMail     Way = "mail"       // the page or button of a link in a mail
	InTheApp   Way = "app"        // when the app asked
	ByOperator Way = "by-request" // the operator's people, for the person
)

// Row is a decision as it is kept.
type Row struct {
	ID       int64 // given by Remember
	Subject  keys.SubjectID
	Purpose  string
	Code     Code
	Channels []string // that were allowed, of a purpose that has any
	At       time.Time
	Policy   int // version that was shown
	Wording  [32]byte
	Surface  string
	Way      Way
}

// Remember appends a decision to the history, and returns its id. It changes
// no standing and writes no evidence: it is for a package whose own act has
// done both, such as the newsletter's confirmation.
func Remember(ctx context.Context, tx *store.Tx, r Row) (int64, error) {
	r.ID = tx.Store().NewID()
	_, err := tx.Exec(ctx, `INSERT INTO choices (id, subject, purpose, code, channels, at_ms, policy, wording, surface, way)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		r.ID, int64(r.Subject), r.Purpose, string(r.Code), strings.Join(r.Channels, " "), r.At.UnixMilli(), r.Policy, r.Wording[:], r.Surface, string(r.Way))
	if err != nil {
		return 0, fmt.Errorf("people: %w", err)
	}
	return r.ID, nil
}

const (
	ofRows = "SELECT c.id, c.subject, c.purpose, c.code, c.channels, c.at_ms, c.policy, c.wording, c.surface, c.way FROM choices c"
	// Of a person under all their aliases.
	ofPerson = ofRows + ` JOIN subjects s ON s.subject = c.subject
		WHERE s.root = (SELECT root FROM subjects WHERE subject = $1) ORDER BY c.id`
)

// rows returns the decisions of a person, oldest first.
func rows(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]Row, error) {
	found, err := tx.Query(ctx, ofPerson, int64(s))
	if err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	defer found.Close()
	var list []Row
	for found.Next() {
		var r Row
		var at int64
		var channels string
		var wording []byte
		if err := found.Scan(&r.ID, (*int64)(&r.Subject), &r.Purpose, (*string)(&r.Code), &channels, &at, &r.Policy, &wording, &r.Surface, (*string)(&r.Way)); err != nil {
			return nil, fmt.Errorf("people: %w", err)
		}
		copy(r.Wording[:], wording)
		r.At, r.Channels = time.UnixMilli(at).UTC(), strings.Fields(channels)
		list = append(list, r)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("people: %w", err)
	}
	return list, nil
}

// newest returns the decision that counts for each purpose.
func newest(ctx context.Context, tx *store.Tx, s keys.SubjectID) (map[string]Row, error) {
	list, err := rows(ctx, tx, s)
	if err != nil {
		return nil, err
	}
	latest := map[string]Row{}
	for _, r := range list {
		latest[r.Purpose] = r
	}
	return latest, nil
}

// same reports whether a decision says what the one before it said.
func (r Row) same(before Row) bool {
	return r.Code == before.Code && r.Policy == before.Policy && r.Wording == before.Wording && slices.Equal(r.Channels, before.Channels)
}
