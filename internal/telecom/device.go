package telecom

import (
	"crypto/md5" //nolint:gosec // SIP phones know no other (RFC 3261 section 22.4); what it hashes is random
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"candour/internal/vault"
)

// Limits of phones.
const (
	MaxDevices    = 10 // of a line
	MaxDeviceName = 40 // characters
	maxUsername   = 64 // octets of one that is looked for
	usernameBytes = 5  // 40 random bits, in 8 characters
	passwordBytes = 10 // 80 random bits, in 16 characters: out of reach also for who overheard a digest
)

// Device is a phone that somebody registered on their line. It holds personal
// data and prints as a fixed word.
type Device struct {
	ID       int64
	Line     Line
	Name     string // what its person calls it
	Username string // what it signs in as: made up, and says nothing of its person
	Added    time.Time

	name, secret vault.RecordID
}

// Format writes a fixed word, whatever the verb.
func (Device) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(phone)") }

// LogValue keeps the phone out of structured logs.
func (Device) LogValue() slog.Value { return slog.StringValue("(phone)") }

// Credentials are what a phone is set up with. They are told once: the password
// is kept by nobody but the phone. They print as a fixed word.
type Credentials struct {
	Username, Password string
	Domain             string // of the addresses, and the realm of the digest
}

// Format writes a fixed word, whatever the verb.
func (Credentials) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(credentials)") }

// LogValue keeps the credentials out of structured logs.
func (Credentials) LogValue() slog.Value { return slog.StringValue("(credentials)") }

// Address is what apps read from a picture: the SIP address of a phone with its
// password (RFC 3261 section 19.1.1). It is for the phone alone.
func (c Credentials) Address() string {
	return "sip:" + c.Username + ":" + c.Password + "@" + c.Domain
}

// HA1 are the hashes of what a phone signs in with, in lower case hexadecimal,
// as a digest takes them (RFC 7616 section 3.4.2, RFC 8760). Whoever has them
// can sign in as the phone, so they print as a fixed word.
type HA1 struct{ SHA256, MD5 string }

// Format writes a fixed word, whatever the verb.
func (HA1) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(hashes)") }

// LogValue keeps the hashes out of structured logs.
func (HA1) LogValue() slog.Value { return slog.StringValue("(hashes)") }

// hashes of what a phone signs in with.
func (c Credentials) hashes() HA1 {
	text := []byte(c.Username + ":" + c.Domain + ":" + c.Password)
	long, short := sha256.Sum256(text), md5.Sum(text) //nolint:gosec // as above
	return HA1{hex.EncodeToString(long[:]), hex.EncodeToString(short[:])}
}

// kept is the record of a phone's credentials.
type kept struct {
	Username string `json:"username"`
	SHA256   string `json:"sha256"`
	MD5      string `json:"md5"`
}

func (c Credentials) kept() ([]byte, error) {
	h := c.hashes()
	return json.Marshal(kept{c.Username, h.SHA256, h.MD5})
}

// newCredentials are made up: whoever knows one phone's knows nothing of
// another's, nor of its person.
func newCredentials(domain string) Credentials {
	return Credentials{randomText(usernameBytes), randomText(passwordBytes), domain}
}

// randomText is random bytes in letters and digits that are typed on any phone
// and are not mistaken for one another (RFC 4648 section 6, in lower case).
func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// deviceName brings the name of a phone into its one spelling.
func deviceName(s string) (string, error) {
	s = strings.Join(strings.Fields(s), " ")
	bad := func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
	if s == "" || utf8.RuneCountInString(s) > MaxDeviceName || strings.ContainsFunc(s, bad) {
		return "", ErrDeviceName
	}
	return s, nil
}
