package media

import (
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/pion/stun/v4"
)

// Whoever stands in the way between a browser and us has another certificate
// than the one that signalling tells of (RFC 8827 section 6.5).
func TestAnotherCertificateIsNotTaken(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	impatient(r)
	caller, callee := newPeer(t, browser{}), newPeer(t, browser{shift: 1})
	a, b, offer := dial(t, r, caller)
	answer := callee.answer(offer)
	digest := regexp.MustCompile(`a=fingerprint:sha-256 (\S+)`).FindStringSubmatch(answer)[1]
	if err := b.Answered(strings.ReplaceAll(answer, digest, strings.Repeat("AB:", 31)+"AB")); err != nil {
		t.Fatal(err)
	}
	until(t, "the end of a leg with a stranger", func() bool { return gone(b) })
	if b.Stats().Connected || gone(a) {
		t.Error("a stranger was taken in")
	}
}

func TestAnotherPasswordIsNotTaken(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	impatient(r)
	caller, callee := newPeer(t, browser{}), newPeer(t, browser{shift: 1})
	_, b, offer := dial(t, r, caller)
	own := regexp.MustCompile(`a=ice-pwd:(\S+)`).FindStringSubmatch(offer)[1]
	if err := b.Answered(callee.answer(strings.ReplaceAll(offer, own, strings.Repeat("x", len(own))))); err != nil {
		t.Fatal(err)
	}
	until(t, "the end of a leg with a stranger", func() bool { return gone(b) })
	if b.Stats().Connected {
		t.Error("a stranger was taken in")
	}
}

// Anybody can send to the port. What is not of a call is dropped, also when it
// names one, and calls go on.
func TestStrangersAtThePort(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	c := talk(t, r, browser{}, browser{shift: 1})
	bytesPass(t, c.caller, c.callee, audio, mimeOpus)
	stranger, err := net.Dial("udp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Close() }()
	ask := func(user, password string) []byte {
		m, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(user), stun.NewShortTermIntegrity(password), stun.Fingerprint)
		if err != nil {
			t.Fatal(err)
		}
		return m.Raw
	}
	ufrag := c.a.local.ufrag
	for range 50 {
		for _, b := range [][]byte{
			{}, {0}, {0x80}, make([]byte, 1472),
			ask(ufrag+":"+c.a.remote.ufrag, "not the password of this call"),
			ask("nobody:nobody", "not the password of any call"),
			ask(ufrag+":"+c.a.remote.ufrag, c.a.local.pwd)[:24],
			{0x80, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 's', 'p', 'a', 'm'},
			{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1}, // the beginning of DTLS
		} {
			if _, err := stranger.Write(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	bytesPass(t, c.caller, c.callee, audio, mimeOpus)
	bytesPass(t, c.callee, c.caller, audio, mimeOpus)
	if s := c.a.Stats(); s.Dropped != 0 || !s.Connected {
		t.Errorf("%+v", s)
	}
}

// A callee without a camera sees the caller's picture all the same.
func TestACalleeWithoutACamera(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}, mute: true})
	bytesPass(t, c.caller, c.callee, audio, mimeOpus)
	bytesPass(t, c.callee, c.caller, audio, mimeOpus)
	bytesPass(t, c.caller, c.callee, video, mimeVP8)
	if ways := regexp.MustCompile(`a=(sendrecv|recvonly)`).FindAllString(c.a.sent, -1); len(ways) != 2 || ways[1] != "a=recvonly" {
		t.Errorf("the caller is told %v", ways)
	}
}
