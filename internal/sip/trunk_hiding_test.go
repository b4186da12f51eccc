package sip_test

import (
	"strings"
	"testing"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// Nothing that a person's device writes of itself reaches another network, and
// nothing of the network the device: read in every message that each got.
func TestNothingOfADeviceReachesATrunk(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	a, b, far := x.registered("ann"), x.here("ben", "UDP"), nets[0]
	spying := func(p *phone) []string {
		return []string{
			"P-Asserted-Identity: <sip:+442079460011@elsewhere.example>", "P-Preferred-Identity: <sip:1003@" + domain + ">", "Remote-Party-ID: <sip:1003@" + domain + ">",
			"Diversion: <sip:" + p.id + "@elsewhere.example>", "Subject: " + p.id, "Organization: " + p.id, "Geolocation: <geo:52,1>", "X-Spy: " + p.id,
			"Record-Route: <sip:" + p.id + ".elsewhere.example;lr>", "Call-Info: <http://elsewhere.example/" + p.id + ">", "History-Info: <sip:" + p.id + "@elsewhere.example>",
		}
	}
	out := func(from *dialog) {
		to := far.rings()
		if got := to.asked.GetHeader("P-Asserted-Identity").Value(); strings.Contains(got, "442079460011") {
			t.Error("somebody asserts a number of their own")
		}
		to.reply(183, spoken(far.id), "Subject: "+far.id, "Server: "+far.id)
		to.reply(200, spoken(far.id), "Subject: "+far.id, "Warning: 399 "+far.id+` "x"`)
		far.asked("ACK")
		from.connected()
		from.ask("INFO", 200, "application/dtmf", "7", spying(from.p)...)
		to.ask("BYE", 200, "", "", "Reason: SIP;cause=200;text="+far.id)
		from.bye()
	}
	a.n++
	m := a.invitation("02079460018", spying(a)...)
	m.from = `"Spyphone \"Ann\"" ` + m.from
	out(a.invite(m))
	x.kept("ann", telecom.Completed)
	out(b.dials("02079460018", spying(b)...))
	x.kept("ben", telecom.Completed)
	more := spying(far)
	more[0] = "P-Asserted-Identity: \"Spyphone\" <sip:+442079460019@elsewhere.example>"
	in := far.invite(far.brings(bensNumber, farNumber, more...))
	d := b.rings()
	d.reply(200, spoken(b.id), "Subject: "+b.id, "Server: "+b.id)
	b.asked("ACK")
	in.connected()
	d.ask("BYE", 200, "", "")
	in.bye()
	x.kept("ben", telecom.Completed)
	x.close()
	_ = far.conn.Close()
	<-far.gone
	for _, c := range []struct{ told, of *phone }{{far, a}, {far, b}, {a, far}, {b, far}} {
		got := c.told.all.String()
		for _, mark := range c.of.marks() {
			if strings.Contains(strings.Join(c.told.marks(), " "), mark) {
				got = withoutOwn(got, c.told, mark)
			}
			if strings.Contains(got, mark) {
				t.Errorf("%s was told %q of %s", c.told.name, mark, c.of.name)
			}
		}
	}
	for _, not := range []string{"1001", "1002", a.user + "@", b.user + "@", domain} {
		if strings.Contains(far.all.String(), not) && not != "@" {
			t.Errorf("the network was told %q", not)
		}
	}
}
