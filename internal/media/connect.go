package media

import (
	"context"
	"fmt"
	"net"
	"slices"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// pion holds ICE, DTLS and SRTP of a leg. It is told of the leg in words of ours
// (session with ofLeg), always sending both ways; of what it says itself only its
// credentials are used. So hold and resume are no affair of pion's, and nothing
// that one browser wrote comes near the other.

// firstOffer opens the leg of a callee.
func (l *Leg) firstOffer(ctx context.Context) (string, error) {
	if l.kind == Phone {
		return l.phoneOffer()
	}
	if err := l.open(); err != nil {
		return "", err
	}
	for _, s := range l.sections {
		_, err := l.pc.AddTransceiverFromTrack(l.ways[s.kind].out, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendrecv})
		if err != nil {
			return "", fmt.Errorf("media: %w", err)
		}
	}
	offer, err := l.pc.CreateOffer(nil)
	if err != nil {
		return "", fmt.Errorf("media: %w", err)
	}
	if err := l.gather(ctx, offer); err != nil {
		return "", err
	}
	l.local.setup = "actpass"
	l.watch()
	return l.offer(), nil
}

// firstAnswered tells pion of the callee.
func (l *Leg) firstAnswered() error {
	err := l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: l.ofLeg(l.remote)})
	if err != nil {
		return fmt.Errorf("media: %w", err)
	}
	for _, t := range l.pc.GetTransceivers() {
		if s, ok := t.Sender().Track().(*stream); ok && taken(l.sections, s.kind) == nil {
			if err := t.Stop(); err != nil { // no reports of what was refused
				return fmt.Errorf("media: %w", err)
			}
		}
	}
	l.local.setup = map[string]string{"active": "passive", "passive": "active"}[l.remote.setup]
	return nil
}

// firstAnswer opens the leg of the caller.
func (l *Leg) firstAnswer() (string, error) {
	if l.kind == Phone {
		return l.phoneAnswer()
	}
	if err := l.open(); err != nil {
		return "", err
	}
	if err := l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: l.ofLeg(l.remote)}); err != nil {
		return "", fmt.Errorf("media: %w", err)
	}
	for _, s := range l.sections {
		if s.taken {
			if _, err := l.pc.AddTrack(l.ways[s.kind].out); err != nil {
				return "", fmt.Errorf("media: %w", err)
			}
		}
	}
	if err := l.answer(); err != nil {
		return "", err
	}
	l.watch()
	return l.describe(l.sections), nil
}

// answer makes pion agree, and takes its credentials: at first, and after each
// restart of ICE.
func (l *Leg) answer() error {
	answer, err := l.pc.CreateAnswer(nil)
	if err != nil {
		return fmt.Errorf("media: %w", err)
	}
	setup := l.local.setup
	if err := l.gather(context.Background(), answer); err != nil {
		return err
	}
	if setup != "" {
		l.local.setup = setup // DTLS goes on as it is
	}
	return nil
}

// open makes the connection. Callers hold mu.
func (l *Leg) open() error {
	switch {
	case l.isClosed():
		return ErrClosed
	case l.pc != nil: // it was tried, and failed
		return ErrState
	}
	var codecs [kinds][]codec
	for k := range codecs {
		if s := taken(l.sections, kind(k)); s != nil {
			codecs[k] = s.codecs
		}
	}
	if codecs[video] == nil {
		codecs[video] = pictures(codecs[audio]) // one may come later
	}
	pc, err := l.relay.connection(codecs, l.buffer)
	if err != nil {
		return err
	}
	l.pc = pc
	pc.OnTrack(l.arrived)
	pc.OnConnectionStateChange(l.became)
	return nil
}

// gather sets pion's own description, waits for its port and reads its
// credentials.
func (l *Leg) gather(ctx context.Context, d webrtc.SessionDescription) error {
	ctx, cancel := context.WithTimeout(ctx, gatherTime)
	defer cancel()
	gathered := webrtc.GatheringCompletePromise(l.pc)
	if err := l.pc.SetLocalDescription(d); err != nil {
		return fmt.Errorf("media: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closing:
		return ErrClosed
	}
	var s sdp.SessionDescription
	if err := s.UnmarshalString(l.pc.LocalDescription().SDP); err != nil {
		return fmt.Errorf("media: %w", err)
	}
	find := func(key string) string {
		for _, m := range s.MediaDescriptions {
			if v, ok := m.Attribute(key); ok {
				return v
			}
		}
		v, _ := s.Attribute(key)
		return v
	}
	c := credentials{ufrag: find("ice-ufrag"), pwd: find("ice-pwd"), setup: find("setup")}
	var ok bool
	if c.fingerprint, ok = readFingerprint(find("fingerprint")); !ok || c.ufrag == "" || c.pwd == "" {
		return fmt.Errorf("media: %w: own credentials", ErrState)
	}
	l.local.credentials = c
	return nil
}

// ofLeg describes the leg to pion.
func (l *Leg) ofLeg(c credentials) string {
	s := session{credentials: c, origin: 1, version: 1, sections: slices.Clone(l.sections), ofLeg: true}
	// pion wants refused sections in an answer to its own offer, and cannot answer
	// an offer that has them.
	answers := l.asked && !l.settled
	s.sections = slices.DeleteFunc(s.sections, func(s section) bool { return !s.taken && !answers })
	for i := range s.sections {
		s.sections[i].dir = SendRecv
	}
	return s.text()
}

// describe writes our description to the leg, each time with the next version.
func (l *Leg) describe(sections []section) string {
	l.local.version++
	l.local.sections = sections
	for _, s := range sections {
		if s.taken {
			l.told[s.kind] = s.dir
		}
	}
	if l.kind == Phone {
		return l.local.text()
	}
	for _, sender := range l.pc.GetSenders() {
		if s, ok := sender.Track().(*stream); ok {
			if e := sender.GetParameters().Encodings; len(e) > 0 {
				l.local.sources[s.kind] = uint32(e[0].SSRC)
			}
		}
	}
	return l.local.text()
}

// offer describes what l.sections state as an offer, and notes it.
func (l *Leg) offer() string { return l.offerOf(l.sections) }

// offerOf is offer for what the leg may take of its sections.
func (l *Leg) offerOf(sections []section) string {
	l.offered = nil
	for _, s := range sections {
		l.offered = append(l.offered, s.dir)
	}
	setup := l.local.setup
	l.local.setup = "actpass" // RFC 8842 section 5.2; who answers keeps the roles
	text := l.describe(sections)
	l.local.setup = setup
	return text
}

// watch reads what the leg says of what we send.
func (l *Leg) watch() {
	for _, sender := range l.pc.GetSenders() {
		l.run(func() { l.each(sender.Read, l.feedback) })
	}
}

func portOf(a net.Addr) int {
	if u, ok := a.(*net.UDPAddr); ok {
		return u.Port
	}
	return 0
}
