package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// page is the end of a WebRTC call that a browser has: it sends 20 ms of sound
// at a time, with the time at which it left.
type page struct {
	pc    *webrtc.PeerConnection
	conn  net.PacketConn
	out   *webrtc.TrackLocalStaticRTP
	seq   uint16
	ready chan struct{}
	hears *hearing
}

// hearing is what all pages of a measurement hear.
type hearing struct {
	mu    sync.Mutex
	done  int
	waits []time.Duration
}

// newPage makes one with a port of its own: to the server, which has one port,
// ends that share theirs would be the same.
func newPage(hears *hearing) (*page, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	quiet := logging.NewDefaultLoggerFactory()
	quiet.DefaultLogLevel = logging.LogLevelDisabled
	s := webrtc.SettingEngine{LoggerFactory: quiet}
	s.SetICEUDPMux(webrtc.NewICEUDPMux(quiet.NewLogger("ice"), conn))
	s.SetIncludeLoopbackCandidate(true)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	opus := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}
	m := &webrtc.MediaEngine{}
	if err := m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: opus, PayloadType: 111}, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(s)).
		NewPeerConnection(webrtc.Configuration{BundlePolicy: webrtc.BundlePolicyMaxBundle})
	if err != nil {
		return nil, err
	}
	e := &page{pc: pc, conn: conn, ready: make(chan struct{}), hears: hears}
	if e.out, err = webrtc.NewTrackLocalStaticRTP(opus, "sound", "page"); err == nil {
		_, err = pc.AddTrack(e.out)
	}
	var once sync.Once
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(e.ready) })
		}
	})
	pc.OnTrack(e.hear)
	return e, err
}

func (e *page) close() {
	_ = e.pc.Close()
	_ = e.conn.Close()
}

func (e *page) hear(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	buf := make([]byte, 2048)
	for {
		n, _, err := track.Read(buf)
		if err != nil {
			return
		}
		now := time.Now().UnixNano()
		var p rtp.Packet
		if p.Unmarshal(buf[:n]) != nil || len(p.Payload) < 8 {
			continue
		}
		e.hears.mu.Lock()
		e.hears.done++
		e.hears.waits = append(e.hears.waits, time.Duration(now-int64(binary.BigEndian.Uint64(p.Payload))))
		e.hears.mu.Unlock()
	}
}

func (e *page) send() error {
	e.seq++
	payload := make([]byte, 80)
	binary.BigEndian.PutUint64(payload, uint64(time.Now().UnixNano()))
	return e.out.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: e.seq, Timestamp: uint32(e.seq) * 960}, Payload: payload})
}

// described sets what a page says of itself, with all its candidates in it.
func (e *page) described(d webrtc.SessionDescription, err error) (string, error) {
	if err != nil {
		return "", err
	}
	whole := webrtc.GatheringCompletePromise(e.pc)
	if err := e.pc.SetLocalDescription(d); err != nil {
		return "", err
	}
	<-whole
	return e.pc.LocalDescription().SDP, nil
}

// join puts two pages in a call by way of our server.
func join(r *relay, a, b *page) error {
	offer, err := a.described(a.pc.CreateOffer(nil))
	if err != nil {
		return err
	}
	l, err := r.ask(legs{A: offer, Kind: browserKind})
	if err != nil {
		return err
	}
	if err = b.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: l.B}); err != nil {
		return err
	}
	answer, err := b.described(b.pc.CreateAnswer(nil))
	if err != nil {
		return err
	}
	if l, err = r.ask(legs{B: answer}); err != nil {
		return err
	}
	return a.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: l.A})
}

// speak has every page send a packet each 20 ms for a time, spread over them.
func speak(p *process, all []*page, hears *hearing, long time.Duration) (o outcome, sent int) {
	hears.mu.Lock()
	hears.done, hears.waits = 0, nil
	hears.mu.Unlock()
	used, began := p.used(), time.Now()
	sent = paced(len(all), long, func(i int) error { return all[i].send() }, func() {})
	time.Sleep(300 * time.Millisecond)
	o.took, o.used = time.Since(began), p.used()-used
	hears.mu.Lock()
	defer hears.mu.Unlock()
	o.done, o.waits = hears.done, hears.waits
	return o, sent
}

// benchWebRTC has pages in calls: encrypted both ways, with ICE and DTLS. The
// load is encrypted as well and costs as much as what is measured, so that the
// number of streams is what one processor would carry, by the time of a packet.
func benchWebRTC(ours *server) error {
	r, err := dialRelay(ours)
	if err != nil {
		return err
	}
	hears := &hearing{}
	var all []*page
	defer func() {
		for _, e := range all {
			e.close()
		}
	}()
	for range *pairsOfPages {
		for range 2 {
			e, err := newPage(hears)
			if err != nil {
				return err
			}
			all = append(all, e)
		}
		if err := join(r, all[len(all)-2], all[len(all)-1]); err != nil {
			return err
		}
	}
	for _, e := range all {
		select {
		case <-e.ready:
		case <-time.After(20 * time.Second):
			return errors.New("a page was not connected")
		}
	}
	speak(ours.process, all, hears, *long/2)
	var streams, cost, lost, late series
	for range *rounds {
		o, sent := speak(ours.process, all, hears, *long)
		per := o.used.Seconds() * 1e6 / float64(o.done)
		fmt.Printf("# WebRTC: %.2f us a packet, %d of %d, p99 %s\n", per, o.done, sent, o.p99())
		cost, streams = append(cost, per), append(streams, 2e4/per)
		lost = append(lost, 100*float64(sent-o.done)/float64(sent))
		late = append(late, float64(o.p99().Microseconds())/1000)
	}
	fmt.Printf("%-62s %s\n", "processor time of a packet between pages, us", cost)
	line("WebRTC streams of 50 packets a second for one core, by that", streams, 520, 0)
	line("packets between pages lost, of 100", lost, 0, 0.01)
	line(fmt.Sprintf("time of a packet with %d streams, load and all, p99, ms", len(all)), late, 0, 5)
	return r.clear()
}
