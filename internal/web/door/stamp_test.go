package door

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"
)

type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

// A form is taken from a person, once, and not for ever.
func TestStamps(t *testing.T) {
	c := &clock{now}
	s := NewStamps([]byte("secret"), c.now)
	stamp := s.New("contact")
	check := func(what string, form, stamp string, want error) {
		t.Helper()
		if err := s.Check(form, stamp); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	check("at once", "contact", stamp, ErrQuick)
	c.t = c.t.Add(MinFormAge)
	check("in time", "contact", stamp, nil)
	check("again, not sent yet", "contact", stamp, nil)
	check("for another form", "newsletter", stamp, ErrStamp)
	check("none", "contact", "", ErrStamp)
	check("too long", "contact", strings.Repeat("a", 1000), ErrStamp)
	for i := range stamp {
		bad := stamp[:i] + string(stamp[i]^1) + stamp[i+1:]
		check("changed", "contact", bad, ErrStamp)
	}
	if err := s.Spend(stamp); err != nil {
		t.Fatal(err)
	}
	check("after it was sent", "contact", stamp, ErrReplay)
	if err := s.Spend(stamp); !errors.Is(err, ErrReplay) {
		t.Error("spent twice")
	}
	s.Return(stamp)
	check("after the act failed", "contact", stamp, nil)
	c.t = c.t.Add(MaxFormAge)
	check("the day after", "contact", stamp, ErrStale)
	if NewStamps([]byte("other"), c.now).Check("contact", s.New("contact")) == nil {
		t.Error("another secret's stamp is good")
	}
	c.t = c.t.Add(-2 * MaxFormAge)
	check("from the future", "contact", stamp, ErrQuick)
}

func TestSpentStampsAreBounded(t *testing.T) {
	c := &clock{now}
	s := NewStamps([]byte("secret"), c.now)
	for i := range maxSpent + 10 {
		if err := s.Spend("stamp " + strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.spent) > maxSpent {
		t.Errorf("%d are remembered", len(s.spent))
	}
}

func TestForgery(t *testing.T) {
	f := NewForgery([]byte("secret"))
	cookie := f.NewCookie()
	token := f.Token(cookie, "contact")
	if !f.Good(cookie, "contact", token) || !f.Ours(cookie) {
		t.Fatal("our own form")
	}
	other := f.NewCookie()
	for name, c := range map[string][3]string{
		"another browser's cookie": {other, "contact", token}, "another form": {cookie, "newsletter", token}, "no cookie": {"", "contact", token},
		"no token": {cookie, "contact", ""}, "a cookie not of ours": {"planted.planted", "contact", f.Token("planted.planted", "contact")},
		"the cookie's code as token": {cookie, "contact", strings.Split(cookie, ".")[1]}, "a cookie without code": {strings.Split(cookie, ".")[0], "contact", token},
	} {
		if f.Good(c[0], c[1], c[2]) {
			t.Errorf("%s is good", name)
		}
	}
}

func FuzzTokens(f *testing.F) {
	c := &clock{now}
	s, g := NewStamps([]byte("secret"), c.now), NewForgery([]byte("secret"))
	cookie := g.NewCookie()
	f.Add("m1.AAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("....", "a.b")
	f.Fuzz(func(t *testing.T, stamp, token string) {
		if err := s.Check("contact", stamp); err == nil {
			t.Fatal("a stamp that nobody made is good")
		}
		if g.Good(cookie, "contact", token) && token != g.Token(cookie, "contact") || g.Ours(token) && token != cookie {
			t.Fatal("a token that nobody made is good")
		}
	})
}

// R9: an address is counted, and forgotten with the window.
func TestLimit(t *testing.T) {
	c := &clock{now}
	l := NewLimit(2, time.Minute, c.now)
	for _, step := range []struct {
		remote string
		want   bool
	}{
		{"192.0.2.1:1000", true}, {"192.0.2.1:2000", true}, {"192.0.2.1:3000", false}, {"[::ffff:192.0.2.1]:9", false}, {"192.0.2.2:1000", true},
		{"[2001:db8::1]:1", true}, {"[2001:db8::2]:1", true}, {"[2001:db8::3]:1", false}, {"[2001:db8:0:1::1]:1", true}, {"pipe", true}, {"pipe", true}, {"pipe", false},
	} {
		if got := l.Take(step.remote); got != step.want {
			t.Errorf("%s: %v, want %v", step.remote, got, step.want)
		}
	}
	salt := l.salt
	c.t = c.t.Add(time.Minute)
	if !l.Take("192.0.2.1:1") || len(l.counts) != 1 || l.salt == salt {
		t.Error("the window's counts were kept")
	}
}
