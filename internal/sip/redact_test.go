package sip

import (
	"strings"
	"testing"
)

// Wherever somebody puts what tells of them, it does not pass; what passes are
// words of the protocol.
func TestRedaction(t *testing.T) {
	const secret = "ann.secret"
	base := "INVITE sip:1001@d.test SIP/2.0\r\nVia: SIP/2.0/UDP h.test:5060;branch=z9hG4bKx;rport\r\nFrom: \"A\" <sip:1@d.test>;tag=a\r\nTo: <sip:2@d.test>\r\n" +
		"Call-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@h.test>\r\nUser-Agent: phone\r\nX-Thing: x\r\nContent-Type: application/sdp\r\nContent-Length: 9\r\n\r\n" +
		"v=0\r\no=me 1 1 IN IP4 192.0.2.1\r\ns=name\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=crypto:1 X inline:k\r\na=sendrecv\r\n"
	for _, at := range []string{
		"1001", "d.test", "h.test", "z9hG4bKx", "\"A\"", "sip:1@", "tag=a", "sip:2@", ": c\r", "sip:a@", "phone", "X-Thing", ": x\r", "application/sdp", "o=me", "192.0.2.1", "s=name", "k\r", "PCMU", "RTP/AVP", "5060", "INVITE s",
		"1 INVITE", "v=0", "a=sendrecv", "4000",
	} {
		if !strings.Contains(base, at) {
			t.Fatalf("%q is not there", at)
		}
		text := strings.Replace(base, at, at[:len(at)/2]+secret+at[len(at)/2:], 1)
		if got := newTokens().message(text); strings.Contains(got, secret) && at != "PCMU" && at != "RTP/AVP" {
			t.Errorf("put into %q it passes:\n%s", at, got)
		}
	}
	got := newTokens().message(base)
	for _, want := range []string{"INVITE sip:user-", "CSeq: 1 INVITE", "m=audio 4000 RTP/AVP 0 101", "a=rtpmap:0 PCMU/8000", "a=crypto:(redacted)", "a=sendrecv", ";rport", "(another header): (redacted)"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q does not pass:\n%s", want, got)
		}
	}
}

// Nothing that is sent makes a trace fail, or lets a long word of a name pass.
func FuzzRedaction(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(string(s))
	}
	f.Fuzz(func(t *testing.T, s string) {
		w := newTokens()
		got := w.message(s)
		if withoutSecrets(s); strings.Contains(got, "@") && !strings.Contains(got, "user-") {
			t.Fatalf("an address passes: %q", got)
		}
		if got != w.message(s) {
			t.Fatal("the words change")
		}
	})
}
