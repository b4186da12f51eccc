package identity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/alexedwards/argon2id"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/reference"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Refusals. Each has words in the web server's table.
var (
	// ErrSignIn is the one refusal of a sign-in, whatever was wrong.
	ErrSignIn = errors.New("identity: not signed in")
	// ErrProof refuses to go on without a fresh proof that it is the person.
	ErrProof = errors.New("identity: the person must prove themselves first")
	// ErrCode says that a code of an authenticator or of recovery is not right.
	ErrCode = errors.New("identity: not the right code")
	// ErrLink says that a link is none of ours, was used, or is too old.
	ErrLink = errors.New("identity: the link is not good")
	// ErrNotFound says that there is no such thing, or it is somebody else's.
	ErrNotFound = errors.New("identity: not found")
	// ErrLast refuses to remove the last way in, or the last administrator.
	ErrLast = errors.New("identity: the last one stays")
	// ErrTaken says, to whoever runs the machine, that an address has an account.
	ErrTaken = errors.New("identity: the address has an account already")
	// ErrRole says that the policy lets a role sign in nowhere.
	ErrRole = errors.New("identity: the policy lets this role sign in nowhere")
	// ErrBusy says that more passwords are being checked than the machine can.
	ErrBusy = errors.New("identity: too many sign-ins at once")
)

// Config is what accounts stand on. All fields but Breached, Floor and Hashing are
// needed.
type Config struct {
	Store    *store.Store
	Ring     *keys.Ring
	Log      *evidence.Log
	Vault    *vault.Vault
	Queue    *mail.Queue
	InForce  func() *policy.Compiled
	Now      func() time.Time
	Breached *Breached        // passwords that are known to others; nil for none
	Floor    time.Duration    // least time of an answer that must not tell; zero is DefaultFloor
	Hashing  *argon2id.Params // cost of a password's hash; nil is what RFC 9106 section 4 asks
}

// DefaultFloor is more than a sign-in takes on the slowest machine we run on.
const DefaultFloor = 350 * time.Millisecond

// Accounts are the accounts of one operator.
type Accounts struct {
	c        Config
	hasher   *hasher
	tries    *counts // by address that signs in
	steps    *counts // of step-ups, by account: strangers cannot use them up
	codes    *counts // of codes after the right password, by account
	failed   failures
	doubles  *doubles // proofs of a moment ago
	tokens   map[linkKind]mail.Tokens
	handles  mail.Tokens // user handles of passkeys
	ceremony *ceremonies
	moved    []Moved
	onChange []func(*store.Tx)
}

// Moved acts in the transaction in which an account gets another address that
// is proven to be its person's: what else is sent to them follows.
type Moved func(ctx context.Context, tx *store.Tx, s keys.SubjectID, actor, surface, email string) error

// OnAddress has fn follow a change of address. It belongs to the wiring, before
// anybody signs in.
func (a *Accounts) OnAddress(fn Moved) { a.moved = append(a.moved, fn) }

// New returns the accounts and registers with the queue how their mails are
// written.
func New(c Config) (*Accounts, error) {
	if c.Floor == 0 {
		c.Floor = DefaultFloor
	}
	if c.Hashing == nil {
		c.Hashing = &hashing
	}
	h, err := newHasher(c.Hashing)
	if err != nil {
		return nil, err
	}
	a := &Accounts{
		c: c, hasher: h, tries: newCounts(triesPerAddress, triesWindow, c.Now),
		steps: newCounts(triesPerAccount, triesWindow, c.Now), codes: newCounts(triesPerAccount, triesWindow, c.Now),
		tokens: map[linkKind]mail.Tokens{}, handles: mail.NewTokens(c.Ring, "account handle"), ceremony: newCeremonies(c.Now),
		doubles: newDoubles(c.Now),
	}
	for _, k := range linkKinds {
		a.tokens[k] = mail.NewTokens(c.Ring, "account link "+string(k))
	}
	for kind, handler := range a.letters() {
		c.Queue.Handle(kind, handler)
	}
	return a, nil
}

// Account is who may sign in. It holds no personal data.
type Account struct {
	ID        int64
	Reference string // told to people
	Subject   keys.SubjectID
	Role      Role
	Company   int64 // 0 for none
	Opened    time.Time
	Proven    bool // its person showed that they read mail at its address

	address vault.RecordID
}

const selectAccount = "SELECT id, reference, subject, address, role, company, opened_ms, proven FROM accounts "

func scanAccount(row interface{ Scan(...any) error }) (x Account, err error) {
	var opened int64
	err = row.Scan(&x.ID, &x.Reference, (*int64)(&x.Subject), (*int64)(&x.address), (*string)(&x.Role), &x.Company, &opened, &x.Proven)
	x.Opened = time.UnixMilli(opened).UTC()
	return x, err
}

// key is what an account is counted under.
func (x *Account) key() string { return strconv.FormatInt(x.ID, 10) }

// account returns one open account by a condition.
func (a *Accounts) account(ctx context.Context, tx *store.Tx, where string, arg any) (Account, error) {
	x, err := scanAccount(tx.QueryRow(ctx, selectAccount+where+" AND state = 'open'", arg))
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, ErrNotFound
	}
	return x, wrap(err)
}

// ByID returns an open account. ErrNotFound if there is none.
func (a *Accounts) ByID(ctx context.Context, tx *store.Tx, id int64) (Account, error) {
	return a.account(ctx, tx, "WHERE id = $1", id)
}

// ByReference returns the open account that people quote a reference of.
// ErrNotFound if there is none.
func (a *Accounts) ByReference(ctx context.Context, tx *store.Tx, text string) (Account, error) {
	ref, ok := reference.Parse(text)
	if !ok {
		return Account{}, ErrNotFound
	}
	return a.account(ctx, tx, "WHERE reference = $1", ref)
}

// Of returns the open account of a person, under whichever alias. ErrNotFound
// if they have none.
func (a *Accounts) Of(ctx context.Context, tx *store.Tx, s keys.SubjectID) (Account, error) {
	x, err := scanAccount(tx.QueryRow(ctx, selectAccount+`WHERE state = 'open' AND subject IN
		(SELECT o.subject FROM subjects s JOIN subjects o ON o.root = s.root WHERE s.subject = $1) LIMIT 1`, int64(s)))
	if errors.Is(err, sql.ErrNoRows) {
		return Account{}, ErrNotFound
	}
	return x, wrap(err)
}

// byAddress returns the account that signs in with an address. An address
// that is held of a person otherwise, such as one they are changing to, does
// not.
func (a *Accounts) byAddress(ctx context.Context, tx *store.Tx, d declared, address mail.Address) (Account, error) {
	people, err := a.c.Vault.Find(ctx, tx, vault.Access{Actor: systemActor, Purpose: d.purpose}, d.email, address.Reveal())
	if err != nil {
		return Account{}, err
	}
	for _, s := range people {
		x, err := a.Of(ctx, tx, s)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return Account{}, err
		}
		held, err := a.addressOf(ctx, tx, d, x)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return Account{}, err
		}
		if held.Key() == address.Key() {
			return x, nil
		}
	}
	return Account{}, ErrNotFound
}

// addressOf returns the address that an account signs in with.
func (a *Accounts) addressOf(ctx context.Context, tx *store.Tx, d declared, x Account) (mail.Address, error) {
	rec, err := a.c.Vault.Read(ctx, tx, own(systemActor, d), x.address)
	if errors.Is(err, vault.ErrNotFound) {
		return mail.Address{}, ErrNotFound
	}
	if err != nil {
		return mail.Address{}, err
	}
	held, err := mail.ParseAddress(string(rec.Value()))
	if err != nil {
		return mail.Address{}, ErrNotFound
	}
	return held, nil
}

// Address returns the address that an account signs in with, for its own
// person to see.
func (a *Accounts) Address(ctx context.Context, x Account) (held mail.Address, err error) {
	d, err := a.declared()
	if err != nil {
		return held, err
	}
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		held, err = a.addressOf(ctx, tx, d, x)
		return err
	})
	return held, err
}

// own is the access of a person to what they sign in with.
func own(actor string, d declared) vault.Access {
	return vault.Access{Actor: actor, Purpose: d.purpose, Own: true}
}

// open writes a new account and its evidence. referenceTries bounds the search
// for a reference that is not taken.
func (a *Accounts) open(ctx context.Context, tx *store.Tx, d declared, surface string, x *Account) error {
	x.ID, x.Opened = a.c.Store.NewID(), a.c.Now()
	for range reference.Tries {
		x.Reference = reference.New()
		n, err := tx.Change(ctx, `INSERT INTO accounts (id, reference, subject, address, role, company, state, opened_ms, proven)
			VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8) ON CONFLICT (reference) DO NOTHING`,
			x.ID, x.Reference, int64(x.Subject), int64(x.address), string(x.Role), x.Company, x.Opened.UnixMilli(), flag(x.Proven))
		if err != nil {
			return wrap(err)
		}
		if n == 1 {
			return a.prove(ctx, tx, d, evidence.Body{Kind: evidence.AccountOpened, Surface: surface, Subject: x.Subject, Ref: x.ID, Code: string(x.Role), Actor: x.Role.Actor()})
		}
	}
	return errors.New("identity: no free reference was found")
}

// prove appends an entry with what every act here has in common.
func (a *Accounts) prove(ctx context.Context, tx *store.Tx, d declared, b evidence.Body) error {
	b.At, b.Purpose = a.c.Now(), d.purpose
	if b.Policy == 0 {
		b.Policy = a.c.InForce().Policy().Version
	}
	_, err := a.c.Log.Append(ctx, tx, b)
	return err
}

// Forget removes the account of a person, under whichever alias, with all that
// belongs to it, in the transaction in which the person is erased and before
// that. Nobody is no error.
func (a *Accounts) Forget(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	subjects, err := tx.IDs(ctx, "SELECT o.subject FROM subjects s JOIN subjects o ON o.root = s.root WHERE s.subject = $1", int64(s))
	if err != nil {
		return wrap(err)
	}
	if len(subjects) == 0 {
		subjects = []int64{int64(s)} // the retention sweep took the person
	}
	firms, err := a.firmsOf(ctx, tx, subjects)
	if err != nil {
		return err
	}
	for _, subject := range subjects {
		for _, query := range []string{
			"DELETE FROM sessions WHERE account IN (SELECT id FROM accounts WHERE subject = $1)",
			"DELETE FROM credentials WHERE account IN (SELECT id FROM accounts WHERE subject = $1)",
			"DELETE FROM account_links WHERE account IN (SELECT id FROM accounts WHERE subject = $1)",
			"UPDATE account_links SET state = 'void' WHERE kind = 'invitation' AND pair IN (SELECT id FROM accounts WHERE subject = $1)",
			"DELETE FROM account_links WHERE subject = $1",
			"DELETE FROM accounts WHERE subject = $1",
		} {
			if _, err := tx.Exec(ctx, query, subject); err != nil {
				return wrap(err)
			}
		}
	}
	a.tells(tx)
	return a.endFirms(ctx, tx, firms)
}

// Sweep removes what is over: sessions and links past their time, counts of
// mails of days gone by, and accounts whose person the retention sweep took.
// It belongs on the beat of the retention sweep (R12).
func (a *Accounts) Sweep(ctx context.Context) error {
	now := a.c.Now()
	var orphans []int64
	err := a.c.Store.View(ctx, func(tx *store.Tx) (err error) {
		orphans, err = tx.IDs(ctx, "SELECT a.subject FROM accounts a LEFT JOIN subjects s ON s.subject = a.subject WHERE s.subject IS NULL ORDER BY a.id LIMIT 1000")
		return err
	})
	if err != nil {
		return wrap(err)
	}
	return a.c.Store.Update(ctx, func(tx *store.Tx) error {
		for _, q := range []struct {
			query string
			arg   int64
		}{
			{"DELETE FROM sessions WHERE ends_ms < $1", now.UnixMilli()},
			{"DELETE FROM account_links WHERE ends_ms < $1", now.Add(-linkKept).UnixMilli()},
			{"DELETE FROM account_mails WHERE day < $1", dayOf(now)},
		} {
			if _, err := tx.Exec(ctx, q.query, q.arg); err != nil {
				return wrap(err)
			}
		}
		for _, s := range orphans {
			if err := a.Forget(ctx, tx, keys.SubjectID(s)); err != nil {
				return err
			}
		}
		return nil
	})
}

func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}

func dayOf(t time.Time) int64 { return t.UnixMilli() / (24 * time.Hour).Milliseconds() }

// wrap names the package in an error of the store. A refusal passes as it is.
func wrap(err error) error {
	if err == nil || errors.Is(err, ErrNotFound) {
		return err
	}
	return fmt.Errorf("identity: %w", err)
}
