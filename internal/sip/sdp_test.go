package sip_test

import (
	"fmt"
	"strings"
)

// Session descriptions of browsers that are not there: what they say is in
// order, and what they say of themselves can be found again.

const fingerprint = "sha-256 AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99"

// offer is that of a browser with an id.
func offer(id string, picture bool) string {
	lines := []string{
		"v=0", "o=" + id + " 4711 2 IN IP4 192.0.2.44", "s=" + id, "t=0 0", "a=group:BUNDLE 0", "a=tool:" + id,
		"m=audio 9 UDP/TLS/RTP/SAVPF 111 0 126 110", "c=IN IP4 192.0.2.44", "a=rtcp-mux", "a=mid:0",
		"a=ice-ufrag:" + id, "a=ice-pwd:" + strings.Repeat(id, 3)[:24], "a=fingerprint:" + fingerprint, "a=setup:actpass", "a=sendrecv",
		"a=rtpmap:111 opus/48000/2", "a=rtpmap:0 PCMU/8000", "a=rtpmap:126 telephone-event/48000", "a=fmtp:126 0-16", "a=rtpmap:110 telephone-event/8000",
		"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level", "a=ssrc:12345 cname:" + id, "a=msid:" + id + " " + id,
		"a=candidate:1 1 udp 2113937151 " + id + ".local 50000 typ host",
	}
	if picture {
		lines[4] = "a=group:BUNDLE 0 1"
		lines = append(lines,
			"m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 192.0.2.44", "a=rtcp-mux", "a=mid:1", "a=ice-ufrag:"+id, "a=ice-pwd:"+strings.Repeat(id, 3)[:24],
			"a=fingerprint:"+fingerprint, "a=setup:actpass", "a=sendrecv", "a=rtpmap:96 VP8/90000")
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}

// answerTo answers an offer of ours as a browser with an id: with all of it.
func answerTo(offer, id string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(offer, "\r\n"), "\r\n") {
		switch key, _, _ := strings.Cut(line, ":"); {
		case strings.HasPrefix(line, "o="):
			line = "o=" + id + " 815 2 IN IP4 192.0.2.55"
		case key == "a=ice-ufrag":
			line = key + ":" + id
		case key == "a=ice-pwd":
			line = key + ":" + strings.Repeat(id, 3)[:24]
		case key == "a=fingerprint":
			line = key + ":" + fingerprint
		case key == "a=setup":
			line = "a=setup:active"
		case line == "a=sendonly":
			line = "a=recvonly"
		case line == "a=recvonly":
			line = "a=sendonly"
		case key == "a=candidate" || key == "a=ssrc" || key == "a=ice-lite" || key == "a=end-of-candidates" || key == "a=msid":
			continue
		}
		b.WriteString(line + "\r\n")
	}
	return b.String()
}

// way is a description with the sound going another way, as its nth version.
func way(sdp, direction string, version int) string {
	sdp = strings.Replace(sdp, "a=sendrecv", "a="+direction, 1)
	return strings.Replace(sdp, " 4711 2 ", fmt.Sprintf(" 4711 %d ", version), 1)
}

// goes is the direction in a description.
func goes(sdp string) string {
	for line := range strings.Lines(sdp) {
		switch line = strings.TrimSpace(line); line {
		case "a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive":
			return line[2:]
		}
	}
	return ""
}
