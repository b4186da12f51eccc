package sip_test

import (
	"bytes"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"

	"candour/internal/sip"
	"candour/internal/telecom"
	"candour/internal/voicemail"
)

// A desk phone shows no message, so its person hears in words that the call ends
// soon; whoever they talk to does not.
func TestADeskPhoneIsWarned(t *testing.T) {
	x, nets := outside(t, 1, sip.Config{}, nil)
	x.exec("INSERT INTO call_caps (account, cap, chosen_ms) VALUES ($1, 4, 0)", x.lines["ann"].Account)
	p, far := x.here("ann", "UDP"), nets[0]
	ear := func(id string) (*net.UDPConn, string) {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c, strings.Replace(spoken(id), "40000", strconv.Itoa(c.LocalAddr().(*net.UDPAddr).Port), 1)
	}
	own, offer := ear(p.id)
	other, answer := ear(far.id)
	p.n++
	m := p.invitation("08700123456")
	m.body = offer
	from := p.invite(p.signed(m))
	to := far.rings()
	to.reply(200, answer)
	far.asked("ACK")
	from.connected()
	words := voicemail.Prompt(voicemail.Soon, "pcmu").File()
	b, last := make([]byte, 2048), uint16(0)
	for i := range 50 {
		if err := own.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		n, err := own.Read(b)
		if err != nil {
			t.Fatalf("after %d packets: %v", i, err)
		}
		var r rtp.Packet
		if err := r.Unmarshal(b[:n]); err != nil || r.PayloadType != 0 || !bytes.Contains(words, r.Payload) || i > 0 && r.SequenceNumber != last+1 {
			t.Fatalf("packet %d is no part of the words: %v %+v", i, err, r.Header)
		}
		last = r.SequenceNumber
	}
	if err := other.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	for {
		n, err := other.Read(b)
		if err != nil {
			break
		}
		var r rtp.Packet
		if r.Unmarshal(b[:n]) == nil && r.Version == 2 && r.PayloadType == 0 {
			t.Fatal("the other side hears it")
		}
	}
	from.ask("BYE", 200, "", "")
	to.bye()
	x.kept("ann", telecom.Completed)
}
