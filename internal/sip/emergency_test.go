package sip_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/trunk"
)

// fixBody is what the app sends with an emergency call: its offer, and one fix.
func fixBody(sdp, place string) (kind, body string) {
	return "multipart/mixed;boundary=cut", "--cut\r\nContent-Type: application/sdp\r\n\r\n" + sdp + "\r\n--cut\r\nContent-Type: application/pidf+xml\r\nContent-ID: <spy@device.example>\r\n\r\n" + place + "\r\n--cut--\r\n"
}

const deviceFix = `<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" entity="pres:spy@device.example">` +
	`<tuple id="spy"><status><gp:geopriv><gp:location-info><gs:Circle xmlns:gs="http://www.opengis.net/pidflo/1.0" xmlns:gml="http://www.opengis.net/gml" srsName="urn:ogc:def:crs:EPSG::4326">` +
	`<gml:pos>52.306900 -1.936700</gml:pos><gs:radius uom="urn:ogc:def:uom:EPSG::9001">25</gs:radius></gs:Circle></gp:location-info><gp:method>GPS</gp:method></gp:geopriv></status></tuple></presence>`

func marked(which int) func(int, *trunk.File, *trunk.Trunk) {
	return func(i int, _ *trunk.File, one *trunk.Trunk) {
		if i == which {
			one.Emergency = "emergency-services"
		}
	}
}

// helped calls an emergency number from a page, with a fix if there is one.
func (p *phone) helped(number, place string, more ...string) *dialog {
	p.n++
	m := p.invitation(number, more...)
	if place != "" {
		m.kind, m.body = fixBody(m.body, place)
		m.more = append(m.more, "Geolocation: <cid:spy@device.example>", "Geolocation-Routing: no")
	}
	return p.invite(m)
}

// L29, L38, R19: an emergency call goes out by the trunk that is marked for it, with the
// caller's number whatever they withheld, and with the fix of their device written
// anew. Neither number nor place is in the evidence.
func TestEmergencyCall(t *testing.T) {
	x, nets := outside(t, 2, sip.Config{}, marked(1))
	a, far := x.registered("ann"), nets[1]
	from := a.helped("141999", deviceFix, "Privacy: id")
	to := far.rings()
	req := to.asked
	if req.Recipient.User != "999" || req.From().Address.User != annsNumber || req.GetHeader("Privacy") != nil || !strings.Contains(req.GetHeader("P-Asserted-Identity").Value(), annsNumber) {
		t.Errorf("the services are told\n%s", req)
	}
	cid := strings.Trim(strings.TrimPrefix(req.GetHeader("Geolocation").Value(), "<cid:"), ">")
	body := string(req.Body())
	for _, want := range []string{"Content-Type: application/sdp", "m=audio", "Content-Type: application/pidf+xml", "Content-ID: <" + cid + ">", "52.306900 -1.936700", ">25.0<", `entity="pres:emergency@` + domain + `"`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in\n%s", want, body)
		}
	}
	if strings.Contains(req.String(), "spy") || strings.Contains(req.String(), "device.example") {
		t.Errorf("what the app wrote goes on:\n%s", req)
	}
	to.reply(200, spoken(far.id))
	far.asked("ACK")
	from.connected()
	from.ask("BYE", 200, "", "")
	to.bye()
	if e := x.kept("ann", telecom.Completed); e.Far != "999" || e.Withheld {
		t.Errorf("Ann's list has %q", e.Words)
	}
	if got := strings.Join(x.kinds(x.lines["ann"]), ", "); got != "record.disclosed carriers, record.disclosed emergency-services, call.emergency without-address" {
		t.Errorf("Ann's history has %s", got)
	}
}

// What each of the numbers is told: the emergency services the number and the
// place, the others neither against the caller's wish.
func TestEachEmergencyNumber(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, marked(0))
	a, far := x.registered("ann"), nets[0]
	for number, blue := range map[string]bool{"999": true, "112": true, "18000": true, "101": false, "111": false, "105": false} {
		from := a.helped(number, deviceFix, "Privacy: id")
		to := far.rings()
		shown, placed := to.asked.GetHeader("Privacy") == nil, to.asked.GetHeader("Geolocation") != nil
		if shown != blue || placed != blue || to.asked.Recipient.User != number || !strings.Contains(to.asked.GetHeader("P-Asserted-Identity").Value(), annsNumber) {
			t.Errorf("%s: shown %v, placed %v", number, shown, placed)
		}
		from.cancel()
		to.cancelled()
		from.refused(487)
		x.kept("ann", telecom.Cancelled)
	}
}

// L29, L38: nothing refuses an emergency call: not a false name, a foreign address,
// a line without a number, too many calls, a trunk that is down, full, silent or
// does not take it, nor a place that nobody reads.
func TestNothingRefusesAnEmergencyCall(t *testing.T) {
	x, nets := outside(t, 2, sip.Config{Try: 200 * time.Millisecond}, marked(1))
	a, c := x.registered("ann"), x.registered("cat")
	end := func(from, to *dialog) {
		t.Helper()
		from.cancel()
		to.cancelled()
		from.refused(487)
		x.until("it is over", func() bool { return len(x.sip.Calls()) == 0 })
	}
	for name, change := range map[string]func(*message){
		"claims to be another":    func(m *message) { m.from = "<sip:1002@" + domain + ">;tag=" + draw() },
		"is addressed elsewhere":  func(m *message) { m.uri = "sip:999@elsewhere.example" },
		"with a prefix":           func(m *message) { m.uri = "sip:1470999@" + domain },
		"with a place that isn't": func(m *message) { m.kind, m.body = fixBody(m.body, "<presence><place>here</place></presence>") },
		"with an entity": func(m *message) {
			m.kind, m.body = fixBody(m.body, `<!DOCTYPE x [<!ENTITY a "b">]>`+deviceFix)
			m.more = append(m.more, "Geolocation: <cid:spy@device.example>")
		},
	} {
		a.n++
		m := a.invitation("999")
		change(&m)
		from := a.invite(m)
		to := nets[1].rings()
		if to.asked.GetHeader("Geolocation") != nil {
			t.Errorf("%s: a place goes on", name)
		}
		end(from, to)
	}
	// No number of its own: the call goes out, and shows none.
	from := c.helped("112", "")
	to := nets[1].rings()
	if to.asked.From().Address.User != "anonymous" || to.asked.GetHeader("P-Asserted-Identity") != nil {
		t.Errorf("%s", to.asked)
	}
	end(from, to)
	// A trunk that refuses what comes with the call is asked without it.
	from = a.helped("999", deviceFix)
	to = nets[1].rings()
	to.reply(415, "")
	nets[1].asked("ACK")
	to = nets[1].rings()
	if to.asked.GetHeader("Geolocation") != nil || !strings.HasPrefix(string(to.asked.Body()), "v=0") {
		t.Errorf("%s", to.asked)
	}
	to.reply(404, "") // and then every other is tried
	nets[1].asked("ACK")
	second := nets[0].rings()
	end(from, second)
	// Silence, then a refusal of all.
	from = a.helped("999", "")
	nets[1].asked("INVITE")
	second = nets[0].rings()
	second.reply(603, "")
	if got := reason(from.refused(503)); !strings.Contains(got, "Use another phone now") {
		t.Error(got)
	}
	nets[0].asked("ACK")
}

// A line may make few calls at once, and few in a minute, but for help.
func TestManyEmergencyCalls(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, marked(0))
	a := x.registered("ann")
	const many = 40
	for range many {
		from := a.helped("999", "")
		nets[0].rings()
		a.answer("INVITE", from.seq, 180)
	}
	if n := len(x.sip.Calls()); n != many {
		t.Errorf("%d calls of %d", n, many)
	}
}

// A restriction, which keeps staff from a person's data, keeps nobody from help
// (UK GDPR Art 18(2), PECR reg 16); nor does a person who was erased a moment ago.
func TestEmergencyWithoutARecord(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, marked(0))
	a, far := x.registered("ann"), nets[0]
	s := x.lines["ann"].Subject
	if err := x.Store.Update(context.Background(), func(tx *store.Tx) error { return x.Vault.Restrict(context.Background(), tx, x.ownUse(), s) }); err != nil {
		t.Fatal(err)
	}
	from := a.helped("999", "")
	to := far.rings()
	from.cancel()
	to.cancelled()
	from.refused(487)
	if _, err := x.Vault.Erase(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	from = a.helped("999", "")
	to = far.rings()
	to.reply(200, spoken(far.id))
	far.asked("ACK")
	from.connected()
	from.ask("BYE", 200, "", "")
	to.bye()
}

// A place is taken from a page of ours alone, and with an emergency call alone.
func TestPlacesAreForEmergenciesAlone(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, marked(0))
	a := x.registered("ann")
	a.helped("02079460018", deviceFix).refused(415)
	a.helped("1002", deviceFix).refused(415)
	p := x.here("ben", "UDP")
	p.n++
	m := p.invitation("999")
	m.kind, m.body = fixBody(spoken(p.id), deviceFix)
	d := p.invite(p.signed(m))
	d.refused(415)
	if n := nets[0].quietCount("INVITE"); n != 0 {
		t.Error("a call went out")
	}
}
