package sip_test

import (
	"bytes"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"candour/internal/identity"
	"candour/internal/sip"
	"candour/internal/telecom"
)

// marks are what a phone writes of itself: none of it may reach the other side.
func (p *phone) marks() []string {
	return []string{p.id, "Spyphone", "elsewhere.example", "192.0.2.44", "192.0.2.55", " 4711 2 IN", "AA:BB:CC:DD:EE:FF:00", ".local", "cname:" + p.id}
}

// Nothing that one side writes of itself reaches the other: the two dialogs
// have nothing in common but what the desk lets be shown (L26).
func TestNothingOfOneSideReachesTheOther(t *testing.T) {
	var log bytes.Buffer
	x := three(t, sip.Config{Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	a, b1, b2 := x.registered("ann"), x.registered("ben"), x.registered("ben")
	spying := []string{
		"P-Asserted-Identity: <sip:1003@" + domain + ">", "P-Preferred-Identity: <sip:1003@" + domain + ">", "Remote-Party-ID: <sip:1003@" + domain + ">",
		"P-Charging-Vector: icid-value=" + a.id, "Diversion: <sip:" + a.id + "@elsewhere.example>", "Subject: " + a.id, "Organization: " + a.id,
		"Record-Route: <sip:" + a.id + ".elsewhere.example;lr>", "Route: <sip:" + domain + ";lr>", "Referred-By: <sip:" + a.id + "@elsewhere.example>",
		"Call-Info: <http://elsewhere.example/" + a.id + ">", "Alert-Info: <http://elsewhere.example/" + a.id + ">", "X-Spy: " + a.id, "History-Info: <sip:" + a.id + "@elsewhere.example>",
	}
	a.n++
	m := a.invitation("1002", spying...)
	m.from = `"Spyphone \"Ann\"" ` + m.from
	m.body = offer(a.id, true)
	from := a.invite(m)
	d1, to := b1.rings(), b2.rings()
	if got := d1.asked.From(); got.Address.User != "1001" || got.Address.Host != domain || got.DisplayName != "" {
		t.Errorf("the callee is shown %s", got.Value())
	}
	if !strings.Contains(string(d1.asked.Body()), "m=video") {
		t.Error("the picture is not offered")
	}
	to.accept("Record-Route: <sip:"+b2.id+".elsewhere.example;lr>", "Subject: "+b2.id, `Warning: 399 `+b2.id+` "x"`, "Reason: SIP;cause=200;text="+b2.id)
	from.connected()
	d1.cancelled()
	from.ask("INFO", 200, "application/dtmf", "7", spying...)
	m = from.inside("INVITE", "application/sdp", way(m.body, "sendonly", 3))
	m.more = append(m.more, spying...)
	a.write(m)
	a.answer("INVITE", m.seq, 200)
	from.ack(m.seq)
	to.offered("sendonly", "Subject: "+b2.id)
	to.ask("BYE", 200, "", "", "Reason: SIP;cause=200;text="+b2.id, "User-Agent: "+b2.id)
	from.bye()
	x.kept("ann", telecom.Completed)
	x.close()
	for _, p := range []*phone{a, b1, b2} {
		p.ended()
	}
	for _, pair := range [][2]*phone{{a, b1}, {a, b2}, {b1, a}, {b2, a}, {b1, b2}, {b2, b1}} {
		got := pair[0].all.String()
		for _, mark := range pair[1].marks() {
			if own := strings.Join(pair[0].marks(), " "); strings.Contains(own, mark) {
				got = withoutOwn(got, pair[0], mark)
			}
			if strings.Contains(got, mark) {
				t.Errorf("%s was told %q of %s", pair[0].name, mark, pair[1].name)
			}
		}
	}
	if log.Len() > 0 {
		t.Errorf("the log of a call that went well holds %q", log.String())
	}
	for _, c := range []struct {
		told *phone
		of   string
	}{{b1, from.callID}, {b2, from.callID}, {b1, tagOf(from.local)}, {b2, tagOf(from.local)}, {a, to.callID}, {a, tagOf(to.local)}, {b1, to.callID}} {
		if strings.Contains(c.told.all.String(), c.of) {
			t.Errorf("%q passed to %s", c.of, c.told.name)
		}
	}
	for _, p := range []*phone{a, b1, b2} {
		for line := range strings.Lines(p.all.String()) {
			name, _, _ := strings.Cut(line, ":")
			switch strings.ToLower(name) {
			case "server", "user-agent", "p-asserted-identity", "subject", "organization", "x-spy", "call-info", "warning":
				if !strings.Contains(line, p.id) {
					t.Errorf("%s was told %q", p.name, line)
				}
			}
		}
	}
}

func tagOf(address string) string {
	_, tag, _ := strings.Cut(address, ";tag=")
	return tag
}

// withoutOwn takes out the lines in which a phone's own words come back to it,
// as answers repeat them.
func withoutOwn(text string, p *phone, mark string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, mark) && (strings.Contains(line, p.id) || strings.Contains(line, p.aor())) {
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}

// L26: a caller can withhold their number for a call, by a header or by a
// prefix; then the callee's phone and list show none.
func TestNumberIsWithheld(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.registered("ben")
	for name, change := range map[string]func(*message){
		"id":             func(m *message) { m.more = append(m.more, "Privacy: id") },
		"several":        func(m *message) { m.more = append(m.more, "Privacy: header;user;critical") },
		"anonymous From": func(m *message) { m.from = `"Anonymous" <sip:anonymous@anonymous.invalid>;tag=` + draw() },
		"141":            func(m *message) { m.uri = "sip:1411002@" + domain },
	} {
		t.Run(name, func(t *testing.T) {
			a.n++
			m := a.invitation("1002", "P-Asserted-Identity: <sip:1001@"+domain+">", "P-Preferred-Identity: \"Ann\" <sip:1001@"+domain+">")
			change(&m)
			from := a.invite(m)
			to := b.rings()
			if got := to.asked.From(); got.Address.User != "anonymous" || got.Address.Host != "anonymous.invalid" {
				t.Errorf("From is %s", got.Value())
			}
			if got := to.asked.GetHeader("Privacy"); got == nil || got.Value() != "id" {
				t.Errorf("Privacy is %v", got)
			}
			to.accept()
			from.connected()
			from.ask("BYE", 200, "", "")
			to.bye()
			if e := x.kept("ben", telecom.Completed); e.Far != "" || !e.Withheld {
				t.Error("the callee's list names who withheld their number")
			}
			if e := x.kept("ann", telecom.Completed); e.Far != "1002" {
				t.Error("the caller's list does not name whom they called")
			}
		})
	}
	a.lose()
	b.lose()
	if regexp.MustCompile(`\b1001\b`).MatchString(b.all.String()) {
		t.Error("a number that was withheld was told")
	}
}

// The callee is shown who the operator knows to call, whatever the page wrote;
// within a company with the name.
func TestNameIsShownWithinACompany(t *testing.T) {
	h := open(t)
	ann, ben := h.line(identity.CustomerUser, "1001"), h.line(identity.CustomerUser, "1002")
	ctx := t.Context()
	if _, err := h.Store.DB().ExecContext(ctx, "UPDATE accounts SET company = 7"); err != nil {
		t.Fatal(err)
	}
	var err error
	if ann, err = h.desk.LineOf(ctx, ann.Account); err != nil {
		t.Fatal(err)
	}
	if ben, err = h.desk.LineOf(ctx, ben.Account); err != nil {
		t.Fatal(err)
	}
	ann.Name = "Ann \"Quote\"\r\nX-Spy: 1 Example"
	x := h.serve(t, sip.Config{}, map[string]telecom.Line{"ann": ann, "ben": ben})
	a, b := x.registered("ann"), x.registered("ben")
	a.n++
	m := a.invitation("1002")
	m.from = `"The Bank" ` + m.from
	from := a.invite(m)
	to := b.rings()
	if got := to.asked.From().Value(); !strings.Contains(got, `"Ann \"Quote\"X-Spy: 1 Example"`) {
		t.Errorf("From is %s", got)
	}
	if to.asked.GetHeader("X-Spy") != nil {
		t.Error("a name became a header")
	}
	from.cancel()
	from.refused(487)
}
