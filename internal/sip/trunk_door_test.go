package sip_test

import (
	"context"
	"crypto/md5" //nolint:gosec // carriers ask for it
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"candour/internal/sip"
	"candour/internal/telecom"
	"candour/internal/trunk"
)

// A network that asks for a digest is answered, again for a stale nonce, and with
// the better algorithm; a wrong password is not tried for ever.
func TestATrunkAsksForADigest(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{Retry: time.Hour}, func(_ int, _ *trunk.File, one *trunk.Trunk) {
		one.Register = &trunk.Registration{Username: "house", Password: "harbour lantern", Expires: 5 * time.Minute}
	})
	far := nets[0]
	reg := far.asked("REGISTER")
	d := &dialog{p: far, local: reg.To().Value() + ";tag=" + draw()}
	if reg.Recipient.String() != "sip:carrier.example" || reg.From().Address.User != "house" || strings.Contains(reg.String(), "harbour") {
		t.Errorf("%s", reg)
	}
	d.replyTo(reg, 401, "", `WWW-Authenticate: Digest realm="carrier.example", nonce="n1", algorithm=MD5, qop="auth"`, `WWW-Authenticate: Digest realm="carrier.example", nonce="n1", algorithm=SHA-256, qop="auth", opaque="o"`)
	reg = far.asked("REGISTER")
	if h := reg.GetHeader("Authorization").Value(); !strings.Contains(h, "algorithm=SHA-256") || !strings.Contains(h, `opaque="o"`) || !strings.Contains(h, "nc=00000001") {
		t.Error(h)
	}
	d.replyTo(reg, 423, "", "Min-Expires: 600")
	reg = far.asked("REGISTER")
	if reg.GetHeader("Expires").Value() != "600" {
		t.Errorf("%s", reg)
	}
	own := reg.Contact().Address
	d.replyTo(reg, 200, "", "Contact: <"+own.String()+">;expires=600")
	x.until("it is registered", func() bool { st := x.sip.Trunks()[0]; return st.Registered && st.Up })

	a := x.registered("ann")
	from := a.call("02079460018")
	req := far.asked("INVITE")
	c := &dialog{p: far, asked: req, callID: req.CallID().Value(), remote: req.From().Value(), local: req.To().Value() + ";tag=" + draw(), target: req.Contact().Address.String(), seq: -1}
	if h := req.GetHeader("Authorization"); h == nil || !strings.Contains(h.Value(), `nonce="n1"`) {
		t.Error("what was asked before is asked for again")
	}
	c.reply(407, "", `Proxy-Authenticate: Digest realm="carrier.example", nonce="n2", stale=true`) // of old: MD5 without qop
	far.asked("ACK")
	req = far.asked("INVITE")
	sum := func(s string) string { b := md5.Sum([]byte(s)); return hex.EncodeToString(b[:]) } //nolint:gosec // as above
	want := sum(sum("house:carrier.example:harbour lantern") + ":n2:" + sum("INVITE:"+req.Recipient.String()))
	if h := req.GetHeader("Proxy-Authorization").Value(); !strings.Contains(h, want) || strings.Contains(h, "qop") {
		t.Error(h)
	}
	if req.CallID().Value() != c.callID || req.CSeq().SeqNo != 2 || req.To().Params.Has("tag") {
		t.Errorf("%s", req)
	}
	c.asked, c.sdp = req, string(req.Body())
	c.reply(200, spoken(far.id))
	far.asked("ACK")
	from.connected()
	from.ask("BYE", 200, "", "")
	bye := far.asked("BYE")
	c.replyTo(bye, 401, "", `WWW-Authenticate: Digest realm="carrier.example", nonce="n3"`)
	if bye = far.asked("BYE"); !strings.Contains(bye.GetHeader("Authorization").Value(), `nonce="n3"`) {
		t.Errorf("%s", bye)
	}
	c.replyTo(bye, 200, "")
	x.kept("ann", telecom.Completed)

	// A nonce that is refused again means that the password is wrong.
	from = a.call("02079460018")
	for range 2 {
		req = far.asked("INVITE")
		c.replyTo(req, 401, "", `WWW-Authenticate: Digest realm="carrier.example", nonce="n4"`)
		far.asked("ACK")
	}
	from.refused(503)
	if st := x.sip.Trunks()[0]; st.Failure != 401 {
		t.Errorf("%+v", st)
	}
	// A call to the Contact that was registered is for the number in To.
	b := x.registered("ben")
	m := far.brings(bensNumber, farNumber)
	m.uri = own.String()
	far.write(m)
	b.rings()
}

// A registration that is refused is tried again, later and later.
func TestRegistrationIsTriedAgain(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{Retry: 10 * time.Millisecond}, func(_ int, _ *trunk.File, one *trunk.Trunk) {
		one.Register = &trunk.Registration{Username: "house", Password: "x", Realm: "carrier.example", Expires: time.Minute}
	})
	d := &dialog{p: nets[0], local: "<sip:house@carrier.example>;tag=" + draw()}
	for range 3 {
		d.replyTo(nets[0].asked("REGISTER"), 503, "")
	}
	if st := x.sip.Trunks()[0]; st.Up || st.Registered {
		t.Errorf("%+v", st)
	}
	// The password is for one realm, and is not told to another.
	reg := nets[0].asked("REGISTER")
	d.replyTo(reg, 401, "", `WWW-Authenticate: Digest realm="elsewhere.example", nonce="n1"`)
	if reg = nets[0].asked("REGISTER"); reg.GetHeader("Authorization") != nil {
		t.Error("another realm was answered")
	}
	d.replyTo(reg, 200, "")
	x.until("it is registered", func() bool { return x.sip.Trunks()[0].Registered })
}

// Whoever is no trunk hears nothing at the door of the trunks, whatever they ask.
func TestStrangersAtTheDoorOfTrunks(t *testing.T) {
	codes := make(chan string, 100)
	x, nets := outside(t, 1, sip.Config{Refused: func(code string) { codes <- code }}, func(_ int, _ *trunk.File, one *trunk.Trunk) {
		one.From, one.Host = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, "192.0.2.7"
	})
	b, p := x.registered("ben"), nets[0]
	p.write(p.brings(bensNumber, farNumber))
	if got := <-codes; got != "stranger" {
		t.Error(got)
	}
	b.quiet()
	if len(p.inbox) != 0 {
		t.Error("a stranger is answered")
	}
	// At the door of phones, nobody calls a line by its number either.
	q := x.handset("ann", "UDP")
	m := q.invitation(bensNumber)
	q.write(m)
	(&dialog{p: q, invite: m}).acknowledged(q.answer("INVITE", m.seq, 401))
	b.quiet()
}

// R19: what the policy does not declare is not connected.
func TestTrunksArePolicy(t *testing.T) {
	h := open(t)
	x := h.serve(t, sip.Config{}, map[string]telecom.Line{})
	ok := trunk.Trunk{ID: "a", Recipient: "carriers", Host: "127.0.0.1", Port: 5060, Capacity: 2, Takes: []trunk.Way{{Prefix: "+", Priority: 1}}}
	for want, change := range map[string]func(f *trunk.File){
		`no recipient "nobody"`:         func(f *trunk.File) { f.Trunks[0].Recipient = "nobody" },
		`recipient "google" have`:       func(f *trunk.File) { f.Trunks[0].Recipient = "google" },
		`no recipient "google" be told`: func(f *trunk.File) { f.Trunks[0].Emergency = "google" },
		"shown must be a number":        func(f *trunk.File) { f.Shown = "+449098790123" },
		"two trunks have the id a":      func(f *trunk.File) { f.Trunks = append(f.Trunks, f.Trunks[0]) },
		"address already in use":        func(f *trunk.File) { f.Listen = strings.TrimPrefix(x.web.URL, "http://") },
	} {
		f := trunk.File{Listen: "127.0.0.1:0", Trunks: []trunk.Trunk{ok}}
		change(&f)
		if _, err := x.sip.ConnectTrunks(context.Background(), f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if n := len(x.sip.Trunks()); n > 1 {
		t.Errorf("%d trunks are connected", n)
	}
}
