package sip

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"sync"

	sipgo "github.com/emiago/sipgo/sip"
)

// We as the side that is asked for a digest: RFC 7616 as RFC 8760 takes it into
// SIP, with the challenges of RFC 2617 that carriers still write.

// asked is a challenge that we can answer.
type asked struct {
	realm, nonce, opaque, algorithm string
	qop                             bool // auth is offered; else the digest of RFC 2069
	stale                           bool
	header                          string // in which the answer goes
}

// keeper keeps the last challenge of a trunk, so that not every request has to be
// asked for again.
type keeper struct {
	mu    sync.Mutex
	is    asked
	count uint32
}

// readAsked reads the header of a challenge. ok is false for one that we cannot
// answer.
func readAsked(v string) (a asked, ok bool) {
	scheme, rest, _ := strings.Cut(strings.TrimSpace(v), " ")
	if !strings.EqualFold(scheme, "Digest") {
		return a, false
	}
	qop, stale := "", ""
	into := map[string]*string{"realm": &a.realm, "nonce": &a.nonce, "opaque": &a.opaque, "algorithm": &a.algorithm, "qop": &qop, "stale": &stale}
	seen := map[string]bool{}
	for n := 0; rest != ""; n++ {
		name, value, after, ok := readParam(rest)
		if !ok || n == maxParams || len(value) > 4*maxParam || seen[name] || strings.ContainsAny(value, "\"\\") {
			return a, false
		}
		if to := into[name]; to != nil {
			*to = value
		}
		seen[name] = true
		rest = after
	}
	if a.algorithm == "" {
		a.algorithm = "MD5" // RFC 7616 3.4
	}
	a.stale = strings.EqualFold(stale, "true")
	for q := range strings.SplitSeq(qop, ",") {
		a.qop = a.qop || strings.EqualFold(strings.TrimSpace(q), "auth")
	}
	return a, a.nonce != "" && seen["realm"] && hashOf(a.algorithm) != nil && (a.qop || qop == "")
}

// challenged takes the challenge of an answer, and reports whether it is worth
// asking again: not where the same nonce was refused.
func (t *carrier) challenged(res *sipgo.Response) bool {
	if t.Register == nil {
		return false
	}
	from, to := "www-authenticate", "Authorization"
	if res.StatusCode == sipgo.StatusProxyAuthRequired {
		from, to = "proxy-authenticate", "Proxy-Authorization"
	}
	var best asked
	for _, h := range headers(res, from) {
		a, ok := readAsked(h.Value())
		if !ok || t.Register.Realm != "" && a.realm != t.Register.Realm {
			continue // the password is for nobody else
		}
		if best.nonce == "" || strings.EqualFold(best.algorithm, "MD5") && !strings.EqualFold(a.algorithm, "MD5") {
			best = a
		}
	}
	if best.nonce == "" {
		return false
	}
	best.header = to
	t.auth.mu.Lock()
	defer t.auth.mu.Unlock()
	if best.nonce == t.auth.is.nonce && !best.stale {
		return false // it knows what we answered, and does not take it
	}
	t.auth.is, t.auth.count = best, 0
	return true
}

// sign answers the last challenge in a request, if there was one.
func (t *carrier) sign(req *sipgo.Request) {
	if t.Register == nil {
		return
	}
	t.auth.mu.Lock()
	a := t.auth.is
	t.auth.count++
	n := t.auth.count
	t.auth.mu.Unlock()
	if a.nonce == "" {
		return
	}
	req.RemoveHeader("Authorization")
	req.RemoveHeader("Proxy-Authorization")
	req.AppendHeader(sipgo.NewHeader(a.header, a.answer(string(req.Method), req.Recipient.String(), t.Register.Username, string(t.Register.Password), n, rand.Text()[:16])))
}

// answer is the header that answers a challenge (RFC 7616 3.4).
func (a *asked) answer(method, uri, username, password string, count uint32, cnonce string) string {
	sum := func(s string) string {
		w := hashOf(a.algorithm)()
		w.Write([]byte(s))
		return hex.EncodeToString(w.Sum(nil))
	}
	ha1, ha2 := sum(username+":"+a.realm+":"+password), sum(method+":"+uri)
	nc := fmt.Sprintf("%08x", count)
	response, more := sum(ha1+":"+a.nonce+":"+ha2), ""
	if a.qop {
		response = sum(ha1 + ":" + a.nonce + ":" + nc + ":" + cnonce + ":auth:" + ha2)
		more = fmt.Sprintf(`, qop=auth, nc=%s, cnonce="%s"`, nc, cnonce)
	}
	if a.opaque != "" {
		more += fmt.Sprintf(`, opaque="%s"`, a.opaque)
	}
	return fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=%s%s`, username, a.realm, a.nonce, uri, response, a.algorithm, more)
}

// anew is a request once more: another transaction, and the next in its dialog.
func anew(req *sipgo.Request, seq uint32) *sipgo.Request {
	next := req.Clone()
	next.CSeq().SeqNo = seq
	next.Via().Params.Add("branch", sipgo.RFC3261BranchMagicCookie+rand.Text())
	return next
}

// hashOf is the hash that a challenge names; nil for one that we do not have.
func hashOf(algorithm string) func() hash.Hash {
	switch strings.ToUpper(algorithm) {
	case "SHA-256":
		return sha256.New
	case "MD5":
		return md5.New
	}
	return nil
}
