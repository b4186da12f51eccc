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
// seen since, if it has; the day as YYYYMMDD (UTC); the choices as one letter
// for each cookie group in the order of that policy version (y, n, or - for not
// decided), followed by the version that the choice was made under if that is
// an earlier one, and a g after all of them if the browser sent Global Privacy
// Control; the decision's id in base 36 or nothing; and the code as base64url
// of the first 16 bytes of HMAC-SHA-256 over all before it.
const (
	valueVersion = "v1"
	dayLayout    = "20060102"
	codeBytes    = 16
	maxValue     = 512 // bytes; 64 groups fit with versions of five digits
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

// Earlier are the versions of the policy that choices were made under, by
// group, where a later decision about other groups carried them over; 0, or no
// element, for a choice that was made with the decision. It is not changed in
// place.
type Earlier []int

func (e Earlier) of(i int) int {
	if i < len(e) {
		return e[i]
	}
	return 0
}

// with returns e with the version for the i-th group.
func (e Earlier) with(i, version int) Earlier {
	if e.of(i) == version {
		return e
	}
	out := make(Earlier, max(len(e), i+1))
	copy(out, e)
	out[i] = version
	return out
}

// Decision is what a browser's cookie says.
type Decision struct {
	Policy  int       // version it was made under
	Seen    int       // later version whose changes this browser has seen; 0 for none
	Day     time.Time // midnight, UTC
	Choices Choices   // in the order of that version's groups
	Earlier Earlier   // in the same order
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
		if made := v.Earlier.of(i); decided && made != 0 {
			b = strconv.AppendInt(b, int64(made), 10)
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
	if !v.readChoices(letters, groups(v.Policy)) {
		return Decision{}, false
	}
	if parts[4] != "" {
		if v.ID, err = strconv.ParseInt(parts[4], 36, 64); err != nil || v.ID <= 0 {
			return Decision{}, false
		}
	}
	return v, true
}

// readChoices reads the letters and versions of n groups.
func (v *Decision) readChoices(s string, n int) bool {
	if n < 0 || n > maxGroups {
		return false
	}
	for i := range n {
		if s == "" {
			return false
		}
		letter := s[0]
		digits := len(s[1:]) - len(strings.TrimLeft(s[1:], "0123456789"))
		version := s[1 : 1+digits]
		s = s[1+digits:]
		switch letter {
		case 'y', 'n':
			v.Choices = v.Choices.With(i, letter == 'y')
		case '-':
		default:
			return false
		}
		if version == "" {
			continue
		}
		made, err := strconv.Atoi(version)
		if err != nil || letter == '-' || made <= 0 || made >= v.Policy {
			return false
		}
		v.Earlier = v.Earlier.with(i, made)
	}
	return s == ""
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
