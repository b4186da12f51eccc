package sip_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pion/stun/v4"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// Over UDP each message can be lost, so each comes again until it is answered:
// and is then acted on once.
func TestRepeatsOverUDP(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.here("ben", "UDP")

	// The phone's INVITE comes again, and so does our 200 until its ACK.
	from := b.dials("1001")
	b.answer("INVITE", from.seq, 100)
	b.write(from.invite)
	b.answer("INVITE", from.seq, 100)
	to := a.rings()
	to.accept()
	first := b.answer("INVITE", from.seq, 200)
	again := b.answer("INVITE", from.seq, 200)
	if first.String() != again.String() {
		t.Error("the answer comes again as another")
	}
	from.took(again)
	from.ack(from.seq)
	bye := from.inside("BYE", "", "")
	b.write(bye)
	b.answer("BYE", bye.seq, 200)
	b.write(bye)
	b.answer("BYE", bye.seq, 200)
	to.bye()
	x.kept("ben", telecom.Completed)

	// A CANCEL comes again, and is answered as before.
	from = b.dials("1001")
	to = a.rings()
	from.cancel()
	b.answer("CANCEL", from.seq, 200)
	b.answer("INVITE", from.seq, 487)
	from.cancel()
	b.answer("CANCEL", from.seq, 200)
	from.refused(487) // which comes again until its ACK
	to.cancelled()
	x.kept("ben", telecom.Cancelled)

	// Our INVITE comes again until it is answered; the phone's 200 comes again
	// until it has our ACK.
	back := a.call("1002")
	invite := b.asked("INVITE")
	if other := b.asked("INVITE"); other.String() != invite.String() {
		t.Error("the INVITE comes again as another")
	}
	d := &dialog{p: b, callID: invite.CallID().Value(), asked: invite, remote: invite.From().Value(), local: invite.To().Value() + ";tag=" + draw(), target: invite.Contact().Address.String(), seq: -1, sdp: string(invite.Body())}
	d.reply(200, answerTo(d.sdp, b.id))
	ack := b.asked("ACK")
	d.reply(200, answerTo(d.sdp, b.id))
	if other := b.asked("ACK"); other.String() != ack.String() {
		t.Error("the ACK comes again as another")
	}
	back.connected()
	d.ask("BYE", 200, "", "")
	back.bye()
	x.kept("ann", telecom.Completed)

	// A refusal comes again until we acknowledged it.
	back = a.call("1002")
	d = b.rings()
	d.reply(486, "")
	b.asked("ACK")
	d.reply(486, "")
	b.asked("ACK")
	back.refused(486)
	x.kept("ann", telecom.Busy)
}

// What keeps the way open is answered to who is here (RFC 5626 3.5), and to
// nobody else over UDP.
func TestWaysAreKeptOpen(t *testing.T) {
	x := three(t, sip.Config{})
	for _, network := range networks {
		b := x.here("ben", network)
		b.raw("\r\n\r\n")
		x.until("the line ends are answered", func() bool { return b.pongs.Load() == 1 })
		b.raw("\r\n")
		b.signIn(600, 200)
	}
	_, c := x.device(x.lines["cat"])
	p := x.handsetWith("cat", "UDP", c)
	b := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
	p.raw(string(b.Raw)) // from a stranger
	p.raw("\r\n\r\n")
	p.signIn(600, 200)
	if strings.Contains(p.all.String(), string(b.TransactionID[:])) || p.pongs.Load() > 0 {
		t.Error("a stranger is answered")
	}
	p.raw(string(b.Raw))
	p.raw("\x00\x01\x00\xff" + string(b.Raw[4:])) // shorter than it says
	p.signIn(600, 200)
	_ = p.conn.Close()
	<-p.gone
	all := []byte(p.all.String())
	i := bytes.Index(all, b.TransactionID[:])
	if i < 8 {
		t.Fatal("there is no answer")
	}
	m := &stun.Message{Raw: all[i-8 : i+12+12]}
	var got stun.XORMappedAddress
	if err := m.Decode(); err != nil {
		t.Fatal(err)
	}
	if err := got.GetFrom(m); err != nil || got.String() != p.conn.LocalAddr().String() {
		t.Errorf("told %v (%v), and is at %v", got, err, p.conn.LocalAddr())
	}
}

// Messages that are none: RFC 4475's, each to a stranger's port and on a
// connection, and others. The service goes on, and nothing of them is kept.
func TestTortureOfPhones(t *testing.T) {
	x := three(t, sip.Config{})
	b := x.here("ben", "UDP")
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/emiago/sipgo").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "sip/testdata/torture/*/*.dat"))
	if len(files) < 49 {
		t.Fatalf("%d files", len(files))
	}
	texts := [][]byte{bytes.Repeat([]byte("x"), 60_000), []byte("INVITE"), []byte("\x00"), bytes.Repeat([]byte("\r\n"), 2000), []byte("REGISTER sip:x SIP/2.0\r\nContent-Length: 99999\r\n\r\n")}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	for _, network := range []string{"udp", "tcp"} {
		for _, text := range texts {
			c, err := net.Dial(network, x.phones())
			if err != nil {
				t.Fatal(err)
			}
			_, _ = c.Write(text)
			_ = c.Close()
		}
	}
	for _, text := range texts { // and from where somebody is
		if len(bytes.Trim(text, "\r\n")) > 0 {
			b.raw(string(text))
		}
	}
	b.signIn(600, 200)
	x.until("no call is left", func() bool { return len(x.sip.Calls()) == 0 })
	if n := len(x.sip.Registrations()); n != 1 {
		t.Errorf("%d registrations", n)
	}
}

// A phone's messages may be larger than a packet, and so may ours.
func TestLargeMessages(t *testing.T) {
	x := three(t, sip.Config{})
	b, c := x.here("ben", "UDP"), x.here("cat", "UDP")
	from := b.dials("1003", "X-Long: "+strings.Repeat("x", 3000))
	to := c.rings()
	sdp := answerTo(to.sdp, c.id) + strings.Repeat("a=x-long:"+strings.Repeat("y", 100)+"\r\n", 40)
	to.reply(200, sdp)
	c.asked("ACK")
	from.connected()
	if strings.Contains(from.sdp, "x-long") {
		t.Error("what a phone says reaches the other")
	}
	from.ask("BYE", 200, "", "")
	to.bye()
}

// A way through other servers is kept and shown (RFC 3327), and what calls the
// phone takes it; the message itself goes to where the phone registered from.
func TestPath(t *testing.T) {
	x := three(t, sip.Config{})
	a, b := x.registered("ann"), x.handset("ben", "UDP")
	res := b.signIn(600, 200, "Path: <sip:edge.example;lr>", "Path: <sip:inner.example;lr;ob>")
	if got := res.GetHeaders("Path"); len(got) != 2 || got[0].Value() != "<sip:edge.example;lr>" {
		t.Errorf("shown: %v", got)
	}
	d := a.call("1002")
	to := b.rings()
	if got := to.asked.GetHeaders("Route"); len(got) != 2 || got[1].Value() != "<sip:inner.example;lr;ob>" {
		t.Errorf("taken: %v", got)
	}
	d.cancel()
	to.cancelled()
	b.signIn(600, 400, "Path: x")
	b.signIn(600, 400, strings.Repeat("Path: <sip:edge.example;lr>\r\n", 5)+"X: x")
}

// Answers go to where a request came from, and say so (RFC 3581), whatever the
// phone thinks its address is.
func TestAnswersGoBack(t *testing.T) {
	x := three(t, sip.Config{})
	b := x.handset("ben", "UDP")
	m := b.registration(600)
	b.raw(strings.Replace(m.String(), ".invalid;branch", ".invalid:9;received=192.0.2.9;rport;branch", 1))
	res := b.answer("REGISTER", m.seq, 401)
	host, port, _ := net.SplitHostPort(b.conn.LocalAddr().String())
	via := res.Via()
	if got, _ := via.Params.Get("received"); got != host {
		t.Errorf("received is %q", got)
	}
	if got, _ := via.Params.Get("rport"); got != port {
		t.Errorf("rport is %q", got)
	}
	m = b.registration(600)
	b.write(m) // without rport
	res = b.answer("REGISTER", m.seq, 401)
	if got, _ := res.Via().Params.Get("received"); got != host || res.Via().Params.Has("rport") {
		t.Errorf("Via is %s", res.Via().Value())
	}
	b.signIn(600, 200)
	a := x.registered("ann")
	d := a.call("1002")
	to := b.rings()
	if v := to.asked.Via(); !v.Params.Has("rport") || v.Transport != "UDP" {
		t.Errorf("ours is %s", v.Value())
	}
	if c := to.asked.Contact().Address; net.JoinHostPort(c.Host, "") != "127.0.0.1:" || c.Port == 0 {
		t.Errorf("our Contact is %s", c.String())
	}
	d.cancel()
	to.cancelled()
}
