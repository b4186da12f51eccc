package identity

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/pquerna/otp/totp"
)

// A session's token has one spelling, and nothing else is one. (Those of links
// in mails are fuzzed in internal/mail.)
func FuzzSessionToken(f *testing.F) {
	good, _ := newToken()
	for _, s := range []string{good, "", good[:42], good + "=", good[:42] + "\n", strings.Repeat("/", 43)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		hash, ok := tokenHash(s)
		if !ok {
			return
		}
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil || len(b) != tokenBytes || base64.RawURLEncoding.EncodeToString(b) != s || len(hash) != 32 {
			t.Errorf("%q is taken for a token", s)
		}
	})
}

// Whatever a browser answers, reading it neither fails the program nor takes a
// challenge that was not given out.
func FuzzPasskeyAnswer(f *testing.F) {
	c := newCeremonies(time.Now)
	client := base64.RawURLEncoding.EncodeToString([]byte(`{"type":"webauthn.get","challenge":"` + base64.RawURLEncoding.EncodeToString(c.challenge("portal")) + `","origin":"https://portal.example.net"}`))
	data := base64.RawURLEncoding.EncodeToString(make([]byte, 37))
	f.Add([]byte(`{"id":"AQID","rawId":"AQID","type":"public-key","response":{"authenticatorData":"` + data + `","clientDataJSON":"` + client + `","signature":"AQID","userHandle":"AQID"}}`))
	f.Add([]byte(`{"id":"AQID","rawId":"AQID","type":"public-key","response":{"attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUEA","clientDataJSON":"` + client + `"}}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, answer []byte) {
		parsed, challenge, ok := parseAnswer(answer)
		if ok && (parsed == nil || len(answer) > maxAnswer) {
			t.Error("an answer that cannot be is taken")
		}
		if ok && c.ours("console", challenge) {
			t.Error("a challenge of one surface is good on another")
		}
		if len(answer) <= maxAnswer {
			_, _ = protocol.ParseCredentialCreationResponseBytes(answer) // what AddPasskey does with it; it must not panic
		}
	})
}

// A code is six digits of a step next to now, however it is grouped; and one of
// recovery has one sum however it is written.
func FuzzCode(f *testing.F) {
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // RFC 6238 appendix B
	now := time.Unix(1111111111, 0)
	right, err := totp.GenerateCode(secret, now)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{right, right[:3] + " " + right[3:], "000000", "", "-", "١٢٣٤٥٦", "abcd-efgh-ijkl"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		step, ok := stepOf(secret, code, now)
		bare := strings.NewReplacer(" ", "", "-", "").Replace(code)
		if at := now.Unix() / codeStep; ok && (len(bare) != 6 || strings.Trim(bare, "0123456789") != "" || step < at-codeSkew || step > at+codeSkew) {
			t.Errorf("%q is a code of step %d", code, step)
		}
		if string(recoverySum(code)) != string(recoverySum(" "+strings.ToUpper(strings.ToLower(code))+"-")) && isASCII(code) {
			t.Errorf("%q has two sums", code)
		}
	})
}

func isASCII(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e }) < 0 }
