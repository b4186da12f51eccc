package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"candour/internal/mail"
	"candour/policy"
)

// Limits of what a field may hold, in characters (Unicode code points) after
// cleaning, unless another unit is given.
const (
	MaxLine      = 200  // names, firms, choices: the longest real ones fit twice
	MaxMessage   = 5000 // about two printed pages
	MaxPostcode  = 12
	MaxReference = 32   // as typed; more than one of ours with its dash and spaces
	MaxTelephone = 32   // as typed, with spaces and brackets
	minDigits    = 7    // of a telephone number a caller outside could dial
	maxDigits    = 15   // ITU-T E.164 6.1
	maxMarks     = 8    // combining marks in a row; more is a picture, not writing
	maxRaw       = 4    // octets of the raw text for each character of the limit
	slackRaw     = 1024 // octets beyond that, for line ends and spaces that cleaning drops
)

// messageField is the field of a form that takes a whole letter.
const messageField = "message"

// The words for what is wrong.
const (
	wordsMissing   = "Please fill this in."
	wordsTooLong   = "This is too long. Please shorten it."
	wordsUnicode   = "This has characters that cannot be read. Please type it again."
	wordsControl   = "This has an invisible control character in it. Please type it again."
	wordsMarks     = "This has too many accents on one letter."
	wordsTelephone = "Please give a telephone number in digits, such as 01632 960123 or +44 1632 960123."
	wordsReference = "Please give a reference as we write them, such as 7K2M-9QXT."
	wordsPostcode  = "Please give a postcode, such as AB12 3CD."
)

func readText(f policy.Field, format, value string) (string, string) {
	limit := MaxLine
	if f.Name == messageField {
		limit = MaxMessage
	}
	several := f.Name == messageField || format == "address"
	if len(value) > limit*maxRaw+slackRaw {
		return "", wordsTooLong
	}
	value, fault := clean(value, several)
	switch {
	case fault != "":
		return "", fault
	case value == "" && f.Optional:
		return "", ""
	case value == "" && format == "email":
		return "", string(mail.AddressMissing)
	case value == "":
		return "", wordsMissing
	case utf8.RuneCountInString(value) > limit:
		return "", wordsTooLong
	}
	switch format {
	case "email":
		a, err := mail.ParseAddress(value)
		if err != nil {
			return "", err.Error()
		}
		return a.Reveal(), ""
	case "telephone":
		return telephone(value)
	case "postcode":
		return postcode(value)
	}
	return value, ""
}

// clean brings text to normal form C and drops what cannot be seen: marks that
// change the direction of what follows (they make a name read as another one;
// Unicode Technical Report 36, 2.5.1), byte order marks and soft hyphens. It
// refuses control characters. Joiners stay, since Persian and Indic scripts
// need them.
func clean(s string, several bool) (string, string) {
	if !utf8.ValidString(s) {
		return "", wordsUnicode
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			if several {
				b.WriteByte('\n')
			} else {
				b.WriteByte(' ')
			}
		case r == '\t' || unicode.Is(unicode.Zs, r):
			b.WriteByte(' ')
		case isTurning(r) || r == '\ufeff' || r == '\u00ad':
		case unicode.IsControl(r):
			return "", wordsControl
		case r == utf8.RuneError || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef || unicode.Is(unicode.Co, r):
			return "", wordsUnicode
		default:
			b.WriteRune(r)
		}
	}
	out := norm.NFC.String(b.String())
	if !several {
		out = strings.Join(strings.Fields(out), " ")
	}
	out = strings.Trim(out, " \n")
	if tooManyMarks(out) {
		return "", wordsMarks
	}
	return out, ""
}

// isTurning reports whether r is one of the characters that set the direction
// of text (Unicode Standard Annex 9, 2).
func isTurning(r rune) bool {
	return r == '\u061c' || r == '\u200e' || r == '\u200f' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

func tooManyMarks(s string) bool {
	n := 0
	for _, r := range s {
		if !unicode.Is(unicode.M, r) {
			n = 0
			continue
		}
		if n++; n > maxMarks {
			return true
		}
	}
	return false
}

// telephone takes a number with the spaces, dots, hyphens and brackets people
// put in, and gives it back with single spaces and nothing else: what is
// written down must still be readable aloud.
func telephone(s string) (string, string) {
	if utf8.RuneCountInString(s) > MaxTelephone {
		return "", wordsTelephone
	}
	var b strings.Builder
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
			b.WriteRune(r)
		case r == '+' && i == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" .-()/\u2010\u2011\u2013", r):
			b.WriteByte(' ')
		default:
			return "", wordsTelephone
		}
	}
	if digits < minDigits || digits > maxDigits {
		return "", wordsTelephone
	}
	out := strings.Join(strings.Fields(b.String()), " ")
	return strings.Replace(out, "+ ", "+", 1), ""
}

func postcode(s string) (string, string) {
	if utf8.RuneCountInString(s) > MaxPostcode {
		return "", wordsPostcode
	}
	for _, r := range s {
		if r != ' ' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return "", wordsPostcode
		}
	}
	return strings.ToUpper(s), ""
}
