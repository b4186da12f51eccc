package telecom

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Presented is how another network says who calls. It holds personal data and
// prints as a fixed word.
type Presented struct {
	Network  string // what the carrier vouches for (P-Asserted-Identity); empty for none
	Shown    string // what the caller's side wants to be shown (From); empty where it is withheld or none
	Withheld bool   // the caller withheld their number
	Abroad   bool   // the call comes from another country
}

// Format writes a fixed word, whatever the verb.
func (Presented) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(who calls)") }

// LogValue keeps who calls out of structured logs.
func (Presented) LogValue() slog.Value { return slog.StringValue("(who calls)") }

// The beginnings of numbers of the home country, and of those of its mobile
// phones, which travel.
const (
	homePrefix   = "+44"
	mobilePrefix = "+447"
)

// Identify decides what of a caller outside is shown: the number that their
// carrier vouches for, else the one that they show. NoIdentity refuses a call
// without any, unless its number is withheld; BadIdentity one whose number is not
// valid, cannot be dialled or pays who is called back, and one from abroad that
// shows a number of this country (Ofcom General Condition C6 and its guidance on
// calling line identification, in force since 29 January 2025). Mobile phones
// that travel show theirs.
func (d *Desk) Identify(p Presented) (Outside, error) {
	o, err := identify(p)
	d.count(err)
	return o, err
}

func identify(p Presented) (Outside, error) {
	for _, n := range []string{p.Network, p.Shown} {
		if n != "" && digitsIn(n) && !Shows(n) {
			return Outside{}, refuse(BadIdentity)
		}
	}
	network, shown := numberIn(p.Network), numberIn(p.Shown)
	if p.foreign(network, shown) {
		return Outside{}, refuse(BadIdentity)
	}
	switch {
	case p.Withheld:
		return Outside{Withheld: true}, nil
	case network != "":
		return Outside{Number: network}, nil
	case shown != "":
		return Outside{Number: shown}, nil
	}
	return Outside{}, refuse(NoIdentity)
}

// foreign reports whether a call from abroad shows a number of this country. That
// it comes from abroad is known of its trunk, or by the number that the network
// vouches for.
func (p Presented) foreign(network, shown string) bool {
	if shown == "" {
		shown = network
	}
	if !strings.HasPrefix(shown, homePrefix) {
		return false
	}
	if network != "" && !strings.HasPrefix(network, homePrefix) {
		return true
	}
	return p.Abroad && !(strings.HasPrefix(shown, mobilePrefix) && (network == "" || strings.HasPrefix(network, mobilePrefix)))
}

// digitsIn reports whether what stands for a caller is meant to be a number.
func digitsIn(s string) bool { return strings.ContainsAny(s, "0123456789") }

func numberIn(s string) string {
	if digitsIn(s) {
		return s
	}
	return "" // a name, such as "unavailable"
}
