package push

import (
	"bytes"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
)

// MaxSubscription bounds what a browser tells of a subscription, in bytes: the
// longest address in use has some 500.
const MaxSubscription = 2048

// ErrSubscription says that what came is no subscription that is taken here.
var ErrSubscription = errors.New("push: that is no address of a push service that is used here")

// Subscription is where one browser is reached, and the keys that it reads by
// (Push API section 8, RFC 8291 section 3). It holds personal data and prints as
// a fixed word.
type Subscription struct {
	endpoint *url.URL
	key      *ecdh.PublicKey
	auth     []byte
}

// Format writes a fixed word, whatever the verb.
func (Subscription) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(push subscription)") }

// LogValue keeps the subscription out of structured logs.
func (Subscription) LogValue() slog.Value { return slog.StringValue("(push subscription)") }

// told is a subscription as browsers write it in JSON.
type told struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		Key  string `json:"p256dh"`
		Auth string `json:"auth"`
	} `json:"keys"`
}

// parse reads a subscription whose service is among those that are used.
// ErrSubscription for everything else.
func (l Services) parse(text []byte) (s Subscription, err error) {
	var t told
	if len(text) > MaxSubscription || json.Unmarshal(text, &t) != nil {
		return s, ErrSubscription
	}
	if s.endpoint, err = l.allowed(t.Endpoint); err != nil {
		return s, err
	}
	key, err := unpadded(t.Keys.Key)
	if err != nil {
		return s, ErrSubscription
	}
	if s.key, err = ecdh.P256().NewPublicKey(key); err != nil {
		return s, ErrSubscription
	}
	if s.auth, err = unpadded(t.Keys.Auth); err != nil || len(s.auth) != authSize {
		return s, ErrSubscription
	}
	return s, nil
}

// unpadded reads base64url with or without the padding that some browsers add.
func unpadded(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}

// kept is the record of a subscription: what is needed of it and no more.
func (s Subscription) kept() ([]byte, error) {
	var t told
	t.Endpoint = s.endpoint.String()
	t.Keys.Key, t.Keys.Auth = base64.RawURLEncoding.EncodeToString(s.key.Bytes()), base64.RawURLEncoding.EncodeToString(s.auth)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(t)
	return bytes.TrimSpace(b.Bytes()), err
}
