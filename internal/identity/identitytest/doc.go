// Package identitytest is for the tests of what stands on accounts and tries
// nothing of their passwords.
package identitytest

import "github.com/alexedwards/argon2id"

// Cheap is the least that a password's hash may cost (RFC 9106 section 3.1): a
// test that opens accounts on its way to something else spends half of its time
// on hashes otherwise. The tests of package identity itself do not use it.
var Cheap = &argon2id.Params{Memory: 8, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}
