package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// Phones hold in three manners: a direction in the section, one before it, or no
// address (RFC 2543). The other side is offered the same, and nothing passes.
func TestAPhoneHoldsAndResumes(t *testing.T) {
	for _, c := range []struct {
		name         string
		hold         func(string) string
		dir          Direction
		answer       string
		heard, hears bool // while it holds
	}{
		{"sendonly", func(s string) string { return s + "a=sendonly\r\n" }, SendOnly, "recvonly", true, false},
		{"inactive", func(s string) string { return s + "a=inactive\r\n" }, Inactive, "inactive", false, false},
		{"before the sections", func(s string) string { return strings.Replace(s, "t=0 0\r\n", "t=0 0\r\na=inactive\r\n", 1) }, Inactive, "inactive", false, false},
		{"no address", func(s string) string { return strings.Replace(s, "c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0", 1) }, SendOnly, "recvonly", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			quiet(t)
			one, two, a, b := phones(t, newRelay(t), "RTP/AVP", "0 97")
			two.ear(0).hears(one.ear(0), 0)
			one.ear(0).hears(two.ear(0), 0)
			own := one.describe("RTP/AVP", "0 97")
			exchange := func(offer, back string) (answer, next string) {
				answer, dir, err := a.Reoffered(offer)
				if err != nil {
					t.Fatal(err)
				}
				if next, err = b.Reoffer(dir); err != nil {
					t.Fatal(err)
				}
				if err := b.Answered(two.describe("RTP/AVP", "0 97") + "a=" + back + "\r\n"); err != nil {
					t.Fatal(err)
				}
				return answer, next
			}
			answer, next := exchange(c.hold(own), c.answer)
			if wayOf(answer) != c.answer || wayOf(next) != c.dir.String() {
				t.Errorf("answered %s, offered %s", wayOf(answer), wayOf(next))
			}
			n, held := one.count(), b.Stats().Held
			until(t, "a packet that is held back", func() bool { two.say(0, []byte("not to be heard")); return b.Stats().Held > held })
			if one.count() != n {
				t.Error("a phone that holds hears")
			}
			if c.heard {
				two.ear(0).hears(one.ear(0), 0)
			} else if b.shouldBeHeard() || a.shouldBeHeard() {
				t.Error("silence would end the call")
			}
			if answer, next = exchange(own, "sendrecv"); wayOf(answer) != "sendrecv" || wayOf(next) != "sendrecv" {
				t.Errorf("answered %s, offered %s", wayOf(answer), wayOf(next))
			}
			two.ear(0).hears(one.ear(0), 0)
			one.ear(0).hears(two.ear(0), 0)
		})
	}
}

// A browser that holds is a phone's offer of sendonly, and a phone that moves is
// found where it says.
func TestAPhoneIsHeldAndMoves(t *testing.T) {
	quiet(t)
	one, two, a, b := phones(t, newRelay(t), "RTP/AVP", "0 97")
	two.ear(0).hears(one.ear(0), 0)
	one.ear(0).hears(two.ear(0), 0)
	again := newHandset(t)
	again.source, again.to, again.toRTCP = 77, two.to, two.toRTCP
	if _, _, err := b.Reoffered(again.describe("RTP/AVP", "0 97")); err != nil {
		t.Fatal(err)
	}
	again.ear(0).hears(one.ear(0), 0) // sent to before it spoke
	one.ear(0).hears(again.ear(0), 0)
	for _, c := range []struct {
		sdp  string
		want error
	}{
		{"v=0", ErrSDP}, {offerText(), ErrCodec}, {two.describe("RTP/AVP", "98"), ErrCodec},
		{strings.Replace(two.describe("RTP/AVP", "0"), "m=audio", "m=video 0 RTP/AVP 31\r\nm=audio", 1), ErrSDP},
	} {
		if _, _, err := b.Reoffered(c.sdp); !errors.Is(err, c.want) {
			t.Errorf("%v, not %v", err, c.want)
		}
	}
	// A picture that is asked for later is refused, and the sound goes on.
	answer, _, err := a.Reoffered(one.describe("RTP/AVP", "0 97") + "m=video 4000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n")
	if err != nil || !strings.Contains(answer, "m=video 0 RTP/AVP 0\r\n") {
		t.Errorf("%v:\n%s", err, answer)
	}
	again.ear(0).hears(one.ear(0), 0)
}

// Digits that came as signalling are sent to phones in the events that they take,
// also beside Opus in those of 8000 ticks.
func TestDigitsAreSentToPhones(t *testing.T) {
	for _, c := range []struct {
		formats string
		sound   uint8
		event   uint8
		clock   int
	}{{"0 97", 0, 97, 8000}, {"98 99", 98, 99, 48000}, {"98 97", 98, 97, 8000}} {
		t.Run(c.formats, func(t *testing.T) {
			quiet(t)
			r := newRelay(t)
			one, two := newHandset(t), newHandset(t)
			a, b, offer := offers(t, r, one.describe("RTP/AVP", c.formats), Phone)
			two.take(offer)
			if err := b.Answered(two.describe("RTP/AVP", c.formats)); err != nil {
				t.Fatal(err)
			}
			one.take(join(t, a, b))
			one.ear(c.sound).hears(two.ear(map[uint8]uint8{0: 0, 98: 111}[c.sound]), c.sound)
			n := one.count()
			if err := a.Digit('7', 100*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			until(t, "the end of a digit", func() bool { return one.count() >= n+digitEnds+1 })
			one.mu.Lock()
			defer one.mu.Unlock()
			for i, p := range one.heard[n:] {
				if p.PayloadType != c.event || p.Payload[0] != 7 || p.Timestamp != one.heard[n].Timestamp || p.Marker != (i == 0) {
					t.Errorf("%+v %v", p.Header, p.Payload)
				}
			}
			if last := one.heard[len(one.heard)-1].Payload; last[1]&0x80 == 0 || int(binary.BigEndian.Uint16(last[2:])) != c.clock/10 {
				t.Errorf("the last is %v", last)
			}
		})
	}
}

// One of both that is lost is told from one that is silent by its reports, and
// from one that holds.
func TestAPhoneThatVanishesIsDone(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	r.quiet = 300 * time.Millisecond
	one, two, a, b := phones(t, r, "RTP/AVP", "0 97")
	two.ear(0).hears(one.ear(0), 0)
	one.ear(0).hears(two.ear(0), 0)

	// While it holds nothing is expected of it.
	held := one.describe("RTP/AVP", "0 97") + "a=inactive\r\n"
	if _, _, err := a.Reoffered(held); err != nil {
		t.Fatal(err)
	}
	begun := a.line.heard()
	until(t, "a long hold", func() bool { return a.line.heard()-begun > 2*int64(r.quiet) })
	if gone(a) || gone(b) {
		t.Fatal("a call on hold was given up")
	}
	if _, _, err := a.Reoffered(one.describe("RTP/AVP", "0 97")); err != nil {
		t.Fatal(err)
	}
	// The caller only reports, the callee is gone.
	report := time.NewTicker(r.quiet / 10)
	defer report.Stop()
	for !gone(b) {
		<-report.C
		one.report(&rtcp.ReceiverReport{SSRC: one.source}, &rtcp.SourceDescription{})
	}
	if gone(a) {
		t.Error("a phone that reports was given up")
	}
	until(t, "the end of the other", func() bool { return gone(a) })
	if a.Stats().Connected || b.Stats().Connected {
		t.Error("a lost phone is connected")
	}
}

// Before there is a bridge nobody has to speak.
func TestAPhoneThatRingsIsNotLost(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	r.quiet = 100 * time.Millisecond
	two := newHandset(t)
	_, b, offer := offers(t, r, phoneText(), Phone)
	two.take(offer)
	begun := b.line.heard()
	until(t, "a long ring", func() bool { return b.line.heard()-begun > 3*int64(r.quiet) })
	if gone(b) {
		t.Error("a phone that rings was given up")
	}
}

func TestPortsOfPhones(t *testing.T) {
	quiet(t)
	low := uint16(20000 + 2*rand.IntN(5000)) // systems give none of these to who asks for any
	r, err := New(Config{Addr: "127.0.0.1:0", Ports: Ports{low, low + 4}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	caller, err := r.Accept(context.Background(), phoneText())
	if err != nil {
		t.Fatal(err)
	}
	var legs []*Leg
	for range 3 {
		l, offer, err := r.InviteAs(context.Background(), caller, Phone)
		if errors.Is(err, ErrPorts) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		legs = append(legs, l)
		var port uint16
		if _, err := fmt.Sscanf(soundLine.FindString(offer), "m=audio %d", &port); err != nil || port < low || port > low+2 || port%2 != 0 {
			t.Errorf("port %d of %d to %d", port, low, low+4)
		}
	}
	if len(legs) == 0 || len(legs) > 2 { // another program may have taken some
		t.Fatalf("%d legs", len(legs))
	}
	if _, _, err := r.InviteAs(context.Background(), caller, Phone); !errors.Is(err, ErrPorts) {
		t.Errorf("no port is left: %v", err)
	}
	for _, l := range legs {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := r.InviteAs(context.Background(), caller, Phone); err != nil {
		t.Errorf("ports were not given back: %v", err)
	}
	for _, p := range []Ports{{5, 5}, {5, 6}, {0, 9}, {9, 4}, {65535, 65535}} {
		if r, err := New(Config{Addr: "127.0.0.1:0", Ports: p}); err == nil {
			_ = r.Close()
			t.Errorf("%v is enough", p)
		}
	}
}

// A phone that takes both at one port is given one (RFC 5761), and reports there
// as compound packets; one that does not, at the next.
func TestReportsToPhones(t *testing.T) {
	for _, lines := range [][]string{nil, {"a=rtcp-mux"}} {
		t.Run(fmt.Sprint(lines), func(t *testing.T) {
			quiet(t)
			one, two, a, _ := phones(t, newRelay(t), "RTP/AVP", "0 97", lines...)
			if mux := a.line.ports[audio].rtcp == nil; mux != (lines != nil) {
				t.Errorf("at one port: %t", mux)
			}
			two.ear(0).hears(one.ear(0), 0)
			one.ear(0).hears(two.ear(0), 0)
			until(t, "a report on both ways", func() bool {
				one.say(0, []byte("sound"))
				two.say(0, []byte("sound"))
				one.mu.Lock()
				defer one.mu.Unlock()
				var sent, received bool
				for _, p := range one.told {
					switch p := p.(type) {
					case *rtcp.SenderReport:
						sent = p.SSRC == one.heard[0].SSRC && p.PacketCount > 0 && p.OctetCount > p.PacketCount
						received = len(p.Reports) == 1 && p.Reports[0].SSRC == one.source && p.Reports[0].TotalLost == 0
					case *rtcp.ReceiverReport: // before the other said anything
					case *rtcp.SourceDescription:
					default:
						t.Errorf("%T", p)
					}
				}
				return sent && received
			})
			one.mu.Lock()
			defer one.mu.Unlock()
			for from := range one.from {
				if from != one.to && from != one.toRTCP {
					t.Errorf("something came from %s", from)
				}
			}
		})
	}
}

// What a phone writes and sends of itself goes no further.
func TestNothingOfAPhoneIsTold(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	for _, k := range []Kind{Browser, Phone} {
		_, _, offer := offers(t, r, phoneText(), k)
		if found := telling.FindAllString(offer, -1); found != nil {
			t.Errorf("the offer to a %s tells %q:\n%s", k, found, offer)
		}
	}
	one, two, a, b := phones(t, r, "RTP/AVP", "0 97")
	two.ear(0).hears(one.ear(0), 0)
	one.ear(0).hears(two.ear(0), 0)
	one.report(&rtcp.SenderReport{SSRC: one.source}, &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
		Source: one.source, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "secret@192.0.2.77"}},
	}}})
	hold, _, err := a.Reoffered(one.describe("RTP/AVP", "0 97"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Reoffer(SendRecv)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "reports", func() bool { one.say(0, []byte("sound")); return two.reports() > 2 })
	two.mu.Lock()
	defer two.mu.Unlock()
	two.raw.WriteString(hold + again)
	source := binary.BigEndian.AppendUint32(nil, one.source)
	for what, secret := range map[string][]byte{
		"a word of its own": []byte("secret"), "its source": source, "a contributing source": {0, 0x5e, 0xc4, 0xe7},
		"its port": fmt.Append(nil, portOf(one.rtp.LocalAddr())),
	} {
		if bytes.Contains(two.raw.Bytes(), secret) {
			t.Errorf("the other side got this: %s", what)
		}
	}
	shared := regexp.MustCompile(`o=- \d+`)
	if shared.FindString(hold) == shared.FindString(again) {
		t.Error("both sides are told one origin")
	}
}

// Anybody can send to the ports of phones.
func TestStrangersAtThePortsOfPhones(t *testing.T) {
	quiet(t)
	one, two, a, b := phones(t, newRelay(t), "RTP/AVP", "0 97")
	b.Near(netip.MustParseAddr("::ffff:127.0.0.1"))
	two.ear(0).hears(one.ear(0), 0)
	one.ear(0).hears(two.ear(0), 0)
	n, dropped, stranger := two.count(), a.Stats().Dropped, one.socket()
	for i := range 20 {
		for _, x := range [][]byte{{}, {0}, {0x80}, make([]byte, 1472), one.packet(0, []byte("spam")), one.packet(50, []byte("spam"))} {
			one.seq++
			if _, err := stranger.WriteToUDPAddrPort(x, one.to); err != nil {
				t.Fatal(err)
			}
		}
		bye, err := (&rtcp.Goodbye{Sources: []uint32{one.source}}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stranger.WriteToUDPAddrPort(bye[:len(bye)-i%2*4], one.toRTCP); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "all of it dropped", func() bool { return a.Stats().Dropped >= dropped+100 })
	if two.count() != n {
		t.Error("a stranger was heard")
	}
	two.ear(0).hears(one.ear(0), 0)
	one.ear(0).hears(two.ear(0), 0)
	if gone(a) || gone(b) {
		t.Error("a stranger ended the call")
	}
}

// A phone that names ever more sources loses its leg.
func TestAPhoneOfTooManySourcesIsDone(t *testing.T) {
	quiet(t)
	one, _, a, b := phones(t, newRelay(t), "RTP/AVP", "0 97")
	until(t, "the end of a phone that means no good", func() bool {
		one.source++
		one.say(0, []byte("sound"))
		return gone(a)
	})
	if gone(b) {
		t.Error("the other side suffers")
	}
}

// Two phones that state our own ports would make a packet go round for ever.
func TestPhonesThatStateOurPorts(t *testing.T) {
	quiet(t)
	one, two, a, b := phones(t, newRelay(t), "RTP/AVP", "0 97")
	two.ear(0).hears(one.ear(0), 0)
	for l, h := range map[*Leg]*handset{a: one, b: two} {
		own := fmt.Sprint(portOf(h.rtp.LocalAddr()))
		if _, _, err := l.Reoffered(strings.Replace(h.describe("RTP/AVP", "0 97"), own, fmt.Sprint(h.to.Port()), 1)); err != nil {
			t.Fatal(err)
		}
	}
	dropped := b.Stats().Dropped
	until(t, "a packet to ourselves that is dropped", func() bool {
		one.say(0, []byte("sound"))
		return b.Stats().Dropped > dropped
	})
	if in := b.Stats().AudioIn.Packets; in != 0 {
		t.Errorf("%d of them passed", in)
	}
}

// Some phones send under the number that they gave, not under ours.
func TestAPhoneThatUsesItsOwnNumbers(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	one, two := newHandset(t), newHandset(t)
	a, b, offer := offers(t, r, one.describe("RTP/AVP", "98 97"), Phone)
	two.take(offer)
	if err := b.Answered(two.describe("RTP/AVP", "98 97")); err != nil {
		t.Fatal(err)
	}
	one.take(join(t, a, b))
	one.ear(98).hears(two.ear(98), 98)
	one.ear(98).hears(two.ear(111), 98)
	if s := b.Stats(); s.Audio != "opus" {
		t.Errorf("%+v", s)
	}
}

// A phone that only listens may be somebody who never asked to be called.
func TestAPhoneThatIsNeverHeardIsNotSentToForEver(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	r.quiet = 300 * time.Millisecond
	one, two := newHandset(t), newHandset(t)
	a, b, offer := offers(t, r, one.describe("RTP/AVP", "0 97"), Phone)
	two.take(offer)
	if err := b.Answered(two.describe("RTP/AVP", "0 97", "a=recvonly")); err != nil {
		t.Fatal(err)
	}
	one.take(join(t, a, b))
	two.ear(0).hears(one.ear(0), 0)
	dropped := a.Stats().Dropped
	until(t, "an end of it", func() bool {
		one.say(0, []byte("sound"))
		return a.Stats().Dropped > dropped
	})
	if gone(b) {
		t.Error("who only listens need not be heard")
	}
	two.report(&rtcp.ReceiverReport{SSRC: two.source}, &rtcp.SourceDescription{})
	n := two.count()
	until(t, "sound for one that reports", func() bool {
		one.say(0, []byte("sound"))
		return two.count() > n
	})
}
