package media

import (
	"fmt"
	"slices"

	"github.com/pion/webrtc/v4"
)

// A picture may come into a call that began without: a browser offers one more
// section, and the other browser is then offered it too. A phone is not.

// later are the formats of a picture that comes later: all browsers have them
// (RFC 7742 section 5). What a leg can take is fixed when its way is opened.
func later() []codec {
	vp8, _ := known(video, "VP8/90000", "", 0)
	h264, _ := known(video, "H264/90000", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f", 0)
	return []codec{vp8, h264}
}

// pictures are later's, under numbers that the sound does not have.
func pictures(sound []codec) []codec {
	out, n := later(), uint8(96)
	for i := range out {
		for slices.ContainsFunc(sound, func(c codec) bool { return c.from == n || c.to == n }) {
			n++
		}
		out[i].from, out[i].to = n, n
		n++
	}
	return out
}

// added is a section that the leg did not have before: carried if it is a
// picture, and if there is who could see it.
func (l *Leg) added(s section) section {
	r := l.route.Load()
	sees := r != nil && (r.to.kind == Browser || r.to.Picture())
	if s.taken = s.taken && l.settled && l.kind == Browser && s.kind == video && sees && taken(l.sections, video) == nil; s.taken {
		s.codecs = agreed(s.codecs, later())
		for i := range s.codecs {
			s.codecs[i].to = s.codecs[i].from
		}
		s.taken = carries(s.codecs)
	}
	return s
}

// toAdd is the picture that the leg is to be offered because the other leg has
// one: none, or one section that comes after n others.
func (l *Leg) toAdd(n int, dir Direction) []section {
	if !l.lacks() {
		return nil
	}
	theirs := l.route.Load().to.ways[video].list()
	s := section{media: "video", proto: "UDP/TLS/RTP/SAVPF", format: "0", mid: fmt.Sprintf("p%d", n), taken: true, kind: video, of: Browser, dir: dir & l.other(video), bundled: true}
	for _, c := range pictures(l.ways[audio].list()) {
		if slices.ContainsFunc(theirs, func(t codec) bool { return t.name == c.name }) {
			s.codecs = append(s.codecs, c)
		}
	}
	if !carries(s.codecs) {
		return nil
	}
	return []section{s}
}

// lacks reports whether the other leg sends a picture and this one was never
// offered any.
func (l *Leg) lacks() bool {
	r := l.route.Load()
	has := slices.ContainsFunc(l.sections, func(s section) bool { return s.media == video.String() })
	return r != nil && l.settled && l.kind == Browser && !has && r.to.Picture() && r.to.ways[video].wants().Sends()
}

// Misses reports whether the other leg sends a picture that this one was not
// told to expect: it is to be offered anew (Reoffer).
func (l *Leg) Misses() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isClosed() {
		return false
	}
	s := taken(l.sections, video)
	if s == nil {
		return l.lacks()
	}
	sees := l.ways[video].wants().Receives() // else it holds, or is looked at only
	return sees && l.settled && l.route.Load() != nil && l.other(video).Sends() && !l.told[video].Sends()
}

// widen tells pion of a picture that came later. Whoever offered it, pion takes
// it for an offer of the leg.
func (l *Leg) widen() error {
	if l.kind != Browser || taken(l.sections, video) == nil || l.sendsPicture() {
		return nil
	}
	c := l.remote
	c.setup = "actpass"
	if err := l.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: l.ofLeg(c)}); err != nil {
		return fmt.Errorf("media: %w", err)
	}
	sender, err := l.pc.AddTrack(l.ways[video].out)
	if err != nil {
		return fmt.Errorf("media: %w", err)
	}
	if err := l.answer(); err != nil {
		return err
	}
	l.run(func() { l.each(sender.Read, l.feedback) })
	return nil
}

func (l *Leg) sendsPicture() bool {
	for _, sender := range l.pc.GetSenders() {
		if s, ok := sender.Track().(*stream); ok && s.kind == video {
			return true
		}
	}
	return false
}
