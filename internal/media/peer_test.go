package media

import (
	"bytes"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// patience is how long a test waits for what must come; none waits for time to
// pass.
const patience = 30 * time.Second

// until waits for ok, which it asks again and again.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	beat := time.NewTicker(2 * time.Millisecond)
	defer beat.Stop()
	for !ok() {
		select {
		case <-beat.C:
		case <-deadline:
			t.Fatalf("this never came: %s", what)
		}
	}
}

// strays gives the goroutines of this package and of pion, tests' own excepted.
func strays() string {
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var left []string
	for g := range strings.SplitSeq(string(buf), "\n\n") {
		if strings.Contains(g, "github.com/pion/") || strings.Contains(g, "media.(*Leg)") {
			left = append(left, g)
		}
	}
	return strings.Join(left, "\n\n")
}

// newRelay opens a relay on loopback that the test's end closes; then nothing of
// it may be left, neither a goroutine nor its port.
func newRelay(t testing.TB) *Relay {
	t.Helper()
	r, err := New(Config{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	r.every = 200 * time.Millisecond
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("closing the relay: %v", err)
		}
		again, err := net.ListenPacket("udp", r.Addr().String())
		if err != nil {
			t.Errorf("the port was not given back: %v", err)
		} else {
			_ = again.Close()
		}
	})
	return r
}

// quiet fails the test if goroutines are left when all else was cleaned up; call
// it first.
func quiet(t testing.TB) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		last := ""
		deadline := time.Now().Add(patience)
		for last = strays(); last != "" && time.Now().Before(deadline); last = strays() {
			runtime.Gosched()
		}
		if last != "" {
			t.Errorf("goroutines left:\n%s", last)
		}
	})
}

// The formats of a test's browser; numbers differ between callers and callees.
const (
	mimeH264 = webrtc.MimeTypeH264
	mimeVP8  = webrtc.MimeTypeVP8
	mimeOpus = webrtc.MimeTypeOpus
	mimePCMU = webrtc.MimeTypePCMU
)

const h264Fmtp = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e028"

// browser says what a peer is.
type browser struct {
	shift uint8              // added to the numbers of its formats
	audio []string           // nil: Opus, G.711 and telephone-events
	video []string           // nil: no picture
	mute  bool               // it has no camera: video is only received
	later bool               // its camera is switched on during the call
	data  bool               // it also wants a data channel
	ip6   bool               // it has no other way
	turn  []webrtc.ICEServer // it has no way but by these
}

// peer is a WebRTC end of a test: pion's own, full ICE, without any interceptor.
type peer struct {
	t    testing.TB
	pc   *webrtc.PeerConnection
	conn net.PacketConn // all that it sends and receives
	out  [kinds]*voice

	connected atomic.Bool
	mu        sync.Mutex
	heard     [kinds][]*rtp.Packet
	raw       bytes.Buffer // all decrypted RTP and RTCP, and descriptions
	reports   []rtcp.Packet
	sources   map[uint32]bool
}

func newPeer(t testing.TB, b browser) *peer {
	t.Helper()
	addr, network := "127.0.0.1:0", webrtc.NetworkTypeUDP4
	if b.ip6 {
		addr, network = "[::1]:0", webrtc.NetworkTypeUDP6
	}
	conn, err := net.ListenPacket("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	mux := webrtc.NewICEUDPMux(silent{}, conn)
	s := webrtc.SettingEngine{LoggerFactory: silent{}}
	s.SetICEUDPMux(mux)
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes([]webrtc.NetworkType{network})
	s.SetHandleUndeclaredSSRCWithoutAnswer(true)
	s.DisableSRTPReplayProtection(true)                       // it sees all that leaves
	s.SetICETimeouts(patience, patience, 50*time.Millisecond) // it shows that it is there as often as that
	engine := b.formats(t)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(s)).
		NewPeerConnection(b.ways())
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{t: t, pc: pc, conn: conn, sources: map[uint32]bool{}}
	t.Cleanup(func() {
		_ = pc.GracefulClose()
		_ = mux.Close()
		_ = conn.Close()
	})
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		p.connected.Store(state == webrtc.PeerConnectionStateConnected)
	})
	pc.OnTrack(p.listen)
	if b.data {
		if _, err := pc.CreateDataChannel("secret-channel", nil); err != nil {
			t.Fatal(err)
		}
	}
	p.out[audio] = &voice{kind: audio}
	if b.video != nil && !b.mute && !b.later {
		p.out[video] = &voice{kind: video}
	}
	for k, s := range p.out {
		switch {
		case s != nil:
			sender, err := pc.AddTrack(s)
			if err != nil {
				t.Fatal(err)
			}
			go p.hear(sender.Read)
		case kind(k) == video && b.mute:
			if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return p
}

func (b browser) ways() webrtc.Configuration {
	c := webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle}
	if b.turn != nil {
		c.ICEServers, c.ICETransportPolicy = b.turn, webrtc.ICETransportPolicyRelay
	}
	return c
}

// camera switches the camera on.
func (p *peer) camera() {
	p.t.Helper()
	p.out[video] = &voice{kind: video}
	sender, err := p.pc.AddTrack(p.out[video])
	if err != nil {
		p.t.Fatal(err)
	}
	go p.hear(sender.Read)
}

func (b browser) formats(t testing.TB) *webrtc.MediaEngine {
	t.Helper()
	e := &webrtc.MediaEngine{}
	add := func(typ webrtc.RTPCodecType, number uint8, mime string, clock uint32, channels uint16, fmtp string) {
		if err := e.RegisterCodec(webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mime, ClockRate: clock, Channels: channels, SDPFmtpLine: fmtp},
			PayloadType:        webrtc.PayloadType(number),
		}, typ); err != nil {
			t.Fatal(err)
		}
	}
	if b.audio == nil {
		b.audio = []string{mimeOpus, mimePCMU}
	}
	for _, m := range b.audio {
		switch m {
		case mimeOpus:
			add(webrtc.RTPCodecTypeAudio, 100+b.shift, m, 48000, 2, "minptime=10;useinbandfec=1;stereo=1")
			add(webrtc.RTPCodecTypeAudio, 103+b.shift, mimeEvent, 48000, 0, "0-15")
		case mimePCMU:
			add(webrtc.RTPCodecTypeAudio, 0, m, 8000, 0, "")
			add(webrtc.RTPCodecTypeAudio, 106+b.shift, mimeEvent, 8000, 0, "0-15")
		}
	}
	for _, m := range b.video {
		switch m {
		case mimeVP8:
			add(webrtc.RTPCodecTypeVideo, 109+b.shift, m, 90000, 0, "")
		case mimeH264:
			add(webrtc.RTPCodecTypeVideo, 112+b.shift, m, 90000, 0, h264Fmtp)
		}
	}
	for _, uri := range []string{
		"urn:ietf:params:rtp-hdrext:sdes:mid", "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
		"http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time", "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
	} {
		for _, typ := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
			if err := e.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, typ); err != nil {
				t.Fatal(err)
			}
		}
	}
	return e
}

// listen keeps all that comes.
func (p *peer) listen(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	go p.hear(receiver.Read)
	k := audio
	if track.Kind() == webrtc.RTPCodecTypeVideo {
		k = video
	}
	buf := make([]byte, 2000)
	for {
		n, _, err := track.Read(buf)
		if err != nil {
			return
		}
		packet := &rtp.Packet{}
		if err := packet.Unmarshal(bytes.Clone(buf[:n])); err != nil {
			p.t.Errorf("a packet of ours cannot be read: %v", err)
			continue
		}
		p.mu.Lock()
		p.raw.Write(buf[:n])
		p.sources[packet.SSRC] = true
		p.heard[k] = append(p.heard[k], packet)
		p.mu.Unlock()
	}
}

// hear keeps all RTCP.
func (p *peer) hear(read func([]byte) (int, interceptor.Attributes, error)) {
	buf := make([]byte, 2000)
	for {
		n, _, err := read(buf)
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(bytes.Clone(buf[:n]))
		if err != nil {
			p.t.Errorf("RTCP of ours cannot be read: %v", err)
		}
		p.mu.Lock()
		p.raw.Write(buf[:n])
		p.reports = append(p.reports, packets...)
		p.mu.Unlock()
	}
}

// offer gives the peer's offer, or the next one.
func (p *peer) offer(o *webrtc.OfferOptions) string {
	p.t.Helper()
	d, err := p.pc.CreateOffer(o)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.local(d)
}

// keep notes a description that the peer was given.
func (p *peer) keep(sdp string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.raw.WriteString(sdp)
}

// take takes an answer.
func (p *peer) take(answer string) {
	p.t.Helper()
	p.keep(answer)
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		p.t.Fatalf("an answer of ours was not taken: %v\n%s", err, answer)
	}
}

// answer takes an offer and answers it.
func (p *peer) answer(offer string) string {
	p.t.Helper()
	p.keep(offer)
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		p.t.Fatalf("an offer of ours was not taken: %v\n%s", err, offer)
	}
	d, err := p.pc.CreateAnswer(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.local(d)
}

func (p *peer) local(d webrtc.SessionDescription) string {
	p.t.Helper()
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(d); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-gathered:
	case <-time.After(patience):
		p.t.Fatal("no candidates")
	}
	return p.pc.LocalDescription().SDP
}

// count is how many packets of a kind came.
func (p *peer) count(k kind) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.heard[k])
}

// last gives the newest packet of a kind.
func (p *peer) last(k kind) *rtp.Packet {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.heard[k]) == 0 {
		return nil
	}
	return p.heard[k][len(p.heard[k])-1]
}

// pictures counts the requests for a whole picture that came.
func (p *peer) pictures() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.reports {
		if _, ok := r.(*rtcp.PictureLossIndication); ok {
			n++
		}
	}
	return n
}

// voice is a peer's microphone or camera: it says what it is told to.
type voice struct {
	kind kind

	mu     sync.Mutex
	w      webrtc.TrackLocalWriter
	ssrc   uint32
	codecs []webrtc.RTPCodecParameters
	seq    uint16
	tick   uint32
}

func (s *voice) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.w, s.ssrc, s.codecs = c.WriteStream(), uint32(c.SSRC()), c.CodecParameters()
	if len(s.codecs) == 0 {
		return webrtc.RTPCodecParameters{}, nil // refused
	}
	return s.codecs[0], nil
}

func (s *voice) Unbind(webrtc.TrackLocalContext) error { return nil }
func (s *voice) ID() string                            { return "secret-track-" + s.kind.String() }
func (s *voice) RID() string                           { return "" }
func (s *voice) StreamID() string                      { return "secret-stream" }
func (s *voice) Kind() webrtc.RTPCodecType {
	return [...]webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo}[s.kind]
}

// say sends one packet in a codec that was agreed, with header extensions that
// tell; it reports whether it could be sent.
func (p *peer) say(k kind, mime string, payload []byte) bool {
	return p.sayAs(k, mime, 0, payload, func(*rtp.Header) {})
}

func (p *peer) sayAs(k kind, mime string, clock uint32, payload []byte, change func(*rtp.Header)) bool {
	s := p.out[k]
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.codecs {
		if !strings.EqualFold(c.MimeType, mime) || (clock != 0 && c.ClockRate != clock) {
			continue
		}
		s.seq++
		s.tick += c.ClockRate / 50
		h := &rtp.Header{
			Version: 2, PayloadType: uint8(c.PayloadType), SequenceNumber: s.seq, Timestamp: s.tick, SSRC: s.ssrc,
			Extension: true, ExtensionProfile: 0xBEDE,
		}
		if err := h.SetExtension(1, []byte("secret-mid")); err != nil {
			p.t.Fatal(err)
		}
		change(h)
		_, err := s.w.WriteRTP(h, payload)
		return err == nil
	}
	return false
}
