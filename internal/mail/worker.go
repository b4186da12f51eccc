package mail

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// How the queue is worked through.
const (
	beat      = 30 * time.Second // between looks without a nudge
	batch     = 16               // mails claimed at a time
	senders   = 4                // of them sent at the same time
	lease     = 10 * time.Minute // of a claim: batch/senders * sendTimeout, and room
	keepDone  = 30               // days that a finished row stays, for staff to see
	tooOld    = 14               // days after which a queued mail is not worth sending
	codeOld   = "too-old"
	codeTried = "given-up"
	codeEnded = "program-ended"
)

// backoff is how long to wait after each attempt. RFC 5321 4.5.4.1 asks for
// four or five days before giving up.
var backoff = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 24 * time.Hour, 24 * time.Hour, 24 * time.Hour,
}

// Run sends what is owed until ctx ends. Without a sender it only says so and
// ends rows that have grown too old.
func (q *Queue) Run(ctx context.Context) {
	q.announce(ctx)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		if err := q.Work(ctx); err != nil && ctx.Err() == nil {
			q.logger.Error("mail: the queue could not be worked through; it is tried again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-q.nudges:
		case <-tick.C:
		}
	}
}

func (q *Queue) announce(ctx context.Context) {
	s, err := q.Status(ctx)
	switch {
	case ctx.Err() != nil: // the program ends
	case err != nil:
		q.logger.Error("mail: the state of the queue cannot be read", "error", err)
	case s.Sender == "":
		q.logger.Warn("mail: no mail server is configured: mails stay in the queue until one is", "queued", s.Counts["queued"])
	default:
		q.logger.Info("mail: mails leave", "by", s.Sender, "queued", s.Counts["queued"])
	}
}

// Work sends everything that is due, once. It is what Run does at each beat.
func (q *Queue) Work(ctx context.Context) error {
	if err := q.tend(ctx); err != nil {
		return err
	}
	if q.sender == nil {
		return nil
	}
	for ctx.Err() == nil {
		items, err := q.claim(ctx)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return nil
		}
		if err := q.sendAll(ctx, items); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// tend ends what is too old and removes what has been finished for long.
func (q *Queue) tend(ctx context.Context) error {
	today := day(q.now())
	var old []Item
	err := q.st.View(ctx, func(tx *store.Tx) (err error) {
		old, err = q.list(ctx, tx, "SELECT id FROM mail_queue WHERE state = 'queued' AND queued_day < $1 AND next_ms <= $2 ORDER BY next_ms LIMIT $3",
			today-tooOld, q.now().UnixMilli(), batch)
		return err
	})
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	for _, it := range old {
		if err := q.finish(ctx, it, outcomeOf{state: failed, code: codeOld}); err != nil {
			return err
		}
	}
	var done int
	err = q.st.View(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT COUNT(*) FROM mail_queue WHERE done_day > 0 AND done_day < $1", today-keepDone).Scan(&done)
	})
	if err != nil || done == 0 {
		return err
	}
	return q.st.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM mail_queue WHERE done_day > 0 AND done_day < $1", today-keepDone)
		return err
	})
}

// list returns the items whose ids a query gives, without claiming them.
func (q *Queue) list(ctx context.Context, tx *store.Tx, query string, args ...any) ([]Item, error) {
	ids, err := tx.IDs(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(ids))
	for i, id := range ids {
		it := &items[i]
		it.ID = id
		err := tx.QueryRow(ctx, "SELECT kind, purpose, subject, address, ref, claim, attempts, queued_day FROM mail_queue WHERE id = $1", id).
			Scan(&it.Kind, &it.Purpose, (*int64)(&it.Subject), (*int64)(&it.Address), &it.Ref, &it.claim, &it.attempt, &it.queued)
		if err != nil {
			return nil, err
		}
	}
	return items, nil
}

// claim takes what is due for the length of a lease. Whoever finds a claim
// that has run out may take the mail over.
func (q *Queue) claim(ctx context.Context) ([]Item, error) {
	now := q.now()
	var due []Item
	look := func(tx *store.Tx) (err error) {
		due, err = q.list(ctx, tx, "SELECT id FROM mail_queue WHERE state = 'queued' AND next_ms <= $1 ORDER BY next_ms, id LIMIT $2", now.UnixMilli(), batch)
		return err
	}
	if err := q.st.View(ctx, look); err != nil || len(due) == 0 {
		return nil, err // an idle beat writes nothing
	}
	var taken []Item
	err := q.st.Update(ctx, func(tx *store.Tx) error {
		taken = nil
		for _, it := range due {
			claim := q.st.NewID()
			n, err := tx.Change(ctx, `UPDATE mail_queue SET claim = $1, attempts = attempts + 1, next_ms = $2
				WHERE id = $3 AND state = 'queued' AND claim = $4 AND next_ms <= $5`,
				claim, now.Add(lease).UnixMilli(), it.ID, it.claim, now.UnixMilli())
			if err != nil {
				return err
			}
			if n == 1 {
				it.claim, it.attempt = claim, it.attempt+1
				taken = append(taken, it)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("mail: claiming: %w", err)
	}
	return taken, nil
}

// sendAll sends claimed mails, a few at a time.
func (q *Queue) sendAll(ctx context.Context, items []Item) error {
	next := make(chan Item)
	errs := make([]error, senders)
	var wg sync.WaitGroup
	for w := range senders {
		wg.Go(func() {
			for it := range next {
				errs[w] = errors.Join(errs[w], q.finish(ctx, it, q.sendOne(ctx, it)))
			}
		})
	}
	for _, it := range items {
		next <- it
	}
	close(next)
	wg.Wait()
	return errors.Join(errs...)
}

// state is where a mail stands, as the table has it.
type state string

const (
	queued  state = "queued"  // to be tried, or tried again
	sent    state = "sent"    // accepted by the server
	refused state = "refused" // by the outgoing-mail door
	failed  state = "failed"  // for good, by the server or for lack of success
	void    state = "void"    // no longer owed
)

type outcomeOf struct {
	state state
	code  string
}

// sendOne composes a mail in one transaction and sends it outside of any.
func (q *Queue) sendOne(ctx context.Context, it Item) outcomeOf {
	if it.attempt > len(backoff)+1 {
		return outcomeOf{state: failed, code: codeTried} // it may be what brings the process down
	}
	handler, ok := q.handlers[it.Kind]
	if !ok {
		return outcomeOf{state: queued, code: "no-handler"} // queued by a newer program
	}
	var m *Message
	err := q.st.Update(ctx, func(tx *store.Tx) error {
		content, err := handler(ctx, tx, it)
		if err != nil {
			return err
		}
		to, err := q.recipient(ctx, tx, it, content)
		if err != nil {
			return err
		}
		m, err = q.composer.Compose(q.inForce().Policy(), Envelope{To: to, ID: q.messageID(it.ID), Date: q.now()}, content)
		return err
	})
	var r refusal
	switch {
	case errors.Is(err, ErrVoid):
		return outcomeOf{state: void, code: "no-longer-owed"}
	case errors.As(err, &r):
		q.refused.WithLabelValues(string(r)).Inc()
		return outcomeOf{state: refused, code: string(r)}
	case err != nil && ctx.Err() != nil:
		return outcomeOf{state: queued, code: codeEnded}
	case err != nil:
		q.logger.Error("mail: a mail cannot be composed; it is tried again", "kind", it.Kind, "mail", it.ID, "error", err)
		return outcomeOf{state: queued, code: "internal"}
	}
	if err := q.sender.Send(ctx, m); err != nil {
		code, permanent := outcome(err)
		q.logger.Warn("mail: not accepted", "kind", m.Kind, "mail", it.ID, "code", code, "attempt", it.attempt, "for_good", permanent)
		if permanent {
			return outcomeOf{state: failed, code: code}
		}
		return outcomeOf{state: queued, code: code}
	}
	return outcomeOf{state: sent}
}

// finish writes down what became of a mail, with its evidence. It goes through
// even while the program is ending, or the mail would be sent twice.
func (q *Queue) finish(ctx context.Context, it Item, o outcomeOf) error {
	ctx = context.WithoutCancel(ctx)
	if o.state == queued && it.attempt > len(backoff) {
		o.state = failed
	}
	now := q.now()
	next, done := now, day(now)
	if o.state == queued {
		next, done = now.Add(backoff[it.attempt-1]), 0
	}
	err := q.st.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Change(ctx, "UPDATE mail_queue SET state = $1, reason = $2, next_ms = $3, done_day = $4, claim = 0 WHERE id = $5 AND state = 'queued' AND claim = $6",
			string(o.state), o.code, next.UnixMilli(), done, it.ID, it.claim)
		if err != nil {
			return err
		}
		if n == 0 {
			return nil // the lease ran out and another worker has it
		}
		return q.record(ctx, tx, it, o)
	})
	if err != nil {
		return fmt.Errorf("mail: noting that a mail was %s: %w", o.state, err)
	}
	return nil
}

// record appends the evidence of an outcome.
func (q *Queue) record(ctx context.Context, tx *store.Tx, it Item, o outcomeOf) error {
	b := evidence.Body{At: q.now(), Actor: systemActor, Purpose: it.Purpose, Policy: q.inForce().Policy().Version, Ref: it.ID}
	switch o.state {
	case sent:
		// What was owed, not which letter was chosen: to an address that somebody
		// else's account has, another goes than to one that is free, and whoever
		// asked must not read in their history which it was.
		b.Kind, b.Code = evidence.MailSent, string(it.Kind)
	case refused, failed:
		b.Kind, b.Code = evidence.MailRefused, o.code
	default:
		return nil
	}
	if _, ok := q.inForce().Purpose(it.Purpose); !ok {
		b.Purpose = "" // gone from the policy since, and why it was refused
	}
	subject, err := q.living(ctx, tx, it.Subject)
	if err != nil {
		return err
	}
	b.Subject = subject
	_, err = q.log.Append(ctx, tx, b)
	return err
}

// living returns the subject, or none if the person was erased meanwhile: an
// entry about them would make them a new key.
func (q *Queue) living(ctx context.Context, tx *store.Tx, s keys.SubjectID) (keys.SubjectID, error) {
	_, err := q.vault.Standing(ctx, tx, s)
	if errors.Is(err, vault.ErrNotFound) {
		return 0, nil
	}
	return s, err
}
