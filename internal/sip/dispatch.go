package sip

import (
	"bytes"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/telecom"
)

// maxCalls is how many calls a line may make at once, and how many may come to
// it. One is not counted with the other: who is rung at from all sides can still
// call for help.
const maxCalls = 8

// answer responds to a request.
func (in *incoming) answer(code int, more []sipgo.Header) {
	in.respond(reply(in.Request, code, phrases[code]), more, "")
}

// respond sends an answer, with a session description if sdp is not empty.
func (in *incoming) respond(res *sipgo.Response, more []sipgo.Header, sdp string) {
	for _, h := range more {
		res.AppendHeader(h)
	}
	if sdp != "" {
		res.AppendHeader(sipgo.NewHeader("Content-Type", typeSDP))
	}
	res.SetBody([]byte(sdp))
	if in.came == nil {
		b := []byte(res.String())
		if in.Method == sipgo.REGISTER && !in.flow.reliable() {
			in.flow.said = said{bytes.Clone(in.flow.peer.taking), b, in.bound}
		}
		_ = in.flow.wire.send(b)
		return
	}
	in.say(res)
}

// dispatch acts on a request that is valid: at once, or in the order of its
// call.
func (s *Server) dispatch(in *incoming) {
	_, inside := in.To().Params.Get("tag")
	switch {
	case in.Method == sipgo.REGISTER:
		s.register(in)
	case in.Method == sipgo.OPTIONS:
		in.answer(sipgo.StatusOK, []sipgo.Header{allow(), sipgo.NewHeader("Accept", typeSDP), sipgo.NewHeader("Supported", "timer, outbound, replaces, 100rel")})
	case in.flow.carrier != nil && (in.Method == sipgo.SUBSCRIBE || in.Method == sipgo.REFER || len(headers(in, "replaces")) > 0):
		in.answer(sipgo.StatusForbidden, nil) // another network looks at nothing, and moves nobody
	case in.Method == sipgo.SUBSCRIBE:
		s.subscribed(in, inside)
	case in.Method == sipgo.INVITE && !inside && len(headers(in, "replaces")) > 0:
		s.movedHere(in)
	case in.Method == sipgo.INVITE && !inside:
		s.invited(in)
	case in.Method == sipgo.REFER && !inside: // it could only be a call that nobody at the device asked for
		in.answer(sipgo.StatusForbidden, nil)
	default:
		c := s.callOf(in)
		switch {
		case c != nil:
			c.do(func() { c.inside(in) })
		case in.Method != sipgo.ACK:
			in.answer(sipgo.StatusCallTransactionDoesNotExists, nil)
		}
	}
}

// cancelled answers CANCEL (RFC 3261 9.2) and tells the call.
func (f *flow) cancelled(in *incoming, came *served) {
	if came == nil {
		in.answer(sipgo.StatusCallTransactionDoesNotExists, nil)
		return
	}
	in.answer(sipgo.StatusOK, nil)
	if c := f.s.callOf(in); c != nil { // else it comes again: its answer was lost
		c.do(func() { c.cancelled(came) })
	}
}

func (s *Server) callOf(in *incoming) *call { return s.callAt(in.flow.line, in.CallID().Value()) }

func (s *Server) callAt(l telecom.Line, callID string) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialogs[dialogKey{l.ID, callID}]
}

// invited begins a call.
func (s *Server) invited(in *incoming) {
	c := newCall(s, in)
	key := dialogKey{in.flow.line.ID, in.CallID().Value()}
	s.mu.Lock()
	switch _, twice := s.dialogs[key]; {
	case s.closing:
		s.mu.Unlock()
		in.answer(endClosing.status, because(endClosing.status, endClosing.words))
	case twice: // the same request by another way, or a Call-ID used again (RFC 3261 8.2.2.2)
		s.mu.Unlock()
		in.answer(sipgo.StatusLoopDetected, nil)
	case in.flow.carrier != nil && len(s.callsOf[in.flow.line.ID]) >= in.flow.carrier.Capacity-1:
		s.mu.Unlock()
		in.answer(sipgo.StatusServiceUnavailable, nil)
	case in.flow.carrier == nil && s.busy(in.flow.line, true) && !telecom.Emergency(dialled(in)):
		s.mu.Unlock()
		in.answer(endTooMany.status, because(endTooMany.status, endTooMany.words))
	default:
		s.dialogs[key] = c
		s.calls[c] = struct{}{}
		s.side(c, in.flow.line)
		c.do(func() { c.begin(in) }) // while nobody can find the call: what ends it comes after
		s.mu.Unlock()
	}
}

// busy reports whether a line made as many calls as it may, or got as many. The
// caller holds mu.
func (s *Server) busy(l telecom.Line, made bool) bool {
	n := 0
	for c := range s.callsOf[l.ID] {
		if (c.a.line.ID == l.ID) == made {
			n++
		}
	}
	return n >= maxCalls
}

// often notes that a line begins a call, and reports whether it did so too often
// in this minute.
func (s *Server) often(l telecom.Line) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.Now().Unix() / 60; now != s.minute {
		s.minute = now
		clear(s.begun)
	}
	s.begun[l.ID]++
	return s.begun[l.ID] > s.Often
}

// side notes that a line has a side of a call. The caller holds mu.
func (s *Server) side(c *call, l telecom.Line) {
	if s.callsOf[l.ID] == nil {
		s.callsOf[l.ID] = map[*call]struct{}{}
	}
	s.callsOf[l.ID][c] = struct{}{}
}

// forget lets go of a call that is over.
func (s *Server) forget(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range c.legs() {
		if key := (dialogKey{l.line.ID, l.callID}); s.dialogs[key] == c {
			delete(s.dialogs, key)
		}
		s.aside(c, l.line)
	}
	for _, l := range c.lines() {
		s.aside(c, l)
	}
	delete(s.calls, c)
}

// aside takes back what side noted. The caller holds mu.
func (s *Server) aside(c *call, l telecom.Line) {
	if of := s.callsOf[l.ID]; of != nil {
		if delete(of, c); len(of) == 0 {
			delete(s.callsOf, l.ID)
		}
	}
}

// tell gives each call of a line something to do, and returns the calls.
func (s *Server) tell(l telecom.Line, act func(*call)) (told []*call) {
	s.mu.Lock()
	for c := range s.callsOf[l.ID] {
		told = append(told, c)
	}
	s.mu.Unlock()
	for _, c := range told {
		c.do(func() { act(c) })
	}
	return told
}

// left takes a flow out that has ended: nothing rings there any more, and its
// calls have Grace to come back on another.
func (s *Server) left(f *flow) {
	s.mu.Lock()
	delete(s.flows, f)
	s.mu.Unlock()
	s.unbind(f.line, func(b *binding) bool { return b.flow == f })
	s.unsubscribe(f)
	s.tell(f.line, func(c *call) { c.lost(f) })
}

// returned moves the calls of a device to the flow that it came back on. A phone
// is known by what it signs in as.
func (s *Server) returned(f *flow, instance string) {
	if instance != "" || f.device != 0 {
		s.tell(f.line, func(c *call) { c.returned(f, instance) })
	}
}

// expelled ends the calls on the flow of somebody who may no longer call, and
// returns when both sides of each have their BYE.
func (s *Server) expelled(f *flow) {
	for _, c := range s.tell(f.line, func(c *call) { c.expelled(f) }) {
		settled := make(chan struct{})
		c.do(func() { close(settled) })
		<-settled
	}
}

// CallState is a call that is going on.
type CallState struct {
	From     telecom.Line
	To       telecom.Target
	Since    int64 // milliseconds since 1970
	Answered bool

	Caller, Callee media.Stats // of the sound of each side; zero before the answer

	legs [2]*media.Leg
}

// Calls returns the calls that ring or are connected.
func (s *Server) Calls() []CallState {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]CallState, 0, len(s.calls))
	for c := range s.calls {
		if st := c.state.Load(); st != nil {
			now := *st
			for i, stats := range []*media.Stats{&now.Caller, &now.Callee} {
				if l := now.legs[i]; l != nil {
					*stats = l.Stats()
				}
			}
			all = append(all, now)
		}
	}
	return all
}
