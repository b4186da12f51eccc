package sip_test

import (
	"fmt"
	"strings"
	"testing"

	"candour/internal/sip"
)

// sixth makes a message of the kinds that RFC 5118 has.
func sixth(method, uri, via, contact, body string) string {
	m := method + " " + uri + " SIP/2.0\r\nVia: " + via + "\r\nMax-Forwards: 70\r\nFrom: <sip:user@example.com>;tag=81x2\r\nTo: <sip:user@example.com>\r\n" +
		"Call-ID: " + draw() + "\r\nCSeq: 98176 " + method + "\r\n"
	if contact != "" {
		m += "Contact: <sip:" + contact + ">\r\n"
	}
	if body != "" {
		m += "Content-Type: application/sdp\r\n"
	}
	return m + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

// What RFC 5118 4 has of IPv6, by its sections: the answers to a stranger over
// UDP, and on the flow of somebody's page.
func TestIPv6OnTheWire(t *testing.T) {
	const via = "SIP/2.0/UDP [2001:db8::9:1]"
	offer := func(lines ...string) string {
		return strings.Join(append([]string{"v=0", "o=assistant 971731711378798081 0 IN IP6 2001:db8::20", "s=Live video feed"}, lines...), "\r\n") + "\r\n"
	}
	six := offer("c=IN IP6 2001:db8::20", "t=3338481189 3370017201", "m=audio 6000 RTP/AVP 2", "a=rtpmap:2 G726-32/8000", "m=video 6024 RTP/AVP 107", "a=rtpmap:107 H263-1998/90000")
	both := offer("t=0 0", "m=audio 22334 RTP/AVP 0", "c=IN IP4 192.0.2.1", "m=video 6024 RTP/AVP 107", "c=IN IP6 2001:db8::1", "a=rtpmap:107 H263-1998/90000")
	mapped := offer("c=IN IP6 ::ffff:192.0.2.10", "t=0 0", "m=audio 22334 RTP/AVP 0")
	x := three(t, sip.Config{})
	for name, c := range map[string]struct {
		method, uri, via, contact, body string
		want                            [2]int
	}{
		"4.1 a reference":                    {"REGISTER", "sip:[2001:db8::10]", via, "user@[2001:db8::1]", "", [2]int{401, 404}},
		"4.2 without brackets":               {"REGISTER", "sip:2001:db8::10", via, "user@[2001:db8::1]", "", [2]int{400, 400}},
		"4.3 a port that may be none":        {"REGISTER", "sip:[2001:db8::10:5070]", via, "user@[2001:db8::1]", "", [2]int{401, 404}},
		"4.4 a port that is one":             {"REGISTER", "sip:[2001:db8::10]:5070", via, "user@[2001:db8::1]", "", [2]int{401, 404}},
		"4.5 received, without brackets":     {"BYE", "sip:user@[2001:db8::10]", via + ";received=2001:db8::9:255;branch=z9hG4bKas3-111", "", "", [2]int{401, 481}},
		"4.5 received, with brackets":        {"OPTIONS", "sip:user@[2001:db8::10]", via + ";received=[2001:db8::9:255];branch=z9hG4bKas3", "", "", [2]int{401, 200}},
		"4.6 in the description":             {"INVITE", "sip:user@[2001:db8::10]", via, "user@[2001:db8::20]", six, [2]int{401, 403}},
		"4.7 of both families in headers":    {"BYE", "sip:user@host.example.net", "SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144", "", "", [2]int{401, 481}},
		"4.8 of both families in the body":   {"INVITE", "sip:user@[2001:db8::10]", via, "user@[2001:db8::9:1]", both, [2]int{401, 403}},
		"4.9 IPv4 in IPv6":                   {"INVITE", "sip:user@example.com", "SIP/2.0/UDP [::ffff:192.0.2.10]:19823", "user@[::ffff:192.0.2.2]", mapped, [2]int{401, 403}},
		"4.10 three colons":                  {"OPTIONS", "sip:user@[2001:db8:::192.0.2.1]", via, "user@[2001:db8::9:1]", "", [2]int{400, 400}},
		"no end of the reference":            {"OPTIONS", "sip:user@[2001:db8::1", via, "user@[2001:db8::9:1]", "", [2]int{400, 400}},
		"a Contact without brackets":         {"INVITE", "sip:user@[2001:db8::10]", via, "user@2001:db8::1", six, [2]int{400, 400}},
		"no address within brackets":         {"OPTIONS", "sip:user@[example.com]", via, "user@[2001:db8::9:1]", "", [2]int{400, 400}},
		"a Via whose reference is not ended": {"OPTIONS", "sip:user@[2001:db8::10]", "SIP/2.0/UDP [2001:db8::9:1", "user@[2001:db8::9:1]", "", [2]int{400, 400}},
	} {
		t.Run(name, func(t *testing.T) {
			x.t = t
			text := func() string {
				v := c.via
				if !strings.Contains(v, "branch") {
					v += ";branch=z9hG4bK" + draw()
				}
				return sixth(c.method, c.uri, v, c.contact, c.body)
			}
			if got := [2]int{x.rawStranger().answered(text(), c.want[0]), x.rawPage("ann").answered(text(), c.want[1])}; got != c.want {
				t.Errorf("answered with %v, want %v", got, c.want)
			}
		})
	}
	x.t = t
}
