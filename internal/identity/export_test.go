package identity

import (
	"bytes"
	"context"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/pquerna/otp/totp"

	"candour/internal/store"
)

// CodeAt is what the app of a session's account shows: of the one that is set
// up, or of the one that the session is about to.
func (a *Accounts) CodeAt(of *Session, at time.Time) (string, error) {
	ctx, secret := context.Background(), a.authenticatorKey(of)
	d, err := a.declared()
	if err != nil {
		return "", err
	}
	err = a.c.Store.View(ctx, func(tx *store.Tx) error {
		list, err := a.credentials(ctx, tx, of.Account.ID)
		for _, c := range ofKind(list, KindAuthenticator) {
			kept, err := a.secret(ctx, tx, d, c)
			if err != nil {
				return err
			}
			secret = string(kept)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return totp.GenerateCode(secret, at)
}

// SignInMeanwhile signs in and has an act done after the account was found and
// before its password is checked.
func (a *Accounts) SignInMeanwhile(ctx context.Context, in Attempt, act func() error) (token string, s *Session, err error) {
	slow, other := a.hasher, &hasher{cost: a.hasher.cost, slots: make(chan struct{}, 1), dummy: a.hasher.dummy}
	for range cap(slow.slots) {
		slow.slots <- struct{}{}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		token, s, err = a.SignIn(ctx, in)
	}()
	for slow.waiting.Load() == 0 {
		runtime.Gosched()
	}
	a.hasher = other
	fault := act()
	a.hasher = slow
	for range cap(slow.slots) {
		slow.release()
	}
	<-done
	if fault != nil {
		err = fault
	}
	return token, s, err
}

// CheapHashing makes hashes of hardly any cost until what it returns is called,
// so that the rest of a sign-in can be measured.
func CheapHashing() (restore func()) {
	kept := hashing
	hashing.Memory, hashing.Iterations = 8, 1 // the least there is (RFC 9106 section 3.1)
	return func() { hashing = kept }
}

// Hashing is the cost of a hash now.
func Hashing() *argon2id.Params { return &hashing }

// CommonPasswords returns how many passwords are on the list, and whether they
// are in the order in which they are searched, each once.
func CommonPasswords() (n int, ordered bool) {
	ordered = len(common)%commonOctets == 0
	for n = len(common) / commonOctets; ordered && n > 1 && len(common) > 0; n-- {
		at := (n - 1) * commonOctets
		ordered = bytes.Compare(common[at-commonOctets:at], common[at:at+commonOctets]) < 0
	}
	return len(common) / commonOctets, ordered
}

// RecoveryToken returns what the last mail of a wait will carry.
func (a *Accounts) RecoveryToken(ctx context.Context, x Account) (token string) {
	_ = a.c.Store.View(ctx, func(tx *store.Tx) error {
		ids, err := tx.IDs(ctx, "SELECT id FROM account_links WHERE account = $1 AND kind = $2 AND state = $3", x.ID, string(linkRecover), linkAsked)
		if err == nil && len(ids) == 1 {
			token = a.tokens[linkRecover].Make(ids[0])
		}
		return err
	})
	return token
}
