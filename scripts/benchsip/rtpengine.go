package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// bridger joins two phones: it gives what each is to be told of where to send.
type bridger interface {
	bridge(call int, offer string, answer func(offer string) string) (forA, forB string, err error)
}

// rtpengine is the server, spoken to in its own protocol: a cookie, and a
// dictionary in bencoding.
type rtpengine struct {
	*process
	ng net.Conn
	n  int // of what was asked: the same cookie has the same answer
}

func startRTPEngine() (*rtpengine, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	addr := c.LocalAddr().String()
	_ = c.Close()
	p, err := start("rtpengine", nil, "/usr/bin/rtpengine", "--foreground", "--table=-1", "--interface=127.0.0.1", "--listen-ng="+addr,
		"--log-level=3", "--log-stderr", "--num-threads=1", "--port-min=20000", "--port-max=32000", "--timeout=600", "--config-file=none")
	if err != nil {
		return nil, err
	}
	r := &rtpengine{process: p}
	if r.ng, err = net.Dial("udp4", addr); err != nil {
		return nil, err
	}
	for range 50 {
		if _, err = r.ask(map[string]string{"command": "ping"}); err == nil {
			return r, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.stop()
	return nil, fmt.Errorf("rtpengine did not start: %w", err)
}

func (r *rtpengine) ask(d map[string]string) (map[string]string, error) {
	var b strings.Builder
	r.n++
	fmt.Fprintf(&b, "%d d", r.n)
	var keys []string
	for k := range d {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Fprintf(&b, "%d:%s%d:%s", len(k), k, len(d[k]), d[k])
	}
	b.WriteString("e")
	if _, err := r.ng.Write([]byte(b.String())); err != nil {
		return nil, err
	}
	in := make([]byte, 65_536)
	_ = r.ng.SetReadDeadline(time.Now().Add(2 * time.Second))
	n, err := r.ng.Read(in)
	if err != nil {
		return nil, err
	}
	_, said, _ := bytes.Cut(in[:n], []byte(" "))
	return words(said)
}

// words reads a dictionary whose values are all text, up to the first that is
// not.
func words(b []byte) (map[string]string, error) {
	if !bytes.HasPrefix(b, []byte("d")) {
		return nil, errors.New("no dictionary")
	}
	d, key := map[string]string{}, ""
	for b = b[1:]; len(b) > 0 && b[0] >= '0' && b[0] <= '9'; {
		size, rest, _ := bytes.Cut(b, []byte(":"))
		n, err := strconv.Atoi(string(size))
		if err != nil || n > len(rest) {
			return nil, errors.New("a text is cut short")
		}
		if key == "" {
			key = string(rest[:n])
		} else {
			d[key], key = string(rest[:n]), ""
		}
		b = rest[n:]
	}
	return d, nil
}

func (r *rtpengine) bridge(call int, offer string, answer func(string) string) (forA, forB string, err error) {
	id := "bench" + strconv.Itoa(call)
	d, err := r.ask(map[string]string{"command": "offer", "call-id": id, "from-tag": "a", "sdp": offer})
	if err != nil || d["sdp"] == "" {
		return "", "", fmt.Errorf("rtpengine took no offer: %v %v", d, err)
	}
	forB = d["sdp"]
	d, err = r.ask(map[string]string{"command": "answer", "call-id": id, "from-tag": "a", "to-tag": "b", "sdp": answer(forB)})
	if err != nil || d["sdp"] == "" {
		return "", "", fmt.Errorf("rtpengine took no answer: %v %v", d, err)
	}
	return d["sdp"], forB, nil
}
