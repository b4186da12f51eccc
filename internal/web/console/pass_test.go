package console

import (
	"bytes"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/keys"
)

// What opens is what was made here, and opens for nobody else and at no later
// time.
func FuzzPass(f *testing.F) {
	p := newPasses(bytes.Repeat([]byte{7}, 32))
	me := &identity.Session{ID: 9, Account: identity.Account{Role: identity.Support}}
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	made := pass{subject: keys.SubjectID(12345), purpose: "account", until: now.Add(passLasts)}
	good := p.make(me, made)
	f.Add(good)
	f.Add(good + "=")
	f.Add(good[:len(good)-1])
	f.Add("")
	f.Add("AAAA\n")
	f.Fuzz(func(t *testing.T, text string) {
		x, ok := p.open(me, text, now)
		if ok && x != made { // each process makes another text of the same
			t.Fatalf("%q opens", text)
		}
		other := *me
		other.ID++
		if _, ok := p.open(&other, text, now); ok {
			t.Fatalf("%q opens in another sign-in", text)
		}
		if _, ok := p.open(me, text, now.Add(passLasts)); ok {
			t.Fatalf("%q opens after its time", text)
		}
	})
}
