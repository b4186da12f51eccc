package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/json"
	"errors"
	"image"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"candour/internal/store"
)

// Parameters of an authenticator: those that every app knows (RFC 6238; the
// HMAC is with SHA-1, which is good for that).
const (
	codeDigits   = otp.DigitsSix
	codeStep     = 30 // seconds
	codeSkew     = 1  // steps a clock may be off
	secretBytes  = 20
	recoveryKeep = 10 // codes in a set
)

// Secret is a new authenticator's secret, before it is confirmed with a code.
// It prints as a placeholder.
type Secret struct{ key *otp.Key }

// Text is what is typed into an app by hand, in groups of four.
func (s Secret) Text() string {
	text := s.key.Secret()
	var b strings.Builder
	for i, c := range text {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// Address is what an app reads from the picture.
func (s Secret) Address() string { return s.key.URL() }

// Picture is the square that an app photographs.
func (s Secret) Picture(size int) (image.Image, error) { return s.key.Image(size, size) }

// String returns a placeholder.
func (Secret) String() string { return "(secret)" }

// authenticatorKey is the secret of an authenticator that a session sets up. It
// is made from the session's token under a key of this installation, so that it
// is the same on each page until it is confirmed, kept nowhere before, and
// another one after: a session gets a new token with each factor.
func (a *Accounts) authenticatorKey(of *Session) string {
	m := a.c.Ring.Tag("authenticator being set up", string(of.hash))
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(m[:secretBytes])
}

// keyAddress is the address in the picture, as all apps read it.
func keyAddress(issuer, label, secret string) string {
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + label}
	u.RawQuery = url.Values{"secret": {secret}, "issuer": {issuer}}.Encode()
	return u.String()
}

// NewSecret returns the secret that an account's person puts into their app.
func (a *Accounts) NewSecret(ctx context.Context, of *Session) (Secret, error) {
	d, err := a.declared()
	if err != nil {
		return Secret{}, err
	}
	label := of.Account.Reference
	if held, err := a.Address(ctx, of.Account); err == nil {
		label = held.Reveal()
	}
	key, err := otp.NewKeyFromURL(keyAddress(d.p.Operator.ShortName, label, a.authenticatorKey(of)))
	if err != nil {
		return Secret{}, errors.New("identity: the authenticator's address cannot be made")
	}
	return Secret{key}, nil
}

// SetAuthenticator keeps the new secret once its person shows that their app
// has it, in place of any other, and returns new recovery codes. The session is
// whole from now on, with another token. ErrProof
// without a fresh proof, ErrCode if the code is not right.
func (a *Accounts) SetAuthenticator(ctx context.Context, by *Session, code string) (recovery []string, err error) {
	if !by.Fresh(a.c.Now()) {
		return nil, ErrProof
	}
	d, err := a.declared()
	if err != nil {
		return nil, err
	}
	secret := a.authenticatorKey(by)
	step, ok := stepOf(secret, code, a.c.Now())
	if !ok {
		return nil, ErrCode
	}
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.holdBy(ctx, tx, by); err != nil {
			return err
		}
		list, err := a.credentials(ctx, tx, by.Account.ID)
		if err != nil {
			return err
		}
		for _, c := range ofKind(list, KindAuthenticator) {
			if err := a.drop(ctx, tx, d, by, c); err != nil {
				return err
			}
		}
		if err := a.addCredential(ctx, tx, d, by.Account, by.Surface, KindAuthenticator, []byte(secret)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE credentials SET step = $1 WHERE account = $2 AND kind = $3", step, by.Account.ID, string(KindAuthenticator)); err != nil {
			return wrap(err)
		}
		if recovery, err = a.newRecovery(ctx, tx, d, by, list); err != nil {
			return err
		}
		if err := a.renew(ctx, tx, d, by, Whole, by.Proved); err != nil {
			return err
		}
		return a.changed(ctx, tx, d, by.Account, by.Surface, "authenticator.added")
	})
	if err != nil {
		return nil, err
	}
	return recovery, nil
}

// stepOf returns the time step that a code is of.
func stepOf(secret, code string, now time.Time) (int64, bool) {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, code)
	if len(code) != codeDigits.Length() {
		return 0, false
	}
	at := now.Unix() / codeStep
	for _, step := range []int64{at, at - codeSkew, at + codeSkew} {
		want, err := hotp.GenerateCodeCustom(secret, uint64(step), hotp.ValidateOpts{Digits: codeDigits, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			return step, true
		}
	}
	return 0, false
}

// checkCode checks a code of an authenticator and uses it up.
func (a *Accounts) checkCode(ctx context.Context, tx *store.Tx, d declared, c Credential, code string) (bool, error) {
	secret, err := a.secret(ctx, tx, d, c)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	step, ok := stepOf(string(secret), code, a.c.Now())
	if !ok {
		return false, nil
	}
	return a.used(ctx, tx, c, step)
}

// recoveryCode returns a code of 60 random bits, which needs no slow hash.
func recoveryCode() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	text := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))[:12]
	return text[:4] + "-" + text[4:8] + "-" + text[8:]
}

// recoverySum is what is kept of a code.
func recoverySum(code string) []byte {
	bare := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, strings.ToLower(code))
	sum := sha256.Sum256([]byte("candour recovery code v1 " + bare))
	return sum[:]
}

// newRecovery makes a set of recovery codes in place of any other. They are
// shown once.
func (a *Accounts) newRecovery(ctx context.Context, tx *store.Tx, d declared, by *Session, list []Credential) ([]string, error) {
	for _, c := range ofKind(list, KindRecovery) {
		if err := a.drop(ctx, tx, d, by, c); err != nil {
			return nil, err
		}
	}
	codes, sums := make([]string, recoveryKeep), make([][]byte, recoveryKeep)
	for i := range codes {
		codes[i] = recoveryCode()
		sums[i] = recoverySum(codes[i])
	}
	value, err := json.Marshal(sums)
	if err != nil {
		return nil, err
	}
	return codes, a.addCredential(ctx, tx, d, by.Account, by.Surface, KindRecovery, value)
}

// RenewRecovery makes a new set of recovery codes; the old ones are good for
// nothing then. ErrProof without a fresh proof, ErrNotFound without an
// authenticator.
func (a *Accounts) RenewRecovery(ctx context.Context, by *Session) (codes []string, err error) {
	if !by.Fresh(a.c.Now()) {
		return nil, ErrProof
	}
	d, err := a.declared()
	if err != nil {
		return nil, err
	}
	err = a.c.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.holdBy(ctx, tx, by); err != nil {
			return err
		}
		list, err := a.credentials(ctx, tx, by.Account.ID)
		if err != nil {
			return err
		}
		if len(ofKind(list, KindAuthenticator)) == 0 {
			return ErrNotFound
		}
		if codes, err = a.newRecovery(ctx, tx, d, by, list); err != nil {
			return err
		}
		return a.changed(ctx, tx, d, by.Account, by.Surface, "recovery.renewed")
	})
	return codes, err
}

// spendRecovery checks a recovery code and uses it up.
func (a *Accounts) spendRecovery(ctx context.Context, tx *store.Tx, d declared, of *Session, c Credential, code string) (bool, error) {
	value, err := a.secret(ctx, tx, d, c)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var sums [][]byte
	if err := json.Unmarshal(value, &sums); err != nil {
		return false, errors.New("identity: recovery codes cannot be read")
	}
	want, at := recoverySum(code), -1
	for i := range sums {
		if subtle.ConstantTimeCompare(sums[i], want) == 1 {
			at = i
		}
	}
	if at < 0 {
		return false, nil
	}
	sums = append(sums[:at], sums[at+1:]...)
	if value, err = json.Marshal(sums); err != nil {
		return false, err
	}
	if err := a.replace(ctx, tx, d, of.Surface, of.Account.Role.Actor(), c, value); err != nil {
		return false, err
	}
	return true, a.changed(ctx, tx, d, of.Account, of.Surface, "recovery.used")
}
