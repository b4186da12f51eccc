package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// What a browser writes of itself, its machine and its network goes to the relay
// and no further, whichever side it is on.
func TestNothingOfOneSideStandsInWhatTheOtherIsTold(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	a, err := r.Accept(context.Background(), offerText())
	if err != nil {
		t.Fatal(err)
	}
	b, offer, err := r.Invite(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	tells := func(where, sdp string) {
		t.Helper()
		if found := telling.FindAllString(sdp, -1); found != nil {
			t.Errorf("%s tells %q:\n%s", where, found, sdp)
		}
	}
	tells("the offer to the callee", offer)

	// The callee's answer is as talkative, under the names that it was offered;
	// the caller's own names stand in what the caller is told.
	named := offerText("secretsound", "0", "secretpicture", "1", "actpass", "active")
	answered := named[:strings.Index(named, "m=application")]
	if err := b.Answered(answered); err != nil {
		t.Fatal(err)
	}
	answer, err := a.Answer()
	if err != nil {
		t.Fatal(err)
	}
	tells("the answer to the caller", strings.NewReplacer("secretsound", "", "secretpicture", "", "secretdata", "").Replace(answer))

	hold, dir, err := a.Reoffered(offerText("a=sendrecv", "a=sendonly"))
	if err != nil {
		t.Fatal(err)
	}
	tells("the answer to a new offer", strings.NewReplacer("secretsound", "", "secretpicture", "", "secretdata", "").Replace(hold))
	again, err := b.Reoffer(dir)
	if err != nil {
		t.Fatal(err)
	}
	tells("a new offer", again)

	// Nor can both be known by it that they talk to each other.
	shared := regexp.MustCompile(`(?m)^a=(ice-ufrag|ice-pwd|ssrc|msid):.*$|^o=.*$`)
	for _, line := range shared.FindAllString(offer, -1) {
		if strings.Contains(answer, line) {
			t.Errorf("both sides are told %s", line)
		}
	}
}

// secretsOf gives all that a peer sends of itself, as it would be found in a
// description or in a packet.
func secretsOf(p *peer) map[string][]byte {
	sdp := p.pc.LocalDescription().SDP
	out := map[string][]byte{"a word of its own": []byte("secret")}
	for _, key := range []string{"ice-ufrag", "ice-pwd", "fingerprint"} {
		out[key] = []byte(regexp.MustCompile(`a=` + key + `:(\S+ )?(\S+)`).FindStringSubmatch(sdp)[2])
	}
	out["origin"] = []byte(regexp.MustCompile(`o=- (\d+) `).FindStringSubmatch(sdp)[1])
	out["port"] = fmt.Appendf(nil, " %d ", p.conn.LocalAddr().(*net.UDPAddr).Port)
	for _, v := range p.out {
		if v != nil {
			out[v.kind.String()+" source in a packet"] = binary.BigEndian.AppendUint32(nil, v.ssrc)
			out[v.kind.String()+" source in a description"] = fmt.Append(nil, v.ssrc)
		}
	}
	return out
}

func TestNothingOfOneSideIsInThePacketsOfTheOther(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	c := talk(t, r, browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
	for _, s := range c.sides() {
		flows(t, s.p, s.far, audio, mimeOpus)
		flows(t, s.p, s.far, video, mimeVP8)
	}
	for _, s := range c.sides() {
		for k, mime := range map[kind]string{audio: mimeOpus, video: mimeVP8} {
			n := s.far.count(k)
			until(t, "a packet that tells", func() bool {
				s.p.sayAs(k, mime, 0, []byte("words"), func(h *rtp.Header) {
					h.CSRC = []uint32{h.SSRC, h.SSRC + 1}
					h.ExtensionProfile = 0x1000
					h.Extensions = nil
					for id, what := range map[uint8]string{1: "secret-mid", 2: "secret-rid", 3: "secret-location-of-50-bytes-that-need-two-byte-form"} {
						if err := h.SetExtension(id, []byte(what)); err != nil {
							t.Error(err)
						}
					}
				})
				return s.far.count(k) > n
			})
		}
		// RTCP of all kinds: names, addresses in applications, goodbyes, estimates.
		v := s.p.out[video]
		other := s.p.last(video).SSRC
		reports := []rtcp.Packet{
			&rtcp.SenderReport{SSRC: v.ssrc, ProfileExtensions: []byte("secret!!")},
			&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{Source: v.ssrc, Items: []rtcp.SourceDescriptionItem{
				{Type: rtcp.SDESCNAME, Text: "secret@192.0.2.77"}, {Type: rtcp.SDESTool, Text: "secret-agent/7.1"},
			}}}},
			&rtcp.ApplicationDefined{SSRC: v.ssrc, Name: "secr", Data: []byte("secret!!")},
			&rtcp.ReceiverEstimatedMaximumBitrate{SenderSSRC: v.ssrc, Bitrate: 1e6, SSRCs: []uint32{other}},
			&rtcp.TransportLayerNack{SenderSSRC: v.ssrc, MediaSSRC: other, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{1, 2})},
			&rtcp.Goodbye{Sources: []uint32{v.ssrc + 7}, Reason: "secret"},
		}
		if err := s.p.pc.WriteRTCP(reports); err != nil {
			t.Fatal(err)
		}
		// What was sent last is a request for a picture, and it does pass.
		n := s.far.pictures()
		until(t, "a request for a picture", func() bool {
			if err := s.p.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{SenderSSRC: v.ssrc, MediaSSRC: other}}); err != nil {
				t.Fatal(err)
			}
			return s.far.pictures() > n
		})
		flows(t, s.p, s.far, audio, mimeOpus)
	}
	for _, s := range c.sides() {
		s.far.mu.Lock()
		for what, secret := range secretsOf(s.p) {
			if bytes.Contains(s.far.raw.Bytes(), secret) {
				t.Errorf("the other side got this: %s %q", what, secret)
			}
		}
		for _, report := range s.far.reports {
			switch report.(type) {
			case *rtcp.SenderReport, *rtcp.ReceiverReport, *rtcp.PictureLossIndication: // ours
			case *rtcp.ReceiverEstimatedMaximumBitrate: // ours, with nothing of the other's but the number
			default:
				t.Errorf("%T passed", report)
			}
		}
		for k, packets := range s.far.heard {
			for _, h := range packets {
				if h.Extension || len(h.CSRC) > 0 || h.Padding || h.SSRC != packets[0].SSRC {
					t.Errorf("%s: %+v", kind(k), h.Header)
				}
			}
		}
		s.far.mu.Unlock()
	}
}

// Requests for a whole picture pass in both forms, with our own source and that
// of the leg that is asked; nobody else is asked.
func TestRequestsForAPicturePass(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
	for _, s := range c.sides() {
		flows(t, s.p, s.far, video, mimeVP8)
	}
	for _, s := range c.sides() {
		ours := s.p.last(video).SSRC
		for _, ask := range []rtcp.Packet{
			&rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: ours},
			&rtcp.FullIntraRequest{SenderSSRC: 1, MediaSSRC: ours, FIR: []rtcp.FIREntry{{SSRC: ours, SequenceNumber: 1}}},
		} {
			far, own := s.far.pictures(), s.p.pictures()
			if err := s.p.pc.WriteRTCP([]rtcp.Packet{ask}); err != nil {
				t.Fatal(err)
			}
			until(t, "the request at the other end", func() bool { return s.far.pictures() > far })
			if s.p.pictures() != own {
				t.Error("who asked is asked")
			}
		}
		s.far.mu.Lock()
		for _, report := range s.far.reports {
			if pli, ok := report.(*rtcp.PictureLossIndication); ok && pli.MediaSSRC != s.far.out[video].ssrc {
				t.Errorf("a picture of %d is asked for", pli.MediaSSRC)
			}
		}
		s.far.mu.Unlock()
	}
}

// How much of a picture one side can take is told to the other, which shows it.
func TestEstimatesPass(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
	flows(t, c.caller, c.callee, video, mimeVP8)
	flows(t, c.callee, c.caller, video, mimeVP8)
	for _, s := range c.sides() {
		source := s.far.out[video].ssrc
		until(t, "an estimate at the other end", func() bool {
			if err := s.p.pc.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverEstimatedMaximumBitrate{
				SenderSSRC: s.p.out[video].ssrc, Bitrate: 262144, SSRCs: []uint32{s.p.last(video).SSRC, 77},
			}}); err != nil {
				t.Fatal(err)
			}
			s.far.mu.Lock()
			defer s.far.mu.Unlock()
			for _, report := range s.far.reports {
				if e, ok := report.(*rtcp.ReceiverEstimatedMaximumBitrate); ok {
					if e.Bitrate != 262144 || len(e.SSRCs) != 1 || e.SSRCs[0] != source || e.SenderSSRC == s.p.out[video].ssrc {
						t.Fatalf("%+v", e)
					}
					return true
				}
			}
			return false
		})
	}
}

// A report that cannot be read is dropped, and what comes after it is not.
func TestReportsThatAreNone(t *testing.T) {
	quiet(t)
	c := talk(t, newRelay(t), browser{video: []string{mimeVP8}}, browser{shift: 1, video: []string{mimeVP8}})
	flows(t, c.caller, c.callee, video, mimeVP8)
	flows(t, c.callee, c.caller, video, mimeVP8)
	ours := c.callee.last(video).SSRC
	theirs := c.callee.out[video].ssrc
	junk := func(typ rtcp.PacketType, format uint8, words ...uint32) rtcp.Packet {
		h, err := rtcp.Header{Type: typ, Count: format, Length: uint16(len(words))}.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range words {
			h = binary.BigEndian.AppendUint32(h, w)
		}
		raw := rtcp.RawPacket(h)
		return &raw
	}
	for range 3 {
		for _, p := range []rtcp.Packet{
			junk(rtcp.TypeTransportSpecificFeedback, rtcp.FormatTCC, theirs, ours, 0xffffffff, 0xffffffff, 0xffffffff),
			junk(rtcp.TypePayloadSpecificFeedback, rtcp.FormatFIR, theirs, ours, 1),
			junk(rtcp.TypePayloadSpecificFeedback, rtcp.FormatREMB, theirs, ours, 0x52454d42, 0xffffffff, ours),
			junk(rtcp.TypePayloadSpecificFeedback, 30, theirs, ours),
			junk(rtcp.TypeReceiverReport, 31, theirs, ours),
			junk(rtcp.TypeSourceDescription, 31, theirs, ours),
			junk(rtcp.TypeExtendedReport, 0, theirs, 0x04ff0001, ours),
			junk(rtcp.TypeGoodbye, 31, ours),
			junk(222, 0, ours),
		} {
			if err := c.callee.pc.WriteRTCP([]rtcp.Packet{p}); err != nil {
				t.Fatal(err)
			}
		}
	}
	n := c.caller.pictures()
	until(t, "a request for a picture after junk", func() bool {
		if err := c.callee.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{SenderSSRC: theirs, MediaSSRC: ours}}); err != nil {
			t.Fatal(err)
		}
		return c.caller.pictures() > n
	})
}
