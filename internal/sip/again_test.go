package sip_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/sip"
	"candour/internal/store"
)

// A registration that is said again is answered as the last was, for as long;
// what is checked each time is who it is from. Whatever else differs is judged
// as if it were new.
func TestRegistrationSaidAgain(t *testing.T) {
	for name, c := range map[string]struct {
		change func(x *exchange, m *message, d *digest)
		status int
		as     bool // what the last was answered with is said again
	}{
		"the same":          {func(*exchange, *message, *digest) {}, 200, true},
		"another tag":       {func(_ *exchange, m *message, _ *digest) { m.from = m.from[:len(m.from)-4] + "zzzz" }, 200, true},
		"a wrong password":  {func(_ *exchange, _ *message, d *digest) { d.word += "x" }, 403, false},
		"another name":      {func(_ *exchange, _ *message, d *digest) { d.user = "nobody22" }, 403, false},
		"a count once more": {func(_ *exchange, _ *message, d *digest) { d.count = 1 }, 401, false},
		"a nonce made up":   {func(_ *exchange, _ *message, d *digest) { d.nonce = strings.Repeat("A", 43) }, 401, false},
		"too old":           {func(x *exchange, _ *message, _ *digest) { x.Later(6 * time.Minute) }, 401, false},
		"for another place": {func(_ *exchange, _ *message, d *digest) { d.uri = "sip:1003@" + domain }, 403, false},
		"of somebody else":  {func(_ *exchange, m *message, _ *digest) { m.to = "<sip:1001@" + domain + ">" }, 403, false},
		"one line more":     {func(_ *exchange, m *message, _ *digest) { m.more = slices.Insert(m.more, 0, "X-Line: 1") }, 200, false},
		"no longer": {func(_ *exchange, m *message, _ *digest) {
			for i := range m.more {
				m.more[i] = strings.Replace(m.more[i], "expires=600", "expires=0", 1)
			}
		}, 200, false},
		"a doubled line": {func(_ *exchange, m *message, _ *digest) {
			m.more = slices.Insert(m.more, 0, "Expires: 600", "Expires: 60")
		}, 400, false},
		"a branch of ten": {func(_ *exchange, m *message, _ *digest) { m.branch = "a b" }, 400, false},
	} {
		t.Run(name, func(t *testing.T) {
			x := three(t, sip.Config{Slow: time.Nanosecond})
			b := x.handset("ben", "UDP")
			m := b.registration(600)
			b.write(m)
			d := b.digest(m, asks(b.answer("REGISTER", m.seq, 401))[0])
			m = b.again(m, d)
			b.write(m)
			first := b.answer("REGISTER", m.seq, 200)
			b.write(m)
			if once := b.answer("REGISTER", m.seq, 200); once.String() != first.String() {
				t.Errorf("the same message was answered\n%s", once)
			}
			m.seq, m.branch, d.count, m.more = m.seq+1, draw(), 2, slices.Clone(m.more)
			c.change(x, &m, &d)
			m.more[len(m.more)-1] = d.header("REGISTER")
			b.write(m)
			got := b.answer("REGISTER", m.seq, c.status)
			if as := got.To().Params.String() == first.To().Params.String(); as != c.as {
				t.Errorf("answered as before: %v", as)
			}
			if branch, _ := got.Via().Params.Get("branch"); c.status == 200 && !strings.HasSuffix(branch, m.branch) {
				t.Errorf("the answer is to %s", branch)
			}
			if tag, _ := got.From().Params.Get("tag"); c.status == 200 && !strings.HasSuffix(m.from, tag) {
				t.Errorf("the answer has the tag %s", tag)
			}
			if c.as && got.Contact().String() != first.Contact().String() {
				t.Errorf("the answer shows %s", got.Contact())
			}
		})
	}
}

// A registration that is said again holds from then on, and not for a phone that
// was removed meanwhile.
func TestRegistrationHoldsAnew(t *testing.T) {
	x := three(t, sip.Config{})
	device, cred := x.device(x.lines["ben"])
	b := x.handsetWith("ben", "UDP", cred)
	m := b.registration(600)
	b.write(m)
	d := b.digest(m, asks(b.answer("REGISTER", m.seq, 401))[0])
	m = b.again(m, d)
	b.write(m)
	b.answer("REGISTER", m.seq, 200)
	again := func(status int) {
		t.Helper()
		m.seq, m.branch, m.more = m.seq+1, draw(), slices.Clone(m.more)
		d.count++
		m.more[len(m.more)-1] = d.header("REGISTER")
		b.write(m)
		b.answer("REGISTER", m.seq, status)
	}
	before := x.sip.Registrations()[0]
	x.Later(4 * time.Minute)
	again(200) // what was looked up is not remembered any more
	x.Later(time.Minute / 2)
	again(200)
	if now := x.sip.Registrations(); len(now) != 1 || !now[0].Since.Equal(before.Since) || now[0].Expires.Sub(before.Expires) != 4*time.Minute+time.Minute/2 {
		t.Errorf("registered: %+v, before %+v", now, before)
	}
	err := x.Store.Update(context.Background(), func(tx *store.Tx) error {
		return x.desk.RevokeDevice(context.Background(), tx, x.ownUse(), x.lines["ben"].Account, device.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	x.until("nothing is registered", func() bool { return len(x.sip.Registrations()) == 0 })
	m.seq, m.branch, m.more = m.seq+1, draw(), slices.Clone(m.more)
	d.count++
	m.more[len(m.more)-1] = d.header("REGISTER")
	b.write(m)
	b.quiet()
	if len(x.sip.Registrations()) != 0 {
		t.Error("a phone that was removed is registered")
	}
}
