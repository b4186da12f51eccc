package identity

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"sort"
	"strings"
)

// common is the list of the passwords that people take most, as
// frontend/scripts/passwords.mjs builds it: the first octets of the SHA-256 of
// each in lower case, sorted. Only those of MinPassword characters and more are
// on it, because shorter ones are not taken anyway (ASVS 5.0 6.2.4).
//
//go:embed common.bin
var common []byte

// commonOctets is how much of each hash is kept: one in 10^15 good passwords is
// taken for a common one.
const commonOctets = 8

// isCommon reports whether a password, as it is hashed, is among the ones that
// people take most, however its letters are written.
func isCommon(p string) bool {
	sum := sha256.Sum256([]byte(strings.ToLower(p)))
	_, found := sort.Find(len(common)/commonOctets, func(i int) int {
		return bytes.Compare(sum[:commonOctets], common[i*commonOctets:(i+1)*commonOctets])
	})
	return found
}
