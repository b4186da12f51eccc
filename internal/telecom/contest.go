package telecom

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/reference"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Errors of blocks.
var (
	// ErrNoBlock says that there is no such block, or it is somebody else's.
	ErrNoBlock = errors.New("telecom: no such block")
	// ErrContested says that a block was contested, and nobody has answered yet,
	// or that there is nothing left to contest or decide.
	ErrContested = errors.New("telecom: the block waits for an answer, or is lifted")
	// ErrNothingSaid says that a decision about a block lacks its reason.
	ErrNothingSaid = errors.New("telecom: a decision about a block has a reason")
)

// BlockState is what became of a block: a closed set.
type BlockState string

// The states of a block.
const (
	BlockStanding  BlockState = "standing"  // software decided, and no person yet
	BlockConfirmed BlockState = "confirmed" // a person looked, and it stays
	BlockLifted    BlockState = "lifted"    // a person looked, and it is gone
)

// Block keeps the calls of an account that cost from being made: a decision of
// software alone until a person looks at it (UK GDPR Art 22A to 22D), or of a
// member of staff. It covers
// no emergency call, no free one, none that comes in and none between lines. It
// prints as a fixed word.
type Block struct {
	ID        int64
	Account   int64
	Subject   keys.SubjectID // whose account
	Reference string         // told to people
	Pattern   string         // policy id; empty if a member of staff put it in place
	Policy    int            // version by which it was decided
	Seen      int            // calls, or pence
	Usual     int            // pence that the account usually spends in the time
	Made      time.Time
	Contested time.Time // zero: it was not
	Due       time.Time // a person answers until then; zero unless that is owed
	State     BlockState
	Decided   time.Time // zero: no person has looked yet

	said, reason vault.RecordID
}

// Format writes a fixed word, whatever the verb.
func (Block) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(block of calls)") }

// LogValue keeps the block out of structured logs.
func (Block) LogValue() slog.Value { return slog.StringValue("(block of calls)") }

// Owed reports whether its person contested it and nobody has answered yet.
func (b *Block) Owed() bool { return !b.Due.IsZero() }

// Stands reports whether calls are kept back by it.
func (b *Block) Stands() bool { return b.State != BlockLifted }

const selectBlock = "SELECT id, account, subject, reference, pattern, policy, seen, usual, made_ms, contested_ms, due_ms, said, state, decided_ms, reason FROM call_blocks "

func scanBlock(row interface{ Scan(...any) error }) (b Block, err error) {
	var made, contested, due, decided int64
	err = row.Scan(&b.ID, &b.Account, (*int64)(&b.Subject), &b.Reference, &b.Pattern, &b.Policy, &b.Seen, &b.Usual, &made, &contested, &due,
		(*int64)(&b.said), (*string)(&b.State), &decided, (*int64)(&b.reason))
	b.Made, b.Contested, b.Due, b.Decided = store.Time(made), store.Time(contested), store.Time(due), store.Time(decided)
	return b, err
}

// Seen says in plain words, with numbers, what led to a block, and the rule. p
// is the policy by which it was decided, or the one in force.
func Seen(p *policy.Policy, b *Block) (saw, rule string) {
	if b.ByStaff() {
		return "A person of ours decided it. Software saw nothing.", ""
	}
	decision, ok := p.DecisionByID(DecisionID)
	if !ok {
		return "Our software saw calls that look like fraud.", ""
	}
	pattern, ok := decision.PatternByID(b.Pattern)
	if !ok {
		return "Our software saw calls that look like fraud.", ""
	}
	if pattern.Kind == "sudden-spend" {
		usually := "nothing"
		if b.Usual > 0 {
			usually = policy.Pounds(b.Usual)
		}
		saw = fmt.Sprintf("%s was spent on calls within %s, and your account usually spends %s in that time.", policy.Pounds(b.Seen), pattern.Within.Words(), usually)
	} else {
		saw = fmt.Sprintf("%d such calls were made, with the one that was stopped.", b.Seen)
		if pattern.Kind == "short-calls" {
			saw = fmt.Sprintf("%d such calls were made.", b.Seen)
		}
	}
	return saw, "The rule: " + pattern.Words() + ". " + pattern.Reason
}

// standing returns the block that keeps calls of an account back, if any.
func (d *Desk) standing(ctx context.Context, tx *store.Tx, account int64) (Block, bool, error) {
	b, err := scanBlock(tx.QueryRow(ctx, selectBlock+"WHERE account = $1 AND state <> 'lifted' ORDER BY id DESC LIMIT 1", account))
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	return b, err == nil, err
}

// lastLooked is when a person last lifted a block of an account; zero if never.
func (d *Desk) lastLooked(ctx context.Context, tx *store.Tx, account int64) (time.Time, error) {
	var ms int64
	err := tx.QueryRow(ctx, "SELECT COALESCE(MAX(decided_ms), 0) FROM call_blocks WHERE account = $1", account).Scan(&ms)
	return store.Time(ms), err
}

// block puts a block in place, keeps what was seen among what is held of its
// person, and owes them a letter, all in the transaction that refuses the call.
func (d *Desk) block(ctx context.Context, tx *store.Tx, c *Call, s sign) error {
	compiled := d.c.InForce()
	p := compiled.Policy()
	decision, _ := p.DecisionByID(DecisionID)
	b := Block{
		ID: d.c.Store.NewID(), Account: c.start.From.Account, Subject: c.start.From.Subject, Pattern: s.pattern.ID, Policy: p.Version,
		Seen: s.seen, Usual: s.usual, Made: d.c.Now(), State: BlockStanding, Reference: reference.New(),
	}
	_, err := tx.Exec(ctx, `INSERT INTO call_blocks (id, account, subject, reference, pattern, policy, seen, usual, made_ms, contested_ms, due_ms, said, state, decided_ms, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0, 'standing', 0, 0)`,
		b.ID, b.Account, int64(b.Subject), b.Reference, b.Pattern, b.Policy, b.Seen, b.Usual, b.Made.UnixMilli())
	if err != nil {
		return err
	}
	a := vault.Access{Actor: systemActor, Purpose: decision.Purpose, Own: true}
	saw, rule := Seen(p, &b)
	category := decision.Categories[0]
	if k, ok := p.CategoryByID(category); ok && len(k.Surfaces) > 0 {
		a.Surface = k.Surfaces[0]
		if roles, err := RolesOf(compiled); err == nil && slices.Contains(k.Surfaces, roles.Surface) {
			a.Surface = roles.Surface
		}
		_, err := d.c.Vault.Put(ctx, tx, a, vault.Item{Category: category, Parts: []vault.Part{{Owner: b.Subject, Value: []byte(saw + " " + rule)}}})
		if err != nil && !withheldByDoor(err) {
			return err
		}
	}
	if err := d.proveBlock(ctx, tx, a, evidence.BlockMade, &b, b.Pattern, b.Seen); err != nil {
		return err
	}
	return d.owe(ctx, tx, b.Account, mail.CallsBlocked, b.ID)
}

func (d *Desk) proveBlock(ctx context.Context, tx *store.Tx, a vault.Access, kind evidence.Kind, b *Block, code string, count int) error {
	_, err := d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: kind, At: d.c.Now(), Actor: a.Actor, Surface: a.Surface, Purpose: a.Purpose, Policy: d.c.InForce().Policy().Version,
		Subject: b.Subject, Code: code, Count: int64(count), Ref: b.ID,
	})
	return err
}

// Blocks returns those of an account, the newest first.
func (d *Desk) Blocks(ctx context.Context, tx *store.Tx, account int64) ([]Block, error) {
	return d.blocksWhere(ctx, tx, "WHERE account = $1 ORDER BY id DESC", account)
}

// Standing returns all blocks that keep calls back, for staff: first those whose
// person waits for an answer, by when that is owed, then the oldest.
func (d *Desk) Standing(ctx context.Context, tx *store.Tx) ([]Block, error) {
	list, err := d.blocksWhere(ctx, tx, "WHERE state <> 'lifted' ORDER BY id")
	slices.SortStableFunc(list, func(a, b Block) int {
		switch {
		case a.Owed() != b.Owed():
			if a.Owed() {
				return -1
			}
			return 1
		case a.Owed():
			return a.Due.Compare(b.Due)
		}
		return 0
	})
	return list, err
}

func (d *Desk) blocksWhere(ctx context.Context, tx *store.Tx, where string, args ...any) (list []Block, err error) {
	rows, err := tx.Query(ctx, selectBlock+where, args...)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	for rows.Next() {
		b, err := scanBlock(rows)
		if err != nil {
			return nil, wrap(err)
		}
		list = append(list, b)
	}
	return list, wrap(rows.Err())
}

// BlockBy returns the block with a reference, as people write it. ErrNoBlock if
// there is none.
func (d *Desk) BlockBy(ctx context.Context, tx *store.Tx, text string) (Block, error) {
	ref, ok := reference.Parse(text)
	if !ok {
		return Block{}, ErrNoBlock
	}
	b, err := scanBlock(tx.QueryRow(ctx, selectBlock+"WHERE reference = $1", ref))
	if errors.Is(err, sql.ErrNoRows) {
		return b, ErrNoBlock
	}
	return b, wrap(err)
}

// Contest keeps what the person of a block says against it, and owes them the
// answer of a person (UK GDPR Art 22C(2)). ErrNoBlock if it is not theirs;
// ErrContested if they wait for an answer already, or it is lifted;
// ErrNothingSaid if words are empty.
func (d *Desk) Contest(ctx context.Context, tx *store.Tx, a vault.Access, account int64, ref, words string) error {
	roles, err := ContestRolesOf(d.c.InForce())
	if err != nil {
		return err
	}
	b, err := d.BlockBy(ctx, tx, ref)
	switch {
	case err != nil:
		return err
	case b.Account != account:
		return ErrNoBlock
	case !b.Stands() || b.Owed():
		return ErrContested
	case strings.TrimSpace(words) == "":
		return ErrNothingSaid
	}
	now := d.c.Now()
	due := now
	if decision, ok := d.c.InForce().Policy().DecisionByID(DecisionID); ok {
		due = decision.Within.From(now)
	}
	ids, err := d.c.Vault.Put(ctx, tx, a, vault.Item{Category: roles.Words, Matter: b.ID, Parts: []vault.Part{{Owner: b.Subject, Value: []byte(words)}}})
	if err != nil {
		return wrap(err)
	}
	n, err := tx.Change(ctx, "UPDATE call_blocks SET contested_ms = $1, due_ms = $2, said = $3 WHERE id = $4 AND due_ms = 0 AND state <> 'lifted'",
		now.UnixMilli(), due.UnixMilli(), int64(ids[0]), b.ID)
	if err != nil {
		return wrap(err)
	}
	if n == 0 {
		return ErrContested
	}
	if err := d.proveBlock(ctx, tx, a, evidence.BlockContested, &b, "", 0); err != nil {
		return wrap(err)
	}
	return wrap(d.owe(ctx, tx, b.Account, mail.CallsContested, b.ID))
}

// Review is a person's decision about a block, with the reason that whose calls
// are blocked reads. From then on the time counts for which what both said is
// kept. ErrNoBlock if there is none; ErrContested if it is lifted already;
// ErrNothingSaid without a reason.
func (d *Desk) Review(ctx context.Context, tx *store.Tx, a vault.Access, ref string, lift bool, words string) error {
	roles, err := ContestRolesOf(d.c.InForce())
	if err != nil {
		return err
	}
	b, err := d.BlockBy(ctx, tx, ref)
	switch {
	case err != nil:
		return err
	case !b.Stands():
		return ErrContested
	case strings.TrimSpace(words) == "":
		return ErrNothingSaid
	}
	state := BlockConfirmed
	if lift {
		state = BlockLifted
	}
	ids, err := d.c.Vault.Put(ctx, tx, a, vault.Item{Category: roles.Words, Matter: b.ID, Parts: []vault.Part{{Owner: b.Subject, Value: []byte(words)}}})
	if err != nil {
		return wrap(err)
	}
	now := d.c.Now()
	n, err := tx.Change(ctx, "UPDATE call_blocks SET state = $1, decided_ms = $2, due_ms = 0, reason = $3 WHERE id = $4 AND state <> 'lifted'", string(state), now.UnixMilli(), int64(ids[0]), b.ID)
	if err != nil {
		return wrap(err)
	}
	if n == 0 {
		return ErrContested
	}
	if err := d.proveBlock(ctx, tx, a, evidence.BlockDecided, &b, string(state), 0); err != nil {
		return wrap(err)
	}
	if class := roles.retention(d.c.InForce()); lift && class != nil && class.Event != policy.CollectedEvent {
		if err := d.c.Vault.EventFor(ctx, tx, b.Subject, class.Event, b.ID, now); err != nil {
			return wrap(err)
		}
	}
	return wrap(d.owe(ctx, tx, b.Account, mail.CallsDecided, b.ID))
}

// Said returns what the person of a block said against it, and why a person
// decided as they did; empty where nothing was said, or its time is over. The
// caller must know that it is its person who asks.
func (d *Desk) Said(ctx context.Context, tx *store.Tx, b *Block) (said, reason string, err error) {
	read := func(id vault.RecordID) (string, error) {
		if id == 0 {
			return "", nil
		}
		rec, err := d.c.Vault.OwnPart(ctx, tx, b.Subject, id)
		if errors.Is(err, vault.ErrNotFound) {
			return "", nil
		}
		return string(rec.Value()), err
	}
	if said, err = read(b.said); err == nil {
		reason, err = read(b.reason)
	}
	return said, reason, wrap(err)
}
