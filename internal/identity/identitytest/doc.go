// Package identitytest is for the tests of what stands on accounts and tries
// nothing of their passwords.
package identitytest

import (
	"time"

	"github.com/alexedwards/argon2id"

	"candour/internal/identity"
	"candour/internal/mail/mailtest"
)

// Cheap is the least that a password's hash may cost (RFC 9106 section 3.1): a
// test that opens accounts on its way to something else spends half of its time
// on hashes otherwise. The tests of package identity itself do not use it.
var Cheap = &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Open opens accounts on a bench whose passwords cost little, and which take no
// time that hides who has one.
func Open(b *mailtest.Bench) *identity.Accounts {
	b.TB.Helper()
	a, err := identity.New(identity.Config{
		Store: b.Store, Ring: b.Ring, Log: b.Log, Vault: b.Vault, Queue: b.Queue, InForce: b.InForce, Now: b.Now, Floor: time.Nanosecond, Hashing: Cheap,
	})
	if err != nil {
		b.TB.Fatal(err)
	}
	return a
}
