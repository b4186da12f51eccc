package identity

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"candour/internal/mail"
	"candour/internal/store"
)

// Attempt is one try to sign in with a password. It holds personal data and
// prints as a placeholder.
type Attempt struct {
	Surface  string
	Email    string
	Password string
	Unlock   string // of a link past the count of guesses; empty for none
	Device   Device
}

// Format writes a placeholder, whatever the verb.
func (Attempt) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(sign-in)") }

// LogValue returns a placeholder.
func (Attempt) LogValue() slog.Value { return slog.StringValue("(sign-in)") }

// Ways of proof, as evidence has them.
const (
	wayPassword = "password"
	wayPasskey  = "passkey"
	wayCode     = "password-and-code"
	wayRecovery = "password-and-recovery-code"
)

// wait returns a function that waits until an answer may be given that must
// not tell by its time what was found.
func (a *Accounts) wait(ctx context.Context) func() {
	after := time.NewTimer(a.c.Floor)
	return func() {
		defer after.Stop()
		select {
		case <-after.C:
		case <-ctx.Done():
		}
	}
}

// SignIn checks a password and begins a session: a half one if a code is owed,
// one for setting up a second factor if the role must have one and has none.
// ErrSignIn whatever was wrong.
func (a *Accounts) SignIn(ctx context.Context, in Attempt) (token string, s *Session, err error) {
	rest := a.wait(ctx)
	token, s, err = a.signIn(ctx, in)
	if err != nil {
		rest()
	}
	return token, s, err
}

// candidate is what a sign-in found of an address.
type candidate struct {
	account  Account
	password Credential
	hash     string
	factors  []Credential
	found    bool
}

func (a *Accounts) signIn(ctx context.Context, in Attempt) (string, *Session, error) {
	d, err := a.declared()
	if err != nil {
		return "", nil, err
	}
	address, err := mail.ParseAddress(in.Email)
	if err != nil {
		return "", nil, ErrSignIn
	}
	who, err := a.candidate(ctx, d, in.Surface, address)
	if err != nil {
		return "", nil, err
	}
	right, err := a.hasher.matches(ctx, in.Password, who.hash)
	if err != nil {
		return "", nil, err
	}
	if a.tries.over(address.Key()) && !a.unlocked(ctx, in.Unlock, who) {
		right = false
	}
	if !right {
		return "", nil, a.missed(ctx, d, in, address, who)
	}
	a.tries.clear(address.Key())
	var token string
	var s *Session
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if still, err := a.still(ctx, tx, d, &who); err != nil || !still {
			return cmp.Or(err, ErrSignIn)
		}
		level, way := a.levelFor(d, who.account.Role, false), wayPassword
		if a.passkeyOnly(d, who) {
			return ErrSignIn
		}
		if len(ofKind(who.factors, KindAuthenticator)) > 0 {
			level = Half
		}
		if _, err := a.used(ctx, tx, who.password, 0); err != nil {
			return err
		}
		token, s, err = a.begin(ctx, tx, d, who.account, in.Surface, level, way, in.Device)
		return err
	})
	return token, s, err
}

// candidate finds whose password it could be. Nobody is no error.
func (a *Accounts) candidate(ctx context.Context, d declared, surface string, address mail.Address) (c candidate, err error) {
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		x, err := a.byAddress(ctx, tx, d, address)
		if errors.Is(err, ErrNotFound) || err == nil && !d.opens(x.Role, surface) {
			return nil
		}
		if err != nil {
			return err
		}
		c.account, c.found = x, true
		return a.prepare(ctx, tx, d, &c)
	})
	return c, err
}

// prepare fills in what the account of a candidate proves itself with.
func (a *Accounts) prepare(ctx context.Context, tx *store.Tx, d declared, c *candidate) (err error) {
	if c.factors, err = a.credentials(ctx, tx, c.account.ID); err != nil {
		return err
	}
	for _, p := range ofKind(c.factors, kindPassword) {
		hash, err := a.secret(ctx, tx, d, p)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		c.password, c.hash = p, string(hash)
	}
	return nil
}

// passkeyOnly reports whether a password is worth nothing: the role must have a
// second factor, and it is a passkey, which signs in by itself.
func (a *Accounts) passkeyOnly(d declared, who candidate) bool {
	return d.staff(who.account.Role) && len(ofKind(who.factors, KindAuthenticator)) == 0 && len(ofKind(who.factors, KindPasskey)) > 0
}

// still holds the account of a candidate whose password was right, and reports
// whether it is so still: hashing takes long enough for a reset to come between.
func (a *Accounts) still(ctx context.Context, tx *store.Tx, d declared, who *candidate) (bool, error) {
	err := a.hold(ctx, tx, who.account.ID)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	checked := who.hash
	who.hash = ""
	err = a.prepare(ctx, tx, d, who)
	return err == nil && who.hash == checked, err
}

// unlocked reports whether a link past the count is one of this account.
func (a *Accounts) unlocked(ctx context.Context, token string, who candidate) bool {
	if token == "" || !who.found {
		return false
	}
	var l link
	err := a.c.Store.View(ctx, func(tx *store.Tx) (err error) {
		l, err = a.follow(ctx, tx, token, linkUnlock)
		return err
	})
	return err == nil && l.account == who.account.ID
}

// missed counts a failure. When it is the last that is free, the owner gets a
// mail with a link past the count.
func (a *Accounts) missed(ctx context.Context, d declared, in Attempt, address mail.Address, who candidate) error {
	last := a.tries.add(address.Key())
	if !who.found {
		return ErrSignIn
	}
	a.failed.add(who.account.ID)
	if !last {
		return ErrSignIn
	}
	err := a.c.Store.Update(ctx, func(tx *store.Tx) error {
		l := link{kind: linkUnlock, account: who.account.ID, subject: who.account.Subject, address: who.account.address, role: who.account.Role, surface: in.Surface}
		return a.owe(ctx, tx, d.purpose, &l)
	})
	return errors.Join(ErrSignIn, err)
}

// Code ends a half session with the code of an authenticator, or with one of
// recovery, and begins a whole one. ErrCode if it is not right; ErrNotFound
// once too many were wrong, and then the password is asked for again.
func (a *Accounts) Code(ctx context.Context, half *Session, code string, dev Device) (token string, s *Session, err error) {
	d, err := a.declared()
	if err != nil {
		return "", nil, err
	}
	if half.Level != Half {
		return "", nil, ErrNotFound
	}
	wrong := false
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.hold(ctx, tx, half.Account.ID); err != nil {
			return err
		}
		if err := a.try(ctx, tx, half); err != nil {
			return err
		}
		way, err := a.code(ctx, tx, d, half, code)
		if errors.Is(err, ErrCode) {
			wrong = true
			return nil // and the try stays counted
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM sessions WHERE id = $1", half.ID); err != nil {
			return err
		}
		token, s, err = a.begin(ctx, tx, d, half.Account, half.Surface, Whole, way, dev)
		return err
	})
	if err == nil && wrong {
		a.codes.add(half.Account.key())
		a.failed.add(half.Account.ID)
		return "", nil, ErrCode
	}
	if err == nil {
		a.codes.clear(half.Account.key())
	}
	return token, s, wrap(err)
}

// try counts a code of a half session. Those of the account are counted beside
// it, whichever half session they are for: whoever has the password can begin
// as many as they like.
func (a *Accounts) try(ctx context.Context, tx *store.Tx, half *Session) error {
	n, err := tx.Change(ctx, "UPDATE sessions SET tries = tries + 1 WHERE id = $1 AND level = 'half' AND tries < $2", half.ID, triesPerHalf)
	if err != nil {
		return wrap(err)
	}
	if n == 0 {
		return ErrNotFound
	}
	return nil
}

// code checks a code against the authenticator and the recovery codes, and
// returns the way of proof. ErrCode if it is neither. Once too many codes of an
// account were wrong, those of an authenticator are not taken for a while;
// those of recovery cannot be guessed.
func (a *Accounts) code(ctx context.Context, tx *store.Tx, d declared, of *Session, code string) (string, error) {
	list, err := a.credentials(ctx, tx, of.Account.ID)
	if err != nil {
		return "", err
	}
	apps := ofKind(list, KindAuthenticator)
	if a.codes.over(of.Account.key()) {
		apps = nil
	}
	for _, c := range apps {
		ok, err := a.checkCode(ctx, tx, d, c, code)
		if err != nil || ok {
			return wayCode, err
		}
	}
	for _, c := range ofKind(list, KindRecovery) {
		ok, err := a.spendRecovery(ctx, tx, d, of, c, code)
		if err != nil || ok {
			return wayRecovery, err
		}
	}
	return "", ErrCode
}

// Proof is what a person gives to prove themselves again: a password, and a
// code if the account has an authenticator.
type Proof struct{ Password, Code string }

// text tells a proof from others.
func (p Proof) text() string { return p.Password + "\x00" + p.Code }

// Format writes a placeholder, whatever the verb.
func (Proof) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(proof)") }

// LogValue returns a placeholder.
func (Proof) LogValue() slog.Value { return slog.StringValue("(proof)") }

// Prove is step-up: from now on the session is fresh for some minutes, and has
// another token, which Renewed returns. A proof that comes in twice within
// seconds is taken twice. ErrCode if the proof is not right; it is counted like
// a sign-in.
func (a *Accounts) Prove(ctx context.Context, s *Session, p Proof) error {
	rest := a.wait(ctx)
	err := a.proveTwice(ctx, s, p.text())
	if errors.Is(err, ErrCode) {
		err = a.proveAgain(ctx, s, p)
	}
	if err != nil {
		rest()
	}
	return err
}

func (a *Accounts) proveAgain(ctx context.Context, s *Session, p Proof) error {
	d, err := a.declared()
	if err != nil {
		return err
	}
	var address mail.Address
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		address, err = a.addressOf(ctx, tx, d, s.Account)
		return err
	})
	if err != nil {
		return err
	}
	who, err := a.candidate(ctx, d, s.Surface, address)
	if err != nil {
		return err
	}
	if err := a.known(ctx, s, p.Password, who); err != nil {
		return err
	}
	wrong := false
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if still, err := a.still(ctx, tx, d, &who); err != nil || !still {
			return cmp.Or(err, ErrCode)
		}
		if a.passkeyOnly(d, who) {
			return ErrCode
		}
		if len(ofKind(who.factors, KindAuthenticator)) > 0 && !a.doubles.again(s.ID, who.against(p.text())) { // it may have come in meanwhile
			if _, err := a.code(ctx, tx, d, s, p.Code); errors.Is(err, ErrCode) {
				wrong = true
				return nil
			} else if err != nil {
				return err
			}
		}
		a.doubles.prove(s.ID, who.against(p.text()))
		return a.renew(ctx, tx, d, s, s.Level, a.c.Now())
	})
	if err == nil && wrong {
		a.codes.add(s.Account.key())
		a.failed.add(s.Account.ID)
		return ErrCode
	}
	return err
}

// known checks the password of whoever is signed in. ErrCode if it is not
// right, or too many were not. It is counted by account and not by address:
// what strangers guess at the sign-in must not lock the owner out of this.
func (a *Accounts) known(ctx context.Context, s *Session, password string, who candidate) error {
	right, err := a.hasher.matches(ctx, password, who.hash)
	if err != nil {
		return err
	}
	if !right || a.steps.over(s.Account.key()) {
		a.steps.add(s.Account.key())
		a.failed.add(s.Account.ID)
		return ErrCode
	}
	a.steps.clear(s.Account.key())
	return nil
}
