package sip_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	sipgo "github.com/emiago/sipgo/sip"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/dns/dnsmessage"

	"candour/internal/certs"
	"candour/internal/sip"
	"candour/internal/telecom"
	"candour/internal/trunk"
)

// names is a DNS of our own: what stands in it, and no more.
type names struct {
	t    *testing.T
	conn *net.UDPConn

	mu   sync.Mutex
	srv  map[string][]dnsmessage.SRVResource
	a    map[string][]string
	seen map[string]int // how often something was asked for
}

func newNames(t *testing.T) *names {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	n := &names{t: t, conn: c, srv: map[string][]dnsmessage.SRVResource{}, a: map[string][]string{}, seen: map[string]int{}}
	done := make(chan struct{})
	go func() { defer close(done); n.serve() }()
	t.Cleanup(func() {
		_ = c.Close()
		<-done
	})
	return n
}

// resolver asks nobody else.
func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", n.conn.LocalAddr().String())
	}}
}

// at notes that a name takes calls at a port of 127.0.0.1.
func (n *names) at(service, target string, port, priority int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.srv[service] = append(n.srv[service], dnsmessage.SRVResource{Priority: uint16(priority), Weight: 1, Port: uint16(port), Target: dnsmessage.MustNewName(target)}) //nolint:gosec // a test's own
	n.a[target] = []string{"127.0.0.1"}
}

func (n *names) serve() {
	buf := make([]byte, 4096)
	for {
		size, from, err := n.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:size]) != nil || len(m.Questions) != 1 {
			continue
		}
		q := m.Questions[0]
		name := q.Name.String()
		n.mu.Lock()
		n.seen[name]++
		m.Response, m.Additionals = true, nil
		head := dnsmessage.ResourceHeader{Name: q.Name, Class: dnsmessage.ClassINET, TTL: 1}
		switch {
		case q.Type == dnsmessage.TypeSRV:
			for _, r := range n.srv[name] {
				head.Type = dnsmessage.TypeSRV
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &r})
			}
		case q.Type == dnsmessage.TypeA:
			for _, a := range n.a[name] {
				head.Type = dnsmessage.TypeA
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: netip.MustParseAddr(a).As4()}})
			}
		}
		if len(n.srv[name])+len(n.a[name]) == 0 {
			m.RCode = dnsmessage.RCodeNameError
		}
		n.mu.Unlock()
		if b, err := m.Pack(); err == nil {
			_, _ = n.conn.WriteToUDPAddrPort(b, from)
		}
	}
}

// A trunk that is named is where the DNS says (RFC 3263): at the place of the least
// priority first, at the next where that is silent or refuses, and at the first
// again after a while.
func TestATrunkIsWhereItsNameLeads(t *testing.T) {
	dns := newNames(t)
	silent, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	const service = "_sip._udp.carrier.test."
	dns.at(service, "gone.carrier.test.", silent.LocalAddr().(*net.UDPAddr).Port, 1)
	dns.at(service, "nowhere.carrier.test.", 5060, 1)
	delete(dns.a, "nowhere.carrier.test.")
	x, nets := outside(t, 2, sip.Config{Resolver: dns.resolver(), Try: 100 * time.Millisecond}, func(i int, _ *trunk.File, one *trunk.Trunk) {
		dns.at(service, []string{"one", "two"}[i]+".carrier.test.", one.Port, 2+i)
		if one.Host, one.Port = "carrier.test", 0; i == 1 {
			one.ID = ""
		}
	})
	a, first, second := x.registered("ann"), nets[0], nets[1]
	call := func(turned bool) {
		t.Helper()
		from := a.call("02079460018")
		at := second
		if turned {
			d := first.outgoing()
			d.reply(503, "")
			first.asked("ACK")
		}
		d := at.outgoing()
		if d.asked.Recipient.Host != "carrier.test" || d.asked.Recipient.Port != 0 {
			t.Errorf("the network is asked for %s", d.asked.Recipient.String())
		}
		d.reply(200, spoken(at.id))
		at.asked("ACK")
		from.connected()
		d.ask("BYE", 200, "", "")
		from.bye()
		x.idle()
	}
	call(true)
	call(false) // not asked again at once
	x.Later(2 * time.Minute)
	from := a.call("02079460018") // the silent one is tried first again, and given up
	d := first.outgoing()
	d.reply(486, "")
	first.asked("ACK")
	from.refused(486)
	metric := x.gathered()
	for name, want := range map[string]float64{
		"candour_trunk_up": 1, "candour_trunk_calls": 0, `candour_trunk_failures_total class="5xx"`: 1, `candour_trunk_failures_total class="4xx"`: 0,
	} {
		if got, ok := metric[name]; !ok || got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	// The first call may have come before it was known who is silent.
	if asked, silent := metric["candour_trunk_calls_asked_total"], metric[`candour_trunk_failures_total class="silent"`]; silent < 1 || silent > 2 || asked != 4+silent {
		t.Errorf("asked %v times, of which %v in vain", asked, silent)
	}
	if _, ok := metric["candour_trunk_registered"]; ok {
		t.Error("a trunk that is not registered at has a series for that")
	}
}

// gathered is what the metrics say of the one trunk.
func (x *exchange) gathered() map[string]float64 {
	x.t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(x.sip)
	all, err := r.Gather()
	if err != nil {
		x.t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range all {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				if l.GetName() != "trunk" {
					name += " " + l.GetName() + `="` + l.GetValue() + `"`
				}
			}
			out[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return out
}

// A name that the DNS says nothing more of has the usual port, and one with a port
// of the operator's is not looked for elsewhere.
func TestATrunkWithAPortIsThere(t *testing.T) {
	dns := newNames(t)
	x, nets := outside(t, 1, sip.Config{Resolver: dns.resolver()}, func(_ int, _ *trunk.File, one *trunk.Trunk) {
		one.Host = "one.carrier.test"
		dns.a["one.carrier.test."] = []string{"127.0.0.1"}
		dns.at("_sip._udp.one.carrier.test.", "two.carrier.test.", 1, 1)
	})
	x.until("it is up", func() bool { return x.sip.Trunks()[0].Up })
	a := x.registered("ann")
	from := a.call("02079460018")
	d := nets[0].rings()
	from.cancel()
	from.refused(487)
	d.cancelled()
	dns.mu.Lock()
	defer dns.mu.Unlock()
	if dns.seen["_sip._udp.one.carrier.test."] != 0 {
		t.Error("the DNS was asked for what the operator said")
	}
}

// Over TLS a trunk shows a certificate for its name, which another's name in the
// DNS does not change; what is said goes and comes over that connection alone.
func TestATrunkOverTLS(t *testing.T) {
	dir := t.TempDir()
	authority, err := certs.Local(dir, "carrier.localhost")
	if err != nil {
		t.Fatal(err)
	}
	conf, err := authority.Config("carrier.localhost")
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(authority.Path())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate")
	}
	door, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = door.Close() }()
	dns := newNames(t)
	for _, name := range []string{"carrier.localhost.", "other.test."} {
		dns.at("_sips._tcp."+name, "edge.elsewhere.test.", door.Addr().(*net.TCPAddr).Port, 1)
	}
	x, _ := outside(t, 0, sip.Config{Resolver: dns.resolver(), Roots: roots}, nil)
	one := trunk.Trunk{
		ID: "secure", Recipient: "carriers", Host: "carrier.localhost", Transport: trunk.TLS, Domain: "carrier.example", Numbers: []trunk.Range{{From: "+441527306"}},
		Takes: []trunk.Way{{Prefix: "+", Priority: 1}}, Capacity: 10, Identity: trunk.Asserted, Dials: trunk.WithPlus,
	}
	other := one
	other.ID, other.Host = "forged", "other.test"
	at, err := x.sip.ConnectTrunks(context.Background(), trunk.File{Listen: "127.0.0.1:0", Trunks: []trunk.Trunk{one, other}})
	if err != nil {
		t.Fatal(err)
	}
	var conn net.Conn
	for conn == nil {
		c, err := door.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if c.(*tls.Conn).Handshake() == nil { // else it was for the other name
			conn = c
		} else {
			_ = c.Close()
		}
	}
	go func() { // whoever wants the other name gets as far
		for {
			c, err := door.Accept()
			if err != nil {
				return
			}
			_ = c.(*tls.Conn).Handshake()
			_ = c.Close()
		}
	}()
	far := &phone{t: t, x: x, name: "secure", ext: farNumber, id: "net" + draw(), inbox: make(chan sipgo.Message, 1000), gone: make(chan struct{}), conn: conn, over: "TLS"}
	go far.listenOn(conn)
	defer func() { _ = conn.Close(); <-far.gone }()
	look := far.asked("OPTIONS")
	(&dialog{p: far, local: look.To().Value() + ";tag=" + draw()}).replyTo(look, 200, "")
	x.until("one is up, and the other is not", func() bool { st := x.sip.Trunks(); return st[0].Up && !st[1].Up })
	a, b := x.registered("ann"), x.registered("ben")
	from := a.call("02079460018")
	d := far.rings()
	if v := d.asked.Via(); v.Transport != "TLS" || !strings.Contains(d.asked.Contact().Value(), "transport=tls") {
		t.Errorf("the network is asked with\n%s", d.asked)
	}
	d.reply(200, spoken(far.id))
	far.asked("ACK")
	from.connected()
	d.ask("BYE", 200, "", "")
	from.bye()
	in := far.invite(far.brings(bensNumber, "02079460018"))
	to := b.rings()
	to.accept()
	in.connected()
	in.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ben", telecom.Completed)
	plain, err := net.Dial("tcp", at.String()) // nobody is let in by its address
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = plain.Close() }()
	if _, err := plain.Read(make([]byte, 1)); err == nil {
		t.Error("somebody at the trunk's address is heard without TLS")
	}
}
