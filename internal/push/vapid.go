package push

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// proofLife is how long a push service may take a proof of ours for: RFC 8292
// section 2 allows a day, and a message is sent within seconds.
const proofLife = 10 * time.Minute

// signer proves to push services who sends (RFC 8292).
type signer struct {
	key     *ecdsa.PrivateKey
	public  string // as browsers and services write it
	contact string // where a service's people write to
}

// newSigner makes the key of a secret: the same for the same secret, so that it
// stands and falls with the keys that it comes from, and a backup needs no more.
func newSigner(secret []byte, contact string) (*signer, error) {
	for n := range byte(255) {
		raw, err := hkdf.Key(sha256.New, secret, nil, "candour push sender v1 "+string(rune(n)), 32)
		if err != nil {
			return nil, fmt.Errorf("push: %w", err)
		}
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
		if err != nil {
			continue // zero, or not below the order of the curve: once in 2^32
		}
		public, err := key.PublicKey.Bytes()
		if err != nil {
			return nil, fmt.Errorf("push: %w", err)
		}
		return &signer{key, base64.RawURLEncoding.EncodeToString(public), contact}, nil
	}
	return nil, errors.New("push: no key could be made")
}

// proof is the header Authorization for one push service (RFC 8292 section 3):
// a token signed with ES256 (RFC 7518 section 3.4) for its origin alone.
func (s *signer) proof(origin string, now time.Time) (string, error) {
	claims, err := json.Marshal(struct {
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
		Subject  string `json:"sub"`
	}{origin, now.Add(proofLife).Unix(), s.contact})
	if err != nil {
		return "", fmt.Errorf("push: %w", err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(text))
	r, v, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		return "", fmt.Errorf("push: %w", err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	v.FillBytes(signature[32:])
	return "vapid t=" + text + "." + base64.RawURLEncoding.EncodeToString(signature) + ", k=" + s.public, nil
}
