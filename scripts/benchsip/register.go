package main

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// outcome is what a round gave.
type outcome struct {
	done    int
	failed  int
	took    time.Duration
	used    time.Duration // processor time of the server
	waits   []time.Duration
	trouble string
}

// rate is how many a second of the server's own processor time: what others do
// to the machine in the meantime is not in it.
func (o outcome) rate() float64 { return float64(o.done) / o.used.Seconds() }

func (o *outcome) p99() time.Duration {
	if len(o.waits) == 0 {
		return 0
	}
	slices.Sort(o.waits)
	return o.waits[len(o.waits)*99/100]
}

// phone is one registered device on a machine of its own.
type phone struct {
	user
	*digest
	at   net.IP
	n    int
	seq  int
	sent time.Time
}

func phones(s *server, kind int, users []user) (all []*phone) {
	for n, u := range users {
		all = append(all, &phone{user: u, digest: newDigest(s.domain, u), at: machine(kind, n), n: n})
	}
	return all
}

func (p *phone) register(from *port, s *server) error {
	p.seq++
	p.sent = time.Now()
	host := p.at.String() + ":" + strconv.Itoa(from.num)
	uri := "sip:" + s.domain
	var b strings.Builder
	fmt.Fprintf(&b, "REGISTER %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKr%dx%d;rport\r\nMax-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=t%d\r\nTo: <sip:%s@%s>\r\nCall-ID: reg-%d-%d\r\nCSeq: %d REGISTER\r\nContact: <sip:%s@%s>\r\nExpires: 3600\r\nUser-Agent: bench\r\n",
		uri, host, p.n, p.seq, p.name, s.domain, p.n, p.name, s.domain, p.n, from.num, p.seq, p.name, host)
	b.WriteString(p.digest.header("REGISTER", uri))
	b.WriteString("Content-Length: 0\r\n\r\n")
	return from.send([]byte(b.String()), p.at, s.addr)
}

// registered has all phones register over and over for a time, some at once,
// each on its own machine. A first challenge is not counted.
func registered(s *server, from *port, all []*phone, together int, long time.Duration) (o outcome) {
	end := time.Now().Add(long)
	began, used := time.Now(), s.used()
	next := 0
	begin := func() {
		_ = all[next%len(all)].register(from, s)
		next++
	}
	together = min(together, len(all))
	for range together {
		begin()
	}
	for time.Now().Before(end) {
		b, _, ok := from.take(time.Now().Add(500 * time.Millisecond))
		if !ok {
			o.trouble = "messages were lost"
			for range together {
				begin()
			}
			continue
		}
		f := strings.Split(header(b, "Call-ID"), "-")
		n, err := 0, error(nil)
		if len(f) == 3 {
			n, err = strconv.Atoi(f[1])
		}
		if len(f) != 3 || err != nil || n >= len(all) {
			continue
		}
		p := all[n]
		switch status(b) {
		case 200:
			o.done++
			o.waits = append(o.waits, time.Since(p.sent))
			begin()
		case 401:
			p.challenged(b)
			_ = p.register(from, s)
		default:
			if o.failed++; o.failed == 1 {
				o.trouble = string(b[:min(len(b), 60)])
			}
			begin()
		}
	}
	o.took, o.used = time.Since(began), s.used()-used
	return o
}

// benchMemory registers each phone once, in a house where nobody is yet.
func benchMemory(ours *server) error {
	from, err := open()
	if err != nil {
		return err
	}
	before, err := ours.stats()
	if err != nil {
		return err
	}
	all := phones(ours, 50, ours.users)
	for done := map[int]bool{}; len(done) < len(all); {
		for i, p := range all {
			if !done[p.n] && (i%500 != 0 || from.flush() == nil) {
				_ = p.register(from, ours)
			}
		}
		for {
			b, _, ok := from.take(time.Now().Add(500 * time.Millisecond))
			if !ok {
				break
			}
			var n int
			if f := strings.Split(header(b, "Call-ID"), "-"); len(f) == 3 {
				n, _ = strconv.Atoi(f[1])
			}
			switch status(b) {
			case 200:
				done[n] = true
			case 401:
				all[n].challenged(b)
				_ = all[n].register(from, ours)
			default:
				return fmt.Errorf("a registration was answered %d", status(b))
			}
		}
	}
	after, err := ours.stats()
	if err != nil {
		return err
	}
	line("memory of a registration over UDP, kB", series{float64(after.Heap-before.Heap) / 1000 / float64(len(all))}, 0, 6)
	return nil
}
