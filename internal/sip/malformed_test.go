package sip_test

import (
	"context"
	"strings"
	"testing"

	"github.com/coder/websocket"
	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// Each message that should not be is answered with what is wrong, or with
// nothing, and does nothing. What cannot be read has no answer: 0.
func TestMalformedMessages(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	header := func(line string) func(string) string {
		return func(s string) string { return strings.Replace(s, "User-Agent:", line+"\r\nUser-Agent:", 1) }
	}
	swap := func(old, now string) func(string) string {
		return func(s string) string {
			if !strings.Contains(s, old) {
				t.Errorf("nothing like %q is in the message", old)
			}
			return strings.Replace(s, old, now, 1)
		}
	}
	for name, c := range map[string]struct {
		change func(string) string
		status int
	}{
		"no line ends":              {func(s string) string { return strings.ReplaceAll(s, "\r\n", " ") }, 0},
		"line feeds only":           {func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }, 0},
		"returns only":              {func(s string) string { return strings.ReplaceAll(s, "\r\n", "\r") }, 0},
		"a lone line feed":          {swap("Spyphone", "x\nP-Asserted-Identity: <sip:1003@"+domain+">"), 0},
		"a lone return":             {swap("Spyphone", "x\rP-Asserted-Identity: <sip:1003@"+domain+">"), 0},
		"a zero byte":               {swap("Spyphone", "x\x00"), 0},
		"no UTF-8":                  {swap("Spyphone", "x\xff\xfe"), 0},
		"no end of the head":        {func(s string) string { h, _, _ := strings.Cut(s, "\r\n\r\n"); return h + "\r\n" }, 0},
		"HTTP":                      {func(string) string { return "GET / HTTP/1.1\r\nHost: x\r\n\r\n" }, 0},
		"an answer to nothing":      {func(s string) string { return strings.Replace(s, s[:strings.Index(s, "\r\n")], "SIP/2.0 200 OK", 1) }, 0},
		"ACK of nothing":            {func(s string) string { return strings.ReplaceAll(s, "INVITE", "ACK") }, 0},
		"a version that is not":     {swap(" SIP/2.0\r", " SIP/3.0\r"), 505},
		"a method that is not":      {func(s string) string { return strings.ReplaceAll(s, "INVITE", "NEWMETHOD") }, 501},
		"a method not for us":       {func(s string) string { return strings.ReplaceAll(s, "INVITE", "PUBLISH") }, 405},
		"From twice":                {header("From: <sip:1003@" + domain + ">;tag=x"), 400},
		"From twice, once compact":  {header("f: <sip:1003@" + domain + ">;tag=x"), 400},
		"To twice":                  {header("t: <sip:1003@" + domain + ">"), 400},
		"Call-ID twice":             {header("i: other"), 400},
		"CSeq twice":                {header("CSeq: 7 INVITE"), 400},
		"Content-Length twice":      {header("l: 3"), 400},
		"Content-Type twice":        {header("c: text/plain"), 400},
		"Privacy twice":             {header("Privacy: none\r\nPrivacy: id"), 400},
		"two Contacts":              {header("Contact: <sip:x@elsewhere.example>"), 400},
		"two Contacts in one":       {swap("Contact: ", "Contact: <sip:x@elsewhere.example>, "), 400},
		"Contact is a star":         {func(s string) string { return star(s) }, 400},
		"a header without a name":   {header(": x"), 400},
		"a header with a space":     {header("User Agent: x"), 400},
		"a line without a colon":    {header("hello"), 400},
		"Content-Length too long":   {swap("Content-Length: ", "Content-Length: 9"), 400},
		"Content-Length too short":  {func(s string) string { return s + "more" }, 400},
		"Content-Length is none":    {swap("Content-Length: ", "Content-Length: x"), 400},
		"Content-Length below zero": {swap("Content-Length: ", "Content-Length: -"), 400},
		"CSeq of another method":    {swap(" INVITE\r\n", " BYE\r\n"), 400},
		"CSeq too large":            {swap("CSeq: ", "CSeq: 3000000"), 0},
		"no branch of RFC 3261":     {swap("branch=z9hG4bK", "branch=1"), 400},
		"an empty branch": {func(s string) string {
			i := strings.Index(s, "z9hG4bK")
			j := strings.Index(s[i:], "\r\n")
			return s[:i] + "z9hG4bK" + s[i+j:]
		}, 400},
		"no tag":                  {swap(";tag=", ";gat="), 400},
		"a tag that is none":      {swap(";tag=", ";tag=\"\";x="), 400},
		"a To with a tag":         {swap("To: <sip:1002@"+domain+">", "To: <sip:1002@"+domain+">;tag=x"), 481},
		"headers in the address":  {swap("INVITE sip:1002@"+domain, "INVITE sip:1002@"+domain+"?P-Asserted-Identity=x"), 400},
		"headers in the Contact":  {swap(";transport=ws>", "?Route=x>"), 400},
		"a scheme that is not":    {swap("INVITE sip:", "INVITE mailto:"), 416},
		"a password":              {swap("INVITE sip:1002@", "INVITE sip:1002:secret@"), 400},
		"secure SIP":              {swap("INVITE sip:", "INVITE sips:"), 416},
		"an extension needed":     {header("Require: nothingSIPhas"), 420},
		"an extension of a proxy": {header("Proxy-Require: nothingSIPhas"), 420},
		"a body that is coded":    {header("Content-Encoding: gzip"), 415},
		"too many hops":           {swap("Max-Forwards: 69", "Max-Forwards: 0"), 483},
		"Max-Forwards is none":    {swap("Max-Forwards: 69", "Max-Forwards: many"), 400},
		"a long header":           {header("X: " + strings.Repeat("x", 5000)), 513},
		"many headers":            {header(strings.Repeat("X: x\r\n", 100) + "X: x"), 513},
		"a long head":             {header(strings.Repeat("X: "+strings.Repeat("x", 1000)+"\r\n", 20) + "X: x"), 513},
	} {
		t.Run(name, func(t *testing.T) {
			a.t, x.t = t, t
			a.n++
			m := a.invitation("1002")
			a.raw(c.change(m.String()))
			if c.status != 0 {
				a.until(name, func(m sipgo.Message) bool {
					res, ok := m.(*sipgo.Response)
					if ok && res.StatusCode > 100 && res.StatusCode != c.status {
						t.Fatalf("answered with %s, want %d", res.StartLine(), c.status)
					}
					return ok && res.StatusCode == c.status
				})
			}
			a.quiet()
		})
	}
	a.t, x.t = t, t
	b.quiet()
	if n := len(x.sip.Calls()); n != 0 {
		t.Errorf("%d calls began", n)
	}
	if c := x.sip.Counts(); c.Refused == 0 || c.Dropped == 0 {
		t.Errorf("counted: %+v", c)
	}
}

func star(s string) string {
	i := strings.Index(s, "Contact: ")
	j := strings.Index(s[i:], "\r\n")
	return s[:i] + "Contact: *" + s[i+j:]
}

// RFC 7118 5: a message may come as text or as bytes; the line ends of RFC 5626
// are answered; a message may not be larger than we read.
func TestFrames(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.phone("ann"), x.phone("ben")
	a.n++
	if err := a.sock.Write(context.Background(), websocket.MessageBinary, []byte(a.outside("OPTIONS", a.n, "", "").String())); err != nil {
		t.Fatal(err)
	}
	a.answer("OPTIONS", a.n, 200)
	a.raw("\r\n\r\n")
	a.raw("\r\n")
	a.raw("")
	a.quiet()
	a.raw("INVITE " + strings.Repeat("x", 70_000))
	if why := a.ended(); why != websocket.StatusMessageTooBig {
		t.Errorf("the flow ended with %v", why)
	}
	if !strings.Contains(a.all.String(), "\r\n\r\n\r\nSIP/2.0 200") {
		t.Error("the ping has no answer")
	}
	b.quiet()
}

// A flow that writes faster than any page does ends.
func TestRateOfAFlow(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	for i := range 300 {
		if a.sock.Write(context.Background(), websocket.MessageText, []byte(a.outside("OPTIONS", i, "", "").String())) != nil {
			break
		}
	}
	if why := a.ended(); why != websocket.StatusPolicyViolation {
		t.Errorf("the flow ended with %v", why)
	}
	b.quiet()
	x.until("it is unregistered", func() bool { return len(x.sip.Registrations()) == 1 })
}

// What others may show of themselves in an answer is judged too.
func TestMalformedAnswers(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	for name, change := range map[string]func(string) string{
		"no tag": func(s string) string { return strings.Replace(s, ";tag=", ";gat=", 2) },
		"no session": func(s string) string {
			h, _, _ := strings.Cut(s, "Content-Length")
			return h + "Content-Length: 0\r\n\r\n"
		},
		"no Contact":          func(s string) string { return strings.Replace(s, "Contact:", "X-Contact:", 1) },
		"Contact with header": func(s string) string { return strings.Replace(s, ";transport=ws>", "?Route=x>", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			from := a.call("1002")
			req := b.asked("INVITE")
			d := &dialog{p: b, callID: req.CallID().Value(), asked: req, local: req.To().Value() + ";tag=" + draw(), sdp: string(req.Body())}
			b.raw(change(d.text(req, 200, answerTo(d.sdp, b.id))))
			res := a.until("an end", func(m sipgo.Message) bool {
				res, ok := m.(*sipgo.Response)
				return ok && int(res.CSeq().SeqNo) == from.seq && res.StatusCode >= 300
			}).(*sipgo.Response)
			from.acknowledged(res)
			x.until("the call is over", func() bool { return len(x.sip.Calls()) == 0 })
		})
	}
	// Answers that belong to nothing, or to somebody else's INVITE.
	from := a.call("1002")
	req := b.asked("INVITE")
	spy := x.registered("cat")
	d := &dialog{p: spy, callID: req.CallID().Value(), asked: req, local: req.To().Value() + ";tag=" + draw(), sdp: string(req.Body())}
	spy.raw(d.text(req, 200, answerTo(d.sdp, spy.id)))
	spy.quiet()
	twice := strings.Replace(d.text(req, 200, ""), "CSeq:", "CSeq: 9 INVITE\r\nCSeq:", 1)
	b.raw(twice)
	b.raw(strings.Replace(d.text(req, 200, ""), "SIP/2.0 200", "SIP/2.0 999", 1))
	b.raw(strings.Replace(d.text(req, 200, ""), "SIP/2.0 200", "SIP/2.0 99", 1))
	b.quiet("ACK", "BYE") // of the calls before
	from.cancel()
	from.refused(487)
	x.kept("ann", telecom.Cancelled)
}
