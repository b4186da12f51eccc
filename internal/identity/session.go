package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/mileusna/useragent"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/internal/vault"
)

// Level is how far a session is.
type Level string

// The levels.
const (
	Half  Level = "half"  // the password was right; a code is owed
	Enrol Level = "enrol" // signed in, and may do nothing but set up a second factor
	Whole Level = "whole"
)

// Session is one browser that is signed in. It holds no personal data.
type Session struct {
	ID      int64
	Account Account
	Surface string
	Level   Level
	Way     string // how it was proven, by code
	Began   time.Time
	Seen    time.Time // to the minute
	Ends    time.Time // at the latest
	Proved  time.Time // when the person last proved themselves

	device  vault.RecordID
	hash    []byte // of the token
	renewed string // the token that the browser is to hold from now on; empty if it has it
}

// Renewed returns the token that the browser must hold from now on, once, if
// the session was given another: whenever its person proved themselves again,
// or it may do more than before (ASVS 5.0 7.2.4).
func (s *Session) Renewed() (token string, ok bool) {
	token, s.renewed = s.renewed, ""
	return token, token != ""
}

// Access is what the person of a session acts as, for a purpose: themselves.
func (s *Session) Access(purpose string) vault.Access {
	return vault.Access{Actor: s.Account.Role.Actor(), Purpose: purpose, Surface: s.Surface, Own: true}
}

// Fresh reports whether the person proved themselves so lately that they may
// do what must not happen behind their back (ASVS 5.0 7.5.1).
func (s *Session) Fresh(now time.Time) bool {
	return s.Level != Half && now.Sub(s.Proved) < proofLasts
}

// Device is what a sign-in tells of the browser it comes from. It is personal
// data, and prints as a placeholder.
type Device struct {
	Address string // network address, without a port
	Agent   string // the User-Agent header
}

// Format writes a placeholder, whatever the verb.
func (Device) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(device)") }

// LogValue returns a placeholder.
func (Device) LogValue() slog.Value { return slog.StringValue("(device)") }

// Categories of what is kept of a sign-in, where the policy declares them for
// its purpose.
const (
	categoryAddress = "network.ip-address"
	categoryBrowser = "browser.type"
	categorySystem  = "browser.system"
	maxAgent        = 1024 // octets of a header that are looked at
)

// tokenBytes is the length of what a browser holds: 256 random bits.
const tokenBytes = 32

func newToken() (text string, hash []byte) {
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	sum := sha256.Sum256(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:]), sum[:]
}

// tokenHash returns the hash of a token as the table has it. There is one
// spelling of each.
func tokenHash(text string) ([]byte, bool) {
	if len(text) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != tokenBytes {
		return nil, false
	}
	sum := sha256.Sum256(b)
	return sum[:], true
}

// begin writes a new session with its evidence, and returns what the browser
// is to hold. It is a new token each time, so that none that was known before
// a sign-in is worth anything after it.
func (a *Accounts) begin(ctx context.Context, tx *store.Tx, d declared, x Account, surface string, level Level, way string, dev Device) (string, *Session, error) {
	now := a.c.Now()
	_, longest := d.times(x.Role, surface, now)
	if level == Half {
		longest = halfLasts
	}
	token, hash := newToken()
	s := &Session{ID: a.c.Store.NewID(), Account: x, Surface: surface, Level: level, Way: way, Began: now, Seen: now, Ends: now.Add(longest), Proved: now, hash: hash}
	if level != Half {
		var err error
		if s.device, err = a.keepDevice(ctx, tx, d, s, dev); err != nil {
			return "", nil, err
		}
	}
	_, err := tx.Exec(ctx, `INSERT INTO sessions (id, token, account, surface, level, way, began_ms, seen_ms, ends_ms, proved_ms, tries, device)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $7, 0, $9)`,
		s.ID, hash, x.ID, surface, string(level), way, now.UnixMilli(), s.Ends.UnixMilli(), int64(s.device))
	if err != nil {
		return "", nil, wrap(err)
	}
	if level == Half {
		return token, s, nil // it opens nothing yet
	}
	if err := a.stopRecovery(ctx, tx, d, x, surface); err != nil { // its person needs none
		return "", nil, err
	}
	err = a.prove(ctx, tx, d, evidence.Body{Kind: evidence.AccountSignedIn, Surface: surface, Subject: x.Subject, Ref: s.ID, Code: way, Actor: x.Role.Actor()})
	return token, s, err
}

// renew gives a session another token, and with it a level and a time of
// proof. Whoever is proven has not lost their second factor. ErrNotFound if it
// was ended meanwhile.
func (a *Accounts) renew(ctx context.Context, tx *store.Tx, d declared, s *Session, level Level, proved time.Time) error {
	if err := a.stopRecovery(ctx, tx, d, s.Account, s.Surface); err != nil {
		return err
	}
	token, hash := newToken()
	n, err := tx.Change(ctx, "UPDATE sessions SET token = $1, level = $2, proved_ms = $3 WHERE id = $4", hash, string(level), proved.UnixMilli(), s.ID)
	if err != nil {
		return wrap(err)
	}
	if n == 0 {
		return ErrNotFound
	}
	tx.AfterCommit(func() {
		if !proved.Equal(s.Proved) { // a proof, whose form may come in twice
			a.doubles.replace(s.ID, s.hash)
		}
		s.hash, s.renewed, s.Level, s.Proved = hash, token, level, proved
	})
	return nil
}

// keepDevice writes what is told of the browser, so that people recognise
// their sign-ins; it is kept as the policy says, longer than the session.
func (a *Accounts) keepDevice(ctx context.Context, tx *store.Tx, d declared, s *Session, dev Device) (vault.RecordID, error) {
	agent := useragent.Parse(dev.Agent[:min(len(dev.Agent), maxAgent)])
	var items []vault.Item
	for _, x := range []struct{ category, value string }{
		{categoryAddress, dev.Address}, {categoryBrowser, browserOf(agent)}, {categorySystem, known(agent.OS, systems)},
	} {
		if x.value != "" && d.uses(x.category, d.purpose) {
			items = append(items, vault.Item{Category: x.category, Parts: []vault.Part{{Owner: s.Account.Subject, Value: []byte(x.value)}}, Collected: s.Began})
		}
	}
	if len(items) == 0 {
		return 0, nil
	}
	ids, err := a.c.Vault.Put(ctx, tx, s.Access(d.purpose), items...)
	if errors.Is(err, vault.ErrUndeclared) || errors.Is(err, vault.ErrObjected) {
		return 0, nil // the surface may not, or the person said no: the sign-in is listed without
	}
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

// browsers and systems are the closed sets of names that are kept: a header is
// whatever a client writes.
var (
	browsers = []string{useragent.Chrome, useragent.Firefox, useragent.Safari, useragent.Edge, useragent.Opera, useragent.HeadlessChrome}
	systems  = []string{useragent.Windows, useragent.Android, useragent.MacOS, useragent.IOS, useragent.Linux, useragent.ChromeOS}
)

func known(name string, set []string) string {
	for _, s := range set {
		if s == name {
			return s
		}
	}
	return ""
}

func browserOf(u useragent.UserAgent) string {
	name := known(u.Name, browsers)
	if name == "" || u.VersionNo.Major <= 0 || u.VersionNo.Major > 9999 {
		return name
	}
	return fmt.Sprintf("%s %d", name, u.VersionNo.Major)
}

const selectSession = `SELECT s.id, s.surface, s.level, s.way, s.began_ms, s.seen_ms, s.ends_ms, s.proved_ms, s.device, s.token,
	a.id, a.reference, a.subject, a.address, a.role, a.company, a.opened_ms, a.proven
	FROM sessions s JOIN accounts a ON a.id = s.account AND a.state = 'open' `

func scanSession(row interface{ Scan(...any) error }) (*Session, error) {
	s := &Session{}
	var began, seen, ends, proved, opened int64
	x := &s.Account
	err := row.Scan(&s.ID, &s.Surface, (*string)(&s.Level), &s.Way, &began, &seen, &ends, &proved, (*int64)(&s.device), &s.hash,
		&x.ID, &x.Reference, (*int64)(&x.Subject), (*int64)(&x.address), (*string)(&x.Role), &x.Company, &opened, &x.Proven)
	for into, ms := range map[*time.Time]int64{&s.Began: began, &s.Seen: seen, &s.Ends: ends, &s.Proved: proved, &x.Opened: opened} {
		*into = time.UnixMilli(ms).UTC()
	}
	return s, err
}

// Session returns who holds a token on a surface. ErrNotFound if nobody does:
// it was ended, is over, was unused for too long, belongs to another surface,
// or its role no longer opens this one.
func (a *Accounts) Session(ctx context.Context, surface, token string) (*Session, error) {
	hash, ok := tokenHash(token)
	if !ok {
		return nil, ErrNotFound
	}
	return a.session(ctx, surface, "WHERE s.token = $1", hash)
}

// Lasts reports by its error whether a session that was found before may still
// be acted in: ErrNotFound if not. It is for what outlives a request, such as a
// connection; a new token of the same session changes nothing. It counts as use.
func (a *Accounts) Lasts(ctx context.Context, of *Session) error {
	s, err := a.session(ctx, of.Surface, "WHERE s.id = $1", of.ID)
	if err == nil && s.Level != of.Level {
		return ErrNotFound
	}
	return err
}

// session returns a session by a condition, if it is still good on a surface.
func (a *Accounts) session(ctx context.Context, surface, where string, arg any) (*Session, error) {
	d, err := a.declared()
	if err != nil {
		return nil, ErrNotFound
	}
	var s *Session
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		s, err = scanSession(tx.QueryRow(ctx, selectSession+where, arg))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, wrap(err)
	}
	now := a.c.Now()
	if idle, _ := d.times(s.Account.Role, surface, now); s.Surface != surface || !d.opens(s.Account.Role, surface) || !now.Before(s.Ends) || now.Sub(s.Seen) > idle {
		return nil, ErrNotFound
	}
	if s.Level != Half && now.Sub(s.Seen) >= seenPrecision {
		return s, a.seen(ctx, s, now)
	}
	return s, nil
}

// seen notes that a session is used, once a minute.
func (a *Accounts) seen(ctx context.Context, s *Session, now time.Time) error {
	s.Seen = now
	return wrap(a.c.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE sessions SET seen_ms = $1 WHERE id = $2", now.UnixMilli(), s.ID)
		return err
	}))
}

// Signed is one sign-in as its person sees it: personal data.
type Signed struct {
	Session
	Browser string // empty if nothing is known
	System  string
	Address string
}

// Sessions returns where an account is signed in, the newest first.
func (a *Accounts) Sessions(ctx context.Context, of *Session) (list []Signed, err error) {
	d, err := a.declared()
	if err != nil {
		return nil, err
	}
	now := a.c.Now()
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, selectSession+"WHERE s.account = $1 AND s.level <> 'half' AND s.ends_ms > $2 ORDER BY s.began_ms DESC", of.Account.ID, now.UnixMilli())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			s, err := scanSession(rows)
			if err != nil {
				return err
			}
			if idle, _ := d.times(s.Account.Role, s.Surface, now); now.Sub(s.Seen) <= idle {
				list = append(list, Signed{Session: *s})
			}
		}
		if err := rows.Err(); err != nil {
			return err
		}
		rows.Close()
		return a.devices(ctx, tx, d, of, list)
	})
	return list, wrap(err)
}

// devices fills in what is known of each browser. It was collected in the
// moment in which the session began.
func (a *Accounts) devices(ctx context.Context, tx *store.Tx, d declared, of *Session, list []Signed) error {
	for category, into := range map[string]func(*Signed) *string{
		categoryAddress: func(s *Signed) *string { return &s.Address },
		categoryBrowser: func(s *Signed) *string { return &s.Browser },
		categorySystem:  func(s *Signed) *string { return &s.System },
	} {
		if !d.uses(category, d.purpose) {
			continue
		}
		records, err := a.c.Vault.ReadSubject(ctx, tx, of.Access(d.purpose), of.Account.Subject, category)
		if errors.Is(err, vault.ErrObjected) || errors.Is(err, vault.ErrPurpose) {
			continue
		}
		if err != nil {
			return err
		}
		for _, rec := range records {
			for i := range list {
				if s := &list[i]; s.Began.Equal(rec.Collected.Truncate(time.Millisecond)) {
					*into(s) = string(rec.Value())
				}
			}
		}
	}
	return nil
}

// End signs one session of the same account out, this one or another.
// ErrNotFound if there is no such session of it; ErrProof for another without
// a fresh proof, or a stranger in the account could sign its owner out.
func (a *Accounts) End(ctx context.Context, by *Session, id int64) error {
	how := "here"
	if id != by.ID {
		how = "elsewhere"
		if !by.Fresh(a.c.Now()) {
			return ErrProof
		}
	}
	return a.endThose(ctx, by, how, "DELETE FROM sessions WHERE account = $1 AND id = $2", id)
}

// EndOthers signs the account out everywhere but here. ErrProof without a fresh
// proof.
func (a *Accounts) EndOthers(ctx context.Context, by *Session) error {
	if !by.Fresh(a.c.Now()) {
		return ErrProof
	}
	err := a.endThose(ctx, by, "others", "DELETE FROM sessions WHERE account = $1 AND id <> $2", by.ID)
	if errors.Is(err, ErrNotFound) {
		return nil // there was no other
	}
	return err
}

func (a *Accounts) endThose(ctx context.Context, by *Session, how, query string, id int64) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	return wrap(a.c.Store.Update(ctx, func(tx *store.Tx) error {
		n, err := tx.Change(ctx, query, by.Account.ID, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrNotFound
		}
		return a.prove(ctx, tx, d, evidence.Body{
			Kind: evidence.AccountEnded, Surface: by.Surface, Subject: by.Account.Subject, Ref: id, Code: how, Count: n, Actor: by.Account.Role.Actor(),
		})
	}))
}

// endAll ends every session of an account but one; 0 keeps none.
func (a *Accounts) endAll(ctx context.Context, tx *store.Tx, account, but int64) error {
	_, err := tx.Exec(ctx, "DELETE FROM sessions WHERE account = $1 AND id <> $2", account, but)
	return wrap(err)
}
