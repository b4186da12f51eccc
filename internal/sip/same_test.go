package sip

import (
	"bytes"
	"testing"
)

const oldRegister = "REGISTER sip:invoco.net SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;rport\r\nFrom: <sip:u@invoco.net>;tag=a\r\n" +
	"To: <sip:u@invoco.net>\r\nCall-ID: a\r\nCSeq: 1 REGISTER\r\nContact: <sip:u@192.0.2.1>\r\nAuthorization: Digest username=\"u\"\r\nContent-Length: 0\r\n\r\n"

// What counts as said again is fit to be acted on, as the one before it was, and
// so is its answer.
func FuzzSameButFor(f *testing.F) {
	f.Add([]byte(oldRegister))
	f.Add(bytes.Replace([]byte(oldRegister), []byte("z9hG4bKa"), []byte("z9hG4bKbc"), 1))
	f.Add(bytes.ReplaceAll([]byte(oldRegister), []byte("tag=a"), []byte("tag=b;x")))
	f.Add(bytes.ReplaceAll([]byte(oldRegister), []byte("CSeq: 1"), []byte("CSeq: 22")))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, same := sameButFor([]byte(oldRegister), b)
		if !same {
			return
		}
		if got := judged(b); got != -1 {
			t.Fatalf("judged %d:\n%q", got, b)
		}
		w := said{req: []byte(oldRegister), res: []byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa;rport=5\r\nFrom: <sip:u@invoco.net>;tag=a\r\nCSeq: 1 REGISTER\r\n\r\n")}
		var scratch []byte
		w.repeat(b, r, &scratch)
		if got := judged(w.res); got != -1 && got != 0 || !bytes.Equal(w.req, b) {
			t.Fatalf("answered %q", w.res)
		}
	})
}
