package voicemail

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/policy"
)

// Words of the record that says from whom a message is. They are kept: a change
// here is one to what is read back.
const (
	fromWords   = "Voicemail message from "
	hiddenWords = "a withheld number"
)

// noteOf is that record's text.
func noteOf(from string, length time.Duration) string {
	if from == "" {
		from = hiddenWords
	}
	n := max(1, int(length.Round(time.Second)/time.Second))
	unit := " seconds long"
	if n == 1 {
		unit = " second long"
	}
	return fromWords + from + ", " + strconv.Itoa(n) + unit
}

// parseNote finds the number in it; empty if it is withheld, or the text is none
// of ours.
func parseNote(text string) (from string, hidden bool) {
	rest, ok := strings.CutPrefix(text, fromWords)
	from, _, comma := strings.Cut(rest, ", ")
	switch digits := strings.TrimPrefix(from, "+"); {
	case !ok || !comma:
		return "", false
	case from == hiddenWords:
		return "", true
	case digits == "" || len(digits) > 15 || strings.Trim(digits, "0123456789") != "":
		return "", false
	}
	return from, false
}

// Leave keeps a message. Its person is told by e-mail if they chose so. ErrEmpty
// if nothing is heard in it, ErrFull if there are too many; then nothing is kept.
func (d *Desk) Leave(ctx context.Context, tx *store.Tx, m Left) (Message, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return Message{}, err
	}
	file := m.Sound.File()
	if m.Sound.Loud() < leastLoud || len(file) == 0 || len(file) > vault.MaxValue {
		return Message{}, ErrEmpty
	}
	b, err := d.box(ctx, tx, roles, m.For)
	if err != nil {
		return Message{}, wrap(err)
	}
	had, err := d.room(ctx, tx, m.For)
	if err != nil {
		return Message{}, err
	}
	kept, err := d.keep(ctx, tx, roles, m, file)
	if err != nil {
		return Message{}, wrap(err)
	}
	if err := d.owe(ctx, tx, m.For.Account, b, had+1); err != nil {
		return Message{}, wrap(err)
	}
	return kept, wrap(d.tell(ctx, tx, m.For.ID))
}

// owe owes the person of a line the word that it has another message: that there
// is little room, or none, whatever they chose to be told of, and that there is a
// message if they chose that.
func (d *Desk) owe(ctx context.Context, tx *store.Tx, account int64, b Box, has int) error {
	letter := d.c.Accounts.VoicemailWaiting
	switch {
	case has == NearlyFull:
		letter = d.c.Accounts.VoicemailFilling
	case has == MaxMessages:
		letter = d.c.Accounts.VoicemailFull
	case !b.Mail:
		return nil
	}
	x, err := d.c.Accounts.ByID(ctx, tx, account)
	if err != nil {
		return err
	}
	return letter(ctx, tx, x)
}

// room returns how many messages a line has; ErrFull if it takes no more.
func (d *Desk) room(ctx context.Context, tx *store.Tx, l telecom.Line) (int, error) {
	fresh, old, err := d.Waiting(ctx, tx, l.ID)
	if err == nil && fresh+old >= MaxMessages {
		err = ErrFull
	}
	return fresh + old, err
}

// keep writes the records of a message, its row and its evidence.
func (d *Desk) keep(ctx context.Context, tx *store.Tx, roles Roles, m Left, file []byte) (Message, error) {
	a, now, s := roles.own(), d.c.Now(), m.For.Subject
	length := m.Sound.Length()
	ids, err := d.c.Vault.Write(ctx, tx, a, item(roles.Message, s, file), item(roles.Traffic, s, []byte(noteOf(m.From, length))))
	if err != nil {
		return Message{}, err
	}
	kept := Message{
		ID: d.c.Store.NewID(), From: m.From, Hidden: m.From == "", Length: length, Left: store.Time(now.UnixMilli()), subject: s, sound: ids[0], note: ids[1],
	}
	_, err = tx.Exec(ctx, `INSERT INTO voicemail_messages (id, line, subject, sound, note, length_ms, left_ms, heard_ms, expires_day)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)`,
		kept.ID, m.For.ID, int64(s), int64(kept.sound), int64(kept.note), length.Milliseconds(), now.UnixMilli(), expires(d.c.InForce(), roles, now))
	if err != nil {
		return Message{}, err
	}
	return kept, d.prove(ctx, tx, a, evidence.Body{Kind: evidence.VoicemailLeft, Category: roles.Message, Subject: s, Ref: int64(kept.sound)})
}

const dayMillis = 24 * 60 * 60 * 1000

// expires is the first day on which a message left now is gone: its sound goes by
// the same rule of the policy.
func expires(c *policy.Compiled, roles Roles, left time.Time) int64 {
	k, _ := c.Category(roles.Message)
	p, _ := c.Purpose(roles.Purpose)
	r, ok := c.Retention(k, p)
	if !ok {
		return left.UnixMilli() / dayMillis
	}
	period := r.Period
	if r.Event != policy.CollectedEvent {
		period = r.Limit
	}
	return (period.From(left.UTC()).UnixMilli() + dayMillis - 1) / dayMillis
}

const selectMessage = "SELECT id, subject, sound, note, length_ms, left_ms, heard_ms FROM voicemail_messages "

func scanMessage(row interface{ Scan(...any) error }) (m Message, err error) {
	var length, left, heard int64
	err = row.Scan(&m.ID, (*int64)(&m.subject), (*int64)(&m.sound), (*int64)(&m.note), &length, &left, &heard)
	m.Length, m.Left, m.Heard = time.Duration(length)*time.Millisecond, store.Time(left), store.Time(heard)
	return m, err
}

// Messages returns the messages of a line, for its own person, newest first.
func (d *Desk) Messages(ctx context.Context, tx *store.Tx, l telecom.Line) ([]Message, error) {
	if _, err := RolesOf(d.c.InForce()); err != nil {
		return nil, err
	}
	list, err := d.rows(ctx, tx, "WHERE line = $1 AND subject = $2 ORDER BY id DESC", l.ID, int64(l.Subject))
	if err != nil {
		return nil, wrap(err)
	}
	for i := range list {
		rec, err := d.c.Vault.OwnPart(ctx, tx, l.Subject, list[i].note)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return nil, wrap(err)
		}
		list[i].From, list[i].Hidden = parseNote(string(rec.Value()))
	}
	return list, nil
}

func (d *Desk) rows(ctx context.Context, tx *store.Tx, where string, args ...any) (list []Message, err error) {
	rows, err := tx.Query(ctx, selectMessage+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		m, err := scanMessage(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

func (d *Desk) one(ctx context.Context, tx *store.Tx, l telecom.Line, id int64) (Message, error) {
	if _, err := RolesOf(d.c.InForce()); err != nil {
		return Message{}, err
	}
	m, err := scanMessage(tx.QueryRow(ctx, selectMessage+"WHERE id = $1 AND line = $2 AND subject = $3", id, l.ID, int64(l.Subject)))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return m, wrap(err)
}

// Sound returns the file of a message, for its own person: WAV or Ogg, as
// media.ReadSound reads it. ErrNotFound if the line has no such message.
func (d *Desk) Sound(ctx context.Context, tx *store.Tx, l telecom.Line, id int64) ([]byte, error) {
	m, err := d.one(ctx, tx, l, id)
	if err != nil {
		return nil, err
	}
	rec, err := d.c.Vault.OwnPart(ctx, tx, m.subject, m.sound)
	if errors.Is(err, vault.ErrNotFound) {
		err = ErrNotFound
	}
	return rec.Value(), wrap(err)
}

// Heard notes that a message was played; only the first time counts. ErrNotFound
// as for Sound.
func (d *Desk) Heard(ctx context.Context, tx *store.Tx, a vault.Access, l telecom.Line, id int64) error {
	m, err := d.one(ctx, tx, l, id)
	if err != nil {
		return err
	}
	n, err := tx.Change(ctx, "UPDATE voicemail_messages SET heard_ms = $1 WHERE id = $2 AND heard_ms = 0", d.c.Now().UnixMilli(), id)
	if err != nil || n == 0 {
		return wrap(err)
	}
	if err := d.prove(ctx, tx, a, evidence.Body{Kind: evidence.VoicemailHeard, Subject: m.subject, Ref: id}); err != nil {
		return wrap(err)
	}
	return wrap(d.tell(ctx, tx, l.ID))
}

// Remove erases a message, of whom it was left for. ErrNotFound as for Sound.
func (d *Desk) Remove(ctx context.Context, tx *store.Tx, a vault.Access, l telecom.Line, id int64) error {
	m, err := d.one(ctx, tx, l, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM voicemail_messages WHERE id = $1", id); err != nil {
		return wrap(err)
	}
	for _, record := range []vault.RecordID{m.sound, m.note} {
		if err := d.drop(ctx, tx, a, m.subject, record); err != nil {
			return wrap(err)
		}
	}
	return wrap(d.tell(ctx, tx, l.ID))
}
