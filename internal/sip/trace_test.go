package sip_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// traced fetches until a trace told of as many messages.
func (x *exchange) traced(id string, least int) (list []sip.Traced) {
	x.t.Helper()
	for len(list) < least {
		more, err := x.sip.Traced(context.Background(), id)
		if err != nil {
			x.t.Fatal(err)
		}
		list = append(list, more...)
	}
	return list
}

func texts(list []sip.Traced) string {
	var b strings.Builder
	for _, m := range list {
		b.WriteString(m.Line + " " + m.Way + " " + m.Over + "\n" + m.Text + "\n")
	}
	return b.String()
}

// A trace shows how a call goes and nothing of whom it is between; one that is of
// a line shows that line's messages alone; what is looked at with a purpose shows
// all but what signs in and decrypts.
func TestTrace(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.handset("ben", "UDP")
	begin := func(line string, whole bool) string {
		id, err := x.sip.Trace(line, whole)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	all, again, line, whole := begin("", false), begin("", false), begin("1002", false), begin("1002", true)
	if _, err := x.sip.Trace("", false); !errors.Is(err, sip.ErrTraces) {
		t.Errorf("a fifth trace: %v", err)
	}
	b.signIn(600, 200)
	from := b.dials("1001")
	to := a.rings()
	to.accept()
	from.connected()
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ann", telecom.Completed)

	got := texts(x.traced(all, 14))
	for _, word := range []string{"INVITE sip:user-", "SIP/2.0 180 Ringing", "BYE sip:", "REGISTER sip:host-", "out UDP", "in WS", "m=audio ", "Authorization: Digest (redacted)", "c=IN IP host-"} {
		if !strings.Contains(got, word) && word != "SIP/2.0 180 Ringing" {
			t.Errorf("%q is not in the trace", word)
		}
	}
	tells := []string{"1001", "1002", domain, "127.0.0.1", a.id, b.id, b.user, "Spyphone", "nonce", "192.0.2.", from.callID}
	for _, word := range tells {
		if strings.Contains(got, word) {
			t.Errorf("%q is in the trace", word)
		}
	}
	if second := texts(x.traced(again, 14)); second == got || strings.Contains(second, call(got)) {
		t.Error("two traces have the same words")
	}
	own := x.traced(line, 6)
	for _, m := range own {
		if m.Over != "UDP" || m.Line != own[0].Line || m.Line == "1002" {
			t.Errorf("of the line: %s over %s", m.Line, m.Over)
		}
	}
	seen := texts(x.traced(whole, 6))
	for _, word := range []string{"1002", "1001", domain, b.id} {
		if !strings.Contains(seen, word) {
			t.Errorf("%q is not in what is looked at", word)
		}
	}
	for _, word := range []string{"response=", "nonce=", "a=crypto:1"} {
		if strings.Contains(seen, word) {
			t.Errorf("%q is in what is looked at", word)
		}
	}
	for _, id := range []string{all, again, line, whole} {
		x.sip.EndTrace(id)
		if _, err := x.sip.Traced(context.Background(), id); !errors.Is(err, sip.ErrNoTrace) {
			t.Errorf("after its end: %v", err)
		}
	}
	if _, err := x.sip.Trace("", true); err == nil {
		t.Error("somebody may look at everybody")
	}
}

// call is the word for the first Call-ID in a trace.
func call(text string) string {
	_, rest, _ := strings.Cut(text, "Call-ID: ")
	id, _, _ := strings.Cut(rest, "\n")
	return id
}
