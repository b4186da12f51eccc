package identity

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"
	"golang.org/x/text/unicode/norm"
)

// Limits of a password (NIST SP 800-63B section 3.1.1.2; ASVS 5.0 6.2).
const (
	MinPassword   = 12 // characters
	MaxPassword   = 256
	maxRawMessage = 4 * MaxPassword // octets, before any work on it
)

// Cost of a hash (RFC 9106 section 4; OWASP's floor is 19 MiB and two passes).
var hashing = argon2id.Params{Memory: 19 << 10, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// PasswordFault says, in words for the person who typed it, why a password
// cannot be taken. It never quotes it.
type PasswordFault string

func (f PasswordFault) Error() string { return string(f) }

// The faults of a password.
const (
	PasswordShort PasswordFault = "Please take at least 12 characters. Three or four words in a row are easy to keep in mind."
	PasswordLong  PasswordFault = "That is longer than 256 characters."
	PasswordBytes PasswordFault = "There is a character in it that we cannot read."
	PasswordKnown PasswordFault = "This password is on lists that burglars try first. Please take another."
	PasswordSelf  PasswordFault = "Please take one that is not made of our name or your e-mail address."
	PasswordPlain PasswordFault = "Please take one that is not a single sign or a plain row of signs."
)

// normal is the form in which a password is hashed, so that the same keys on
// another keyboard give the same password.
func normal(password string) (string, bool) {
	if len(password) > maxRawMessage || !utf8.ValidString(password) {
		return "", false
	}
	return norm.NFKC.String(password), true
}

// checkPassword returns why a password cannot be taken, or nil. known are
// words that it must not be made of.
func (a *Accounts) checkPassword(password string, known ...string) error {
	if len(password) > maxRawMessage {
		return PasswordLong
	}
	p, ok := normal(password)
	if !ok || strings.ContainsRune(p, 0) {
		return PasswordBytes
	}
	switch n := utf8.RuneCountInString(p); {
	case n < MinPassword:
		return PasswordShort
	case n > MaxPassword:
		return PasswordLong
	case isPlain(p):
		return PasswordPlain
	}
	bare := letters(p)
	for _, k := range known {
		if k = letters(k); len(k) >= 4 && strings.ReplaceAll(bare, k, "") == "" {
			return PasswordSelf
		}
	}
	if isCommon(p) {
		return PasswordKnown
	}
	found, err := a.c.Breached.Has(p)
	if err != nil {
		return err
	}
	if found {
		return PasswordKnown
	}
	return nil
}

// letters are the letters of a text in lower case, without digits and signs.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= utf8.RuneSelf {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

// isPlain reports whether a password has only one or two different signs, or
// is one row of neighbouring ones.
func isPlain(p string) bool {
	seen := map[rune]bool{}
	row, last := 0, rune(-2)
	for _, r := range p {
		seen[r] = true
		if d := r - last; d == 1 || d == -1 || d == -9 { // 9 and then 0
			row++
		}
		last = r
	}
	return len(seen) < 3 || row >= utf8.RuneCountInString(p)-2
}

// hasher makes and checks hashes, as many at once as there are processors: each
// takes 19 MiB of memory.
type hasher struct {
	cost    *argon2id.Params
	slots   chan struct{}
	waiting atomic.Int64 // for a slot; at most maxWaiting
	dummy   string       // a hash of nothing anybody knows, checked where there is no account
}

// maxWaiting is how many may wait for a slot: what a machine of two processors
// gets through in some ten seconds. Whoever comes after is asked to come again.
const maxWaiting = 256

func newHasher(cost *argon2id.Params) (*hasher, error) {
	dummy, err := argon2id.CreateHash(strings.Repeat("\x00", MinPassword), cost)
	if err != nil {
		return nil, err
	}
	return &hasher{cost: cost, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), dummy: dummy}, nil
}

// acquire waits for a slot. ErrBusy if too many wait, or ctx ends before.
func (h *hasher) acquire(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > maxWaiting {
		return ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errors.Join(ErrBusy, ctx.Err())
	}
}

func (h *hasher) release() { <-h.slots }

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	p, ok := normal(password)
	if !ok {
		return "", PasswordBytes
	}
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer h.release()
	return argon2id.CreateHash(p, h.cost)
}

// matches reports whether a password has a hash. An empty hash takes as long
// and matches nothing.
func (h *hasher) matches(ctx context.Context, password, hash string) (bool, error) {
	p, ok := normal(password)
	if err := h.acquire(ctx); err != nil {
		return false, err
	}
	defer h.release()
	against := hash
	if against == "" {
		against = h.dummy
	}
	same, err := argon2id.ComparePasswordAndHash(p, against)
	if err != nil {
		return false, errors.New("identity: a password's hash cannot be read")
	}
	return same && ok && hash != "", nil
}
