package mail

import (
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	a, b := Tokens{[]byte("key of one use")}, Tokens{[]byte("key of another")}
	for _, id := range []int64{0, 1, 1 << 62, -1} {
		token := a.Make(id)
		if len(token) != TokenLength || strings.ContainsAny(token, "+/=") {
			t.Errorf("%q does not fit in a link", token)
		}
		if got, ok := a.Check(token); !ok || got != id {
			t.Errorf("%d, %v; want %d", got, ok, id)
		}
		if _, ok := b.Check(token); ok {
			t.Error("a token serves another use")
		}
		for i := range token {
			changed := []byte(token)
			changed[i] ^= 1
			if _, ok := a.Check(string(changed)); ok {
				t.Errorf("a token changed at %d passes", i)
			}
		}
	}
	good := a.Make(7)
	for _, bad := range []string{"", "x", good + "A", good[:31], good[:30] + "\r\n", "\n" + good[1:], good + "\n", good + "=", strings.Repeat("A", 32), strings.Repeat("/", 32), strings.Repeat("a", 1<<16)} {
		if _, ok := a.Check(bad); ok {
			t.Errorf("%q passes", bad)
		}
	}
}

func FuzzTokens(f *testing.F) {
	tokens := Tokens{[]byte("key")}
	f.Add(tokens.Make(1))
	f.Add("")
	f.Add(strings.Repeat("A", 32))
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := tokens.Check(s); ok && tokens.Make(id) != s {
			t.Fatalf("%q is a second spelling of the token of %d", s, id)
		}
	})
}
