package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"
)

// relay is our media, by way of what the test binary listens on.
type relay struct {
	conn net.Conn
	in   *bufio.Reader
}

func dialRelay(s *server) (*relay, error) {
	c, err := net.Dial("tcp", s.control)
	if err != nil {
		return nil, err
	}
	return &relay{c, bufio.NewReader(c)}, nil
}

type legs struct {
	A, B, Error string
	Kind        int
	Stats       any
}

func (r *relay) ask(l legs) (legs, error) {
	if err := json.NewEncoder(r.conn).Encode(l); err != nil {
		return l, err
	}
	b, err := r.in.ReadBytes('\n')
	if err == nil {
		l = legs{}
		err = json.Unmarshal(b, &l)
	}
	if err == nil && l.Error != "" {
		err = errors.New(l.Error)
	}
	return l, err
}

const phoneKind, browserKind = 1, 0

func (r *relay) bridge(_ int, offer string, answer func(string) string) (forA, forB string, err error) {
	l, err := r.ask(legs{A: offer, Kind: phoneKind})
	if err != nil {
		return "", "", err
	}
	forB = l.B
	l, err = r.ask(legs{B: answer(forB)})
	return l.A, forB, err
}

// clear closes all legs.
func (r *relay) clear() error {
	_, err := r.ask(legs{})
	return err
}

// side is one phone of a call: where it is, and where it sends.
type side struct {
	at  net.IP
	to  *net.UDPAddr
	seq uint16
	num uint32
}

// portIn is the port of sound in a description.
func portIn(sdp string) int {
	_, rest, _ := strings.Cut(sdp, "m=audio ")
	word, _, _ := strings.Cut(rest, " ")
	n, _ := strconv.Atoi(word)
	return n
}

// calls sets up n calls.
func connect(b bridger, from *port, kind, n int) (all []*side, err error) {
	loop := net.IPv4(127, 0, 0, 1)
	for i := range n {
		x, y := &side{at: machine(kind, i), num: uint32(2 * i)}, &side{at: machine(kind+1, i), num: uint32(2*i + 1)}
		offer := strings.ReplaceAll(fmt.Sprintf(sound, x.at, x.at), " 40000 ", " "+strconv.Itoa(from.num)+" ")
		forA, forB, err := b.bridge(i+1000*kind, offer, func(o string) string { return taken(o, y.at.String(), from.num) })
		if err != nil {
			return nil, err
		}
		x.to, y.to = &net.UDPAddr{IP: loop, Port: portIn(forA)}, &net.UDPAddr{IP: loop, Port: portIn(forB)}
		all = append(all, x, y)
	}
	return all, nil
}

// packet is 20 ms of G.711, with the time at which it left in it.
func (s *side) packet() []byte {
	b := make([]byte, 172)
	b[0] = 0x80
	s.seq++
	binary.BigEndian.PutUint16(b[2:], s.seq)
	binary.BigEndian.PutUint32(b[4:], uint32(s.seq)*160)
	binary.BigEndian.PutUint32(b[8:], 0x1000+s.num)
	binary.BigEndian.PutUint64(b[12:], uint64(time.Now().UnixNano()))
	return b
}

// relayed sends every side's packets for a time, one each 20 ms, spread over
// them, and counts what arrives.
func relayed(p *process, from *port, all []*side, long time.Duration) (o outcome, sent int) {
	var done atomic.Bool
	var work sync.WaitGroup
	work.Go(func() {
		for {
			_ = from.udp.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			n, err := from.conn.ReadBatch(from.in, 0)
			if err != nil && done.Load() {
				return
			}
			now := time.Now().UnixNano()
			for _, m := range from.in[:max(n, 0)] {
				if b := m.Buffers[0][:m.N]; len(b) == 172 {
					o.done++
					o.waits = append(o.waits, time.Duration(now-int64(binary.BigEndian.Uint64(b[12:]))))
				}
			}
		}
	})
	used, began := p.used(), time.Now()
	sent = paced(len(all), long, func(i int) error { return from.send(all[i].packet(), all[i].at, all[i].to) }, func() {
		if err := from.flush(); err != nil {
			o.trouble = err.Error()
		}
	})
	time.Sleep(200 * time.Millisecond)
	o.took, o.used = time.Since(began), p.used()-used
	done.Store(true)
	work.Wait()
	return o, sent
}

// paced has each of n streams send a packet every 20 ms for a time, spread over
// them in slices of 2 ms, each with its end. It counts what was sent.
func paced(n int, long time.Duration, send func(i int) error, end func()) (sent int) {
	const slices = 10
	for began, at := time.Now(), 0; time.Since(began) < long; at++ {
		time.Sleep(time.Until(began.Add(time.Duration(at) * 2 * time.Millisecond)))
		for i := at % slices; i < n; i += slices {
			if send(i) == nil {
				sent++
			}
		}
		end()
	}
	return sent
}

func benchRTP(ours *server) error {
	mine, err := dialRelay(ours)
	if err != nil {
		return err
	}
	other, err := startRTPEngine()
	if err != nil {
		return err
	}
	defer other.stop()
	from, err := open()
	if err != nil {
		return err
	}
	from.in = nil
	for range 4 * burst {
		from.in = append(from.in, ipv4.Message{Buffers: [][]byte{make([]byte, 2048)}, OOB: ipv4.NewControlMessage(ipv4.FlagDst)})
	}
	a, err := connect(mine, from, 10, *calls)
	if err != nil {
		return err
	}
	b, err := connect(other, from, 20, *calls)
	if err != nil {
		return err
	}
	relayed(ours.process, from, a, *long/2)
	relayed(other.process, from, b, *long/2)
	var ratio, cost, theirs, lost, late series
	for range *rounds {
		x, sentX := relayed(ours.process, from, a, *long)
		y, sentY := relayed(other.process, from, b, *long)
		perX, perY := x.used.Seconds()*1e6/float64(x.done), y.used.Seconds()*1e6/float64(y.done)
		fmt.Printf("# RTP: ours %.2f us a packet, %d of %d, p99 %s; rtpengine %.2f, %d of %d, p99 %s\n", perX, x.done, sentX, x.p99(), perY, y.done, sentY, y.p99())
		ratio, cost, theirs = append(ratio, perY/perX), append(cost, perX), append(theirs, perY)
		lost = append(lost, 100*float64(sentX-x.done)/float64(sentX))
		late = append(late, float64(x.p99())/float64(y.p99()))
	}
	line("relayed RTP, against rtpengine in user space", ratio, 2, 0)
	fmt.Printf("%-62s %s, rtpengine %s\n", "processor time of a packet, us", cost, theirs)
	fmt.Printf("%-62s %.0f, rtpengine %.0f\n", "streams of 50 packets a second for one core, by that", 2e4/cost.median(), 2e4/theirs.median())
	line("packets lost, of 100", lost, 0, 0.01)
	fmt.Printf("%-62s %s\n", "time of a packet, p99, against rtpengine's", late)
	return mine.clear()
}
