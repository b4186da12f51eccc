package mail

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"candour/internal/keys"
)

// Sizes within a token, in octets: the id it is about and the MAC over it, cut
// to 128 bits (NIST SP 800-107 section 5.1).
const (
	tokenID  = 8
	tokenMAC = 16
	// TokenLength is the length of a token in characters.
	TokenLength = (tokenID + tokenMAC) * 4 / 3
)

// Tokens makes and checks the secrets in the links of mails. A token is an id
// of ours and a MAC over it under a key derived from the root, so that nothing
// need be stored for it to be checked: it stands in no table from which it
// could leak, and works for as long as the root key lives. It is safe for
// concurrent use.
type Tokens struct{ key []byte }

// NewTokens returns the tokens of one use, told apart by its label.
func NewTokens(ring *keys.Ring, label string) Tokens { return Tokens{ring.Secret(label)} }

func (t Tokens) mac(id []byte) []byte {
	m := hmac.New(sha256.New, t.key)
	_, _ = m.Write(id) // a hash never fails
	return m.Sum(nil)[:tokenMAC]
}

// Make returns the token of an id.
func (t Tokens) Make(id int64) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, tokenID+tokenMAC), uint64(id))
	return base64.RawURLEncoding.EncodeToString(append(b, t.mac(b)...))
}

// Check returns the id of a token, and whether the token is one that Make gave
// out. There is one spelling of each token.
func (t Tokens) Check(token string) (int64, bool) {
	if len(token) != TokenLength {
		return 0, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != tokenID+tokenMAC { // the decoder skips line ends
		return 0, false
	}
	if !hmac.Equal(b[tokenID:], t.mac(b[:tokenID])) {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(b)), true
}
