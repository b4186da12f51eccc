package media

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/report"
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"

	"candour/internal/udp"
)

// Times and sizes of the relay.
const (
	// A browser shows every 4 to 6 s that it still wants to be sent to (RFC 7675
	// section 5.1). After iceQuiet the way counts as disturbed, and iceLost later
	// as lost: within that time a browser that changed its network has restarted
	// ICE, or gone.
	iceQuiet = 10 * time.Second
	iceLost  = 30 * time.Second
	// certificateAge is how long new calls get the same certificate. Those of pion
	// run out after a month, and then every call would be refused.
	certificateAge = 24 * time.Hour
	// gatherTime is ample for what needs no packet.
	gatherTime = 5 * time.Second
	// socketBuffer holds about 20 ms of 1,000 calls.
	socketBuffer = 4 << 20
	// replayWindow in packets: late ones within it still pass.
	replayWindow = 512
	// How often a leg is sent reports: a phone as RFC 3550 section 6.2 has it, a
	// browser, which steers its sending by them, as browsers do themselves.
	phoneReports   = 5 * time.Second
	browserReports = time.Second
	// maxAsked is how often a lost packet of a picture is asked for, every 100 ms:
	// after that it would come too late, and the other end asks for a new picture.
	maxAsked = 5
)

// Config is what a Relay needs.
type Config struct {
	Addr   string       // address and UDP port for all calls, such as "127.0.0.1:0"
	Public []net.IP     // addresses under which Addr is reached, best first; empty: that of Addr
	Ports  Ports        // UDP ports for phones; zero: any that are free
	Log    *slog.Logger // nil: silent
}

// Relay carries the media of all calls of the program: that of browsers over one
// UDP port, that of phones over ports of their own. Its methods may be called from
// several goroutines.
type Relay struct {
	log      *slog.Logger
	conn     net.PacketConn
	mux      ice.UDPMux
	settings webrtc.SettingEngine
	public   []net.IP
	ports    Ports
	own      *ownPorts
	pollers  []*udp.Poller // that read the ports of phones, in turns
	next     atomic.Uint32
	quiet    time.Duration // phoneQuiet, but in tests
	every    time.Duration // phoneReports, but in tests
	now      func() time.Time

	mu    sync.Mutex
	cert  webrtc.Certificate
	since time.Time // when cert was made
	legs  map[*Leg]struct{}
	shut  bool

	// links is held while legs are joined and parted, so that both sides of a
	// bridge are always seen to be of it or not.
	links sync.Mutex
}

// New opens the port.
func New(c Config) (*Relay, error) {
	r := &Relay{log: c.Log, public: c.Public, ports: c.Ports, quiet: phoneQuiet, every: phoneReports, now: time.Now, legs: map[*Leg]struct{}{}}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if err := c.Ports.Check(); err != nil {
		return nil, err
	}
	conn, err := net.ListenPacket("udp", c.Addr)
	if err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	own := conn.LocalAddr().(*net.UDPAddr)
	if len(r.public) == 0 {
		if own.IP.IsUnspecified() {
			return nil, errors.Join(errors.New("media: Addr is every address: Public must tell which ones callers reach"), conn.Close())
		}
		r.public = []net.IP{own.IP}
	}
	if udp, ok := conn.(*net.UDPConn); ok {
		_ = udp.SetReadBuffer(socketBuffer) // the system may give less
		_ = udp.SetWriteBuffer(socketBuffer)
	}
	r.own = newOwnPorts(own.IP, r.public)
	r.conn = conn
	r.mux = webrtc.NewICEUDPMux(silent{}, conn)
	r.settings = r.engine(own)
	for range runtime.GOMAXPROCS(0) {
		p, err := udp.NewPoller()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("media: %w", err), r.Close())
		}
		r.pollers = append(r.pollers, p)
	}
	return r, nil
}

// engine sets what all legs have in common.
func (r *Relay) engine(own *net.UDPAddr) webrtc.SettingEngine {
	s := webrtc.SettingEngine{LoggerFactory: silent{}}
	s.SetLite(true)
	s.SetICEUDPMux(r.mux)
	s.SetIncludeLoopbackCandidate(true)
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	switch {
	case own.IP.To4() != nil:
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	case own.IP.IsUnspecified():
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6})
	default:
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP6})
	}
	s.SetICETimeouts(iceQuiet, iceLost, 2*time.Second)
	s.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AEAD_AES_256_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80)
	s.SetSRTPReplayProtectionWindow(replayWindow)
	s.SetHandleUndeclaredSSRCWithoutAnswer(true)
	return s
}

// connection makes what ends a leg here: codecs as the leg numbers them, and no
// interceptors but those of RTCP reports.
// buffer makes the buffer of each source that the leg names.
func (r *Relay) connection(codecs [kinds][]codec, buffer func(packetio.BufferPacketType, uint32) io.ReadWriteCloser) (*webrtc.PeerConnection, error) {
	cert, err := r.certificate()
	if err != nil {
		return nil, err
	}
	engine := &webrtc.MediaEngine{}
	for k, typ := range [kinds]webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		for _, c := range codecs[k] {
			p := c.parameters()
			if kind(k) == video {
				p.RTCPFeedback = []webrtc.RTCPFeedback{{Type: "goog-remb"}, {Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"}}
			}
			if err := engine.RegisterCodec(p, typ); err != nil {
				return nil, fmt.Errorf("media: %w", err)
			}
		}
	}
	registry, err := interceptors() // a picture may come later
	if err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	settings := r.settings
	settings.BufferFactory = buffer
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(settings))
	pc, err := api.NewPeerConnection(webrtc.Configuration{
		Certificates:  []webrtc.Certificate{cert},
		BundlePolicy:  webrtc.BundlePolicyMaxBundle,
		RTCPMuxPolicy: webrtc.RTCPMuxPolicyRequire,
	})
	if err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	return pc, nil
}

// interceptors are few, for each costs something a packet: those of RTCP reports,
// and of lost packets.
func interceptors() (*interceptor.Registry, error) {
	registry := &interceptor.Registry{}
	err := webrtc.ConfigureRTCPReportsWithOptions(registry,
		[]report.ReceiverOption{report.ReceiverInterval(browserReports), report.WithReceiverLoggerFactory(silent{})},
		report.SenderInterval(browserReports), report.WithSenderLoggerFactory(silent{}))
	if err != nil {
		return nil, err
	}
	return registry, nacks(registry)
}

// certificate gives the one of today: a key pair for all calls costs nothing a
// call, and says nothing of a call.
func (r *Relay) certificate() (webrtc.Certificate, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); r.since.IsZero() || now.Sub(r.since) >= certificateAge {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return webrtc.Certificate{}, fmt.Errorf("media: %w", err)
		}
		cert, err := webrtc.GenerateCertificate(key)
		if err != nil {
			return webrtc.Certificate{}, fmt.Errorf("media: %w", err)
		}
		r.cert, r.since = *cert, now
	}
	return r.cert, nil
}

// Addr is the address and port that New opened.
func (r *Relay) Addr() net.Addr { return r.conn.LocalAddr() }

// Close ends all legs, waits for their goroutines and gives the port back.
func (r *Relay) Close() error {
	r.mu.Lock()
	r.shut = true
	legs := make([]*Leg, 0, len(r.legs))
	for l := range r.legs {
		legs = append(legs, l)
	}
	r.mu.Unlock()
	var errs []error
	for _, l := range legs {
		errs = append(errs, l.Close())
	}
	errs = append(errs, r.mux.Close())
	for _, p := range r.pollers {
		errs = append(errs, p.Close())
	}
	if err := r.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (r *Relay) add(l *Leg) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shut {
		return ErrClosed
	}
	r.legs[l] = struct{}{}
	return nil
}

func (r *Relay) remove(l *Leg) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.legs, l)
}
