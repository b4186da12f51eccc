package voicemail

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/media"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
)

// Box is how the voicemail of a line is set.
type Box struct {
	On       bool
	Wait     time.Duration // of ringing before it answers
	Mail     bool          // its person is told of messages by e-mail
	Greeting bool          // its person recorded one

	known              bool // there is a row
	settings, greeting vault.RecordID
}

// Bounds of what is set.
const (
	leastWait = 5 * time.Second
	mostWait  = 120 * time.Second
)

// Words of the record of the settings. They are kept, as its person reads them in
// a copy of their data: a change here is one to what is read back.
const (
	offWords   = "off"
	onWords    = "on, after "
	unitWords  = " seconds"
	mailWords  = ", with an e-mail"
	neverWords = ", without e-mails"
)

func (b Box) words() string {
	text := offWords
	if b.On {
		text = onWords + strconv.Itoa(int(b.Wait/time.Second)) + unitWords
	}
	if b.Mail {
		return text + mailWords
	}
	return text + neverWords
}

// parseBox reads the words; whatever they are not is off.
func parseBox(text string) (b Box) {
	text, b.Mail = strings.CutSuffix(text, mailWords)
	text = strings.TrimSuffix(text, neverWords)
	text, on := strings.CutPrefix(text, onWords)
	n, err := strconv.Atoi(strings.TrimSuffix(text, unitWords))
	if d := time.Duration(n) * time.Second; on && err == nil && d >= leastWait && d <= mostWait {
		b.On, b.Wait = true, d
	}
	return b
}

// Setting reads what the two fields of the form say: "off" or a number of
// seconds, and "yes" for an e-mail. What it cannot be is off.
func Setting(answer, mail string) Box {
	b := parseBox(onWords + answer + unitWords)
	b.Mail = mail == "yes"
	return b
}

// Answers are what the two fields of the form say of a box.
func (b Box) Answers() (answer, mail string) {
	answer, mail = "off", "no"
	if b.On {
		answer = strconv.Itoa(int(b.Wait / time.Second))
	}
	if b.Mail {
		mail = "yes"
	}
	return answer, mail
}

// Box returns how the voicemail of a line is set: off if it never was.
// ErrUndeclared if the policy declares none.
func (d *Desk) Box(ctx context.Context, tx *store.Tx, l telecom.Line) (Box, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return Box{}, err
	}
	b, err := d.box(ctx, tx, roles, l)
	return b, wrap(err)
}

func (d *Desk) box(ctx context.Context, tx *store.Tx, roles Roles, l telecom.Line) (Box, error) {
	var subject, settings, greeting int64
	err := tx.QueryRow(ctx, "SELECT subject, settings, greeting FROM voicemail_boxes WHERE line = $1", l.ID).Scan(&subject, &settings, &greeting)
	if errors.Is(err, sql.ErrNoRows) || err == nil && keys.SubjectID(subject) != l.Subject {
		return Box{}, nil
	}
	if err != nil {
		return Box{}, err
	}
	b := Box{}
	if settings != 0 {
		rec, err := d.c.Vault.Read(ctx, tx, roles.own(), vault.RecordID(settings))
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return Box{}, err
		}
		b = parseBox(string(rec.Value()))
	}
	b.known, b.settings, b.greeting, b.Greeting = true, vault.RecordID(settings), vault.RecordID(greeting), greeting != 0
	return b, nil
}

// Set sets the voicemail of a line as its person chose. Their history shows it.
func (d *Desk) Set(ctx context.Context, tx *store.Tx, a vault.Access, l telecom.Line, to Box) error {
	return d.change(ctx, tx, a, l, func(roles Roles, b *Box) (string, error) {
		ids, err := d.c.Vault.Put(ctx, tx, a, item(roles.Settings, l.Subject, []byte(to.words())))
		if err != nil {
			return "", err
		}
		if err := d.drop(ctx, tx, a, l.Subject, b.settings); err != nil {
			return "", err
		}
		b.settings = ids[0]
		if to.On {
			return "on", nil
		}
		return "off", nil
	})
}

// Greeting returns the person's own greeting; the zero value if there is none.
func (d *Desk) Greeting(ctx context.Context, tx *store.Tx, l telecom.Line) (media.Sound, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return media.Sound{}, err
	}
	b, err := d.box(ctx, tx, roles, l)
	if err != nil || b.greeting == 0 {
		return media.Sound{}, wrap(err)
	}
	rec, err := d.c.Vault.Read(ctx, tx, roles.own(), b.greeting)
	if errors.Is(err, vault.ErrNotFound) {
		return media.Sound{}, nil
	}
	if err != nil {
		return media.Sound{}, wrap(err)
	}
	s, err := media.ReadSound(rec.Value())
	return s, wrap(err)
}

// SetGreeting keeps the greeting that the person of a line recorded; the zero
// value brings the standard one back. ErrEmpty if nothing is heard in it.
func (d *Desk) SetGreeting(ctx context.Context, tx *store.Tx, a vault.Access, l telecom.Line, s media.Sound) error {
	if s.Codec() != "" && s.Loud() < leastLoud {
		return ErrEmpty
	}
	return d.change(ctx, tx, a, l, func(roles Roles, b *Box) (code string, err error) {
		ids := []vault.RecordID{0}
		if s.Codec() != "" {
			if ids, err = d.c.Vault.Put(ctx, tx, a, item(roles.Greeting, l.Subject, s.File())); err != nil {
				return "", err
			}
		}
		if err := d.drop(ctx, tx, a, l.Subject, b.greeting); err != nil {
			return "", err
		}
		if b.greeting = ids[0]; b.greeting == 0 {
			return "standard", nil
		}
		return "greeting", nil
	})
}

// change changes the row of a line; those who change the same follow one another.
func (d *Desk) change(ctx context.Context, tx *store.Tx, a vault.Access, l telecom.Line, act func(Roles, *Box) (code string, err error)) error {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return err
	}
	now := d.c.Now().UnixMilli()
	// The row is made or claimed first; one of another person's line is gone then.
	_, err = tx.Exec(ctx, `INSERT INTO voicemail_boxes (line, subject, settings, greeting, changed_ms) VALUES ($1, $2, 0, 0, $3)
		ON CONFLICT (line) DO UPDATE SET changed_ms = excluded.changed_ms`, l.ID, int64(l.Subject), now)
	if err != nil {
		return wrap(err)
	}
	b, err := d.box(ctx, tx, roles, l)
	if err != nil {
		return wrap(err)
	}
	code, err := act(roles, &b)
	if err != nil {
		return wrap(err)
	}
	_, err = tx.Exec(ctx, "UPDATE voicemail_boxes SET subject = $1, settings = $2, greeting = $3 WHERE line = $4", int64(l.Subject), int64(b.settings), int64(b.greeting), l.ID)
	if err != nil {
		return wrap(err)
	}
	return wrap(d.prove(ctx, tx, a, evidence.Body{Kind: evidence.VoicemailSet, Code: code, Subject: l.Subject}))
}

func item(category string, s keys.SubjectID, value []byte) vault.Item {
	return vault.Item{Category: category, Parts: []vault.Part{{Owner: s, Value: value}}}
}

// drop removes a record, if it is there.
func (d *Desk) drop(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, id vault.RecordID) error {
	if id == 0 {
		return nil
	}
	err := d.c.Vault.RemovePart(ctx, tx, a, s, id)
	if errors.Is(err, vault.ErrNotFound) {
		return nil // went before, at its time
	}
	return err
}
