package sip

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/telecom"
)

// The limits of a peer.
const (
	maxHere     = 8                // devices at one address: a phone with several lines
	maxFailed   = 16               // wrong passwords that wait for their answer
	idleTime    = 32 * time.Second // 64*T1, after which a peer that nobody can be reached at is forgotten
	aliveTime   = 5 * time.Minute  // between two looks at whether a device may still be here
	refusalTime = 2 * time.Second  // after which a wrong password is told: as long for a name that nobody has
	lookupTime  = 10 * time.Second // for one look at who a device is
)

// Why a message of a phone was not acted on: the codes of evidence.
const (
	refusedPassword  = "password"  // the password was wrong, or nobody has the name
	refusedFlood     = "flood"     // too many from one address: there was no answer
	refusedReplay    = "replay"    // an answer to a challenge was used again
	refusedMalformed = "malformed" // no message that we take
)

// peer is what is at one address, or at the other end of one connection: a
// phone, with the devices that it signs in as. Before a message has shown that
// it knows a password, nothing of it is kept. All that happens to a peer
// happens on its serial; fields without a word are touched there only.
type peer struct {
	serial
	s       *Server
	wire    wire
	network string
	from    netip.AddrPort
	host    string // what it reaches us as
	port    int
	forget  func() // lets go of it; told once, when nothing of it is left

	flows  []*flow
	taking []byte              // the datagram that is acted on
	began  time.Time           // when it came
	failed map[string]struct{} // requests with a wrong password, until the next look
	heard  time.Time
	looked time.Time
	over   bool

	second  int64 // the reader's: the second that count belongs to
	counted int
}

// fast reports whether messages come faster than any phone writes them. It is
// the reader's.
func (p *peer) fast() bool {
	if now := p.s.Now().Unix(); now != p.second {
		p.second, p.counted = now, 0
	}
	p.counted++
	return p.counted > maxRate
}

// datagram acts on what is not the first of a peer.
func (p *peer) datagram(b []byte) {
	var scratch []byte
	if p.again(b, &scratch, func(res []byte) { _ = p.wire.send(res) }) {
		return
	}
	msg, why, err := readDatagram(b)
	if err != nil {
		p.s.dropped.Add(1)
		return
	}
	p.take(msg, why, b)
}

// take acts on one message, of a datagram or of a stream.
func (p *peer) take(msg sipgo.Message, why *fault, datagram []byte) {
	if p.over {
		return
	}
	if p.s.traces.n.Load() > 0 {
		p.s.passed(p.known(), p.network, wayIn, []byte(msg.String()))
	}
	p.heard, p.taking, p.began = p.s.Now(), datagram, time.Now()
	msg.SetTransport(p.network) // which tells the transactions whether to repeat messages
	msg.SetSource(p.from.String())
	switch m := msg.(type) {
	case *sipgo.Request:
		p.received(m)
		if why == nil {
			why = validate(m)
		}
		if why != nil {
			p.malformed(m, why)
			return
		}
		if f := p.flowFor(m); f != nil {
			f.request(m)
			return
		}
		p.stranger(m)
	case *sipgo.Response:
		if why == nil {
			for _, f := range p.flows {
				if f.response(m) {
					return
				}
			}
		}
		p.s.dropped.Add(1)
	}
}

// received notes in a request where it came from (RFC 3261 18.2.1, RFC 3581 4).
// Answers go there, whatever else the message says: a phone behind a network's
// edge does not know its own address, and nobody is answered who did not ask.
func (p *peer) received(req *sipgo.Request) { cameFrom(req, p.from) }

func cameFrom(req *sipgo.Request, from netip.AddrPort) {
	v := req.Via()
	if v == nil {
		return
	}
	v.Params.Remove("received")
	if ip := from.Addr().String(); v.Params.Has("rport") || v.Host != ip {
		v.Params.Add("received", ip)
	}
	if v.Params.Has("rport") {
		v.Params.Add("rport", portText(from.Port()))
	}
}

// malformed answers what is not acted on, also to strangers: they are few who
// ask so, or soon hear nothing.
func (p *peer) malformed(req *sipgo.Request, why *fault) {
	if len(p.flows) == 0 {
		if !p.s.guard.asks(p.from.Addr(), p.s.Now()) {
			p.s.unheard(refusedFlood)
			return
		}
		p.s.turnedAway(refusedMalformed)
	}
	p.s.refuse(p.wire, req, why)
}

// flowFor finds the device that a request belongs to without a password: a
// request that came before, one within a dialog, and whatever opens nothing.
// REGISTER, SUBSCRIBE and the INVITE of a new call are never among them.
func (p *peer) flowFor(req *sipgo.Request) *flow {
	key := serverKey(req)
	_, inside := req.To().Params.Get("tag")
	for _, f := range p.flows {
		if f.began(key) || inside && p.s.hasDialog(f.line, req.CallID().Value()) {
			return f
		}
	}
	if len(p.flows) == 0 || !inside && (req.Method == sipgo.INVITE || req.Method == sipgo.REGISTER || req.Method == sipgo.SUBSCRIBE) {
		return nil
	}
	return p.flows[0]
}

// began reports whether a request is the flow's that came before, or is about it.
func (f *flow) began(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.servers[key] != nil
}

// stranger asks a request for a digest, and acts on it if that is right.
func (p *peer) stranger(req *sipgo.Request) {
	if req.Method == sipgo.ACK || req.Method == sipgo.CANCEL { // of what we answered and forgot
		p.s.dropped.Add(1)
		return
	}
	now := p.s.Now()
	c, given := presented(req, p.s.Domain)
	if !p.signsInAs(c.username) && !p.s.guard.asks(p.from.Addr(), now) {
		p.s.unheard(refusedFlood)
		return
	}
	id, made, is := p.s.nonces.judge(c.nonce, now)
	switch {
	case !given || is == foreign:
		p.challenge(req, false)
	case is == stale:
		p.challenge(req, true)
	default:
		dev, right, err := p.device(req, &c)
		switch {
		case err != nil:
			p.s.Log.Error("a phone could not be looked up", "error", err)
			p.answer(req, sipgo.StatusServiceUnavailable, nil)
		case !right:
			p.wrong(req)
		case !p.s.nonces.spend(id, made, c.count, now):
			p.s.turnedAway(refusedReplay)
			p.challenge(req, true)
		default:
			p.s.offers.answered(req)
			p.admit(req, dev, &c)
		}
	}
}

// signsInAs reports whether a device with a name is here already. Others' tries
// from its address are no reason to be deaf to it.
func (p *peer) signsInAs(username string) bool {
	for _, f := range p.flows {
		if username == "" || f.username == username {
			return true
		}
	}
	return false
}

// device looks up who a request is from. A name that nobody has takes the same
// way as a wrong password.
func (p *peer) device(req *sipgo.Request, c *credentials) (dev telecom.Device, right bool, err error) {
	ctx, cancel := context.WithTimeout(p.s.base, lookupTime)
	defer cancel()
	dev, ha1, err := p.s.Desk.DeviceBy(ctx, c.username)
	known := err == nil
	if err != nil && !errors.Is(err, telecom.ErrNoDevice) {
		return dev, false, err
	}
	hash := ha1.SHA256
	if c.short() {
		hash = ha1.MD5
	}
	right = c.right(req.Method, hash) // also of what is nobody's: it takes as long
	return dev, right && known && hash != "" && c.meant(&req.Recipient), nil
}

func (p *peer) challenge(req *sipgo.Request, stale bool) {
	p.answer(req, sipgo.StatusUnauthorized, challenge(p.offered(req), p.s.Domain, p.s.nonces.issue(p.s.Now()), stale))
}

// answer answers without a transaction: the same request is given such an
// answer anew (RFC 3261 8.2.7).
func (p *peer) answer(req *sipgo.Request, code int, more []sipgo.Header) {
	res := reply(req, code, phrases[code])
	for _, h := range more {
		res.AppendHeader(h)
	}
	b := []byte(res.String())
	p.s.passed(p.known(), p.network, wayOut, b)
	_ = p.wire.send(b)
}

// wrong refuses a wrong password, a while after it came: nobody learns in what
// time it was found to be wrong, nor whether anybody was looked up for it. Repeats of the request are not counted with it.
func (p *peer) wrong(req *sipgo.Request) {
	key := serverKey(req)
	if _, again := p.failed[key]; again || len(p.failed) >= maxFailed {
		return
	}
	if p.failed == nil {
		p.failed = map[string]struct{}{}
	}
	p.failed[key] = struct{}{}
	p.s.guard.guesses(p.from.Addr(), p.s.Now())
	p.s.turnedAway(refusedPassword)
	time.AfterFunc(p.s.Slow-time.Since(p.began), func() { p.do(func() { p.answer(req, sipgo.StatusForbidden, nil) }) })
}

// admit acts on a request that a device signed.
func (p *peer) admit(req *sipgo.Request, dev telecom.Device, c *credentials) {
	for _, f := range p.flows {
		if f.device == dev.ID && f.line.ID == dev.Line.ID {
			f.request(req)
			return
		}
	}
	f := p.s.newFlow(dev.Line, p.wire, p.network)
	f.device, f.username, f.kind, f.host, f.port = dev.ID, strings.Clone(c.username), media.Phone, p.host, p.port
	f.peer, f.short = p, c.short()
	if len(p.flows) >= maxHere || !p.s.admit(f, func() { p.do(func() { p.drop(f) }) }) {
		p.answer(req, sipgo.StatusServiceUnavailable, nil)
		return
	}
	p.flows = append(p.flows, f)
	f.request(req)
}

// drop ends one device's flow here.
func (p *peer) drop(f *flow) {
	for i, other := range p.flows {
		if other == f {
			p.flows = append(p.flows[:i:i], p.flows[i+1:]...)
			p.s.left(f)
			f.end()
			close(f.gone)
			return
		}
	}
}

// end ends all that is here.
func (p *peer) end() {
	for len(p.flows) > 0 {
		p.drop(p.flows[0])
	}
	if !p.over {
		p.over = true
		p.forget()
	}
}

// look lets go of what is not used any more, and of who may not be here.
func (p *peer) look() {
	p.failed = nil
	now := p.s.Now()
	idle := now.Sub(p.heard) > idleTime
	for _, f := range append([]*flow(nil), p.flows...) {
		if idle && !p.s.inUse(f) {
			p.drop(f)
		}
	}
	if now.Sub(p.looked) > aliveTime {
		p.looked = now
		for _, f := range p.flows {
			go p.s.ask(f)
		}
	}
	if idle && len(p.flows) == 0 {
		p.end()
	}
}

// ask ends a device's flow if it may no longer be here.
func (s *Server) ask(f *flow) {
	ctx, cancel := context.WithTimeout(s.base, lookupTime)
	defer cancel()
	dev, _, err := s.Desk.DeviceBy(ctx, f.username)
	if errors.Is(err, telecom.ErrNoDevice) || err == nil && (dev.ID != f.device || dev.Line.ID != f.line.ID) {
		s.revokeFlow(f)
	}
}

// revoke ends what a device does here that may no longer sign in: nothing rings
// there any more, and its calls are over.
func (s *Server) revoke(device int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for f := range s.flows {
		if f.device == device && device != 0 {
			go s.revokeFlow(f)
		}
	}
}

func (s *Server) revokeFlow(f *flow) {
	s.unbind(f.line, func(b *binding) bool { return b.flow == f })
	s.expelled(f)
	// The BYE of its calls may have to be repeated, and nothing can be opened
	// without a password: what is left of the flow goes when it is idle.
	f.peer.do(func() {
		if f.reliable() {
			f.peer.drop(f)
		}
	})
}

// inUse reports whether a flow has a binding, or its line a call.
func (s *Server) inUse(f *flow) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.fresh(s.bindings[f.line.ID]) {
		if b.flow == f {
			return true
		}
	}
	return len(s.callsOf[f.line.ID]) > 0
}
