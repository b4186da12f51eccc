package sip

import (
	"strings"
	"testing"
)

func TestReadReferTo(t *testing.T) {
	const host = "example.test"
	for v, want := range map[string]referTo{
		"<sip:1003@example.test>": {user: "1003", host: host},
		"sip:1003@example.test":   {user: "1003", host: host},
		`"Cat" <SIP:1003@example.test:5060;user=phone;method=INVITE>;x=y`: {user: "1003", host: host},
		"<sip:%2B441527@example.test?Subject=hello>":                      {user: "+441527", host: host},
		"<sip:1003@example.test?Replaces=a%40b%3Bto-tag%3Dx%3Bfrom-tag%3Dy%3Bearly-only&Subject=z>": {
			user: "1003", host: host, replaces: &replaces{callID: "a@b", toTag: "x", fromTag: "y", early: true},
		},
	} {
		got, ok := readReferTo(v)
		if !ok || got.user != want.user || got.host != want.host || (got.replaces == nil) != (want.replaces == nil) {
			t.Errorf("%s is read as %+v, %v", v, got, ok)
		}
		if want.replaces != nil && *got.replaces != *want.replaces {
			t.Errorf("%s replaces %+v", v, got.replaces)
		}
	}
	for _, v := range []string{
		"", "<", "<>", "<sip:>", "sip:example.test", "<sip:@example.test>", "<sips:1003@example.test>", "<tel:1003>", "<sip:1003@example.test", "<sip:1003:pw@example.test>",
		"<sip:1003@a@b>", "<sip:1003@ex ample>", "<sip:1003@>", "<sip:10%003@example.test>", "<sip:10%0d%0aVia@example.test>", "<sip:%zz@example.test>", "<sip:%C3%A9@example.test>",
		"<sip:1003@example.test;method=BYE>", "<sip:1003@example.test?Replaces=>", "<sip:1003@example.test?Replaces=a>", "<sip:1003@example.test?Replaces=%zz>",
		"<sip:1003@example.test?Replaces=a%3Bto-tag%3Dx%3Bfrom-tag%3Dy&Replaces=a%3Bto-tag%3Dx%3Bfrom-tag%3Dy>", strings.Repeat("x", maxReferTo+1),
	} {
		if got, ok := readReferTo(v); ok {
			t.Errorf("%s is read as %+v", v, got)
		}
	}
}

func TestReadReplaces(t *testing.T) {
	for _, v := range []string{
		"", ";", "a", "a;to-tag=x", "a;from-tag=y", "a;to-tag=x;from-tag=", "a;to-tag=x;to-tag=x;from-tag=y", "a;to-tag=x;from-tag=y;from-tag=z", "a b;to-tag=x;from-tag=y",
		"a,b;to-tag=x;from-tag=y", "a;to-tag=x,b;from-tag=y", "a;to-tag=\"x\";from-tag=y", strings.Repeat("a", maxParam+1) + ";to-tag=x;from-tag=y",
		"a;from-tag=y;to-tag=" + strings.Repeat("x", maxReplaces),
	} {
		if got, ok := readReplaces(v); ok {
			t.Errorf("%q is read as %+v", v, got)
		}
	}
	r, ok := readReplaces(" a@b ; TO-TAG = x ;from-tag=y;other")
	if !ok || r != (replaces{callID: "a@b", toTag: "x", fromTag: "y"}) {
		t.Errorf("read as %+v", r)
	}
	for _, c := range []struct {
		callID, tag, theirTag string
		want                  bool
	}{{"a@b", "x", "y", true}, {"a@b", "y", "x", true}, {"a@b", "x", "x", false}, {"a", "x", "y", false}, {"a@b", "x", "", false}} {
		if got := r.means(&leg{callID: c.callID, tag: c.tag, theirTag: c.theirTag}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// FuzzReferTo wants nothing in what is read that could end a line or an address.
func FuzzReferTo(f *testing.F) {
	for _, s := range []string{"<sip:1003@example.test>", "sip:a@b?Replaces=c%3Bto-tag%3Dx%3Bfrom-tag%3Dy", "\"<\" <sip:a@b;method=INVITE>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, v string) {
		to, ok := readReferTo(v)
		if ok && (to.user == "" || !hostLike(to.host) || strings.ContainsAny(to.user, "\r\n\x00")) {
			t.Errorf("%q is read as %q at %q", v, to.user, to.host)
		}
		r, ok := readReplaces(v)
		if ok && (strings.ContainsAny(r.callID, "\r\n") || !token(r.toTag) || !token(r.fromTag)) {
			t.Errorf("%q names %q", v, r.callID)
		}
	})
}
