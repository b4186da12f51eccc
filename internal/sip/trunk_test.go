package sip_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/trunk"
)

// netSocket is the socket of a network, which writes to our door alone.
type netSocket struct {
	*net.UDPConn
	to netip.AddrPort
}

func (c *netSocket) Write(b []byte) (int, error) { return c.WriteToUDPAddrPort(b, c.to) }

// number gives a line a number of the world.
func (h *house) number(l telecom.Line, number string) {
	h.TB.Helper()
	err := h.Store.Update(context.Background(), func(tx *store.Tx) error {
		_, err := h.desk.GiveNumber(context.Background(), tx, l.Account, number)
		return err
	})
	if err != nil {
		h.TB.Fatal(err)
	}
}

const (
	annsNumber = "+441527306001"
	bensNumber = "+441527306002"
	farNumber  = "+442079460018"
)

// networks connects trunks, each with a network behind it that a test speaks as.
// change makes of a plain trunk what a test needs.
func (x *exchange) networks(n int, change func(i int, f *trunk.File, t *trunk.Trunk)) (all []*phone) {
	x.t.Helper()
	f := trunk.File{Listen: "127.0.0.1:0"}
	var sockets []*net.UDPConn
	for i := range n {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			x.t.Fatal(err)
		}
		sockets = append(sockets, c)
		t := trunk.Trunk{
			ID: fmt.Sprintf("net-%d", i), Recipient: "carriers", Host: "127.0.0.1", Port: c.LocalAddr().(*net.UDPAddr).Port, Transport: trunk.UDP, Domain: "carrier.example",
			From: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Numbers: []trunk.Range{{From: "+441527306"}}, Takes: []trunk.Way{{Prefix: "+", Priority: i + 1}},
			Capacity: 10, Identity: trunk.Asserted, Dials: trunk.WithPlus,
		}
		if change != nil {
			change(i, &f, &t)
		}
		if t.ID != "" { // else it is behind another
			f.Trunks = append(f.Trunks, t)
		}
	}
	a, err := x.sip.ConnectTrunks(context.Background(), f)
	if err != nil {
		x.t.Fatal(err)
	}
	to := netip.MustParseAddrPort(a.String())
	for i, c := range sockets {
		p := &phone{
			t: x.t, x: x, name: fmt.Sprintf("net-%d", i), ext: farNumber, id: "net" + draw(), inbox: make(chan sipgo.Message, 1000), gone: make(chan struct{}),
			conn: &netSocket{c, to}, over: "UDP",
		}
		go p.speaks(c)
		x.t.Cleanup(func() {
			_ = c.Close()
			<-p.gone
		})
		all = append(all, p)
	}
	return all
}

// speaks reads what comes to a network, which says at once that it is there.
func (p *phone) speaks(c *net.UDPConn) {
	defer close(p.gone)
	b, came := make([]byte, 65_536), map[string]bool{}
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		m, err := sipgo.ParseMessage(bytes.Clone(b[:n]))
		if err != nil {
			continue
		}
		if req, ok := m.(*sipgo.Request); ok && req.Method == sipgo.OPTIONS {
			d := &dialog{p: p, local: req.To().Value() + ";tag=" + draw()}
			_, _ = p.conn.Write([]byte(d.text(req, 200, "")))
			continue
		}
		p.all.Write(b[:n])
		if req, ok := m.(*sipgo.Request); ok && req.Method != sipgo.ACK {
			branch, _ := req.Via().Params.Get("branch")
			key := string(req.Method) + branch
			if came[key] {
				continue // said again because the machine is slow
			}
			came[key] = true
		}
		p.inbox <- m
	}
}

// outside is a house with two people who have numbers, and networks.
func outside(t *testing.T, n int, c sip.Config, change func(i int, f *trunk.File, t *trunk.Trunk)) (*exchange, []*phone) {
	return outsideOf(open(t), t, n, c, change)
}

// outsideOf is outside for a house that is there.
func outsideOf(h *house, t *testing.T, n int, c sip.Config, change func(i int, f *trunk.File, t *trunk.Trunk)) (*exchange, []*phone) {
	ann, ben := h.line(identity.CustomerUser, "1001"), h.line(identity.CustomerUser, "1002")
	h.number(ann, annsNumber)
	h.number(ben, bensNumber)
	if c.Ping == 0 {
		c.Ping = time.Hour
	}
	if c.Try == 0 {
		c.Try = time.Hour
	}
	x := h.serve(t, c, map[string]telecom.Line{"ann": ann, "ben": ben, "cat": h.line(identity.Partner, "1003")})
	if n == 0 {
		return x, nil
	}
	return x, x.networks(n, change)
}

// brings sends an INVITE of a network to a number of ours.
func (p *phone) brings(to, from string, more ...string) message {
	p.n++
	m := p.outside("INVITE", 300+p.n, "application/sdp", spoken(p.id))
	m.uri, m.to, m.from = "sip:"+to+"@127.0.0.1", "<sip:"+to+"@127.0.0.1>", "<sip:"+from+"@carrier.example>;tag="+draw()
	m.more = append(append(m.more, "Contact: "+p.contact()), more...)
	return m
}

func (h *house) kinds(l telecom.Line) (all []string) {
	h.TB.Helper()
	err := h.Store.View(context.Background(), func(tx *store.Tx) error {
		entries, err := h.Log.About(context.Background(), tx, l.Subject, 0, 100)
		for _, e := range entries {
			if k := e.Body.Kind; k == evidence.CallEmergency || k == evidence.RecordDisclosed {
				all = append(all, string(k)+" "+e.Body.Code)
			}
		}
		return err
	})
	if err != nil {
		h.TB.Fatal(err)
	}
	return all
}

// A page calls a number of the world: the network rings, answers, they talk, it
// holds, somebody sends a digit, and it hangs up. The person's list has the
// number, and their history whom it was given to (R19).
func TestACallGoesOut(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	a, far := x.registered("ann"), nets[0]
	from := a.call("02079460018")
	to := far.rings()
	a.answer("INVITE", from.seq, 180)
	req := to.asked
	if req.Recipient.User != farNumber || req.From().Address.User != annsNumber || req.From().DisplayName != "" || req.GetHeader("P-Asserted-Identity").Value() != "<sip:"+annsNumber+"@carrier.example>" {
		t.Errorf("the network is told\n%s", req)
	}
	if s := string(req.Body()); strings.Contains(s, "opus") || !strings.Contains(s, "RTP/AVP") || !strings.Contains(s, "telephone-event/8000") {
		t.Errorf("the network is offered\n%s", s)
	}
	if st := x.sip.Trunks(); len(st) != 1 || st[0].Calls != 1 || !st[0].Up || st[0].ID != "net-0" {
		t.Errorf("the trunk is %+v", st)
	}
	to.reply(200, spoken(far.id))
	far.asked("ACK")
	from.connected()
	from.ask("INFO", 200, "application/dtmf", "7")
	m := to.inside("INVITE", "application/sdp", strings.Replace(spoken(far.id), "a=sendrecv", "a=sendonly", 1))
	far.write(m)
	far.answer("INVITE", m.seq, 200)
	to.ack(m.seq)
	from.offered("sendonly")
	to.ask("BYE", 200, "", "")
	from.bye()
	e := x.kept("ann", telecom.Completed)
	if e.Far != farNumber || !e.Made {
		t.Errorf("Ann's list has %q", e.Words)
	}
	if got := x.kinds(x.lines["ann"]); len(got) != 1 || got[0] != "record.disclosed carriers" {
		t.Errorf("Ann's history has %s", got)
	}
	if st := x.sip.Trunks(); st[0].Calls != 0 {
		t.Errorf("the trunk has %d calls", st[0].Calls)
	}
}

// L26: a number that is withheld stands in nothing but what the carrier alone is
// told (RFC 3325).
func TestWithheldGoesOut(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	a, far := x.registered("ann"), nets[0]
	from := a.call("141" + "02079460018")
	to := far.rings()
	if f := to.asked.From(); f.Address.User != "anonymous" || f.Address.Host != "anonymous.invalid" || to.asked.GetHeader("Privacy").Value() != "id" {
		t.Errorf("the network is told\n%s", to.asked)
	}
	if h := to.asked.GetHeader("P-Asserted-Identity"); h == nil || !strings.Contains(h.Value(), annsNumber) {
		t.Error("the carrier is not told who calls")
	}
	from.cancel()
	to.cancelled()
	from.refused(487)
	x.kept("ann", telecom.Cancelled)
}

// A line without a number calls nobody outside (General Condition C6), unless the
// operator's main number is shown.
func TestCallsOutShowANumber(t *testing.T) {
	x, _ := outside(t, 1, sip.Config{}, nil)
	c := x.registered("cat")
	from := c.call("02079460018")
	if got := reason(from.refused(403)); !strings.Contains(got, "no telephone number") {
		t.Error(got)
	}
	x.close()
	y, nets := outside(t, 1, sip.Config{}, func(_ int, f *trunk.File, _ *trunk.Trunk) { f.Shown = "+441527306000" })
	c = y.registered("cat")
	from = c.call("02079460018")
	if to := nets[0].rings(); to.asked.From().Address.User != "+441527306000" {
		t.Error(to.asked.From().Value())
	}
	from.cancel()
}

// What networks say of calls is told in plain words.
func TestRefusalsOfANetwork(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	a, far := x.registered("ann"), nets[0]
	for status, want := range map[int]struct {
		status int
		words  string
	}{
		404: {404, "not in service"}, 484: {404, "not in service"}, 486: {486, "busy"}, 600: {486, "busy"}, 603: {603, "not accepted"},
		480: {480, "Nobody could be reached"}, 488: {488, "no sound in common"}, 302: {503, "do not get through"}, 500: {503, "do not get through"}, 503: {503, "do not get through"},
	} {
		from := a.call("02079460018")
		to := far.rings()
		to.reply(status, "", "Contact: <sip:elsewhere@192.0.2.99>", "Reason: Q.850;cause=1;text=\"spy\"")
		far.asked("ACK")
		if got := reason(from.refused(want.status)); !strings.Contains(got, want.words) || strings.Contains(got, "spy") {
			t.Errorf("%d is told as %q", status, got)
		}
		x.until("the call is over", func() bool { return len(x.sip.Calls()) == 0 })
	}
}

// Where a trunk fails, is silent or full, the next is tried; where the callee
// refuses, none is.
func TestTheNextTrunkIsTried(t *testing.T) {
	x, nets := outside(t, 3, sip.Config{Try: 300 * time.Millisecond}, func(i int, _ *trunk.File, one *trunk.Trunk) {
		if i == 2 {
			one.Takes = []trunk.Way{{Prefix: "+44", Priority: 1}} // fits better
		}
	})
	a := x.registered("ann")
	from := a.call("02079460018")
	first := nets[2].rings()
	first.reply(503, "")
	nets[2].asked("ACK")
	nets[0].asked("INVITE") // and it says nothing
	third := nets[1].rings()
	third.reply(200, spoken(nets[1].id))
	nets[1].asked("ACK")
	from.connected()
	from.ask("BYE", 200, "", "")
	third.bye()
	x.kept("ann", telecom.Completed)

	from = a.call("02079460018")
	first = nets[2].rings()
	first.reply(486, "")
	from.refused(486)
	if n := nets[1].quietCount("INVITE"); n != 0 {
		t.Error("another trunk was tried though the callee is busy")
	}
}

// quietCount is how many requests of a method wait.
func (p *phone) quietCount(method string) (n int) {
	p.quiet("OPTIONS", "INVITE", "CANCEL", "BYE", "ACK", "SIP/2.0")
	for _, m := range p.seen {
		if req, ok := m.(*sipgo.Request); ok && string(req.Method) == method {
			n++
		}
	}
	return n
}

// A trunk has so many places, of which one is kept for emergency calls.
func TestPlacesOfATrunk(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, func(_ int, _ *trunk.File, one *trunk.Trunk) {
		one.Capacity, one.Emergency = 2, "emergency-services"
	})
	a, b, far := x.registered("ann"), x.registered("ben"), nets[0]
	from := a.call("02079460018")
	first := far.rings()
	if got := reason(b.call("02079460018").refused(503)); !strings.Contains(got, "in use") {
		t.Error(got)
	}
	in := far.invite(far.brings(bensNumber, "+442079460019"))
	in.refused(503)
	for range 3 {
		e := b.call("999")
		to := far.rings()
		if to.asked.Recipient.User != "999" {
			t.Errorf("%s", to.asked.Recipient.String())
		}
		b.answer("INVITE", e.seq, 180)
	}
	from.cancel()
	first.cancelled()
}

// Sound before the answer is passed to the caller, once, and the 200 repeats it.
func TestSoundBeforeTheAnswer(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	a, far := x.registered("ann"), nets[0]
	from := a.call("02079460018")
	to := far.rings()
	to.reply(183, spoken(far.id))
	early := string(a.answer("INVITE", from.seq, 183).Body())
	if !strings.Contains(early, "m=audio") {
		t.Fatal("the caller hears nothing")
	}
	to.reply(183, spoken(far.id))
	to.reply(200, spoken(far.id))
	far.asked("ACK")
	from.connected()
	if from.sdp != early {
		t.Error("the 200 says something else than the 183")
	}
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ann", telecom.Completed)
}

// A network that answers in a codec that nobody offered is told BYE, and the
// caller that there is no sound in common.
func TestANetworkAnswersOtherwise(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	a, far := x.registered("ann"), nets[0]
	for _, early := range []bool{false, true} {
		from := a.call("02079460018")
		to := far.rings()
		other := strings.NewReplacer("RTP/AVP 0", "RTP/AVP 8", ":0 PCMU", ":8 PCMA").Replace(spoken(far.id))
		if early {
			to.reply(183, other)
		}
		to.reply(200, other)
		far.asked("ACK")
		to.bye()
		from.refused(488)
		x.kept("ann", telecom.Failed)
	}
}

// A network brings a call to a line by its number: all its devices ring, see who
// calls, and it is in the person's list.
func TestACallComesIn(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	b1, b2, far := x.registered("ben"), x.registered("ben"), nets[0]
	in := far.invite(far.brings("01527306002", "02079460018", "P-Asserted-Identity: \"Somebody\" <tel:+442079460019>", "Session-Expires: 1800"))
	d1, d2 := b1.rings(), b2.rings()
	far.answer("INVITE", in.seq, 180)
	if f := d1.asked.From(); f.Address.User != "+442079460019" || f.Address.Host != domain || f.DisplayName != "" {
		t.Errorf("Ben is shown %s", f.Value())
	}
	d1.accept()
	in.connected()
	d2.cancelled()
	if !strings.Contains(in.sdp, "RTP/AVP 0") || strings.Contains(in.sdp, b1.id) {
		t.Errorf("the network is answered\n%s", in.sdp)
	}
	in.ask("INFO", 200, "application/dtmf-relay", "Signal=5\r\nDuration=100\r\n")
	d1.ask("BYE", 200, "", "")
	in.bye()
	if e := x.kept("ben", telecom.Completed); e.Far != "+442079460019" || e.Made || e.Answered.IsZero() {
		t.Errorf("Ben's list has %q", e.Words)
	}
}

// L38, L26: who calls from outside is shown as their carrier vouches for it, or
// the call is blocked.
func TestWhoCallsFromOutside(t *testing.T) {
	x, nets := outside(t, 2, sip.Config{}, func(i int, _ *trunk.File, one *trunk.Trunk) {
		one.Abroad = i == 1
		if i == 1 {
			one.Numbers = []trunk.Range{{From: "+441527306002"}}
			one.From = nil
		}
	})
	b, home := x.registered("ben"), nets[0]
	_ = nets[1]
	for name, c := range map[string]struct {
		to, from string
		more     []string
		status   int
		shown    string
	}{
		"as E.164":                    {bensNumber, "+442079460018", nil, 0, "+442079460018"},
		"as the country writes it":    {"01527306002", "02079460018", nil, 0, "+442079460018"},
		"without a plus":              {"441527306002", "442079460018", nil, 0, "+442079460018"},
		"from abroad, with its own":   {bensNumber, "+33140205317", nil, 0, "+33140205317"},
		"asserted before shown":       {bensNumber, "+448001111111", []string{"P-Asserted-Identity: <sip:+442079460018@x.example>"}, 0, "+442079460018"},
		"withheld":                    {bensNumber, "anonymous", nil, 0, "anonymous"},
		"withheld, asserted":          {bensNumber, "+442079460018", []string{"P-Asserted-Identity: <sip:+442079460018@x.example>", "Privacy: id"}, 0, "anonymous"},
		"nobody's number":             {"+441527306099", "+442079460018", nil, 404, ""},
		"no number of ours":           {"+442079460018", "+442079460018", nil, 404, ""},
		"an extension":                {"1002", "+442079460018", nil, 404, ""},
		"no number":                   {bensNumber, "unavailable", nil, 403, "without a valid caller number"},
		"one that cannot be":          {bensNumber, "+441632960001", nil, 403, "this caller number"},
		"too short":                   {bensNumber, "12345", nil, 403, "this caller number"},
		"one that costs":              {bensNumber, "+449098790123", nil, 403, "this caller number"},
		"one that shares revenue":     {bensNumber, "+448712345678", nil, 403, "this caller number"},
		"asserted that cannot be":     {bensNumber, "+442079460018", []string{"P-Asserted-Identity: <sip:+44999@x.example>"}, 403, "this caller number"},
		"of here, carried from there": {bensNumber, "+442079460018", []string{"P-Asserted-Identity: <sip:+33140205317@x.example>"}, 403, "this caller number"},
	} {
		t.Run(name, func(t *testing.T) {
			in := home.invite(home.brings(c.to, c.from, c.more...))
			if c.status != 0 {
				if got := reason(in.refused(c.status)); !strings.Contains(got, c.shown) {
					t.Error(got)
				}
				return
			}
			d := b.rings()
			if d.asked.From().Address.User != c.shown {
				t.Errorf("Ben is shown %s", d.asked.From().Value())
			}
			in.cancel()
			d.cancelled()
			in.refused(487)
			e := x.kept("ben", telecom.Cancelled)
			if far := e.Far; far != c.shown && !(c.shown == "anonymous" && far == "" && e.Withheld) {
				t.Errorf("Ben's list has %q", e.Words)
			}
		})
	}
}
