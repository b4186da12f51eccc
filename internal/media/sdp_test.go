package media

import (
	"context"
	"errors"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// browserOffer is an offer as a browser writes it, with all in it that tells of
// the browser, the machine and its network.
const browserOffer = `v=0
o=secretuser 4611731400430051336 2 IN IP4 192.0.2.77
s=Secret session
i=secret information
u=https://secret.example/
e=secret@secret.example
c=IN IP4 192.0.2.77
t=0 0
a=tool:secret-agent/7.1
a=group:BUNDLE secretsound secretpicture secretdata
a=extmap-allow-mixed
a=msid-semantic: WMS secretstream
m=audio 1077 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 192.0.2.77
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2122260223 5b3ad7cc-secret-4c5e.local 1077 typ host generation 0 network-id 1
a=candidate:2 1 udp 1686052607 192.0.2.77 1077 typ srflx raddr 10.77.0.5 rport 1077 generation 0
a=ice-ufrag:secretword
a=ice-pwd:secretsecretsecretsecret
a=ice-options:trickle
a=fingerprint:sha-256 5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2
a=setup:actpass
a=mid:secretsound
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2 http://secret.example/abs-send-time
a=sendrecv
a=msid:secretstream secrettrack
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1;secret=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
a=rtpmap:126 telephone-event/8000
a=ssrc:3735928559 cname:secretcname
a=ssrc:3735928559 msid:secretstream secrettrack
m=video 1077 UDP/TLS/RTP/SAVPF 96 97 103 104 107
c=IN IP4 192.0.2.77
a=ice-ufrag:secretword
a=ice-pwd:secretsecretsecretsecret
a=fingerprint:sha-256 5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2
a=setup:actpass
a=mid:secretpicture
a=sendrecv
a=rtcp-mux
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:103 H264/90000
a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e034;secret=2
a=rtpmap:104 H264/90000
a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f
a=rtpmap:107 AV1/90000
a=rid:secretrid send
a=simulcast:send secretrid
a=ssrc-group:FID 3735928560 3735928561
a=ssrc:3735928560 cname:secretcname
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=ice-ufrag:secretword
a=ice-pwd:secretsecretsecretsecret
a=fingerprint:sha-256 5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2:E7:5E:C2
a=setup:actpass
a=mid:secretdata
a=sctp-port:5000
`

// telling matches all of browserOffer that is nobody's business but the relay's.
var telling = regexp.MustCompile(`(?i)secret|192\.0\.2\.77|10\.77\.|\.local| 1077\s|5E:C2:E7:5E|3735928559|373592856|42e034|transport-cc|extmap|rid:|simulcast|rtx|red/|4611731400430051336`)

func offerText(changes ...string) string {
	return strings.NewReplacer(changes...).Replace(strings.ReplaceAll(browserOffer, "\n", "\r\n"))
}

func TestReadABrowsersOffer(t *testing.T) {
	d, err := read(offerText())
	if err != nil {
		t.Fatal(err)
	}
	names := func(k kind) (out []string) {
		for _, c := range d.of(k).codecs {
			out = append(out, c.name)
		}
		return out
	}
	if got, want := names(audio), []string{"opus", "pcmu", "pcma", "telephone-event/48000", "telephone-event/8000"}; !slices.Equal(got, want) {
		t.Errorf("sound in %v", got)
	}
	if got, want := names(video), []string{"vp8", "h264/42e0/1", "h264/4200/0"}; !slices.Equal(got, want) {
		t.Errorf("a picture in %v", got)
	}
	if d.ufrag != "secretword" || d.setup != "actpass" || !strings.HasPrefix(d.fingerprint, "sha-256 5E:C2") || len(d.sections) != 3 || d.sections[2].taken {
		t.Errorf("%+v", d)
	}
}

func TestDescriptionsThatAreRefused(t *testing.T) {
	fingerprint := regexp.MustCompile(`5E:C2[:0-9A-F]*`).FindString(browserOffer)
	for _, c := range []struct {
		name string
		sdp  string
		want error
	}{
		{"nothing", "", ErrSDP},
		{"words", "hello", ErrSDP},
		{"no media", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", ErrSDP},
		{"too long", offerText() + strings.Repeat("a=x\r\n", maxText/5), ErrSDP},
		{"too many sections", offerText() + strings.Repeat("m=audio 0 RTP/AVP 0\r\n", maxSections), ErrSDP},
		{"too many formats", offerText(" 126\r\n", strings.Repeat(" 126", maxFormats)+"\r\n"), ErrSDP},
		{"another version", offerText("v=0\r", "v=1\r"), ErrSDP},
		{"half a line", offerText("m=audio 1077", "m=audio"), ErrSDP},
		{"two of one name", offerText("a=mid:secretpicture", "a=mid:secretsound"), ErrSDP},
		{"a name that breaks a line", offerText("a=mid:secretsound", "a=mid:a\rb"), ErrSDP},
		{"a name with spaces", offerText("a=mid:secretsound", "a=mid:secret sound"), ErrSDP},
		{"no ufrag", offerText("a=ice-ufrag:secretword\r\n", ""), ErrSDP},
		{"a short ufrag", offerText("a=ice-ufrag:secretword", "a=ice-ufrag:sec"), ErrSDP},
		{"a ufrag of other letters", offerText("a=ice-ufrag:secretword", "a=ice-ufrag:sec:ret"), ErrSDP},
		{"a short password", offerText("secretsecretsecretsecret", "secretsecret"), ErrSDP},
		{"a long password", offerText("secretsecretsecretsecret", strings.Repeat("s", 257)), ErrSDP},
		{"no fingerprint", offerText("a=fingerprint:", "a=x:"), ErrSDP},
		{"a weak fingerprint", offerText("sha-256", "sha-1"), ErrSDP},
		{"a short fingerprint", offerText(fingerprint, "5E:C2"), ErrSDP},
		{"a fingerprint without colons", offerText(fingerprint, strings.ReplaceAll(fingerprint, ":", "")), ErrSDP},
		{"a fingerprint that is none", offerText(fingerprint, strings.ReplaceAll(fingerprint, "E", "G")), ErrSDP},
		{"no DTLS role", offerText("a=setup:actpass\r\n", ""), ErrSDP},
		{"another DTLS role", offerText("a=setup:actpass", "a=setup:holdconn"), ErrSDP},

		{"sound is refused", offerText("m=audio 1077", "m=audio 0"), ErrCodec},
		{"no sound", offerText("m=audio", "m=text"), ErrCodec},
		{"not in datagrams", offerText("UDP/TLS/RTP/SAVPF", "TCP/RTP/AVP"), ErrCodec},
		{"keys in the description, and none there", offerText("UDP/TLS/RTP/SAVPF", "RTP/SAVPF"), ErrCodec},
		{"two ports", offerText("a=rtcp-mux\r\n", ""), ErrCodec},
		{"only digits", offerText("111 63 9 0 8 13 110 126", "110 126"), ErrCodec},
		{"only codecs of others", offerText("111 63 9 0 8 13 110 126", "63 9 13"), ErrCodec},
		{"no numbers", offerText("111 63 9 0 8 13 110 126", "opus 300 -1"), ErrCodec},
		{"opus in mono", offerText("111 63 9 0 8 13 110 126", "111", "opus/48000/2", "opus/48000/1"), ErrCodec},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := read(c.sdp); !errors.Is(err, c.want) {
				t.Errorf("%v, not %v", err, c.want)
			} else if telling.MatchString(err.Error()) {
				t.Errorf("the error quotes what was sent: %v", err)
			}
		})
	}
}

// A picture that cannot be carried is refused; the sound goes on.
func TestPicturesThatAreRefused(t *testing.T) {
	for name, sdp := range map[string]string{
		"its own way":           offerText("BUNDLE secretsound secretpicture", "BUNDLE secretsound"),
		"no way together":       offerText("a=group:BUNDLE", "a=group:LS"),
		"port 0":                offerText("m=video 1077", "m=video 0"),
		"a number for two":      offerText("96 97 103 104 107", "111", "a=rtpmap:96 VP8", "a=rtpmap:111 VP8"),
		"only retransmissions":  offerText("96 97 103 104 107", "97"),
		"a level for both ways": offerText("96 97 103 104 107", "103", "level-asymmetry-allowed=1", "level-asymmetry-allowed=0"),
		"no profile":            offerText("96 97 103 104 107", "103", "profile-level-id=42e034", "profile-level-id=42e0"),
		"a profile in letters":  offerText("96 97 103 104 107", "103", "profile-level-id=42e034", "profile-level-id=xxxxxx"),
		"interleaved":           offerText("96 97 103 104 107", "103", "packetization-mode=1", "packetization-mode=2"),
	} {
		d, err := read(sdp)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if d.of(video) != nil {
			t.Errorf("%s: taken as %+v", name, d.of(video).codecs)
		}
	}
}

func TestAnswersThatAreRefused(t *testing.T) {
	quiet(t)
	r := newRelay(t)
	a, err := r.Accept(context.Background(), offerText())
	if err != nil {
		t.Fatal(err)
	}
	_, offer, err := r.Invite(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	as := func(changes ...string) string {
		return strings.NewReplacer(changes...).Replace(strings.ReplaceAll(offer, "a=setup:actpass", "a=setup:active"))
	}
	video := as()[strings.Index(as(), "m=video"):]
	for _, c := range []struct {
		name, answer string
		want         error
	}{
		{"nothing", "", ErrSDP},
		{"the offer itself", offer, ErrSDP}, // RFC 5763: who answers chooses the role
		{"a section less", strings.TrimSuffix(as(), video), ErrSDP},
		{"a section more", as() + "m=text 0 RTP/AVP 0\r\n", ErrSDP},
		{"another order", as("m=audio", "m=video", "m=video", "m=audio"), ErrCodec},
		{"another name", as("a=mid:0", "a=mid:9"), ErrSDP},
		{"sound refused", as("m=audio ", "m=audio 0 "), ErrSDP},
		{"no sound", regexp.MustCompile(`m=audio \d+`).ReplaceAllString(as(), "m=audio 0"), ErrCodec},
		{"other codecs", as("opus/", "L16/", "PCM", "L16"), ErrCodec},
	} {
		b, _, err := r.Invite(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Answered(c.answer); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := a.Answer(); !errors.Is(err, ErrState) {
			t.Errorf("%s: the caller got an answer", c.name)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

// H.264 comes in more profiles than there are numbers; the rest still passes.
func TestFormatsBeyondTheNumbers(t *testing.T) {
	var many []codec
	for _, p := range []string{"42e0", "4200", "4d00", "6400", "f400"} {
		many = append(many, codec{name: "h264/" + p + "/1", from: 20})
	}
	many = append(many, codec{name: "vp8", from: 21})
	got := renumbered(many)
	if len(got) != 5 || got[4].name != "vp8" || got[4].from != 96 {
		t.Errorf("%+v", got)
	}
	seen := map[uint8]bool{}
	for _, c := range got {
		if seen[c.from] {
			t.Errorf("%d is given twice", c.from)
		}
		seen[c.from] = true
	}
}

func TestDirections(t *testing.T) {
	for _, c := range []struct {
		d     Direction
		words string
		back  Direction
	}{{Inactive, "inactive", Inactive}, {SendOnly, "sendonly", RecvOnly}, {RecvOnly, "recvonly", SendOnly}, {SendRecv, "sendrecv", SendRecv}} {
		got, ok := directionOf(c.words)
		if !ok || got != c.d || c.d.String() != c.words || c.d.reverse() != c.back {
			t.Errorf("%s is %s, and %s from the other end", c.words, got, c.d.reverse())
		}
	}
	if _, ok := directionOf("SendRecv"); ok {
		t.Error("attributes are in lower case")
	}
}

// FuzzRead: whatever is taken can be written, and is then read as the same.
func FuzzRead(f *testing.F) {
	f.Add(offerText())
	f.Add(offerText("m=audio", "m=video", "m=video", "m=audio"))
	f.Add(phoneText())
	f.Add(phoneText("RTP/AVP", "RTP/SAVP", "a=ptime:20", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20"))
	f.Add(phoneText("a=ptime:20", "a=rtcp:9 IN IP4 192.0.2.1\r\na=rtcp-mux\r\na=inactive"))
	f.Add("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtcp-mux\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := read(text)
		if err != nil {
			if !errors.Is(err, ErrSDP) && !errors.Is(err, ErrCodec) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		s := session{kind: d.kind, credentials: d.credentials, sections: d.sections, ofLeg: true}
		if d.kind == Phone {
			s.addrs = []net.IP{net.IPv4(192, 0, 2, 1)}
		}
		for _, one := range d.sections {
			s.ports[one.kind], s.keys[one.kind] = 4000, one.far.crypto
		}
		again, err := read(s.text())
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v\n%s", err, s.text())
		}
		if again.credentials != d.credentials || len(again.sections) != len(d.sections) {
			t.Fatalf("%+v became %+v", d, again)
		}
		for i, one := range d.sections {
			two := again.sections[i]
			if one.taken != two.taken || (d.kind == Browser && one.mid != two.mid) || (one.taken && (one.dir != two.dir || !slices.EqualFunc(one.codecs, two.codecs, func(a, b codec) bool { return a.name == b.name && a.from == b.from }))) {
				t.Fatalf("%+v became %+v", one, two)
			}
		}
	})
}
