package sip_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"candour/internal/sip"
)

// RFC 8760: SHA-256 is offered first, then MD5. A phone that gave up at the first
// is then offered MD5 alone.
func TestChallenge(t *testing.T) {
	x := three(t, sip.Config{})
	b := x.handset("ben", "UDP")
	m := b.registration(600)
	b.write(m)
	both := asks(b.answer("REGISTER", m.seq, 401))
	if len(both) != 2 || both[0]["algorithm"] != "SHA-256" || both[1]["algorithm"] != "MD5" {
		t.Fatalf("offered: %v", both)
	}
	for _, of := range both {
		if of["realm"] != domain || of["qop"] != "auth" || of["nonce"] == "" || of["stale"] != "" {
			t.Errorf("offered: %v", of)
		}
	}
	m.seq, m.branch = m.seq+1, draw()
	b.n = m.seq
	b.write(m) // the same registration once more, without an answer
	if of := asks(b.answer("REGISTER", m.seq, 401)); len(of) != 1 || of[0]["algorithm"] != "MD5" {
		t.Errorf("offered again: %v", of)
	}
	m = b.again(m, b.digest(m, both[1]))
	b.write(m)
	b.answer("REGISTER", m.seq, 200)
	m = b.registration(600)
	b.write(m)
	if of := asks(b.answer("REGISTER", m.seq, 401)); len(of) != 1 || of[0]["algorithm"] != "MD5" {
		t.Errorf("offered to who is here: %v", of)
	}
	old := x.handset("ben", "UDP")
	m = old.registration(600)
	m.more[0] = "User-Agent: baresip v1.0.0 (x86_64/linux)"
	old.write(m)
	if of := asks(old.answer("REGISTER", m.seq, 401)); len(of) != 1 || of[0]["algorithm"] != "MD5" {
		t.Errorf("offered to an old phone: %v", of)
	}
}

// What answers a challenge is judged whole; none of what is wrong tells whether
// anybody has the name.
func TestDigest(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*digest)
		status int
		stale  bool
	}{
		"as it is":            {func(*digest) {}, 200, false},
		"MD5":                 {func(d *digest) { d.algorithm = "MD5" }, 200, false},
		"a wrong password":    {func(d *digest) { d.word += "x" }, 403, false},
		"no password":         {func(d *digest) { d.word = "" }, 403, false},
		"a name of nobody":    {func(d *digest) { d.user = "nobody22" }, 403, false},
		"the extension":       {func(d *digest) { d.user = "1002" }, 403, false},
		"for another place":   {func(d *digest) { d.uri = "sip:1003@" + domain }, 403, false},
		"of another realm":    {func(d *digest) { d.realm = "elsewhere.example" }, 401, false},
		"a nonce made up":     {func(d *digest) { d.nonce = strings.Repeat("A", 43) }, 401, false},
		"a nonce changed":     {func(d *digest) { d.nonce = "B" + d.nonce[1:] }, 401, false},
		"without qop":         {func(d *digest) { d.qop = "" }, 401, false},
		"qop of more":         {func(d *digest) { d.qop = "auth-int" }, 401, false},
		"counted from nought": {func(d *digest) { d.count = 0 }, 401, true},
		"too old":             {func(d *digest) { d.count = -1 }, 401, true}, // its time passes
	} {
		t.Run(name, func(t *testing.T) {
			x := three(t, sip.Config{Slow: time.Nanosecond})
			b := x.handset("ben", "UDP")
			m := b.registration(600)
			b.write(m)
			d := b.digest(m, asks(b.answer("REGISTER", m.seq, 401))[0])
			c.change(&d)
			if d.count < 0 {
				x.Later(6 * time.Minute)
				d.count = 1
			}
			m = b.again(m, d)
			b.write(m)
			res := b.answer("REGISTER", m.seq, c.status)
			if c.status == 401 && (asks(res)[0]["stale"] == "true") != c.stale {
				t.Errorf("stale is %q", asks(res)[0]["stale"])
			}
			if c.status == 403 && (len(asks(res)) > 0 || len(x.sip.Registrations()) > 0) {
				t.Error("a refusal says more than that it is one")
			}
		})
	}
}

// An answer to a challenge is good once; the nonce, with the next count, is good
// again. REGISTER and the INVITE of a new call are never taken without.
func TestDigestIsUsedOnce(t *testing.T) {
	var c sip.Config
	told := counting(&c)
	x := three(t, c)
	b := x.handset("ben", "UDP")
	m := b.registration(600)
	b.write(m)
	d := b.digest(m, asks(b.answer("REGISTER", m.seq, 401))[1])
	first := b.again(m, d)
	b.write(first)
	b.answer("REGISTER", first.seq, 200)
	b.write(first) // a repeat: the network lost the answer
	b.answer("REGISTER", first.seq, 200)

	replay := b.again(m, d)
	replay.seq = first.seq + 1
	b.n = replay.seq
	b.write(replay)
	if of := asks(b.answer("REGISTER", replay.seq, 401)); of[0]["stale"] != "true" {
		t.Error("a replay is not told that the nonce is stale")
	}
	elsewhere := x.handset("ben", "UDP")
	replay.seq, replay.branch = replay.seq+1, draw()
	elsewhere.write(replay)
	elsewhere.answer("REGISTER", replay.seq, 401)
	d.count = 2
	next := b.again(m, d)
	next.seq = replay.seq + 1
	b.n = next.seq
	b.write(next)
	b.answer("REGISTER", next.seq, 200)

	b.n++
	call := b.invitation("1001")
	b.write(call)
	res := b.answer("INVITE", call.seq, 401)
	(&dialog{p: b, invite: call}).acknowledged(res)
	if n := len(x.sip.Calls()); n != 0 {
		t.Errorf("%d calls began", n)
	}
	if got := told.count(); got["replay"] != 2 {
		t.Errorf("counted: %v", got)
	}
}

// A phone signs in as its own line, by its extension or by its own name.
func TestPhoneIsItsOwnLine(t *testing.T) {
	x := three(t, sip.Config{Slow: time.Nanosecond})
	for name, c := range map[string]struct {
		user   func(p *phone) string
		status int
	}{
		"the extension": {func(p *phone) string { return "1002" }, 200},
		"its name":      {func(p *phone) string { return p.user }, 200},
		"another's":     {func(p *phone) string { return "1001" }, 403},
		"nobody's":      {func(p *phone) string { return "1009" }, 403},
	} {
		t.Run(name, func(t *testing.T) {
			b := x.handset("ben", "UDP")
			m := b.registration(600)
			aor := "<sip:" + c.user(b) + "@" + domain + ">"
			m.from, m.to = aor+";tag="+draw(), aor
			m = b.signed(m)
			b.write(m)
			b.answer("REGISTER", m.seq, c.status)
			b.signIn(600, 200)
			b.n++
			call := b.invitation("1001")
			call.from, call.body = aor+";tag="+draw(), spoken(b.id)
			d := b.invite(b.signed(call))
			d.refused(map[int]int{200: 480, 403: 403}[c.status])
		})
	}
}

// R18: guesses are slowed by where they come from, and then not answered. Who is here
// already, and others elsewhere, notice nothing; nobody's phone is locked out.
func TestGuessesAreSlowed(t *testing.T) {
	c := sip.Config{Slow: time.Nanosecond}
	told := counting(&c)
	x := three(t, c)
	b := x.here("ben", "UDP")
	for i := range 5 {
		spy := x.handset("ben", "UDP")
		spy.user, spy.word = b.user, fmt.Sprint("guess", i)
		spy.signIn(600, 403)
	}
	spy := x.handset("ben", "UDP")
	spy.write(spy.registration(600))
	x.until("it is not heard", func() bool { return x.sip.Counts().Dropped > 0 })
	b.signIn(600, 200)
	d := b.dials("1001")
	d.refused(480)
	x.Later(30 * time.Second)
	spy.signIn(600, 200) // the right password
	if got := told.count(); got["password"] != 5 || got["flood"] == 0 {
		t.Errorf("counted: %v", got)
	}
	if len(spy.heard()) > 0 {
		t.Errorf("it heard %v", spy.heard())
	}
}

// The refusal of a wrong password comes after a while, and the same whether
// anybody has the name.
func TestRefusalsAreTheSame(t *testing.T) {
	x := three(t, sip.Config{Slow: time.Millisecond})
	var texts []string
	for _, change := range []func(*phone){func(p *phone) { p.word = "x" }, func(p *phone) { p.user = "zzzzzzzz" }} {
		b := x.handset("ben", "UDP")
		change(b)
		res := b.signIn(600, 403)
		var names []string
		for _, h := range res.Headers() {
			names = append(names, h.Name())
		}
		texts = append(texts, res.StartLine()+strings.Join(names, " "))
	}
	if texts[0] != texts[1] {
		t.Errorf("the answers differ: %q", texts)
	}
}
