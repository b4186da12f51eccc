package door

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Why a form's stamp is not taken.
var (
	ErrStamp  = errors.New("door: the form does not carry our stamp")
	ErrQuick  = errors.New("door: the form came back quicker than a person types")
	ErrStale  = errors.New("door: the form was opened too long ago")
	ErrReplay = errors.New("door: the form was sent before")
)

// Times of a form between opening and sending.
const (
	MinFormAge = time.Second
	MaxFormAge = 12 * time.Hour
	maxStamp   = 128     // bytes
	maxSpent   = 1 << 17 // stamps remembered; a flood beyond it makes us forget some
	codeSize   = 16
)

// Stamps signs the time at which a form was opened, and takes each stamp once:
// a robot has to fetch each form, wait, and cannot send one twice. A stamp
// tells nothing about who opened the form. It is safe for concurrent use.
type Stamps struct {
	secret []byte
	now    func() time.Time

	mu    sync.Mutex
	spent map[string]time.Time // stamp -> when it would have grown stale
}

// NewStamps returns stamps signed with secret.
func NewStamps(secret []byte, now func() time.Time) *Stamps {
	return &Stamps{secret: secret, now: now, spent: map[string]time.Time{}}
}

// New returns a stamp for a form opened now.
func (s *Stamps) New(form string) string {
	var nonce [9]byte
	_, _ = rand.Read(nonce[:]) // never fails
	value := strconv.FormatInt(s.now().UnixMilli(), 36) + "." + base64.RawURLEncoding.EncodeToString(nonce[:])
	return value + "." + sign(s.secret, form, value)
}

// Check reports why a stamp is not good for a form now, or nil. It does not
// spend it: a form with a mistake in it is sent again.
func (s *Stamps) Check(form, stamp string) error {
	if len(stamp) > maxStamp {
		return ErrStamp
	}
	at := strings.LastIndexByte(stamp, '.')
	if at < 0 || !hmac.Equal([]byte(stamp[at+1:]), []byte(sign(s.secret, form, stamp[:at]))) {
		return ErrStamp
	}
	text, _, _ := strings.Cut(stamp, ".")
	ms, err := strconv.ParseInt(text, 36, 64)
	if err != nil {
		return ErrStamp
	}
	switch age := s.now().Sub(time.UnixMilli(ms)); {
	case age < MinFormAge:
		return ErrQuick
	case age > MaxFormAge:
		return ErrStale
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, used := s.spent[stamp]; used {
		return ErrReplay
	}
	return nil
}

// Spend uses a stamp up, and reports ErrReplay if it was used up already. Call
// it after Check, before the act.
func (s *Stamps) Spend(stamp string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, used := s.spent[stamp]; used {
		return ErrReplay
	}
	if now := s.now(); len(s.spent) >= maxSpent {
		for k, until := range s.spent {
			if !now.Before(until) {
				delete(s.spent, k)
			}
		}
		for k := range s.spent {
			if len(s.spent) < maxSpent/2 {
				break
			}
			delete(s.spent, k)
		}
	}
	s.spent[stamp] = s.now().Add(MaxFormAge)
	return nil
}

// Return gives a spent stamp back, because the act did not happen.
func (s *Stamps) Return(stamp string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.spent, stamp)
}

// sign returns the code of a value for a use. The length in front keeps use
// and value apart.
func sign(secret []byte, use, value string) string {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(strconv.Itoa(len(use)) + ":" + use + value))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:codeSize])
}

// Forgery ties a form to the browser it was shown in, beside the browser's own
// cross-origin headers: a random value in the cookie that the policy declares
// for it, and its code for this form in the form. The cookie is only set where
// a form is.
type Forgery struct{ secret []byte }

// NewForgery returns tokens signed with secret.
func NewForgery(secret []byte) Forgery { return Forgery{secret} }

// forgeryBytes is the random part of the cookie.
const forgeryBytes = 16

// NewCookie returns a fresh value for the cookie.
func (f Forgery) NewCookie() string {
	var b [forgeryBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	value := base64.RawURLEncoding.EncodeToString(b[:])
	return value + "." + sign(f.secret, "cookie", value)
}

// Ours reports whether we made a cookie's value: a sibling host that was taken
// over cannot plant one.
func (f Forgery) Ours(cookie string) bool {
	value, code, ok := strings.Cut(cookie, ".")
	return ok && len(cookie) <= maxStamp && hmac.Equal([]byte(code), []byte(sign(f.secret, "cookie", value)))
}

// Token returns what a form carries beside a cookie's value.
func (f Forgery) Token(cookie, form string) string { return sign(f.secret, "form "+form, cookie) }

// Good reports whether a form came from a page we showed this browser.
func (f Forgery) Good(cookie, form, token string) bool {
	return f.Ours(cookie) && hmac.Equal([]byte(token), []byte(f.Token(cookie, form)))
}
