package sip

import (
	"net/url"
	"strings"

	sipgo "github.com/emiago/sipgo/sip"
)

// The limits of what says whom a call is passed on to.
const (
	maxReferTo  = 1_024 // bytes of Refer-To
	maxReplaces = 512   // bytes of Replaces
)

// referTo is whom a REFER passes a call on to (RFC 3515 2.1).
type referTo struct {
	user, host string
	replaces   *replaces // the call that is to be joined; nil for a new one
}

// replaces names a dialog (RFC 3891 6.1).
type replaces struct {
	callID, toTag, fromTag string
	early                  bool // only one that has no answer yet
}

// readReferTo reads the header. What the address wants to have put into a
// request made from it is not read, but Replaces: nobody writes headers of
// requests of ours.
func readReferTo(v string) (to referTo, ok bool) {
	v = strings.TrimSpace(v)
	if len(v) > maxReferTo {
		return to, false
	}
	if i := strings.IndexByte(v, '<'); i >= 0 {
		rest, _, closed := strings.Cut(v[i+1:], ">")
		if !closed {
			return to, false
		}
		v = rest
	}
	uri, more, _ := strings.Cut(v, "?")
	rest, sip := cutFold(uri, "sip:")
	if !sip {
		return to, false
	}
	rest, params, _ := strings.Cut(rest, ";")
	user, host, ok := strings.Cut(rest, "@")
	if !ok || strings.ContainsAny(user, ": \t\"<>") || strings.Contains(host, "@") {
		return to, false
	}
	if to.user, ok = unescape(user); !ok || to.user == "" {
		return to, false
	}
	to.host, _, _ = strings.Cut(host, ":")
	if !hostLike(to.host) || !invites(params) {
		return to, false
	}
	return to, to.headers(more)
}

// invites reports whether the parameters of an address want an INVITE: passing
// on is all that may be asked for.
func invites(params string) bool {
	for p := range strings.SplitSeq(params, ";") {
		if name, value, _ := strings.Cut(p, "="); strings.EqualFold(strings.TrimSpace(name), "method") && value != string(sipgo.INVITE) {
			return false
		}
	}
	return true
}

// headers reads those of the address, of which Replaces alone means something.
func (to *referTo) headers(all string) bool {
	for h := range strings.SplitSeq(all, "&") {
		name, value, _ := strings.Cut(h, "=")
		if !strings.EqualFold(name, "Replaces") {
			continue
		}
		plain, ok := unescape(value)
		if !ok || to.replaces != nil {
			return false
		}
		r, ok := readReplaces(plain)
		if !ok {
			return false
		}
		to.replaces = &r
	}
	return true
}

// readReplaces reads the header Replaces, of which each tag must stand once.
func readReplaces(v string) (r replaces, ok bool) {
	if len(v) > maxReplaces {
		return r, false
	}
	id, params, _ := strings.Cut(v, ";")
	r.callID = strings.TrimSpace(id)
	if r.callID == "" || len(r.callID) > maxParam || strings.ContainsAny(r.callID, " \t,<>\"") {
		return r, false
	}
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "to-tag":
			if r.toTag != "" {
				return r, false
			}
			r.toTag = value
		case "from-tag":
			if r.fromTag != "" {
				return r, false
			}
			r.fromTag = value
		case "early-only":
			r.early = true
		}
	}
	return r, token(r.toTag) && token(r.fromTag) && len(r.toTag) <= maxParam && len(r.fromTag) <= maxParam
}

// means reports whether it is this dialog. Whoever asks may say it as it looks
// from either end: both tags have to be right.
func (r *replaces) means(l *leg) bool {
	return l.callID == r.callID && l.theirTag != "" &&
		(l.tag == r.toTag && l.theirTag == r.fromTag || l.tag == r.fromTag && l.theirTag == r.toTag)
}

// cutFold is strings.CutPrefix without regard to case.
func cutFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// unescape takes the percent signs out (RFC 3261 19.1.2) and wants plain text.
func unescape(s string) (string, bool) {
	plain, err := url.PathUnescape(s)
	if err != nil {
		return "", false
	}
	for _, c := range []byte(plain) {
		if c < ' ' || c >= 0x7f {
			return "", false
		}
	}
	return plain, true
}
