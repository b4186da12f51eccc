package sip_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"candour/internal/identity"
	"candour/internal/sip"
	"candour/internal/telecom"
)

// Only the flow's own line is registered on it, whoever the message says it is
// from or for.
func TestOnlyTheOwnLineRegisters(t *testing.T) {
	h := open(t)
	x := h.serve(t, sip.Config{}, map[string]telecom.Line{"ann": h.line(identity.CustomerUser, "1001"), "ben": h.line(identity.CustomerUser, "1002")})
	b := x.phone("ben")
	for name, c := range map[string]struct {
		from, to, uri string
		status        int
	}{
		"another's":                 {"sip:1001@" + domain, "sip:1001@" + domain, "sip:" + domain, 403},
		"for another":               {"sip:1002@" + domain, "sip:1001@" + domain, "sip:" + domain, 403},
		"by another":                {"sip:1001@" + domain, "sip:1002@" + domain, "sip:" + domain, 403},
		"another's, written oddly":  {"sip:%31001@" + domain, "sip:%31001@" + domain, "sip:" + domain, 403},
		"at another provider":       {"sip:1002@elsewhere.example", "sip:1002@elsewhere.example", "sip:" + domain, 403},
		"with another provider":     {"sip:1002@" + domain, "sip:1002@" + domain, "sip:elsewhere.example", 404},
		"own, in capitals":          {"sip:1002@" + strings.ToUpper(domain), "sip:1002@" + domain, "sip:" + strings.ToUpper(domain), 200},
		"own, with a telephone URI": {"tel:1002", "tel:1002", "sip:" + domain, 416},
	} {
		t.Run(name, func(t *testing.T) {
			b.n++
			m := b.outside("REGISTER", b.n, "", "")
			m.from, m.to, m.uri = "<"+c.from+">;tag="+draw(), "<"+c.to+">", c.uri
			m.more = append(m.more, "Contact: "+b.contact())
			b.write(m)
			b.answer("REGISTER", b.n, c.status)
		})
	}
	if r := x.sip.Registrations(); len(r) != 1 || r[0].Line.Extension != "1002" {
		t.Errorf("%d registrations", len(r))
	}
}

func TestRegistrationHoldsForItsTime(t *testing.T) {
	h := open(t)
	x := h.serve(t, sip.Config{}, map[string]telecom.Line{"ann": h.line(identity.CustomerUser, "1001"), "ben": h.line(identity.CustomerUser, "1002")})
	a, b := x.phone("ann"), x.phone("ben")
	res := b.register(300, 200)
	contact := res.Contact().Value()
	if !strings.Contains(contact, b.id) || !strings.Contains(contact, "expires=300") || !strings.Contains(contact, "+sip.instance") {
		t.Errorf("the answer shows %s", contact)
	}
	if v := res.GetHeader("Require"); v == nil || v.Value() != "outbound" {
		t.Errorf("RFC 5626 6: Require is %v", v)
	}
	for _, c := range []struct {
		asked int
		want  string
	}{{999_999, "expires=3600"}, {600, "expires=600"}} {
		if got := b.register(c.asked, 200).Contact().Value(); !strings.Contains(got, c.want) {
			t.Errorf("asked for %d, got %s", c.asked, got)
		}
	}
	if got := b.register(30, 423).GetHeader("Min-Expires"); got == nil || got.Value() != "60" {
		t.Errorf("Min-Expires is %v", got)
	}
	b.registerAs(b.contact()+";expires=soon", 400)
	b.registerAs(b.contact()+";expires=-1", 400)
	b.registerAs(b.contact()+";+sip.instance=\""+strings.Repeat("x", 200)+"\"", 400)
	if got := b.registerAs("", 200).Contact().Value(); !strings.Contains(got, "expires=600") {
		t.Errorf("what is asked for without a change is %s", got)
	}
	if got := b.registerAs(b.contact(), 200, "Expires: 120").Contact().Value(); !strings.Contains(got, "expires=120") {
		t.Errorf("got %s", got)
	}
	h.Later(120 * time.Second)
	if n := len(x.sip.Registrations()); n != 0 {
		t.Errorf("%d registrations hold after their time", n)
	}
	d := a.call("1002")
	d.refused(480)
	b.quiet()
}

func TestUnregister(t *testing.T) {
	h := open(t)
	x := h.serve(t, sip.Config{}, map[string]telecom.Line{"ann": h.line(identity.CustomerUser, "1001"), "ben": h.line(identity.CustomerUser, "1002")})
	a, b1, b2 := x.registered("ann"), x.registered("ben"), x.registered("ben")
	if c := b1.register(0, 200).Contact(); c != nil {
		t.Errorf("a device that unregistered is shown %s", c.Value())
	}
	d := a.call("1002")
	d2 := b2.rings()
	d2.reply(486, "")
	d.refused(486)
	b2.registerAs("*", 400) // without Expires: 0 (RFC 3261 10.2.2)
	b2.registerAs("*", 400, "Expires: 60")
	b2.registerAs("*", 200, "Expires: 0")
	if r := x.sip.Registrations(); len(r) != 1 || r[0].Line.Extension != "1001" {
		t.Errorf("%d registrations", len(r))
	}
	a.call("1002").refused(480)
	b1.quiet()
	b2.quiet("ACK")
	b1.lose()
	b2.register(600, 200)
	b2.lose()
	x.until("a device is unregistered with its flow", func() bool { return len(x.sip.Registrations()) == 1 })
}

// A device that comes back on a new flow replaces what it had (RFC 5626 4.2),
// and shows in no other device's answer.
func TestDevicesOfALine(t *testing.T) {
	h := open(t)
	x := h.serve(t, sip.Config{}, map[string]telecom.Line{"ann": h.line(identity.CustomerUser, "1001")})
	a1, a2 := x.registered("ann"), x.phone("ann")
	if got := a2.register(600, 200).GetHeaders("Contact"); len(got) != 1 || !strings.Contains(got[0].Value(), a2.id) {
		t.Errorf("a device is shown %v", got)
	}
	again := x.phone("ann")
	again.id = a1.id
	again.register(600, 200)
	if n := len(x.sip.Registrations()); n != 2 {
		t.Errorf("%d registrations, want two devices", n)
	}
	a1.lose()
	if got := again.registerAs("", 200).Contact(); got == nil {
		t.Error("the end of the old flow took the new one's registration")
	}
}

// Who asks where a line can be reached is told of each of its devices whose it is,
// and of no other line's.
func TestRegistrationsTellTheDevice(t *testing.T) {
	h := open(t)
	x := h.serve(t, sip.Config{}, map[string]telecom.Line{"ann": h.line(identity.CustomerUser, "1001"), "ben": h.line(identity.CustomerUser, "1002")})
	x.registered("ann")
	x.here("ben", "UDP")
	d, c := h.device(x.lines["ann"])
	desk := x.handsetWith("ann", "TCP", c)
	desk.signIn(600, 200)
	devices := map[int64]string{}
	for _, r := range x.sip.RegistrationsOf(x.lines["ann"].ID) {
		devices[r.Device] = r.Network
	}
	if want := map[int64]string{0: sip.OverWebSocket, d.ID: sip.OverTCP}; !maps.Equal(devices, want) {
		t.Errorf("reached on %v, want %v", devices, want)
	}
	if n := len(x.sip.RegistrationsOf(0)); n != 0 {
		t.Errorf("a line that is none has %d devices", n)
	}
	desk.signIn(0, 200)
	x.until("it has signed out", func() bool { return len(x.sip.RegistrationsOf(x.lines["ann"].ID)) == 1 })
}

func TestFlowsOfALineAreBounded(t *testing.T) {
	h := open(t)
	x := h.serve(t, sip.Config{}, map[string]telecom.Line{"ann": h.line(identity.CustomerUser, "1001"), "ben": h.line(identity.CustomerUser, "1002")})
	var all []*phone
	for range 16 {
		all = append(all, x.registered("ann"))
	}
	if why := x.phone("ann").ended(); why != websocket.StatusTryAgainLater {
		t.Errorf("the seventeenth ended with %v", why)
	}
	x.registered("ben")
	all[3].lose()
	x.until("a place is free", func() bool { return len(x.sip.Registrations()) == 16 })
	x.registered("ann")
}

func TestOnlySIPWebSocketsOpen(t *testing.T) {
	h := open(t)
	x := h.serve(t, sip.Config{}, map[string]telecom.Line{"ann": h.line(identity.CustomerUser, "1001")})
	for name, c := range map[string]struct {
		header http.Header
		status int
	}{
		"no upgrade":      {http.Header{}, http.StatusUpgradeRequired},
		"no subprotocol":  {http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}}, http.StatusUpgradeRequired},
		"another's page":  {http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}, "Sec-Websocket-Protocol": {"sip"}, "Origin": {"https://elsewhere.example"}}, http.StatusForbidden},
		"an old protocol": {http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"8"}, "Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="}, "Sec-Websocket-Protocol": {"sip"}}, http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequest("GET", x.web.URL+"/ann", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = c.header
			res, err := x.web.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = res.Body.Close() }()
			if res.StatusCode != c.status {
				t.Errorf("%d, want %d", res.StatusCode, c.status)
			}
		})
	}
}

func TestNewWantsWhatItStandsOn(t *testing.T) {
	if _, err := sip.New(sip.Config{Domain: domain}); err == nil {
		t.Error("a server stands on nothing")
	}
}

func TestOptions(t *testing.T) {
	h := open(t)
	x := h.serve(t, sip.Config{}, map[string]telecom.Line{"ann": h.line(identity.CustomerUser, "1001")})
	a := x.phone("ann")
	a.write(a.outside("OPTIONS", 7, "", ""))
	res := a.answer("OPTIONS", 7, 200)
	if got := fmt.Sprint(res.GetHeader("Allow"), res.GetHeader("Accept")); !strings.Contains(got, "INVITE") || !strings.Contains(got, "application/sdp") {
		t.Error(got)
	}
	for _, none := range []string{"Server", "User-Agent"} {
		if h := res.GetHeader(none); h != nil {
			t.Errorf("%s tells %s", none, h.Value())
		}
	}
}
