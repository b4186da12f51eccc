package telecom

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzDeviceName(f *testing.F) {
	for _, s := range []string{"kitchen", "  front   desk ", "", "a\x00b", "\xff", "a\u202eb", strings.Repeat("é", 41), "<b>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := deviceName(s)
		if err != nil {
			return
		}
		if n := utf8.RuneCountInString(name); n < 1 || n > MaxDeviceName || !utf8.ValidString(name) || strings.ContainsAny(name, "\r\n\x00") {
			t.Errorf("%q is the name %q", s, name)
		}
		if again, err := deviceName(name); err != nil || again != name {
			t.Errorf("%q has another spelling %q", name, again)
		}
	})
}
