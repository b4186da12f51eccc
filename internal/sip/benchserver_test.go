package sip_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/media"
	"candour/internal/sip"
)

// TestServeBench is what scripts/benchsip measures: a server with lines and
// phones, made and recorded as ever. It says on a file what phones sign in with,
// and ends with its standard input. It is skipped unless asked for by name of
// that file.
func TestServeBench(t *testing.T) {
	out := os.Getenv("CANDOUR_BENCH_SIP")
	if out == "" {
		t.Skip("CANDOUR_BENCH_SIP names no file")
	}
	lines, _ := strconv.Atoi(os.Getenv("CANDOUR_BENCH_LINES"))
	h := open(t)
	var b strings.Builder
	for n := range lines {
		l := h.line(identity.CustomerUser, strconv.Itoa(2000+n))
		for range 10 {
			_, c := h.device(l)
			fmt.Fprintf(&b, "%s %s %s\n", c.Username, c.Password, l.Extension)
		}
	}
	x := h.serve(t, sip.Config{Now: time.Now, Often: 1 << 30}, nil)
	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = control.Close() }()
	go func() {
		for {
			conn, err := control.Accept()
			if err != nil {
				return
			}
			go h.bridges(conn)
		}
	}()
	runtime.GC()
	whole := fmt.Sprintf("%s %s %s\n%s", x.phones(), control.Addr(), domain, b.String())
	if err := os.WriteFile(out+".new", []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(out+".new", out); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// bridges joins legs, as a benchmark of media wants: {"A": offer, "Kind": k} has
// the answer {"B": offer}, and {"B": answer} then {"A": answer}. What is neither
// closes all of them.
func (h *house) bridges(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	var legs []*media.Leg
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return
		}
		var ask struct {
			A, B  string
			Kind  media.Kind
			Stats bool
		}
		var said struct {
			A, B, Error string
			Stats       *stats
		}
		err = json.Unmarshal(line, &ask)
		switch n := len(legs); {
		case err != nil:
		case ask.Stats:
			said.Stats, err = h.stats()
		case ask.A != "":
			var a, b *media.Leg
			if a, err = h.relay.Accept(h.TB.Context(), ask.A); err == nil {
				b, said.B, err = h.relay.InviteAs(h.TB.Context(), a, ask.Kind)
				legs = append(legs, a, b)
			}
		case ask.B != "" && n > 0:
			a, b := legs[n-2], legs[n-1]
			if err = b.Answered(ask.B); err == nil {
				if said.A, err = a.Answer(); err == nil {
					err = media.Bridge(a, b)
				}
			}
		default:
			for _, l := range legs {
				_ = l.Close()
			}
			legs = nil
			runtime.GC()
		}
		if err != nil {
			said.Error = err.Error()
		}
		if json.NewEncoder(conn).Encode(said) != nil {
			return
		}
	}
}

// stats are what must not grow while calls come and go, and how many were kept.
type stats struct{ Goroutines, Heap, Files, Kept, Open int }

func (h *house) stats() (*stats, error) {
	debug.FreeOSMemory() // what is resident after it is what is held
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, _ := os.ReadDir("/proc/self/fd") // 0 where there is none
	s := &stats{Goroutines: runtime.NumGoroutine(), Heap: int(m.HeapAlloc), Files: len(files)}
	return s, h.Store.DB().QueryRow("SELECT COUNT(CASE WHEN ended_ms > 0 AND code = 'completed' THEN 1 END), COUNT(CASE WHEN ended_ms = 0 THEN 1 END) FROM calls").Scan(&s.Kept, &s.Open)
}
