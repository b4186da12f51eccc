package media

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/pion/rtcp"
)

// cameraOf gives a phone's camera: a handset of its own, which is sent to where
// the answer has the picture.
func cameraOf(t testing.TB) (camera *handset, section func(lines ...string) string) {
	t.Helper()
	c := newHandset(t)
	c.source = 0x0ca3e4a0
	return c, func(lines ...string) string {
		s := fmt.Sprintf("m=video %d RTP/AVP 96\r\na=rtcp:%d\r\na=rtpmap:96 VP8/90000\r\n", portOf(c.rtp.LocalAddr()), portOf(c.rtcp.LocalAddr()))
		for _, l := range lines {
			s += l + "\r\n"
		}
		return s
	}
}

// looks sends the camera's packets to where answer says.
func (h *handset) looks(answer string) {
	h.t.Helper()
	_, port, _ := strings.Cut(answer, "m=video ")
	n, err := strconv.ParseUint(port[:strings.Index(port, " ")], 10, 16)
	if err != nil {
		h.t.Fatal(err)
	}
	h.to = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(n))
	h.toRTCP = netip.AddrPortFrom(h.to.Addr(), uint16(n)+1)
}

// A phone that offers a picture shows it to a browser and sees it; requests for
// whole pictures pass both ways, from our own sources.
func TestAPhoneWithACamera(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	phone, web := newHandset(t), newPeer(t, browser{shift: 1, video: []string{mimeVP8}})
	camera, section := cameraOf(t)
	a, b, offer := offers(t, r, phone.describe("RTP/AVP", "0 97")+section("a=rtcp-fb:* nack pli"), Browser)
	if err := b.Answered(web.answer(offer)); err != nil {
		t.Fatal(err)
	}
	answer := join(t, a, b)
	phone.take(answer)
	camera.looks(answer)
	if strings.Contains(answer, "BUNDLE") || !strings.Contains(answer, "a=rtcp-fb:96 nack pli") {
		t.Errorf("answered\n%s", answer)
	}
	until(t, "a connection", func() bool { return web.connected.Load() && b.Stats().Connected })
	for _, size := range []int{1, 1180} {
		picture := bytes.Repeat([]byte{9}, size)
		until(t, "a picture in the browser", func() bool {
			camera.say(96, picture)
			got := web.last(video)
			return got != nil && bytes.Equal(got.Payload, picture)
		})
		until(t, "a picture in the phone", func() bool {
			web.say(video, mimeVP8, picture)
			got := camera.last()
			return got != nil && bytes.Equal(got.Payload, picture) && got.PayloadType == 96
		})
	}
	web.ear(mimePCMU).hears(phone.ear(0), 0)
	n := web.pictures()
	until(t, "the phone's request in the browser", func() bool {
		camera.report(&rtcp.ReceiverReport{SSRC: camera.source}, &rtcp.PictureLossIndication{SenderSSRC: camera.source, MediaSSRC: camera.last().SSRC})
		return web.pictures() > n
	})
	until(t, "the browser's request in the phone", func() bool {
		if err := web.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: web.last(video).SSRC}}); err != nil {
			t.Fatal(err)
		}
		camera.mu.Lock()
		defer camera.mu.Unlock()
		for _, p := range camera.told {
			if pli, ok := p.(*rtcp.PictureLossIndication); ok {
				return pli.MediaSSRC == camera.source && pli.SenderSSRC == camera.heard[0].SSRC
			}
		}
		return false
	})
	if s := a.Stats(); s.VideoIn.Packets == 0 || s.VideoOut.Packets == 0 {
		t.Errorf("%+v", s)
	}
}

// Pictures of phones that nobody takes are refused, and the sound goes on.
func TestPicturesOfPhonesThatAreRefused(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	for _, k := range []Kind{Browser, Phone} {
		one, web, two := newHandset(t), newPeer(t, browser{shift: 1}), newHandset(t)
		_, section := cameraOf(t)
		a, b, offer := offers(t, r, one.describe("RTP/AVP", "0 97")+section(), k)
		answer := two.describe("RTP/AVP", "0 97")
		if k == Browser {
			answer = web.answer(offer)
		} else {
			two.take(offer)
		}
		if err := b.Answered(answer); err != nil {
			t.Fatal(err)
		}
		answer = join(t, a, b)
		one.take(answer)
		if !strings.Contains(answer, "m=video 0 RTP/AVP 0\r\n") || a.line.ports[video] != nil {
			t.Errorf("a %s is called, and the picture taken:\n%s", k, answer)
		}
	}
	for name, text := range map[string]string{
		"a browser's picture": phoneText() + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n",
		"numbers of RTCP":     phoneText() + "m=video 4000 RTP/AVP 72\r\na=rtpmap:72 VP8/90000\r\n",
		"keys are needed":     phoneText() + "m=video 4000 RTP/SAVP 96\r\na=rtpmap:96 VP8/90000\r\n",
		"a level of its own":  phoneText() + "m=video 4000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=42e00c\r\n",
	} {
		d, err := read(text)
		if err != nil || d.of(video) != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	d, err := read(phoneText() + "m=video 4000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 profile-level-id=42e01f\r\n")
	if err != nil || d.of(video) == nil || d.of(video).far.feedback {
		t.Errorf("a picture as phones offer it: %v", err)
	}
}

func TestDescriptionsOfPhones(t *testing.T) {
	for name, c := range map[string]struct {
		text      string
		rtp, rtcp string
		dir       Direction
	}{
		"as it is":            {phoneText(), "192.0.2.77:1077", "192.0.2.77:1078", SendRecv},
		"RTCP elsewhere":      {phoneText("a=rtcp:1078 IN IP4 192.0.2.77", "a=rtcp:9 IN IP4 192.0.2.1"), "192.0.2.77:1077", "192.0.2.1:9", SendRecv},
		"RTCP at no port":     {phoneText("a=rtcp:1078 IN IP4 192.0.2.77", "a=rtcp:x IN"), "192.0.2.77:1077", "192.0.2.77:1078", SendRecv},
		"an address of its":   {phoneText("a=rtcp:1078 IN IP4 192.0.2.77", "c=IN IP6 2001:db8::1"), "[2001:db8::1]:1077", "[2001:db8::1]:1078", SendRecv},
		"a name":              {phoneText("192.0.2.77", "phone.example"), "invalid AddrPort", "invalid AddrPort", SendRecv},
		"no address":          {phoneText("c=IN IP4 192.0.2.77", "c=IN IP4 0.0.0.0"), "invalid AddrPort", "invalid AddrPort", SendOnly},
		"no address, no word": {phoneText("c=IN IP4 192.0.2.77", "c=IN IP4 0.0.0.0", "a=ptime:20", "a=inactive"), "invalid AddrPort", "invalid AddrPort", Inactive},
		"before the sections": {phoneText("t=0 0", "t=0 0\r\na=recvonly"), "192.0.2.77:1077", "192.0.2.77:1078", RecvOnly},
		"both":                {phoneText("t=0 0", "t=0 0\r\na=recvonly", "a=ptime:20", "a=sendonly"), "192.0.2.77:1077", "192.0.2.77:1078", SendOnly},
	} {
		d, err := read(c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		s := d.of(audio)
		if s.far.rtp.String() != c.rtp || s.far.rtcp.String() != c.rtcp || s.dir != c.dir || d.kind != Phone {
			t.Errorf("%s: at %s and %s, %s", name, s.far.rtp, s.far.rtcp, s.dir)
		}
	}
}

// Close at any point of a phone's call leaves nothing, and a closed leg refuses.
func TestClosePhonesAtAnyPoint(t *testing.T) {
	for at, name := range []string{"accepted", "invited", "answered by the callee", "answered", "bridged", "talking"} {
		t.Run(name, func(t *testing.T) {
			quiet(t)
			r := newRelay(t)
			one, two := newHandset(t), newHandset(t)
			var a, b *Leg
			var offer, answer string
			var err error
			for i, step := range []func(){
				func() { a, err = r.Accept(context.Background(), one.describe("RTP/AVP", "0 97")) },
				func() { b, offer, err = r.InviteAs(context.Background(), a, Phone) },
				func() { two.take(offer); err = b.Answered(two.describe("RTP/AVP", "0 97")) },
				func() { answer, err = a.Answer() },
				func() { one.take(answer); err = Bridge(a, b) },
				func() { two.ear(0).hears(one.ear(0), 0) },
			} {
				if step(); err != nil {
					t.Fatal(err)
				}
				if i == at {
					break
				}
			}
			for range 2 {
				for _, l := range []*Leg{a, b} {
					if l == nil {
						continue
					}
					if err := l.Close(); err != nil {
						t.Error(err)
					}
					if !gone(l) || fmt.Sprintf("%+v", l) != "[leg]" {
						t.Error("a closed leg is not done")
					}
				}
			}
			if len(r.legs) != 0 {
				t.Error("a closed leg is kept")
			}
		})
	}
}
