package mail

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// systemActor is the actor of the policy that stands for the software itself
// (policy.Actor).
const systemActor = "system"

// Item is one mail that is owed.
type Item struct {
	ID      int64 // given by Add
	Kind    Kind
	Purpose string         // for which the address is used
	Subject keys.SubjectID // the recipient
	Address vault.RecordID // the record that holds the recipient's address
	Ref     int64          // the row of the caller's that the mail is about
	After   time.Time      // it leaves at this time; zero is at once
	claim   int64          // of the worker that has it
	attempt int            // counting from 1
	queued  int64          // day
}

// Handler finds the content of one mail, in the moment before it is sent and
// in the transaction that reads the address. ErrVoid says that there is no
// longer anything to send. It may run several times for one mail.
type Handler func(ctx context.Context, tx *store.Tx, it Item) (Content, error)

// ErrVoid says that a mail is no longer owed: what it was about has gone or
// has been answered otherwise.
var ErrVoid = errors.New("mail: no longer owed")

// Config is what a queue stands on. Sender may be nil: then mails stay queued.
type Config struct {
	Store    *store.Store
	Ring     *keys.Ring
	Log      *evidence.Log
	Vault    *vault.Vault
	InForce  func() *policy.Compiled
	Composer *Composer
	Sender   Sender
	Logger   *slog.Logger
	Now      func() time.Time
}

// Queue holds the mails that are owed and sends them. Handle is for wiring,
// before Run; all else is safe for concurrent use.
type Queue struct {
	st       *store.Store
	ring     *keys.Ring
	log      *evidence.Log
	vault    *vault.Vault
	inForce  func() *policy.Compiled
	composer *Composer
	sender   Sender // nil: nowhere
	logger   *slog.Logger
	now      func() time.Time

	handlers map[Kind]Handler // written before Run only
	messages Tokens           // make the Message-IDs
	nudges   chan struct{}    // holds at most one
	refused  *prometheus.CounterVec
}

// NewQueue returns the queue of a store.
func NewQueue(c Config) *Queue {
	return &Queue{
		st: c.Store, ring: c.Ring, log: c.Log, vault: c.Vault, inForce: c.InForce,
		composer: c.Composer, sender: c.Sender, logger: c.Logger, now: c.Now,
		handlers: map[Kind]Handler{}, messages: NewTokens(c.Ring, "mail message-id"), nudges: make(chan struct{}, 1),
		refused: newRefused(),
	}
}

// Handle registers who finds the content of a kind. A kind has one handler.
func (q *Queue) Handle(kind Kind, h Handler) {
	if _, taken := q.handlers[kind]; taken || !kind.Valid() {
		panic("mail: " + string(kind) + " is not a kind without a handler")
	}
	q.handlers[kind] = h
}

// Link returns the absolute address of a path on the website with one
// parameter, for the content of a mail.
func (q *Queue) Link(path, name, value string) string { return q.composer.Link(path, name, value) }

// LinkOn returns the absolute address of a path on the surface with a host
// label, with one parameter; an empty name gives the path alone.
func (q *Queue) LinkOn(label, path, name, value string) string {
	return q.composer.LinkOn(label, path, name, value)
}

// Add makes a mail owed, in tx, with its evidence. It is sent soon after the
// commit, or after the time it gives.
func (q *Queue) Add(ctx context.Context, tx *store.Tx, it Item) (int64, error) {
	if _, ok := q.handlers[it.Kind]; !ok || it.Subject == 0 || it.Address == 0 {
		return 0, errors.New("mail: a mail needs a kind with a handler, a recipient and the record of an address")
	}
	id, now, next := q.st.NewID(), q.now(), q.now()
	if it.After.After(next) {
		next = it.After
	}
	_, err := tx.Exec(ctx, `INSERT INTO mail_queue (id, kind, purpose, subject, address, ref, state, reason, attempts, next_ms, claim, queued_day, done_day)
		VALUES ($1, $2, $3, $4, $5, $6, 'queued', '', 0, $7, 0, $8, 0)`,
		id, string(it.Kind), it.Purpose, int64(it.Subject), int64(it.Address), it.Ref, next.UnixMilli(), day(now))
	if err != nil {
		return 0, fmt.Errorf("mail: %w", err)
	}
	_, err = q.log.Append(ctx, tx, evidence.Body{
		Kind: evidence.MailQueued, At: now, Actor: systemActor, Purpose: it.Purpose,
		Policy: q.inForce().Policy().Version, Subject: it.Subject, Ref: id, Code: string(it.Kind),
	})
	if err != nil {
		return 0, err
	}
	tx.AfterCommit(q.nudge)
	return id, nil
}

// nudge never blocks: one nudge waiting is enough.
func (q *Queue) nudge() {
	select {
	case q.nudges <- struct{}{}:
	default:
	}
}

// messageID returns the left part of a mail's Message-ID: the same at each
// attempt, and telling nobody how many mails are sent.
func (q *Queue) messageID(id int64) string {
	b := make([]byte, tokenID)
	for i := range b {
		b[i] = byte(id >> (8 * i))
	}
	return hex.EncodeToString(q.messages.mac(b))
}

// Status is the state of the queue, for staff.
type Status struct {
	Sender string         // where mails go; empty: nowhere, they stay queued
	Counts map[string]int // state -> mails of the last keepDone
	Oldest time.Time      // day on which the oldest queued mail was queued; zero if none
}

// Status returns the state of the queue.
func (q *Queue) Status(ctx context.Context) (Status, error) {
	s := Status{Counts: map[string]int{}}
	if q.sender != nil {
		s.Sender = q.sender.Name()
	}
	err := q.st.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, "SELECT state, COUNT(*), MIN(queued_day) FROM mail_queue GROUP BY state")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var state string
			var n int
			var oldest int64
			if err := rows.Scan(&state, &n, &oldest); err != nil {
				return err
			}
			s.Counts[state] = n
			if state == "queued" {
				s.Oldest = time.UnixMilli(oldest * dayMillis).UTC()
			}
		}
		return rows.Err()
	})
	if err != nil {
		return Status{}, fmt.Errorf("mail: %w", err)
	}
	return s, nil
}

// dayMillis is a day in milliseconds; the queue keeps no finer times than it
// needs to know when to try again.
const dayMillis = 24 * 60 * 60 * 1000

func day(t time.Time) int64 { return t.UnixMilli() / dayMillis }
