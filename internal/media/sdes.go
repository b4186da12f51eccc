package media

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/pion/srtp/v3"
)

// suite is a set of algorithms that keys in a description can be for (RFC 4568
// section 6.2, RFC 7714 section 14.2).
type suite struct {
	name    string
	profile srtp.ProtectionProfile
	length  int // of key and salt together, in bytes
}

var suites = []suite{
	{"AEAD_AES_256_GCM", srtp.ProtectionProfileAeadAes256Gcm, 32 + 12},
	{"AEAD_AES_128_GCM", srtp.ProtectionProfileAeadAes128Gcm, 16 + 12},
	{"AES_CM_128_HMAC_SHA1_80", srtp.ProtectionProfileAes128CmHmacSha1_80, 16 + 14},
	{"AES_CM_128_HMAC_SHA1_32", srtp.ProtectionProfileAes128CmHmacSha1_32, 16 + 14},
}

// crypto is one side's key for what it sends. The zero value is none.
type crypto struct {
	tag   int
	suite string
	key   string // key and salt, as bytes
}

func (c crypto) valid() bool { return c.suite != "" }

// String keeps keys out of print.
func (crypto) String() string { return "[key]" }

// GoString keeps keys out of print.
func (crypto) GoString() string { return "[key]" }

// readCrypto understands the value of a=crypto, if it is of a suite that we know
// and asks nothing unusual: one key without identifier, and no session parameters
// but those that may be ignored (RFC 4568 sections 6.1 and 6.3).
func readCrypto(value string) (crypto, bool) {
	f := strings.Fields(value)
	if len(f) < 3 || len(f[0]) > 9 {
		return crypto{}, false
	}
	tag, err := strconv.ParseUint(f[0], 10, 32)
	if err != nil || strconv.FormatUint(tag, 10) != f[0] {
		return crypto{}, false
	}
	for _, p := range f[3:] {
		if !strings.HasPrefix(p, "-") && !strings.HasPrefix(p, "WSH=") {
			return crypto{}, false
		}
	}
	inline, ok := strings.CutPrefix(f[2], "inline:")
	key, lifetime, _ := strings.Cut(inline, "|")
	if !ok || strings.ContainsAny(lifetime, ":|;") { // an identifier, or more keys
		return crypto{}, false
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		raw, err = base64.RawStdEncoding.DecodeString(key) // as some phones write it
	}
	s, ok := suiteOf(f[1])
	if err != nil || !ok || len(raw) != s.length {
		return crypto{}, false
	}
	return crypto{tag: int(tag), suite: s.name, key: string(raw)}, true
}

func suiteOf(name string) (suite, bool) {
	for _, s := range suites {
		if s.name == name {
			return s, true
		}
	}
	return suite{}, false
}

// newCrypto makes a key of ours for the suite and tag of theirs.
func newCrypto(theirs crypto) crypto {
	s, _ := suiteOf(theirs.suite)
	b := make([]byte, s.length)
	_, _ = rand.Read(b)
	return crypto{tag: theirs.tag, suite: theirs.suite, key: string(b)}
}

// line is the value of a=crypto.
func (c crypto) line() string {
	return fmt.Sprintf("%d %s inline:%s", c.tag, c.suite, base64.StdEncoding.EncodeToString([]byte(c.key)))
}

// context encrypts or decrypts with the key.
func (c crypto) context() (*srtp.Context, error) {
	s, _ := suiteOf(c.suite)
	n, err := s.profile.KeyLen()
	if err != nil || len(c.key) != s.length {
		return nil, fmt.Errorf("media: %w: key", ErrState)
	}
	ctx, err := srtp.CreateContext([]byte(c.key[:n]), []byte(c.key[n:]), s.profile,
		srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	if err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	return ctx, nil
}
