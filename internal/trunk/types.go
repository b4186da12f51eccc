package trunk

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"
)

// Transports of a trunk.
const (
	UDP = "udp"
	TCP = "tcp"
	TLS = "tls"
)

// How a trunk is told who calls.
const (
	// Asserted puts the number into P-Asserted-Identity (RFC 3325), also where it
	// is withheld: the carrier is trusted with it, and with not passing it on (RFC
	// 3323, RFC 3324).
	Asserted = "asserted"
	// InFrom puts it into From alone, and nowhere where it is withheld.
	InFrom = "from"
)

// How a trunk is told numbers.
const (
	WithPlus = "plus"     // +441527306001
	Bare     = "bare"     // 441527306001
	National = "national" // 01527306001, and 00 before those of other countries
)

// File is what stands in one file.
type File struct {
	Listen string // address on which its trunks send calls, over UDP and TCP
	Public string // name or address under which they reach it; "" for the one they come to
	Shown  string // the operator's main number, E.164 with its plus; "" for none
	Trunks []Trunk
}

// Trunk is one way to another network.
type Trunk struct {
	ID        string
	Recipient string // of the policy: who receives what a call tells
	Emergency string // of the policy: the service that is told where a line is; "" where the trunk is not for emergency calls

	Host      string // name or address
	Port      int    // 0: where the DNS says, else that of the transport
	Transport string // UDP, TCP, TLS
	Domain    string // in addresses of it; Host where nothing is said

	Register *Registration  // nil: known by addresses alone
	From     []netip.Prefix // where its calls come from, beside Host
	Numbers  []Range        // numbers that it brings calls to
	Takes    []Way          // numbers that it takes calls to
	Capacity int            // calls at once, one of them kept for emergencies
	Identity string         // Asserted, InFrom
	Dials    string         // WithPlus, Bare, National
	Abroad   bool           // its calls come from other countries
}

// Registration is how a trunk that we sign in at knows us.
type Registration struct {
	Username string
	Password Secret
	Realm    string        // that the password is for; "" for any of the trunk's
	Expires  time.Duration // asked for
}

// Secret is a password. It prints as a fixed word.
type Secret string

// Format writes a fixed word, whatever the verb.
func (Secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(secret)") }

// LogValue keeps the password out of structured logs.
func (Secret) LogValue() slog.Value { return slog.StringValue("(secret)") }

// Range are numbers from one to another, both of as many digits; with To empty,
// all that begin with From.
type Range struct{ From, To string }

// Holds reports whether a number, E.164 with its plus, is in the range.
func (r Range) Holds(number string) bool {
	if r.To == "" {
		return strings.HasPrefix(number, r.From)
	}
	return len(number) == len(r.From) && r.From <= number && number <= r.To
}

// Way is a destination that a trunk takes calls to.
type Way struct {
	Prefix   string // of E.164 with its plus, or of a short number of the country
	Priority int    // the least first, among ways of the same length of prefix
}

// Brings reports whether a trunk brings calls to a number.
func (t *Trunk) Brings(number string) bool {
	for _, r := range t.Numbers {
		if r.Holds(number) {
			return true
		}
	}
	return false
}

// Longest returns the longest prefix of a number that the trunk takes calls to,
// and its priority. n is -1 where there is none.
func (t *Trunk) Longest(number string) (n, priority int) {
	n = -1
	for _, w := range t.Takes {
		if strings.HasPrefix(number, w.Prefix) && len(w.Prefix) > n {
			n, priority = len(w.Prefix), w.Priority
		}
	}
	return n, priority
}

// Says writes a number, E.164 with its plus or a short one of the country, as the
// trunk wants it.
func (t *Trunk) Says(number string) string {
	digits, world := strings.CutPrefix(number, "+")
	if !world {
		return number
	}
	switch t.Dials {
	case Bare:
		return digits
	case National:
		if rest, home := strings.CutPrefix(digits, homeCode); home {
			return "0" + rest
		}
		return "00" + digits
	}
	return number
}

// homeCode is the country code of the plan that national numbers follow.
const homeCode = "44"
