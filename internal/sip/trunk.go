package sip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"candour/internal/media"
	"candour/internal/telecom"
	"candour/internal/trunk"
)

// Times of trunks. Those of a Config beat them.
const (
	defaultTry   = 4 * time.Second  // for the first word of a trunk to an INVITE: then the next is tried
	defaultPing  = 30 * time.Second // between two looks at whether a trunk answers
	defaultRetry = 5 * time.Second  // to the next try to register; doubled with each
	mostRetry    = 5 * time.Minute
	maxWays      = 64   // addresses of one trunk that are remembered
	maxTrunkRate = 5000 // messages of one trunk in a second
)

// carrier is a trunk that is connected. What is said over it belongs to no
// person: a line of its own stands for it, by which its calls are found and
// counted.
type carrier struct {
	serial
	trunk.Trunk
	s    *Server
	g    *gateway
	line telecom.Line // its ID is below 0: no person's is
	user string       // in the Contact that it registers: a call to it is for the number in To
	auth keeper

	mu         sync.Mutex
	flows      map[netip.AddrPort]*flow
	places     []place // where it is, the best first
	resolved   time.Time
	counts     trunkCounts
	registered bool
	answers    bool // the last look was answered
	looked     bool
	failure    int // status of the last failure; 0 for silence or none
	second     int64
	counted    int
}

// TrunkState is how a trunk is doing.
type TrunkState struct {
	ID         string
	Registers  bool // it is to be registered at
	Registered bool
	Up         bool // it can be called through, as far as anybody knows
	Emergency  bool // it is marked for emergency calls
	Calls      int
	Capacity   int
	Failure    int // status of the last failure; 0 for none, or silence
}

// Trunks returns how each trunk is doing, in the order of their files.
func (s *Server) Trunks() []TrunkState {
	s.mu.Lock()
	all := slices.Clone(s.carriers)
	s.mu.Unlock()
	list := make([]TrunkState, 0, len(all))
	for _, t := range all {
		st := TrunkState{ID: t.ID, Registers: t.Register != nil, Up: t.up(), Emergency: t.Emergency != "", Calls: s.through(t), Capacity: t.Capacity}
		t.mu.Lock()
		st.Registered, st.Failure = t.registered, t.failure
		t.mu.Unlock()
		list = append(list, st)
	}
	return list
}

// up reports whether a trunk can be called through: one that nobody has heard of
// yet may be.
func (t *carrier) up() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return (t.Register == nil || t.registered) && (t.answers || !t.looked)
}

func (t *carrier) failed(status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failure = status
	t.counts.failed(status)
}

// through is how many calls go over a trunk.
func (s *Server) through(t *carrier) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.callsOf[t.line.ID])
}

// enter gives a call a place on a trunk, and reports whether there was one. One is
// kept for emergency calls, which are never refused for want of a place.
func (s *Server) enter(c *call, t *carrier, emergency bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !emergency && len(s.callsOf[t.line.ID]) >= t.Capacity-1 {
		return false
	}
	s.side(c, t.line)
	return true
}

// exit gives the place back.
func (s *Server) exit(c *call, t *carrier) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aside(c, t.line)
}

// ConnectTrunks connects the trunks of a file: it listens for their calls,
// registers where that is asked for, and lets calls out through them. Who carries
// calls must be declared in the policy, or nothing is connected.
func (s *Server) ConnectTrunks(ctx context.Context, f trunk.File) (net.Addr, error) {
	if f.Shown != "" && !telecom.Shows(f.Shown) {
		return nil, errors.New("sip: shown must be a number that people can call back, and none that costs them more than an ordinary call")
	}
	for _, t := range f.Trunks {
		if err := telecom.Carrier(s.Desk.Policy(), t.Recipient); err != nil {
			return nil, fmt.Errorf("sip: trunk %s: %w", t.ID, err)
		}
		if t.Emergency == "" {
			continue
		}
		if _, _, err := telecom.Rescue(s.Desk.Policy(), t.Emergency); err != nil {
			return nil, fmt.Errorf("sip: trunk %s: %w", t.ID, err)
		}
	}
	g, err := s.listenTrunks(ctx, f)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.main == "" {
		s.main = f.Shown
	}
	s.mu.Unlock()
	s.Desk.Connect(ways{s})
	g.begin()
	return g.tcp.Addr(), nil
}

// add makes the trunks of a gateway known. The caller holds mu.
func (s *Server) add(g *gateway, all []trunk.Trunk) error {
	for _, t := range all {
		if slices.ContainsFunc(s.carriers, func(o *carrier) bool { return o.ID == t.ID }) {
			return fmt.Errorf("sip: two trunks have the id %s", t.ID)
		}
		c := &carrier{Trunk: t, s: s, g: g, line: telecom.Line{ID: -int64(len(s.carriers)) - 1}, user: newTag(), flows: map[netip.AddrPort]*flow{}}
		s.carriers = append(s.carriers, c)
		g.carriers = append(g.carriers, c)
	}
	return nil
}

// ways is what the desk knows of trunks.
type ways struct{ s *Server }

// Takes reports whether some trunk takes calls to the target: of emergency
// numbers, any does.
func (w ways) Takes(to telecom.Target) bool {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return slices.ContainsFunc(w.s.carriers, func(t *carrier) bool { return t.takes(to) >= 0 })
}

// Main is the operator's own number.
func (w ways) Main() string {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	return w.s.main
}

// Services are whom emergency calls tell where the caller is.
func (w ways) Services() (all []string) {
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	for _, t := range w.s.carriers {
		if t.Emergency != "" && !slices.Contains(all, t.Emergency) {
			all = append(all, t.Emergency)
		}
	}
	return all
}

// takes is how well a trunk fits a target: -1 for not at all.
func (t *carrier) takes(to telecom.Target) int {
	switch {
	case to.Reach == telecom.ToEmergency && t.Emergency != "":
		return 1
	case to.Reach == telecom.ToEmergency:
		return 0
	}
	n, _ := t.Longest(to.Number)
	return n
}

// leading returns the trunks that a call may take, the best first: those that are
// up, then those that fit best, then by what the operator prefers, then those with
// fewer calls. For an emergency number, those that are marked for it come first
// whatever their state.
func (s *Server) leading(to telecom.Target) []*carrier {
	s.mu.Lock()
	all := slices.Clone(s.carriers)
	s.mu.Unlock()
	type place struct {
		t              *carrier
		down, fit, pri int
		calls          int
	}
	var list []place
	for _, t := range all {
		p := place{t: t, fit: t.takes(to), calls: s.through(t)}
		if p.fit < 0 {
			continue
		}
		if !t.up() {
			p.down = 1
		}
		_, p.pri = t.Longest(to.Number)
		list = append(list, p)
	}
	slices.SortStableFunc(list, func(a, b place) int {
		marked := 0
		if to.Reach == telecom.ToEmergency {
			marked = cmp.Compare(b.fit, a.fit)
		}
		return cmp.Or(marked, cmp.Compare(a.down, b.down), cmp.Compare(b.fit, a.fit), cmp.Compare(a.pri, b.pri), cmp.Compare(a.calls, b.calls))
	})
	out := make([]*carrier, len(list))
	for i, p := range list {
		out[i] = p.t
	}
	return out
}

// newFlow makes the way to one address of a trunk.
func (t *carrier) newFlow(w wire, network string, local net.Addr) *flow {
	f := t.s.newFlow(t.line, w, network)
	f.carrier, f.device, f.kind = t, t.line.ID, media.Phone
	f.host, f.port = t.g.address(local)
	return f
}
