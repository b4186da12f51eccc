package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"
)

// stats are what must not grow in our server, and how many calls it kept.
type stats struct{ Goroutines, Heap, Files, Kept, Open int }

func (s *server) stats() (st stats, err error) {
	conn, err := net.Dial("tcp", s.control)
	if err != nil {
		return st, err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("{\"Stats\":true}\n")); err != nil {
		return st, err
	}
	b, err := bufio.NewReader(conn).ReadBytes('\n')
	if err != nil {
		return st, err
	}
	var said struct {
		Error string
		Stats stats
	}
	if err := json.Unmarshal(b, &said); err != nil {
		return st, err
	}
	if said.Error != "" {
		err = errors.New(said.Error)
	}
	return said.Stats, err
}

// rest is how long a server keeps what was said of a call that is over, for who
// did not hear it (RFC 3261 section 17, 64*T1), and a little.
const rest = 35 * time.Second

// soak has calls at half of what the server can do for a long time. Nothing may
// grow once it has run a while, and the record of every call is kept.
func soak(ours *server) error {
	from, err := open()
	if err != nil {
		return err
	}
	all := pairs(ours, from, 30, 64)
	rate, done := 0.0, 0
	for range *rounds {
		most := calling(ours, from, all, 0, *long)
		done += most.done + settle(ours, from, all)
		rate = max(rate, float64(most.done)/most.took.Seconds()/2)
	}
	fmt.Printf("soak: %.0f calls a second for %s\n", rate, *soaking)
	var ps []*phone
	for _, c := range all {
		ps = append(ps, c.phone, c.to)
	}
	var first stats
	var resident float64
	const parts = 8
	for part := range parts {
		registered(ours, from, ps, len(ps), time.Second) // which lasts an hour
		o := calling(ours, from, all, rate, *soaking/parts)
		done += o.done + settle(ours, from, all)
		if o.failed > 0 {
			return fmt.Errorf("%d calls failed: %s", o.failed, o.trouble)
		}
		time.Sleep(rest) // or what is measured is how many calls there were lately
		now, err := ours.stats()
		if err != nil {
			return err
		}
		held := ours.memory()
		fmt.Printf("soak: %d calls; %+v; %.0f MB resident\n", done, now, held/(1<<20))
		if part == 1 {
			first, resident = now, held
		}
		if part < 2 {
			continue
		}
		for _, c := range []struct {
			what              string
			now, before, more int
		}{
			{"goroutines", now.Goroutines, first.Goroutines, 64}, {"open files and ports", now.Files, first.Files, 16}, {"live memory", now.Heap, first.Heap, first.Heap/10 + 8<<20},
		} {
			if c.now > c.before+c.more {
				return fmt.Errorf("%s grew from %d to %d", c.what, c.before, c.now)
			}
		}
		if !(held <= resident*1.1+16<<20) { // also of what is no number
			return fmt.Errorf("resident memory grew from %.0f to %.0f bytes", resident, held)
		}
	}
	last, err := ours.stats()
	if err != nil {
		return err
	}
	if last.Kept != done || last.Open != 0 {
		return fmt.Errorf("%d calls were made; of them %d are kept, and %d are open", done, last.Kept, last.Open)
	}
	fmt.Printf("soak: passed, %d calls\n", done)
	return nil
}
