// Benchsip measures the telephone service against Kamailio and rtpengine, in
// turns, each on one processor of its own and the load on another:
//
//	go run ./scripts/benchsip -server internal/sip's.test
//
// Each line is a ratio with its spread, its aim and whether that is met. What is
// compared is work for a second of the server's own processor time.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"time"
)

var work string // folder of what servers write

var (
	tested       = flag.String("server", "", "test binary of internal/sip, with a wrapper if any")
	rounds       = flag.Int("rounds", 3, "rounds, in which the servers take turns")
	long         = flag.Duration("long", 3*time.Second, "time of one measurement")
	only         = flag.String("only", "", "one of register, calls, rtp, webrtc, held, memory, soak; all but soak if empty")
	calls        = flag.Int("calls", 200, "calls at once whose sound is relayed")
	pairsOfPages = flag.Int("pages", 120, "calls between pages at once: about half of what a core carries")
	soaking      = flag.Duration("soak", 10*time.Minute, "time of -only soak")
	lines        = flag.Int("lines", 128, "lines of our server, with 10 phones each")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "benchsip:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	if work, err = os.MkdirTemp("", "benchsip"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	for _, part := range []struct {
		name string
		do   func(*server) error
	}{{"register", benchRegister}, {"calls", benchCalls}, {"rtp", benchRTP}, {"webrtc", benchWebRTC}, {"held", benchHeld}, {"memory", benchMemory}, {"soak", soak}} {
		if *only == part.name || *only == "" && part.name != "soak" {
			if err := alone(part.do); err != nil {
				return fmt.Errorf("%s: %w", part.name, err)
			}
		}
	}
	return nil
}

// alone does a part with a server of its own: the phones of another part would be
// called by this one, where nobody answers any more.
func alone(part func(*server) error) error {
	ours, err := startOurs(*tested, *lines)
	if err != nil {
		return err
	}
	defer ours.stop()
	return part(ours)
}

// series are figures of rounds.
type series []float64

func (s series) median() float64 {
	s = slices.Sorted(slices.Values(s))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

func (s series) String() string {
	return fmt.Sprintf("%.3g (%.3g to %.3g)", s.median(), slices.Min(s), slices.Max(s))
}

// line prints one figure with its aim: at least, or at most if that is given.
func line(what string, s series, least, most float64) {
	met, aim := "MISSED", fmt.Sprintf("at least %.3g", least)
	if most > 0 {
		aim = fmt.Sprintf("at most %.3g", most)
	}
	if m := s.median(); !math.IsInf(m, 0) && (most > 0 && m <= most || most == 0 && m >= least) { // neither, of what is no number
		met = "met"
	}
	fmt.Printf("%-62s %-28s %-18s %s\n", what, s, aim, met)
}

func benchRegister(ours *server) error {
	other, err := startKamailio(ours)
	if err != nil {
		return err
	}
	defer other.stop()
	from, err := open()
	if err != nil {
		return err
	}
	mine, theirs := phones(ours, 1, ours.users), phones(other, 2, other.users)
	registered(ours, from, mine, 64, *long/3) // each has a nonce then
	registered(other, from, theirs, 64, *long/3)
	var ratio, a, b, wait series
	for range *rounds {
		x := registered(ours, from, mine, 64, *long)
		y := registered(other, from, theirs, 64, *long)
		report("REGISTER, ours", x)
		report("REGISTER, Kamailio", y)
		ratio, a, b = append(ratio, x.rate()/y.rate()), append(a, x.rate()), append(b, y.rate())
		wait = append(wait, float64(x.p99().Microseconds())/1000)
	}
	line("REGISTER with digest, against Kamailio tuned", ratio, 0.8, 0)
	line("REGISTER with digest, ours, a second of one core", a, 23_000, 0)
	fmt.Printf("%-62s %s\n", "REGISTER with digest, Kamailio, the same", b)
	fmt.Printf("%-62s %s\n", "REGISTER, 64 at once, p99, ms", wait)
	line("memory of our server meanwhile, MB", series{ours.memory() / 1e6}, 0, 100)
	return nil
}

func report(what string, o outcome) {
	fmt.Printf("# %-20s %6d in %s, %s of the processor: %.0f a core, %.0f/s, p99 %s", what, o.done, o.took.Round(time.Millisecond), o.used, o.rate(), float64(o.done)/o.took.Seconds(), o.p99())
	if o.failed > 0 || o.trouble != "" {
		fmt.Printf(" [%d failed: %s]", o.failed, o.trouble)
	}
	fmt.Println()
}
