package main

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// benchHeld has a call of every two phones go on, and tells what each takes of
// the memory of our server: signalling, records and ports for the sound.
func benchHeld(ours *server) error {
	from, err := open()
	if err != nil {
		return err
	}
	all := pairs(ours, from, 40, 64)
	calling(ours, from, all, 0, *long/3) // what is made once is there then
	settle(ours, from, all)
	before, err := ours.stats()
	if err != nil {
		return err
	}
	for _, c := range all {
		c.held = true
		if err := c.invite(from, ours, true); err != nil {
			return err
		}
	}
	if err := connected(ours, from, all); err != nil {
		return err
	}
	after, err := ours.stats()
	if err != nil {
		return err
	}
	for _, c := range all {
		c.held = false
		_ = c.request(from, ours, "BYE", c.cont, c.route, "")
	}
	settle(ours, from, all)
	line("memory of a plain call that goes on, kB", series{float64(after.Heap-before.Heap) / 1000 / float64(len(all))}, 0, 100)
	return nil
}

// connected waits until all callers are in a call.
func connected(s *server, from *port, all []*caller) error {
	for left, end := len(all), time.Now().Add(20*time.Second); left > 0; {
		b, at, ok := from.take(end)
		if !ok {
			return errors.New("calls were not answered")
		}
		f := strings.Split(header(b, "Call-ID"), "-")
		switch code, method := status(b), header(b, "CSeq"); {
		case code == 0:
			called(from, s, at, b)
		case len(f) != 4 || !strings.HasSuffix(method, "INVITE"):
		case code == 401 || code == 200:
			n, err := strconv.Atoi(f[1])
			if err != nil || n >= len(all) || all[n].tag != "" {
				continue
			}
			if c := all[n]; code == 200 {
				c.answered(from, s, b)
				left--
			} else {
				c.challenged(b)
				_ = c.request(from, s, "ACK", "sip:"+c.to.extension+"@"+s.domain, "", "")
				_ = c.invite(from, s, false)
			}
		}
	}
	return nil
}
