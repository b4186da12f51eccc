package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// phoneOffer is an offer as an ordinary phone writes it, with all in it that
// tells of the phone and its network.
const phoneOffer = `v=0
o=secretuser 4611731400 4611731401 IN IP4 192.0.2.77
s=Secret session
i=secret information
c=IN IP4 192.0.2.77
t=0 0
a=tool:secret-agent/7.1
a=X-nat:0 secret
m=audio 1077 RTP/AVP 0 8 101 13
a=rtcp:1078 IN IP4 192.0.2.77
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-16
a=ptime:20
a=label:secretsound
a=ssrc:3735928559 cname:secretcname
`

func phoneText(changes ...string) string {
	return strings.NewReplacer(changes...).Replace(strings.ReplaceAll(phoneOffer, "\n", "\r\n"))
}

// handset is a phone of a test: sockets, and what it is told to say.
type handset struct {
	t         testing.TB
	rtp, rtcp *net.UDPConn
	to        netip.AddrPort // of the relay's RTP
	toRTCP    netip.AddrPort
	in, out   *srtp.Context
	key       string // ours, of a=crypto

	source uint32
	seq    uint16
	tick   uint32

	mu    sync.Mutex
	heard []*rtp.Packet
	told  []rtcp.Packet
	raw   bytes.Buffer
	from  map[netip.AddrPort]bool
}

func newHandset(t testing.TB) *handset {
	t.Helper()
	h := &handset{t: t, source: 0xdeadbeef, seq: 65530, tick: 0xfffffff0, from: map[netip.AddrPort]bool{}}
	h.rtp, h.rtcp = h.socket(), h.socket()
	go h.listen(h.rtp)
	go h.listen(h.rtcp)
	return h
}

func (h *handset) socket() *net.UDPConn {
	h.t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = c.Close() })
	return c
}

// listen keeps what comes, by what it is.
func (h *handset) listen(c *net.UDPConn) {
	buf := make([]byte, 4000)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		b := bytes.Clone(buf[:n])
		h.mu.Lock()
		h.from[from] = true
		if len(b) > 1 && b[1] >= 192 && b[1] <= 223 {
			h.hears(b)
		} else {
			h.listens(b)
		}
		h.mu.Unlock()
	}
}

func (h *handset) listens(b []byte) {
	if h.in != nil {
		plain, err := h.in.DecryptRTP(nil, b, nil)
		if err != nil {
			h.t.Errorf("a packet of ours cannot be decrypted: %v", err)
			return
		}
		b = plain
	}
	p := &rtp.Packet{}
	if err := p.Unmarshal(b); err != nil {
		h.t.Errorf("a packet of ours cannot be read: %v", err)
		return
	}
	h.raw.Write(b)
	h.heard = append(h.heard, p)
}

func (h *handset) hears(b []byte) {
	if h.in != nil {
		plain, err := h.in.DecryptRTCP(nil, b, nil)
		if err != nil {
			h.t.Errorf("RTCP of ours cannot be decrypted: %v", err)
			return
		}
		b = plain
	}
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		h.t.Errorf("RTCP of ours cannot be read: %v", err)
	}
	if err := rtcp.CompoundPacket(packets).Validate(); err != nil {
		h.t.Errorf("RTCP of ours is no compound: %v", err)
	}
	h.raw.Write(b)
	h.told = append(h.told, packets...)
}

// describe writes the handset's description, with lines in the section.
func (h *handset) describe(proto, formats string, lines ...string) string {
	s := fmt.Sprintf("v=0\r\no=secretuser 1 1 IN IP4 127.0.0.1\r\ns=secret\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %d %s %s\r\na=rtcp:%d\r\n",
		portOf(h.rtp.LocalAddr()), proto, formats, portOf(h.rtcp.LocalAddr()))
	for _, f := range strings.Fields(formats) {
		s += map[string]string{
			"0": "a=rtpmap:0 PCMU/8000\r\n", "13": "a=rtpmap:13 CN/8000\r\n", "97": "a=rtpmap:97 telephone-event/8000\r\na=fmtp:97 0-15\r\n",
			"98": "a=rtpmap:98 opus/48000/2\r\n", "99": "a=rtpmap:99 telephone-event/48000\r\n", "96": "a=rtpmap:96 VP8/90000\r\n",
		}[f]
	}
	for _, l := range lines {
		s += l + "\r\n"
	}
	return s
}

var soundLine = regexp.MustCompile(`m=audio (\d+) (\S+) (.*)\r\n`)

// take takes a description of ours.
func (h *handset) take(sdp string) {
	h.t.Helper()
	m := soundLine.FindStringSubmatch(sdp)
	if m == nil {
		h.t.Fatalf("no sound in\n%s", sdp)
	}
	port, err := strconv.ParseUint(m[1], 10, 16)
	if err != nil || (port%2 != 0 && !strings.Contains(sdp, "a=rtcp-mux")) {
		h.t.Fatalf("port %s", m[1])
	}
	ip := netip.MustParseAddr(regexp.MustCompile(`c=IN IP4 (\S+)`).FindStringSubmatch(sdp)[1])
	h.to, h.toRTCP = netip.AddrPortFrom(ip, uint16(port)), netip.AddrPortFrom(ip, uint16(port)+1)
	if strings.Contains(sdp, "a=rtcp-mux") {
		h.toRTCP = h.to
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.raw.WriteString(sdp)
	if key := regexp.MustCompile(`a=crypto:(.*)\r\n`).FindStringSubmatch(sdp); key != nil {
		theirs, ok := readCrypto(key[1])
		mine, mineOK := readCrypto(h.key)
		if !ok || !mineOK || theirs.suite != mine.suite || theirs.tag != mine.tag || theirs.key == mine.key {
			h.t.Fatalf("a=crypto:%s", key[1])
		}
		if h.in, err = theirs.context(); err != nil {
			h.t.Fatal(err)
		}
		if h.out, err = mine.context(); err != nil {
			h.t.Fatal(err)
		}
	}
}

// say sends one packet.
func (h *handset) say(format uint8, payload []byte) { h.sayFrom(h.rtp, format, payload) }

func (h *handset) sayFrom(c *net.UDPConn, format uint8, payload []byte) {
	h.t.Helper()
	h.seq++
	h.tick += 160
	h.send(c, h.packet(format, payload))
}

// packet makes a packet as old phones might: with contributing sources and a
// header extension that tells.
func (h *handset) packet(format uint8, payload []byte) []byte {
	h.t.Helper()
	head := rtp.Header{Version: 2, PayloadType: format, SequenceNumber: h.seq, Timestamp: h.tick, SSRC: h.source, CSRC: []uint32{0x5ec4e7}}
	head.Extension, head.ExtensionProfile = true, 0xBEDE
	if err := head.SetExtension(1, []byte("secret-mid")); err != nil {
		h.t.Fatal(err)
	}
	b, err := (&rtp.Packet{Header: head, Payload: payload}).Marshal()
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func (h *handset) send(c *net.UDPConn, b []byte) {
	h.t.Helper()
	if h.out != nil {
		var err error
		if b, err = h.out.EncryptRTP(nil, b, nil); err != nil {
			h.t.Fatal(err)
		}
	}
	if _, err := c.WriteToUDPAddrPort(b, h.to); err != nil {
		h.t.Fatal(err)
	}
}

// report sends RTCP.
func (h *handset) report(packets ...rtcp.Packet) {
	h.t.Helper()
	b, err := rtcp.Marshal(packets)
	if err == nil && h.out != nil {
		b, err = h.out.EncryptRTCP(nil, b, nil)
	}
	if err == nil {
		_, err = h.rtcp.WriteToUDPAddrPort(b, h.toRTCP)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// reports is how many packets of RTCP came.
func (h *handset) reports() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.told)
}

func (h *handset) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.heard)
}

func (h *handset) last() *rtp.Packet {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.heard) == 0 {
		return nil
	}
	return h.heard[len(h.heard)-1]
}

// ear is one end of a call, of either kind.
type ear struct {
	t     testing.TB
	name  string
	say   func([]byte)
	count func() int
	last  func() *rtp.Packet
}

func (h *handset) ear(format uint8) ear {
	return ear{h.t, "the phone", func(b []byte) { h.say(format, b) }, h.count, h.last}
}

func (p *peer) ear(mime string) ear {
	return ear{p.t, "the browser", func(b []byte) { p.say(audio, mime, b) }, func() int { return p.count(audio) }, func() *rtp.Packet { return p.last(audio) }}
}

// hears sends until something arrives, and then wants every byte there, in a row.
func (e ear) hears(from ear, format uint8) {
	e.t.Helper()
	n := e.count()
	until(e.t, e.name+" hears", func() bool {
		from.say([]byte("is anybody there"))
		return e.count() > n
	})
	from.say([]byte("that was all"))
	until(e.t, "the end of the beginning", func() bool { return string(e.last().Payload) == "that was all" })
	before := e.last()
	for i, size := range []int{1, 160, 700} {
		payload := bytes.Repeat([]byte{byte(i + 1)}, size)
		n := e.count()
		from.say(payload)
		until(e.t, "a packet", func() bool { return e.count() > n })
		got := e.last()
		switch {
		case !bytes.Equal(got.Payload, payload):
			e.t.Fatalf("%s: %d bytes arrived otherwise", e.name, size)
		case got.PayloadType != format || got.SSRC != before.SSRC || got.SSRC == 0xdeadbeef:
			e.t.Fatalf("%s: %+v", e.name, got.Header)
		case got.SequenceNumber != before.SequenceNumber+uint16(i)+1:
			e.t.Fatalf("%s: number %d after %d", e.name, got.SequenceNumber, before.SequenceNumber)
		case got.Extension || len(got.CSRC) > 0 || got.Padding:
			e.t.Fatalf("%s: %+v passed", e.name, got.Header)
		}
	}
}

// join answers the caller and bridges both.
func join(t testing.TB, a, b *Leg) (answer string) {
	t.Helper()
	answer, err := a.Answer()
	if err != nil {
		t.Fatal(err)
	}
	if err := Bridge(a, b); err != nil {
		t.Fatal(err)
	}
	return answer
}

// offers takes an offer and invites a callee of a kind.
func offers(t testing.TB, r *Relay, offer string, k Kind) (a, b *Leg, next string) {
	t.Helper()
	a, err := r.Accept(context.Background(), offer)
	if err != nil {
		t.Fatal(err)
	}
	b, next, err = r.InviteAs(context.Background(), a, k)
	if err != nil {
		t.Fatal(err)
	}
	return a, b, next
}

// phones is a call of two phones, the caller with these formats.
func phones(t testing.TB, r *Relay, proto, formats string, lines ...string) (one, two *handset, a, b *Leg) {
	t.Helper()
	one, two = newHandset(t), newHandset(t)
	two.source = 0x0badcafe
	a, b, offer := offers(t, r, one.describe(proto, formats, lines...), Phone)
	two.take(offer)
	if err := b.Answered(two.describe("RTP/AVP", "0 97 13")); err != nil {
		t.Fatal(err)
	}
	one.take(join(t, a, b))
	return one, two, a, b
}

func TestAPhoneCallsAPhone(t *testing.T) {
	quiet(t)
	one, two, a, b := phones(t, newRelay(t), "RTP/AVP", "0 97 13")
	one.ear(0).hears(two.ear(0), 0)
	two.ear(0).hears(one.ear(0), 0)
	// Digits and comfort noise pass as they are, under the numbers of each.
	n := two.count()
	one.say(97, []byte{5, 10, 0, 160})
	one.say(13, []byte{70})
	until(t, "a digit and noise", func() bool { return two.count() == n+2 })
	two.mu.Lock()
	digit, noise := two.heard[n], two.heard[n+1]
	two.mu.Unlock()
	if digit.PayloadType != 97 || noise.PayloadType != 13 || !bytes.Equal(digit.Payload, []byte{5, 10, 0, 160}) || !bytes.Equal(noise.Payload, []byte{70}) {
		t.Errorf("%+v, %+v", digit, noise)
	}
	for _, s := range []Stats{a.Stats(), b.Stats()} {
		if !s.Connected || s.AudioIn.Packets == 0 || s.AudioOut.Packets == 0 {
			t.Errorf("%+v", s)
		}
	}
}

func TestAPhoneAndABrowser(t *testing.T) {
	for _, c := range []struct {
		name, formats string // of the phone
		mime          string
		number        uint8 // of the phone
		browser       uint8 // that we offer
	}{
		{"g711", "0 97 13", mimePCMU, 0, 0},
		{"opus", "98 99", mimeOpus, 98, 111},
	} {
		t.Run(c.name+" from the phone", func(t *testing.T) {
			quiet(t)
			r := newRelay(t)
			phone, web := newHandset(t), newPeer(t, browser{shift: 1})
			a, b, offer := offers(t, r, phone.describe("RTP/AVP", c.formats), Browser)
			if strings.Contains(offer, "CN/8000") {
				t.Error("a browser is offered noise")
			}
			if err := b.Answered(web.answer(offer)); err != nil {
				t.Fatal(err)
			}
			phone.take(join(t, a, b))
			until(t, "a connection", func() bool { return web.connected.Load() && b.Stats().Connected })
			web.ear(c.mime).hears(phone.ear(c.number), c.browser)
			phone.ear(c.number).hears(web.ear(c.mime), c.number)
		})
		t.Run(c.name+" from the browser", func(t *testing.T) {
			quiet(t)
			r := newRelay(t)
			phone, web := newHandset(t), newPeer(t, browser{shift: 1, video: []string{mimeVP8}})
			a, b, offer := offers(t, r, web.offer(nil), Phone)
			if strings.Contains(offer, "video") {
				t.Error("a phone is offered a picture")
			}
			phone.take(offer)
			if err := b.Answered(phone.describe("RTP/AVP", c.formats)); err != nil {
				t.Fatal(err)
			}
			web.take(join(t, a, b))
			until(t, "a connection", func() bool { return web.connected.Load() && a.Stats().Connected })
			number := map[string]uint8{mimePCMU: 0, mimeOpus: 101}[c.mime]
			web.ear(c.mime).hears(phone.ear(c.browser), number) // RFC 3264 section 5.1: it sends what was offered
			phone.ear(c.number).hears(web.ear(c.mime), c.number)
		})
	}
}

func TestADescriptionForAPhone(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	a, _, offer := offers(t, r, phoneText(), Phone)
	want := regexp.MustCompile(`^v=0\r\no=- \d+ 1 IN IP4 127\.0\.0\.1\r\ns=-\r\nc=IN IP4 127\.0\.0\.1\r\nt=0 0\r\n` +
		`m=audio \d+ RTP/AVP 0 8 101 13\r\na=sendrecv\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n` +
		`a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtpmap:13 CN/8000\r\n$`)
	if !want.MatchString(offer) {
		t.Errorf("offered:\n%s", offer)
	}
	if a.Kind() != Phone {
		t.Errorf("the caller is a %s", a.Kind())
	}
	if _, _, err := r.InviteAs(context.Background(), &Leg{}, Phone); !errors.Is(err, ErrCodec) {
		t.Errorf("nothing to offer: %v", err)
	}
}
