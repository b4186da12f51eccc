package sip_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"candour/internal/sip"
	"candour/internal/telecom"
)

// browser is the WebRTC end of a page: another's implementation than that of
// the relay's sessions in no part but the transport.
type browser struct {
	t     *testing.T
	pc    *webrtc.PeerConnection
	voice *webrtc.TrackLocalStaticSample
	heard chan *rtp.Packet
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	return newBrowserOf(t, map[webrtc.PayloadType]webrtc.RTPCodecCapability{
		111: {MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2},
		126: {MimeType: "audio/telephone-event", ClockRate: 48000, SDPFmtpLine: "0-16"},
	}, webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2})
}

// newBrowserOf is newBrowser with codecs of its own.
func newBrowserOf(t *testing.T, codecs map[webrtc.PayloadType]webrtc.RTPCodecCapability, speaks webrtc.RTPCodecCapability) *browser {
	t.Helper()
	s := webrtc.SettingEngine{}
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	e := &webrtc.MediaEngine{}
	for payload, c := range codecs {
		if err := e.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: c, PayloadType: payload}, webrtc.RTPCodecTypeAudio); err != nil {
			t.Fatal(err)
		}
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(e)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, pc: pc, heard: make(chan *rtp.Packet, 10_000)}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	if b.voice, err = webrtc.NewTrackLocalStaticSample(speaks, "voice", "page"); err != nil {
		t.Fatal(err)
	}
	if _, err := pc.AddTrack(b.voice); err != nil {
		t.Fatal(err)
	}
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			b.heard <- p
		}
	})
	return b
}

// describe makes an offer, or an answer to one.
func (b *browser) describe(offer string) string {
	b.t.Helper()
	var d webrtc.SessionDescription
	var err error
	if offer == "" {
		d, err = b.pc.CreateOffer(nil)
	} else {
		b.remote(webrtc.SDPTypeOffer, offer)
		d, err = b.pc.CreateAnswer(nil)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(b.pc)
	if err := b.pc.SetLocalDescription(d); err != nil {
		b.t.Fatal(err)
	}
	<-gathered
	return b.pc.LocalDescription().SDP
}

func (b *browser) remote(kind webrtc.SDPType, text string) {
	b.t.Helper()
	if err := b.pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: text}); err != nil {
		b.t.Fatal(err)
	}
}

// says speaks until the other hears it, and wants nothing else to be heard.
func (b *browser) says(word string, to *browser) {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(patience); ; {
		select {
		case <-tick.C:
			if err := b.voice.WriteSample(media.Sample{Data: []byte(word), Duration: 20 * time.Millisecond}); err != nil {
				b.t.Fatal(err)
			}
		case p := <-to.heard:
			if bytes.Equal(p.Payload, []byte(word)) {
				return
			}
		case <-end:
			b.t.Fatalf("%q was not heard", word)
		}
	}
}

// Two pages hear each other as soon as the call is answered, digits in INFO
// come as events, and where the way of one's sound is lost the call is over.
func TestBothHearEachOther(t *testing.T) {
	x := three(t, sip.Config{})
	here, there, from, to := x.speaking()
	there.says("good day", here)
	from.ask("INFO", 200, "application/dtmf-relay", "Signal=5\r\nDuration=80")
	x.digit(there, 5)
	to.ask("INFO", 200, "application/dtmf", "#")
	x.digit(here, 11)
	_ = there.pc.Close() // the page is gone, and says nothing
	from.bye()
	to.bye()
	x.kept("ann", telecom.Lost)
}

// speaking is a call of ann's with ben, and the ends of its sound.
func (x *exchange) speaking() (here, there *browser, from, to *dialog) {
	x.t.Helper()
	a, b := x.registered("ann"), x.registered("ben")
	here, there = newBrowser(x.t), newBrowser(x.t)
	a.n++
	m := a.invitation("1002")
	m.body = here.describe("")
	from = a.invite(m)
	to = b.rings()
	to.reply(200, there.describe(to.sdp))
	b.asked("ACK")
	from.connected()
	here.remote(webrtc.SDPTypeAnswer, from.sdp)
	here.says("good morning", there)
	return here, there, from, to
}

// A page that hangs up closes its sound too, and says BYE by another way: the
// call has not been lost, whichever comes first.
func TestSoundEndsBeforeTheCall(t *testing.T) {
	x := three(t, sip.Config{})
	_, there, _, to := x.speaking()
	_ = there.pc.Close()
	to.ask("BYE", 200, "", "")
	x.kept("ann", telecom.Completed)
}

// digit waits for the event of a digit (RFC 4733 2.3).
func (x *exchange) digit(at *browser, event byte) {
	x.t.Helper()
	for end := time.After(patience); ; {
		select {
		case p := <-at.heard:
			if len(p.Payload) == 4 && p.Payload[0] == event {
				return
			}
		case <-end:
			x.t.Fatalf("event %d was not heard", event)
		}
	}
}
