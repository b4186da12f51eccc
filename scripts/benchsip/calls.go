package main

import (
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// caller makes one call after the other: INVITE, 200, ACK, BYE, 200.
type caller struct {
	*phone
	to    *phone
	calls int
	began time.Time
	route string // what the proxy asks to be sent through, as header lines
	tag   string // of the one who answered
	cont  string
	held  bool // it does not hang up

	asked []byte // an INVITE or BYE without its answer; nil: nothing is under way
	since time.Time
	ack   []byte // of the last 200
}

// patience is after how long what was asked is asked again, as over UDP it must.
const patience = time.Second

// insist has callers ask again what has had no answer for a while, and reports how
// many did.
func insist(from *port, s *server, all []*caller) (again int) {
	for _, c := range all {
		if c.asked != nil && time.Since(c.since) > patience {
			c.since = time.Now()
			_ = from.send(c.asked, c.at, s.addr)
			again++
		}
	}
	return again
}

const sound = "v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"

func (c *caller) request(from *port, s *server, method, uri, more, body string) error {
	host := c.at.String() + ":" + strconv.Itoa(from.num)
	var b strings.Builder
	seq := c.seq
	if method == "ACK" {
		seq--
	} else {
		c.seq++
	}
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKc%dx%d%s;rport\r\nMax-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=f%dx%d\r\nTo: <sip:%s@%s>%s\r\nCall-ID: call-%d-%d-%d\r\nCSeq: %d %s\r\nContact: <sip:%s@%s>\r\nUser-Agent: bench\r\n",
		method, uri, host, c.n, seq, method[:1], c.name, s.domain, c.n, c.calls, c.to.extension, s.domain, c.tag, c.n, c.calls, from.num, seq, method, c.name, host)
	b.WriteString(more)
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	if method == "ACK" {
		c.ack = []byte(b.String())
	} else {
		c.asked, c.since = []byte(b.String()), time.Now()
	}
	return from.send([]byte(b.String()), c.at, s.addr)
}

func (c *caller) invite(from *port, s *server, anew bool) error {
	if anew {
		c.calls++
		c.began = time.Now()
	}
	c.tag, c.route, c.cont = "", "", ""
	uri := "sip:" + c.to.extension + "@" + s.domain
	ip := c.at.String()
	return c.request(from, s, "INVITE", uri, c.header("INVITE", uri), fmt.Sprintf(sound, ip, ip))
}

// answered acts on a 200 to the INVITE.
func (c *caller) answered(from *port, s *server, b []byte) {
	_, tag, _ := strings.Cut(header(b, "To"), ";")
	c.tag = ";" + tag
	c.cont = strings.Trim(header(b, "Contact"), "<>")
	if r := header(b, "Record-Route"); r != "" {
		c.route = "Route: " + r + "\r\n"
	}
	_ = c.request(from, s, "ACK", c.cont, c.route, "")
	c.asked = nil
	if !c.held {
		_ = c.request(from, s, "BYE", c.cont, c.route, "")
	}
}

// called answers what comes to a phone that is called.
func called(from *port, s *server, at net.IP, b []byte) {
	method, _, _ := bytes.Cut(b, []byte(" "))
	if string(method) == "ACK" {
		return
	}
	var out strings.Builder
	out.WriteString("SIP/2.0 200 OK\r\n")
	head, body, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	for l := range bytes.SplitSeq(head, []byte("\r\n")) {
		for _, name := range []string{"Via:", "Record-Route:", "From:", "To:", "Call-ID:", "CSeq:"} {
			if bytes.HasPrefix(l, []byte(name)) {
				out.Write(l)
				if name == "To:" && !bytes.Contains(l, []byte("tag=")) {
					out.WriteString(";tag=callee")
				}
				out.WriteString("\r\n")
			}
		}
	}
	sdp := ""
	if string(method) == "INVITE" {
		fmt.Fprintf(&out, "Contact: <sip:x@%s:%d>\r\nContent-Type: application/sdp\r\n", at, from.num)
		sdp = taken(string(body), at.String(), 40000)
	}
	fmt.Fprintf(&out, "Content-Length: %d\r\n\r\n%s", len(sdp), sdp)
	_ = from.send([]byte(out.String()), at, s.addr)
}

// taken answers an offer with all that it has, at an address of ours.
func taken(offer, ip string, num int) string {
	var out strings.Builder
	fmt.Fprintf(&out, "v=0\r\no=- 2 2 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\n", ip, ip)
	for l := range strings.SplitSeq(offer, "\r\n") {
		switch {
		case strings.HasPrefix(l, "m=audio "):
			f := strings.Fields(l)
			f[1] = strconv.Itoa(num)
			out.WriteString(strings.Join(f, " ") + "\r\n")
		case strings.HasPrefix(l, "a=rtpmap:"), strings.HasPrefix(l, "a=fmtp:"):
			out.WriteString(l + "\r\n")
		}
	}
	out.WriteString("a=sendrecv\r\n")
	return out.String()
}

// calling has callers call over and over for a time: one after the other as
// fast as they can, or all together so many calls a second.
func calling(s *server, from *port, all []*caller, rate float64, long time.Duration) (o outcome) {
	end := time.Now().Add(long)
	began, used := time.Now(), s.used()
	var idle []*caller
	again := func(c *caller) {
		if rate > 0 {
			idle = append(idle, c)
		} else if time.Now().Before(end) {
			_ = c.invite(from, s, true)
		}
	}
	for _, c := range all {
		again(c)
	}
	step := patience
	if rate > 0 {
		step = 5 * time.Millisecond
	}
	looked := began
	for begun := 0; time.Now().Before(end); {
		if now := time.Now(); now.Sub(looked) > patience/2 {
			looked = now
			if insist(from, s, all) > 0 {
				o.trouble = "messages were lost"
			}
		}
		for len(idle) > 0 && float64(begun) < rate*time.Since(began).Seconds() {
			_ = idle[0].invite(from, s, true)
			idle = idle[1:]
			begun++
		}
		b, at, ok := from.take(time.Now().Add(step))
		if !ok {
			continue
		}
		code := status(b)
		if code == 0 {
			called(from, s, at, b)
			continue
		}
		f := strings.Split(header(b, "Call-ID"), "-")
		n, calls := -1, 0
		if len(f) == 4 {
			n, _ = strconv.Atoi(f[1])
			calls, _ = strconv.Atoi(f[2])
		}
		if n < 0 || n >= len(all) || all[n].calls != calls || code < 200 {
			continue
		}
		c, method := all[n], header(b, "CSeq")
		invite := strings.HasSuffix(method, "INVITE")
		switch {
		case invite && code == 200 && c.tag == "":
			c.answered(from, s, b)
			o.waits = append(o.waits, time.Since(c.began))
		case invite && code == 200: // once more: its ACK was lost
			_ = from.send(c.ack, c.at, s.addr)
		case invite && code == 401:
			c.challenged(b)
			_ = c.request(from, s, "ACK", "sip:"+c.to.extension+"@"+s.domain, "", "")
			_ = c.invite(from, s, false)
		case c.asked == nil: // an answer that came twice
		case code == 200 && strings.HasSuffix(method, "BYE"):
			c.asked = nil
			o.done++
			again(c)
		default:
			c.asked = nil
			if o.failed++; o.failed == 1 {
				o.trouble = string(b[:min(len(b), 60)])
			}
			again(c)
		}
	}
	o.took, o.used = time.Since(began), s.used()-used
	return o
}

// settle ends what calls are still under way.
func settle(s *server, from *port, all []*caller) (done int) {
	for quiet, end := 0, time.Now().Add(rest); quiet < 2 && time.Now().Before(end); {
		b, at, ok := from.take(time.Now().Add(patience))
		if !ok {
			if insist(from, s, all) == 0 {
				quiet++
			}
			continue
		}
		f := strings.Split(header(b, "Call-ID"), "-")
		code, method := status(b), header(b, "CSeq")
		if code == 0 {
			called(from, s, at, b)
			continue
		}
		if len(f) != 4 || code < 200 {
			continue
		}
		n, err := strconv.Atoi(f[1])
		if err != nil || n >= len(all) || all[n].asked == nil {
			continue
		}
		switch c := all[n]; {
		case code == 200 && strings.HasSuffix(method, "BYE"):
			c.asked = nil
			done++
		case code == 200 && strings.HasSuffix(method, "INVITE") && c.tag == "":
			c.answered(from, s, b)
		case code == 200:
			_ = from.send(c.ack, c.at, s.addr)
		default:
			c.asked = nil
		}
	}
	return done
}

// pairs are callers and whom they call: one phone of each line.
func pairs(s *server, from *port, kind, n int) (all []*caller) {
	var us []user
	for i := 0; i < len(s.users) && len(us) < 2*n; i += 10 {
		us = append(us, s.users[i])
	}
	ps := phones(s, kind, us)
	registered(s, from, ps, len(ps), 500*time.Millisecond)
	for i := 0; i+1 < len(ps); i += 2 {
		c := &caller{phone: ps[i], to: ps[i+1]}
		c.n = i / 2
		all = append(all, c)
	}
	return all
}

func benchCalls(ours *server) error {
	other, err := startKamailio(ours)
	if err != nil {
		return err
	}
	defer other.stop()
	from, err := open()
	if err != nil {
		return err
	}
	mine, theirs := pairs(ours, from, 3, 64), pairs(other, from, 4, 64)
	var ratio, a, b, wait series
	for range *rounds {
		x := calling(ours, from, mine, 0, *long)
		settle(ours, from, mine)
		y := calling(other, from, theirs, 0, *long)
		settle(other, from, theirs)
		report("calls, ours", x)
		report("calls, Kamailio", y)
		ratio, a, b = append(ratio, x.rate()/y.rate()), append(a, x.rate()), append(b, y.rate())
		wait = append(wait, float64(x.p99().Microseconds())/1000)
	}
	line("calls with records, against Kamailio as a proxy", ratio, 0.8, 0)
	line("calls with records, ours, a second of one core", a, 8000, 0)
	fmt.Printf("%-62s %s\n", "calls, Kamailio, the same", b)
	fmt.Printf("%-62s %s\n", "call set-up at full load with 64 callers, p99, ms", wait)
	var half series // the phones answer at once: all of it is ours
	for range *rounds {
		x := calling(ours, from, mine, a.median()/2, *long)
		settle(ours, from, mine)
		report("calls at half", x)
		half = append(half, float64(x.p99().Microseconds())/1000)
	}
	line("our share of call set-up at half of that load, p99, ms", half, 0, 50)
	return nil
}
