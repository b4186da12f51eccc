package telecom

import (
	"slices"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// Bounds of what is dialled.
const (
	maxE164      = 15 // digits (ITU-T E.164 section 6.2.1)
	maxDialled   = 64 // bytes; people put spaces between
	minExtension = 2  // digits
	maxExtension = 6
)

// home is the region whose rules numbers without a country follow.
const home = "GB"

// emergency are the numbers that are looked for before any rule of ours (PECR
// reg 16; Ofcom General Condition A3): emergency services and their relay, the
// police and the health service where life is not in danger, and a power cut.
var emergency = []string{"999", "112", "18000", "101", "111", "105"}

// Prefixes for one call (Ofcom National Telephone Numbering Plan).
const (
	withholdPrefix = "141"  // the caller's number is withheld
	showPrefix     = "1470" // it is shown
)

// number is what was dialled, as digits.
type number struct {
	digits   string
	plus     bool
	withheld bool
	shown    bool
}

// emergencyIn reports whether the digits are those of an emergency number,
// whatever stands in front: a prefix, or a plus that somebody's address book
// put there.
func emergencyIn(digits string) (string, bool) {
	for _, prefix := range []string{"", showPrefix, withholdPrefix} {
		if rest, ok := strings.CutPrefix(digits, prefix); ok && slices.Contains(emergency, rest) {
			return rest, true
		}
	}
	return "", false
}

// Emergency reports whether what was dialled is an emergency number, or one like
// it: those that no rule refuses.
func Emergency(dialled string) bool {
	n, err := read(dialled)
	if err != nil {
		return false
	}
	_, is := emergencyIn(n.digits)
	return is
}

// read reads what was dialled. It takes digits of every script, and what people
// write between them.
func read(dialled string) (n number, err error) {
	if len(dialled) > maxDialled {
		return n, refuse(Unreadable)
	}
	var b strings.Builder
	for _, c := range dialled {
		d, ok := digit(c)
		switch {
		case ok:
			b.WriteByte('0' + d)
		case (c == '+' || c == '\uff0b') && b.Len() == 0 && !n.plus:
			n.plus = true
		case strings.ContainsRune("-./()\u2010\u2011\u2012\u2013", c), unicode.IsSpace(c):
		default:
			return number{}, refuse(Unreadable)
		}
	}
	if n.digits = b.String(); n.digits == "" {
		return number{}, refuse(Empty)
	}
	return n, nil
}

// digit returns the value of a decimal digit. Unicode keeps each script's ten
// together, in order (The Unicode Standard, section 4.6).
func digit(c rune) (byte, bool) {
	if c >= '0' && c <= '9' {
		return byte(c - '0'), true
	}
	if c < 0x80 || !unicode.Is(unicode.Nd, c) {
		return 0, false
	}
	for _, r := range unicode.Nd.R16 {
		if rune(r.Lo) <= c && c <= rune(r.Hi) {
			return byte((c - rune(r.Lo)) % 10), true
		}
	}
	for _, r := range unicode.Nd.R32 {
		if rune(r.Lo) <= c && c <= rune(r.Hi) {
			return byte((c - rune(r.Lo)) % 10), true
		}
	}
	return 0, false
}

// unprefixed takes the prefix for one call off.
func (n number) unprefixed() number {
	if n.plus {
		return n
	}
	if rest, ok := strings.CutPrefix(n.digits, showPrefix); ok {
		n.digits, n.shown = rest, true
	} else if rest, ok := strings.CutPrefix(n.digits, withholdPrefix); ok {
		n.digits, n.withheld = rest, true
	}
	return n
}

// extension reports whether the number is one within the house: short, and
// without the nought that numbers of the country begin with.
func (n number) extension() bool {
	return !n.plus && len(n.digits) >= minExtension && len(n.digits) <= maxExtension && n.digits[0] != '0' && !service(n.digits)
}

// service reports whether digits are a short number of the country (Ofcom
// National Telephone Numbering Plan): directory enquiries (118), the harmonised
// services of social value (116), and the networks' own of three digits, such
// as 159 for one's bank.
func service(digits string) bool {
	switch len(digits) {
	case 3:
		return digits[0] == '1'
	case 6:
		return strings.HasPrefix(digits, "118") || strings.HasPrefix(digits, "116")
	}
	return false
}

// world brings the number to the form of ITU-T E.164, by the numbering plan of
// its country.
func (n number) world() (string, error) {
	if !n.plus && service(n.digits) {
		return n.digits, nil
	}
	if len(n.digits) < minExtension {
		return "", refuse(Incomplete)
	}
	text := n.digits
	if n.plus {
		text = "+" + text
	}
	parsed, err := phonenumbers.Parse(text, home)
	switch err {
	case nil:
	case phonenumbers.ErrTooShortNSN, phonenumbers.ErrTooShortAfterIDD, phonenumbers.ErrNotANumber: // there are digits, but too few
		return "", refuse(Incomplete)
	default:
		return "", refuse(NoSuch)
	}
	if !phonenumbers.IsValidNumber(parsed) {
		if tooShort(parsed) {
			return "", refuse(Incomplete)
		}
		return "", refuse(NoSuch)
	}
	e164 := phonenumbers.Format(parsed, phonenumbers.E164)
	if len(e164) > 1+maxE164 { // plans of countries have longer ones, within the country
		return "", refuse(NoSuch)
	}
	return e164, nil
}

// homeLeast is the least number of the home country with all its ten digits.
// The few shorter ones that there are, are valid.
const homeLeast = 1_000_000_000

// tooShort reports whether more digits could make a number of one that is not
// valid.
func tooShort(n *phonenumbers.PhoneNumber) bool {
	if int(n.GetCountryCode()) == phonenumbers.GetCountryCodeForRegion(home) && n.GetNationalNumber() < homeLeast {
		return true
	}
	why := phonenumbers.IsPossibleNumberWithReason(n)
	return why == phonenumbers.TOO_SHORT || why == phonenumbers.IS_POSSIBLE_LOCAL_ONLY
}

// mayHave reports whether a line may have these digits: none that mean
// something, or begin with what does, to whoever dials them in a hurry.
func mayHave(extension string) bool {
	if len(extension) < minExtension || len(extension) > maxExtension || extension[0] == '0' {
		return false
	}
	for i := range len(extension) {
		if extension[i] < '0' || extension[i] > '9' {
			return false
		}
	}
	for _, prefix := range []string{"999", "112", "116", "118", withholdPrefix, showPrefix} {
		if strings.HasPrefix(extension, prefix) {
			return false
		}
	}
	return !service(extension) && !slices.Contains(emergency, extension)
}
