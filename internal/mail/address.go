package mail

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Limits of an address, in octets of its form on the wire.
const (
	MaxAddress = 254 // RFC 5321 4.5.3.1.3 allows a path of 256, two of which are its angle brackets
	maxLocal   = 64  // RFC 5321 4.5.3.1.1
	maxDomain  = 253 // RFC 1035 2.3.4, without the final dot
	maxLabel   = 63  // RFC 1035 2.3.4
)

// Address is an e-mail address that may stand on an envelope: a plain local
// part and a domain name in its ASCII form. The zero Address is none. It is
// personal data, so it prints as a placeholder; Reveal gives the text.
type Address struct {
	local, domain string
}

// AddressFault says, in words for the person who typed it, why a text is no
// address we can write to. It never quotes the text.
type AddressFault string

// The faults of an address.
const (
	AddressMissing   AddressFault = "Please give an e-mail address."
	AddressTooLong   AddressFault = "That is too long for an e-mail address."
	AddressNoAt      AddressFault = "An e-mail address has one @ in it, with something before and after."
	AddressLocal     AddressFault = "The part before the @ has a character that we cannot send to."
	AddressDots      AddressFault = "The part before the @ may not begin or end with a dot, or have two in a row."
	AddressDomain    AddressFault = "The part after the @ is not the name of a mail domain, such as example.org."
	AddressLiteralIP AddressFault = "Please give the name of a mail domain after the @, not a number."
)

func (f AddressFault) Error() string { return string(f) }

// ParseAddress reads an e-mail address as people type it: a local part of
// RFC 5322 3.2.3 (no quoting, no comments, no display name) and a domain name
// of two labels or more, which may be in any script (RFC 5891). White space
// around it is dropped. The error is an AddressFault.
func ParseAddress(s string) (Address, error) {
	if len(s) > 4*MaxAddress { // before any work on it
		return Address{}, AddressTooLong
	}
	if !utf8.ValidString(s) {
		return Address{}, AddressLocal
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	if s == "" {
		return Address{}, AddressMissing
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || domain == "" || strings.Contains(domain, "@") {
		return Address{}, AddressNoAt
	}
	if err := checkLocal(local); err != nil {
		return Address{}, err
	}
	domain, err := asciiDomain(domain)
	if err != nil {
		return Address{}, err
	}
	if len(local)+1+len(domain) > MaxAddress {
		return Address{}, AddressTooLong
	}
	return Address{local: local, domain: domain}, nil
}

func checkLocal(local string) error {
	if len(local) > maxLocal {
		return AddressTooLong
	}
	for i := range len(local) {
		c := local[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte("!#$%&'*+-/=?^_`{|}~.", c) >= 0:
		default:
			return AddressLocal
		}
	}
	if local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..") {
		return AddressDots
	}
	return nil
}

func asciiDomain(domain string) (string, error) {
	if strings.HasPrefix(domain, "[") {
		return "", AddressLiteralIP
	}
	if _, err := netip.ParseAddr(domain); err == nil {
		return "", AddressLiteralIP
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || len(ascii) > maxDomain {
		return "", AddressDomain
	}
	labels := strings.Split(ascii, ".")
	if len(labels) < 2 {
		return "", AddressDomain
	}
	for _, l := range labels {
		if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' || !isLDH(l) {
			return "", AddressDomain
		}
	}
	if top := labels[len(labels)-1]; strings.Trim(top, "0123456789") == "" {
		return "", AddressLiteralIP // no top-level domain is all digits; 300.1.2.3 is a bad number
	}
	return ascii, nil
}

// isLDH reports whether a label has only lower-case letters, digits and
// hyphens (RFC 5890 2.3.1).
func isLDH(label string) bool {
	for i := range len(label) {
		c := label[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// IsZero reports whether a is no address.
func (a Address) IsZero() bool { return a.local == "" }

// Nobody reports whether the address can be nobody's: its domain is under one
// that is reserved for names that never resolve (RFC 6761 section 6.4). Such
// addresses are made up, and a mail to one could only bounce.
func (a Address) Nobody() bool {
	return strings.HasSuffix("."+strings.ToLower(a.domain), ".invalid")
}

// Reveal returns the address as it goes on the wire.
func (a Address) Reveal() string { return a.local + "@" + a.domain }

// Key returns the form under which the same mailbox is found again: all lower
// case. RFC 5321 2.4 lets a host tell apart local parts by case; none that
// people use does, and a person who writes their address in another case must
// still be found.
func (a Address) Key() string { return strings.ToLower(a.local) + "@" + a.domain }

const hiddenAddress = "(e-mail address)"

// Format writes a placeholder, whatever the verb.
func (a Address) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hiddenAddress) }

// String returns a placeholder.
func (a Address) String() string { return hiddenAddress }

// GoString returns a placeholder.
func (a Address) GoString() string { return hiddenAddress }

// LogValue returns a placeholder.
func (a Address) LogValue() slog.Value { return slog.StringValue(hiddenAddress) }

// MarshalJSON returns a placeholder.
func (a Address) MarshalJSON() ([]byte, error) { return json.Marshal(hiddenAddress) }
