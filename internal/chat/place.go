package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
)

// How often somebody can share where they are (R11, PECR reg 14). Once in a
// quarter of an hour is a meeting that moved; more is a track. The day is the
// last twenty-four hours.
const (
	Between  = 15 * time.Minute // of two, to one person
	ToOne    = 4                // a day, to one person
	InAll    = 8                // a day
	day      = 24 * time.Hour
	placeFor = 24 * time.Hour // how long one is shown, at most
	maxWrong = 100_000        // metres of accuracy; beyond it, it says nothing
)

// Fix is where a device was, once, in the reference system of GPS (WGS 84). It
// holds personal data and prints as a fixed word.
type Fix struct {
	Latitude, Longitude float64 // degrees
	Accuracy            float64 // metres; within that with a probability of 95%
}

// Format writes a fixed word, whatever the verb.
func (Fix) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(place)") }

// LogValue keeps the place out of structured logs.
func (Fix) LogValue() slog.Value { return slog.StringValue("(place)") }

// decimals are those of a degree that are kept: the last is about a metre.
const decimals = 5

func degrees(f float64) string { return strconv.FormatFloat(f, 'f', decimals, 64) }

// Words are the place as people read it out.
func (f Fix) Words() string {
	return degrees(f.Latitude) + ", " + degrees(f.Longitude) + ", within " + f.Within()
}

// Within says how exact the place is.
func (f Fix) Within() string {
	switch m := math.Ceil(f.Accuracy); {
	case m <= 1:
		return "1 metre"
	case m < 2000:
		return strconv.FormatFloat(m, 'f', 0, 64) + " metres"
	default:
		return strconv.FormatFloat(math.Ceil(m/1000), 'f', 0, 64) + " kilometres"
	}
}

// URI is the place as programs read it (RFC 5870).
func (f Fix) URI() string {
	return "geo:" + degrees(f.Latitude) + "," + degrees(f.Longitude) + ";u=" + strconv.FormatFloat(math.Ceil(f.Accuracy), 'f', 0, 64)
}

// ParseFix reads latitude, longitude and accuracy, divided by commas, as a page
// sends them. The refusal NoFix for what is no place on earth.
func ParseFix(s string) (Fix, error) {
	parts := strings.Split(s, ",")
	if len(s) > 100 || len(parts) != 3 {
		return Fix{}, refuse(NoFix)
	}
	var n [3]float64
	for i, p := range parts {
		f, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return Fix{}, refuse(NoFix)
		}
		n[i] = f
	}
	f := Fix{n[0], n[1], n[2]}
	if math.Abs(f.Latitude) > 90 || math.Abs(f.Longitude) > 180 || f.Accuracy < 0 || f.Accuracy > maxWrong {
		return Fix{}, refuse(NoFix)
	}
	return f, nil
}

// parseURI reads a place that was kept.
func parseURI(s string) (Fix, error) {
	rest, ok := strings.CutPrefix(s, "geo:")
	where, wrong, ok2 := strings.Cut(rest, ";u=")
	if !ok || !ok2 {
		return Fix{}, errors.New("chat: a record is no place")
	}
	return ParseFix(where + "," + wrong)
}

// Share shows one person once where the author is. The author's consent to the
// purpose must stand, and decides for as long as the place is shown; a is their
// own access for it. Between two with one person there is a quarter of an hour,
// and there are no more than four a day with them and eight in all: the refusals TooSoon
// and TooOften, with how long to wait. The evidence says that it was shared, and
// never where.
func (d *Desk) Share(ctx context.Context, a vault.Access, from, to telecom.Line, fix Fix) (int64, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return 0, err
	}
	if !roles.MayShare(d.c.InForce(), from.Role.Actor()) {
		return 0, refuse(Forbidden)
	}
	now := d.c.Now()
	m := row{id: d.c.Store.NewID(), author: from.Subject, reader: to.Subject, authorLine: from.ID, readerLine: to.ID, kind: Place, sent: now, until: now.Add(placeFor)}
	err = d.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := d.door(ctx, tx, roles, from, to); err != nil {
			return err
		}
		if err := d.c.Vault.Claim(ctx, tx, from.Subject); err != nil { // so that those who press twice follow one another
			return err
		}
		if err := d.seldom(ctx, tx, m.author, m.reader, now); err != nil {
			return err
		}
		ids, err := d.c.Vault.Write(ctx, tx, a, vault.Item{Category: roles.Place, Parts: []vault.Part{{Owner: m.author, Value: []byte(fix.URI())}}})
		if errors.Is(err, vault.ErrNoConsent) || errors.Is(err, vault.ErrObjected) {
			return refuse(NoYes)
		}
		if err != nil {
			return err
		}
		m.attached = int64(ids[0])
		if _, err := tx.Exec(ctx, "INSERT INTO shared_places (id, author, reader, at_ms) VALUES ($1, $2, $3, $4)", m.id, int64(m.author), int64(m.reader), now.UnixMilli()); err != nil {
			return err
		}
		for who, code := range map[keys.SubjectID]string{m.author: "sent", m.reader: "received"} {
			if err := d.tell(ctx, tx, evidence.PlaceShared, who, code, 0, roles.Sharing, roles.Place, roles.Surface); err != nil {
				return err
			}
		}
		return d.post(ctx, tx, roles, from, to, m, part{kind: Place})
	})
	return m.id, wrap(err)
}

// seldom refuses what would make a track of places.
func (d *Desk) seldom(ctx context.Context, tx *store.Tx, author, reader keys.SubjectID, now time.Time) error {
	rows, err := tx.Query(ctx, "SELECT reader, at_ms FROM shared_places WHERE author = $1 AND at_ms > $2 ORDER BY at_ms", int64(author), now.Add(-day).UnixMilli())
	if err != nil {
		return err
	}
	defer rows.Close()
	var all, one []time.Time
	for rows.Next() {
		var who, when int64
		if err := rows.Scan(&who, &when); err != nil {
			return err
		}
		all = append(all, store.Time(when))
		if who == int64(reader) {
			one = append(one, store.Time(when))
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	switch {
	case len(one) > 0 && now.Sub(one[len(one)-1]) < Between:
		return &Refusal{TooSoon, one[len(one)-1].Add(Between).Sub(now)}
	case len(one) >= ToOne:
		return &Refusal{TooOften, one[len(one)-ToOne].Add(day).Sub(now)}
	case len(all) >= InAll:
		return &Refusal{TooOften, all[len(all)-InAll].Add(day).Sub(now)}
	}
	return nil
}

// fix opens the place of a message; nil once it is shown no more: its hours are
// over, or the author took it or their consent back.
func (d *Desk) fix(ctx context.Context, tx *store.Tx, m row) (*Fix, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil || roles.Place == "" || m.attached == 0 || !d.c.Now().Before(m.until) {
		return nil, nil
	}
	rec, err := d.c.Vault.Read(ctx, tx, roles.looking(), vault.RecordID(m.attached))
	for _, no := range []error{vault.ErrNotFound, vault.ErrNoConsent, vault.ErrObjected, vault.ErrRestricted, vault.ErrPurpose, vault.ErrShutOut} {
		if errors.Is(err, no) {
			return nil, nil
		}
	}
	if err != nil {
		return nil, err
	}
	f, err := parseURI(string(rec.Value()))
	return &f, err
}

// Unshare takes back where somebody was, for both sides. The message stays, and
// says so. ErrNotFound if it is not theirs to take back.
func (d *Desk) Unshare(ctx context.Context, tx *store.Tx, s keys.SubjectID, id int64) error {
	m, members, err := d.mine(ctx, tx, s, id)
	if err != nil {
		return wrap(err)
	}
	if m.kind != Place || m.attached == 0 || !contains(members, m.author) {
		return ErrNotFound
	}
	if err := d.takeBack(ctx, tx, m); err != nil {
		return wrap(err)
	}
	tx.AfterCommit(func() { d.hub.tell(m.author, m.reader) })
	return nil
}

func contains(list []keys.SubjectID, s keys.SubjectID) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// takeBack erases the place of a message.
func (d *Desk) takeBack(ctx context.Context, tx *store.Tx, m row) error {
	if m.attached == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, "UPDATE messages SET attached = 0 WHERE id = $1", m.id); err != nil {
		return err
	}
	if m.author == 0 {
		return nil // erased, and the place with them
	}
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return nil // no longer declared: it goes at its time
	}
	a := roles.looking()
	a.Own = true
	err = d.c.Vault.RemovePart(ctx, tx, a, m.author, vault.RecordID(m.attached))
	if errors.Is(err, vault.ErrNotFound) {
		return nil // went with the consent
	}
	return err
}
