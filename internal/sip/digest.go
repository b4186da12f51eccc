package sip

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // many phones know no other (RFC 3261 22.4); it is offered after SHA-256
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	sipgo "github.com/emiago/sipgo/sip"
)

// The digest of phones: RFC 7616 as RFC 8760 takes it into SIP.

const (
	nonceTime  = 5 * time.Minute // that a nonce may be used; a phone is then given another without a word to its person
	nonceFresh = 10 * time.Second
	nonceBytes = 8 + 8 + 16 // time, random, code
	maxParam   = 256        // bytes of one parameter of credentials
	maxParams  = 24
	maxUses    = 1 << 16 // nonces that were used and are still good
)

// algorithms in the order in which they are offered: a phone takes the first
// that it knows (RFC 8760 2.4).
var algorithms = []string{"SHA-256", "MD5"}

// nonces makes and judges nonces. A nonce says when it was made and nothing of
// whom it was made for; the program keeps nothing of one until it was used by
// somebody who knew a password.
type nonces struct {
	codes sync.Pool // of hash.Hash, that know the key

	mu    sync.Mutex
	uses  map[[16]byte]*use // by time and random
	swept time.Time
}

// use is how often a nonce was used: the highest count, and which of the 64
// below it, as messages overtake each other (RFC 7616 3.4.5).
type use struct {
	made   time.Time
	high   uint32
	before uint64
}

func newNonces() *nonces {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	n := &nonces{uses: map[[16]byte]*use{}}
	n.codes.New = func() any { return hmac.New(sha256.New, key) }
	return n
}

// code appends what only we can make of the head of a nonce.
func (n *nonces) code(to, head []byte) []byte {
	m := n.codes.Get().(hash.Hash)
	m.Reset()
	m.Write(head)
	to = m.Sum(to)
	n.codes.Put(m)
	return to[:len(to)-sha256.Size+nonceBytes-16]
}

// issue makes a nonce.
func (n *nonces) issue(now time.Time) string {
	b := make([]byte, 16, 16+sha256.Size)
	binary.BigEndian.PutUint64(b, uint64(now.UnixMilli()))
	_, _ = rand.Read(b[8:])
	return base64.RawURLEncoding.EncodeToString(n.code(b, b))
}

// standing of a nonce.
type standing int

const (
	foreign standing = iota // not one of ours
	stale                   // ours, and no longer good
	good
)

func (n *nonces) judge(nonce string, now time.Time) (id [16]byte, made time.Time, is standing) {
	var b [nonceBytes]byte
	var own [sha256.Size]byte
	if len(nonce) != base64.RawURLEncoding.EncodedLen(nonceBytes) {
		return id, made, foreign
	}
	if _, err := base64.RawURLEncoding.Decode(b[:], []byte(nonce)); err != nil || !hmac.Equal(b[16:], n.code(own[:0], b[:16])) {
		return id, made, foreign
	}
	copy(id[:], b[:])
	made = time.UnixMilli(int64(binary.BigEndian.Uint64(b[:])))
	if age := now.Sub(made); age > nonceTime || age < -nonceFresh {
		return id, made, stale
	}
	return id, made, good
}

// spend notes that a good nonce was used for the nth time, and reports whether
// that had not been so before.
func (n *nonces) spend(id [16]byte, made time.Time, count uint32, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Sub(n.swept) > nonceTime/4 {
		n.swept = now
		for k, u := range n.uses {
			if now.Sub(u.made) > nonceTime {
				delete(n.uses, k)
			}
		}
	}
	u := n.uses[id]
	switch {
	case u == nil && len(n.uses) >= maxUses:
		return false
	case u == nil:
		u = &use{made: made}
		n.uses[id] = u
	}
	switch {
	case count == 0:
		return false
	case count > u.high:
		if d := count - u.high; d < 64 {
			u.before = u.before<<d | 1<<(d-1)
		} else {
			u.before = 0
		}
		u.high = count
		return true
	default:
		d := u.high - count
		if d == 0 || d > 64 || u.before&(1<<(d-1)) != 0 {
			return false
		}
		u.before |= 1 << (d - 1)
		return true
	}
}

// challenge are the headers that ask for a digest: one for each algorithm, the
// better first (RFC 8760 2.3).
func challenge(offered []string, realm, nonce string, stale bool) (all []sipgo.Header) {
	for _, a := range offered {
		v := `Digest realm="` + realm + `", nonce="` + nonce + `", algorithm=` + a + `, qop="auth"`
		if stale {
			v += ", stale=true"
		}
		all = append(all, sipgo.NewHeader("WWW-Authenticate", v))
	}
	return all
}

// credentials are what a phone answers to a challenge.
type credentials struct {
	username, realm, nonce, uri, response, algorithm, cnonce, qop, nc string
	count                                                             uint32
}

// presented returns the credentials in a request that are for a realm. ok is
// false where there are none that could be right.
func presented(req *sipgo.Request, realm string) (c credentials, ok bool) {
	for _, h := range headers(req, "authorization") {
		if c, ok = readCredentials(h.Value()); ok && c.realm == realm {
			return c, true
		}
	}
	return credentials{}, false
}

// readCredentials reads the header Authorization (RFC 3261 25.1). What we did
// not offer is not taken: qop is needed, or one answer could be used again.
func readCredentials(v string) (c credentials, ok bool) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(v), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return c, false
	}
	var seen [maxParams]string
	for n := 0; rest != ""; n++ {
		name, value, after, ok := readParam(rest)
		if !ok || n == maxParams || len(value) > maxParam || slices.Contains(seen[:n], name) {
			return c, false
		}
		if to := c.param(name); to != nil {
			*to = value
		}
		seen[n] = name
		rest = after
	}
	if c.algorithm == "" {
		c.algorithm = "MD5" // RFC 7616 3.4
	}
	n, err := strconv.ParseUint(c.nc, 16, 32)
	c.count = uint32(n)
	size := 2 * sha256.Size
	if c.short() {
		size = 2 * md5.Size
	}
	ok = err == nil && len(c.nc) == 8 && strings.EqualFold(c.qop, "auth") && (c.short() || strings.EqualFold(c.algorithm, algorithms[0])) &&
		c.username != "" && c.cnonce != "" && len(c.response) == size
	return c, ok
}

// param is where the value of a parameter goes; nil for one of no meaning here.
func (c *credentials) param(name string) *string {
	switch name {
	case "username":
		return &c.username
	case "realm":
		return &c.realm
	case "nonce":
		return &c.nonce
	case "uri":
		return &c.uri
	case "response":
		return &c.response
	case "algorithm":
		return &c.algorithm
	case "cnonce":
		return &c.cnonce
	case "qop":
		return &c.qop
	case "nc":
		return &c.nc
	}
	return nil
}

// readParam reads one parameter, whose value may stand in quotes, and the comma
// after it.
func readParam(s string) (name, value, after string, ok bool) {
	name, s, ok = strings.Cut(s, "=")
	name = strings.ToLower(strings.TrimSpace(name))
	if !ok || !token(name) {
		return "", "", "", false
	}
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, `"`) {
		value, after, _ = strings.Cut(s, ",")
		value = strings.TrimSpace(value)
		return name, value, strings.TrimSpace(after), token(value)
	}
	if end := strings.IndexByte(s[1:], '"'); end >= 0 && strings.IndexByte(s[1:1+end], '\\') < 0 {
		return ended(name, s[1:1+end], s[end+2:])
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i++; i == len(s) {
				return "", "", "", false
			}
			b.WriteByte(s[i])
		case '"':
			return ended(name, b.String(), s[i+1:])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", "", false
}

// ended wants a comma after a value in quotes, if anything.
func ended(name, value, after string) (string, string, string, bool) {
	after = strings.TrimSpace(after)
	if after != "" && after[0] != ',' {
		return "", "", "", false
	}
	return name, value, strings.TrimSpace(strings.TrimPrefix(after, ",")), true
}

// short reports whether the hash is the one of old.
func (c *credentials) short() bool { return strings.EqualFold(c.algorithm, "MD5") }

// right reports whether the credentials answer their challenge for somebody's
// password, of which ha1 is the hash (RFC 7616 3.4.1).
func (c *credentials) right(method sipgo.RequestMethod, ha1 string) bool {
	var text [1024]byte
	var a2, a3 [2 * sha256.Size]byte
	of := c.sum(a2[:0], withColons(text[:0], string(method), c.uri))
	b := withColons(text[:0], ha1, c.nonce, c.nc, c.cnonce, c.qop)
	want := c.sum(a3[:0], append(append(b, ':'), of...))
	return subtle.ConstantTimeCompare(want, []byte(strings.ToLower(c.response))) == 1
}

// withColons appends words with colons between them.
func withColons(to []byte, words ...string) []byte {
	for i, w := range words {
		if i > 0 {
			to = append(to, ':')
		}
		to = append(to, w...)
	}
	return to
}

// sum appends the hash of a text, in hexadecimal.
func (c *credentials) sum(to, text []byte) []byte {
	if c.short() {
		h := md5.Sum(text) //nolint:gosec // as above
		return hex.AppendEncode(to, h[:])
	}
	h := sha256.Sum256(text)
	return hex.AppendEncode(to, h[:])
}

// meant reports whether the credentials are for where the request goes: those
// made for one call open no other (RFC 7616 3.4.6).
func (c *credentials) meant(to *sipgo.Uri) bool {
	if c.uri == to.String() {
		return true
	}
	var u sipgo.Uri
	return sipgo.ParseUri(c.uri, &u) == nil && u.User == to.User && strings.EqualFold(u.Host, to.Host)
}
