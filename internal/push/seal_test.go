package push

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"
)

func raw(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The example of RFC 8291 appendix A.
func TestSealIsThatOfTheStandard(t *testing.T) {
	own, err := ecdh.P256().NewPrivateKey(raw(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := ecdh.P256().NewPrivateKey(raw(t, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	if err != nil {
		t.Fatal(err)
	}
	to := Subscription{key: theirs.PublicKey(), auth: raw(t, "BTBZMqHH6r4Tts7J_aSIgg")}
	got, err := sealWith([]byte("When I grow up, I want to be a watermelon\x02"), to, own, raw(t, "DGv6ra1nlYgDCS1FRnbzlw"))
	if err != nil {
		t.Fatal(err)
	}
	want := "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	if text := base64.RawURLEncoding.EncodeToString(got); text != want {
		t.Errorf("sealed as\n%s, want\n%s", text, want)
	}
}

// browser is one that subscribes, and reads what comes.
type browser struct {
	key  *ecdh.PrivateKey
	auth []byte
}

func newBrowser(t testing.TB) browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := browser{key, make([]byte, authSize)}
	_, _ = rand.Read(b.auth)
	return b
}

// told is what it says of itself.
func (b browser) told(endpoint string) []byte {
	var t told
	t.Endpoint = endpoint
	t.Keys.Key, t.Keys.Auth = base64.URLEncoding.EncodeToString(b.key.PublicKey().Bytes()), base64.URLEncoding.EncodeToString(b.auth)
	text, _ := json.Marshal(t)
	return text
}

// derive is HKDF written out (RFC 5869), for one block: another hand than the one
// under test.
func derive(secret, salt, info []byte, n int) []byte {
	mac := func(key, text []byte) []byte {
		h := hmac.New(sha256.New, key)
		h.Write(text)
		return h.Sum(nil)
	}
	return mac(mac(salt, secret), append(bytes.Clone(info), 1))[:n]
}

// opens decrypts a message (RFC 8188, RFC 8291).
func (b browser) opens(t testing.TB, body []byte) string {
	t.Helper()
	if len(body) < 21+65 || body[20] != 65 {
		t.Fatalf("%d bytes are no message", len(body))
	}
	salt, sender := body[:16], body[21:21+65]
	peer, err := ecdh.P256().NewPublicKey(sender)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := b.key.ECDH(peer)
	if err != nil {
		t.Fatal(err)
	}
	ikm := derive(shared, b.auth, append(append([]byte("WebPush: info\x00"), b.key.PublicKey().Bytes()...), sender...), 32)
	block, err := aes.NewCipher(derive(ikm, salt, []byte("Content-Encoding: aes128gcm\x00"), 16))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	text, err := gcm.Open(nil, derive(ikm, salt, []byte("Content-Encoding: nonce\x00"), 12), body[21+65:], nil)
	if err != nil {
		t.Fatal("it does not open:", err)
	}
	text = bytes.TrimRight(text, "\x00")
	if len(text) == 0 || text[len(text)-1] != 2 {
		t.Fatal("no end of the record")
	}
	return string(text[:len(text)-1])
}

// proven checks the header Authorization, and returns what it claims.
func proven(t testing.TB, header, public string) (claims struct {
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	Subject  string `json:"sub"`
}) {
	t.Helper()
	rest, ok := strings.CutPrefix(header, "vapid t=")
	token, key, ok2 := strings.Cut(rest, ", k=")
	parts := strings.Split(token, ".")
	if !ok || !ok2 || len(parts) != 3 || key != public {
		t.Fatalf("the header is %q", header)
	}
	point := raw(t, key)
	at, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	sum, signature := sha256.Sum256([]byte(parts[0]+"."+parts[1])), raw(t, parts[2])
	if len(signature) != 64 || !ecdsa.Verify(at, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Fatal("the signature does not fit")
	}
	if head := string(raw(t, parts[0])); head != `{"typ":"JWT","alg":"ES256"}` {
		t.Error(head)
	}
	if err := json.Unmarshal(raw(t, parts[1]), &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// The sender's key is the same for the same secret, and its proofs are for one
// service and for minutes.
func TestSender(t *testing.T) {
	a, err := newSigner([]byte("secret"), "mailto:support@example.net")
	if err != nil {
		t.Fatal(err)
	}
	b, err := newSigner([]byte("secret"), "")
	if err != nil {
		t.Fatal(err)
	}
	other, err := newSigner([]byte("another"), "")
	if err != nil {
		t.Fatal(err)
	}
	if a.public != b.public || a.public == other.public || len(raw(t, a.public)) != 65 {
		t.Error("keys:", a.public, b.public, other.public)
	}
	now := time.Unix(1_800_000_000, 0)
	header, err := a.proof("https://push.example.net", now)
	if err != nil {
		t.Fatal(err)
	}
	c := proven(t, header, a.public)
	if c.Audience != "https://push.example.net" || c.Subject != "mailto:support@example.net" || c.Expires != now.Add(proofLife).Unix() {
		t.Error(c)
	}
}

// A message is as long whatever it says.
func TestMessagesAreAsLong(t *testing.T) {
	b := newBrowser(t)
	l, err := NewServices([]string{"push.example.net"})
	if err != nil {
		t.Fatal(err)
	}
	to, err := l.parse(b.told("https://push.example.net/a"))
	if err != nil {
		t.Fatal(err)
	}
	length := 0
	for _, w := range []What{Call, Missed, Answered} {
		body, err := seal(messageOf(w).body, to)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.opens(t, body); got != `{"what":"`+string(w)+`"}` {
			t.Error(got)
		}
		if length != 0 && len(body) != length {
			t.Errorf("%s is %d bytes, another %d", w, len(body), length)
		}
		length = len(body)
	}
}
