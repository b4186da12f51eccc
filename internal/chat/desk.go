package chat

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/policy"
)

// Config is what the desk stands on. What is marked as optional may be nil.
type Config struct {
	Store   *store.Store
	Log     *evidence.Log
	Vault   *vault.Vault
	InForce func() *policy.Compiled
	Now     func() time.Time
	// Blocked reports whether a line takes nothing from another; optional.
	Blocked func(ctx context.Context, tx *store.Tx, from, to telecom.Line) (bool, error)
}

// Desk carries messages. It is safe for concurrent use.
type Desk struct {
	c     Config
	limit limit
	hub   hub
	one   chan struct{} // held while a photo is opened: one takes much memory
}

// New returns the desk.
func New(c Config) *Desk { return &Desk{c: c, one: make(chan struct{}, 1)} }

// Draft is a message that somebody wants to send.
type Draft struct {
	Text string
	File *Attachment // nil for none
}

// Send sends a message from one line to another that it reaches: see
// telecom.Route and telecom.Reachable. It returns the message's id. A Refusal if
// it is not taken; nothing is written then.
func (d *Desk) Send(ctx context.Context, from, to telecom.Line, draft Draft) (int64, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return 0, err
	}
	m := row{id: d.c.Store.NewID(), author: from.Subject, reader: to.Subject, authorLine: from.ID, readerLine: to.ID, kind: Text, sent: d.c.Now()}
	p := part{kind: Text, text: strings.TrimSpace(draft.Text)}
	cost := 1.0
	if f := draft.File; f != nil {
		if roles.File == "" {
			return 0, refuse(Kind)
		}
		m.kind, p.kind, p.name, p.typ, cost = f.Kind, f.Kind, f.Name, f.Type, fileCost
	}
	switch {
	case p.text == "" && draft.File == nil:
		return 0, refuse(Empty)
	case utf8.RuneCountInString(p.text) > MaxText:
		return 0, refuse(TooLong)
	case !d.limit.take(from.Subject, cost, d.c.Now()):
		return 0, refuse(TooMany)
	}
	err = d.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := d.door(ctx, tx, roles, from, to); err != nil {
			return err
		}
		if f := draft.File; f != nil {
			m.attached, err = d.keep(ctx, tx, roles.system(), roles.File, m, f.Data, f.Data)
			if err != nil {
				return err
			}
		}
		return d.post(ctx, tx, roles, from, to, m, p)
	})
	return m.id, wrap(err)
}

// door asks whether the author may write to the reader at all: the same rules as
// for a call between the two.
func (d *Desk) door(ctx context.Context, tx *store.Tx, roles Roles, from, to telecom.Line) error {
	if from.ID == to.ID || !roles.May(d.c.InForce(), from.Role.Actor()) {
		return refuse(Forbidden)
	}
	for _, who := range []struct {
		line telecom.Line
		gone Code
	}{{from, Forbidden}, {to, Gone}} {
		if _, err := d.c.Vault.Standing(ctx, tx, who.line.Subject); errors.Is(err, vault.ErrNotFound) {
			return refuse(who.gone) // erased
		} else if err != nil {
			return err
		}
	}
	if d.c.Blocked == nil {
		return nil
	}
	blocked, err := d.c.Blocked(ctx, tx, from, to)
	if err == nil && blocked {
		return refuse(Blocked)
	}
	return err
}

// row is a message as it stands in the table.
type row struct {
	id                     int64
	author, reader         keys.SubjectID
	authorLine, readerLine int64
	kind                   string
	record, attached       int64
	sent, read, until      time.Time
}

// keep writes a record in two parts.
func (d *Desk) keep(ctx context.Context, tx *store.Tx, a vault.Access, category string, m row, author, reader []byte) (int64, error) {
	it := vault.Item{Category: category, Parts: []vault.Part{{Owner: m.author, Value: author}, {Owner: m.reader, Kind: vault.Party, Value: reader}}}
	ids, err := d.c.Vault.Write(ctx, tx, a, it)
	for _, no := range []error{vault.ErrUndeclared, vault.ErrNoConsent, vault.ErrObjected, vault.ErrPurpose} {
		if errors.Is(err, no) {
			return 0, refuse(Forbidden)
		}
	}
	if errors.Is(err, vault.ErrNotFound) {
		return 0, refuse(Gone)
	}
	if err != nil {
		return 0, err
	}
	return int64(ids[0]), nil
}

// post writes a message down, with its record and the evidence of each side.
func (d *Desk) post(ctx context.Context, tx *store.Tx, roles Roles, from, to telecom.Line, m row, p part) (err error) {
	sent, got := p, p
	sent.sent, sent.far, got.far = true, to.Extension, from.Extension
	if m.record, err = d.keep(ctx, tx, roles.system(), roles.Words, m, []byte(sent.words()), []byte(got.words())); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO messages (id, author, reader, author_line, reader_line, kind, record, attached, sent_ms, read_ms, until_ms, expires_day)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11)`,
		m.id, int64(m.author), int64(m.reader), m.authorLine, m.readerLine, m.kind, m.record, m.attached, m.sent.UnixMilli(), ms(m.until), d.expires(roles, m.sent))
	if err != nil {
		return err
	}
	for _, side := range []struct {
		who  keys.SubjectID
		code string
		ref  int64
	}{{m.author, "sent", m.record}, {m.reader, "received", 0}} {
		if err := d.tell(ctx, tx, evidence.MessageKept, side.who, side.code, side.ref, roles.Purpose, roles.Words, roles.Surface); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() { d.hub.tell(m.author, m.reader) })
	return nil
}

// tell writes the evidence of one side. Only an owner's names the record (R28).
func (d *Desk) tell(ctx context.Context, tx *store.Tx, kind evidence.Kind, s keys.SubjectID, code string, ref int64, purpose, category, surface string) error {
	_, err := d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: kind, At: d.c.Now(), Actor: systemActor, Surface: surface, Purpose: purpose, Category: category, Policy: d.c.InForce().Policy().Version,
		Subject: s, Code: code, Ref: ref,
	})
	return err
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

const dayMillis = 24 * 60 * 60 * 1000

// expires is the first day on which a message of then is gone: its record goes
// by the same rule of the policy.
func (d *Desk) expires(roles Roles, sent time.Time) int64 {
	c := d.c.InForce()
	k, _ := c.Category(roles.Words)
	p, _ := c.Purpose(roles.Purpose)
	r, ok := c.Retention(k, p)
	if !ok {
		return sent.UnixMilli() / dayMillis
	}
	period := r.Period
	if r.Event != policy.CollectedEvent {
		period = r.Limit
	}
	return (period.From(sent.UTC()).UnixMilli() + dayMillis - 1) / dayMillis
}
