package telecom

import (
	"testing"
	"time"
)

// FuzzSettings: whatever stands in a record is read without harm, and what is
// written is read back.
func FuzzSettings(f *testing.F) {
	f.Add([]byte("Do not disturb: until 2026-11-26T08:00:00Z\nOwn number: withheld\nBill: without the calls"), int64(1700000000), true)
	f.Add([]byte("Do not disturb: on\r\n: \n\x00: x\nOwn number: "), int64(0), false)
	f.Fuzz(func(t *testing.T, text []byte, second int64, on bool) {
		_ = parseSettings(text)
		a := parseAddress(text)
		if again := parseAddress(a.text()); again != a && a == trimmed(a) {
			t.Errorf("%q is read as another address", text)
		}
		s := Settings{Withheld: on, Refuse: !on, PlainBill: on, QuietUntil: time.Unix(second%4e9, 0).UTC()}
		if again := parseSettings(s.text()); again != s && s.QuietUntil.Year() >= 1 && s.QuietUntil.Year() < 9999 {
			t.Errorf("%q is read as other settings", s.text())
		}
	})
}

// trimmed is an address as it is kept.
func trimmed(a Address) Address {
	for _, s := range []*string{&a.Country, &a.Town, &a.Street, &a.House, &a.Unit, &a.Postcode} {
		*s = oneLine(*s)
	}
	return a
}

// The parts of a record that are read back.
func TestParseVia(t *testing.T) {
	for words, want := range map[string]string{
		"Call from 1001, forwarded by 1002, answered": "true 1002", "Call from 1001, forwarded, answered": "true ", "Call to 1003, forwarded for a withheld number, not answered": "true ",
		"Call from 1001, answered": "false ", "Call from 1001, forwarded by planted, answered": "true ", "Call from 1001, forwarded": "false ", "": "false ",
	} {
		forwarded, via := parseVia(words)
		if got := map[bool]string{true: "true ", false: "false "}[forwarded] + via; got != want {
			t.Errorf("%q: %q, want %q", words, got, want)
		}
	}
}
