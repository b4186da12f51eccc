package consent

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"candour/policy"
)

// The value of the consent cookie is
//
//	v1.<policy version>.<day>.<choices>.<decision>.<code>
//
// with the policy version followed by - and a later one that this browser has
// seen since, if it has; the day as YYYYMMDD (UTC), the choices as one letter for each cookie
// group in the order of that policy version (y, n, or - for not decided), a g
// after them if the browser sent Global Privacy Control, the decision's id in
// base 36 or nothing, and the code as base64url of the first 16 bytes of
// HMAC-SHA-256 over all before it.
const (
	valueVersion = "v1"
	dayLayout    = "20060102"
	codeBytes    = 16
	maxValue     = 200 // bytes; 64 groups fit twice
	maxGroups    = 64  // choices are bits of a word
)

// Choices are decisions by cookie group: bits in the order of the policy's
// groups. A group in neither is not decided.
type Choices struct{ Yes, No uint64 }

// Of returns the choice for the i-th group.
func (c Choices) Of(i int) (yes, decided bool) {
	return c.Yes>>i&1 == 1, (c.Yes|c.No)>>i&1 == 1
}

// With returns c with the choice for the i-th group.
func (c Choices) With(i int, yes bool) Choices {
	c.Yes &^= 1 << i
	c.No &^= 1 << i
	if yes {
		c.Yes |= 1 << i
	} else {
		c.No |= 1 << i
	}
	return c
}

// Decision is what a browser's cookie says.
type Decision struct {
	Policy  int       // version it was made under
	Seen    int       // later version whose changes this browser has seen; 0 for none
	Day     time.Time // midnight, UTC
	Choices Choices   // in the order of that version's groups
	GPC     bool      // made while the browser sent Global Privacy Control
	ID      int64     // of the row; 0 unless something was accepted
}

// encode returns the cookie value of a decision among n groups.
func (d *Desk) encode(v Decision, n int) string {
	b := make([]byte, 0, 96)
	b = append(b, valueVersion...)
	b = strconv.AppendInt(append(b, '.'), int64(v.Policy), 10)
	if v.Seen != 0 {
		b = strconv.AppendInt(append(b, '-'), int64(v.Seen), 10)
	}
	b = v.Day.UTC().AppendFormat(append(b, '.'), dayLayout)
	b = append(b, '.')
	for i := range n {
		yes, decided := v.Choices.Of(i)
		switch {
		case !decided:
			b = append(b, '-')
		case yes:
			b = append(b, 'y')
		default:
			b = append(b, 'n')
		}
	}
	if v.GPC {
		b = append(b, 'g')
	}
	b = append(b, '.')
	if v.ID != 0 {
		b = strconv.AppendInt(b, v.ID, 36)
	}
	return string(b) + "." + d.code(string(b))
}

func (d *Desk) code(s string) string {
	m := hmac.New(sha256.New, d.secret)
	m.Write([]byte(s))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil)[:codeBytes])
}

// decode reads a cookie value. Only what encode returned for a policy version
// that is published is accepted; groups gives the number of its groups, or
// a negative number for no such version.
func (d *Desk) decode(value string, groups func(version int) int) (Decision, bool) {
	if len(value) > maxValue {
		return Decision{}, false
	}
	at := strings.LastIndexByte(value, '.')
	if at < 0 || !hmac.Equal([]byte(value[at+1:]), []byte(d.code(value[:at]))) {
		return Decision{}, false
	}
	parts := strings.Split(value[:at], ".")
	if len(parts) != 5 || parts[0] != valueVersion {
		return Decision{}, false
	}
	var v Decision
	var err error
	made, seen, later := strings.Cut(parts[1], "-")
	if v.Policy, err = strconv.Atoi(made); err != nil {
		return Decision{}, false
	}
	if later {
		if v.Seen, err = strconv.Atoi(seen); err != nil || v.Seen <= v.Policy || groups(v.Seen) < 0 {
			return Decision{}, false
		}
	}
	if v.Day, err = time.Parse(dayLayout, parts[2]); err != nil {
		return Decision{}, false
	}
	letters, gpc := strings.CutSuffix(parts[3], "g")
	v.GPC = gpc
	if n := groups(v.Policy); n < 0 || n != len(letters) || n > maxGroups {
		return Decision{}, false
	}
	for i := range len(letters) {
		switch letters[i] {
		case 'y', 'n':
			v.Choices = v.Choices.With(i, letters[i] == 'y')
		case '-':
		default:
			return Decision{}, false
		}
	}
	if parts[4] != "" {
		if v.ID, err = strconv.ParseInt(parts[4], 36, 64); err != nil || v.ID <= 0 {
			return Decision{}, false
		}
	}
	return v, true
}

// Cookie returns the consent cookie that p declares for a surface, with the
// value of a decision made under p or an earlier version. ok is false where p
// declares none.
func (d *Desk) Cookie(p *policy.Policy, surface string, v Decision) (declared *policy.Cookie, value string, ok bool) {
	c, ok := p.CookieByRole("consent", surface)
	n := d.groupCount(v.Policy)
	if !ok || n < 0 {
		return nil, "", false
	}
	return c, d.encode(v, n), true
}
