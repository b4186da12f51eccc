package sip

import (
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	sipgo "github.com/emiago/sipgo/sip"
)

// Transactions are kept by flow: one browser cannot answer, cancel or disturb
// those of another, whatever branch it writes. The state machines are the
// library's (RFC 3261 17, RFC 6026); they are fed here, in the order in which
// frames arrive, because the library's own layer starts a goroutine for each
// message and so loses that order, writes messages into its log, and would open
// a connection to a browser that has gone.

// quiet is the log of the state machines. They write lines of messages to it.
var quiet = slog.New(slog.DiscardHandler)

// incoming is a request that was judged fit to act on.
type incoming struct {
	*sipgo.Request
	flow *flow
	came *served // of an INVITE, and of whatever may come twice because an answer was lost; else nil

	bound time.Duration // that a REGISTER registered for
}

// served is a request that is known when it comes again. The flow's mu holds it.
type served struct {
	key    string
	tx     *sipgo.ServerTx // of an INVITE without a final answer, or whose refusal may be lost; else nil
	answer []byte          // what is said again where there is no tx; nil: nothing is
}

// pending is a request of ours that waits for its answer.
type pending struct {
	tx       *sipgo.ClientTx       // until it is answered; the flow's mu holds it
	answered atomic.Bool           // finally, or given up
	each     func(*sipgo.Response) // of whoever sets answered; nil after that

	*flow // what the transaction writes to
	key   string
	of    invitation // nobody's, of another request
	mu    sync.Mutex
	ack   []byte // of the INVITE: said again to an answer that comes again (RFC 3261 13.2.2.4, 17.1.1.2)
}

// WriteMsg is the flow's, and keeps the ACK that the transaction makes.
func (p *pending) WriteMsg(m sipgo.Message) error {
	b := []byte(m.String())
	if req, ok := m.(*sipgo.Request); ok && req.Method == sipgo.ACK {
		p.keep(b)
	}
	return p.wire.send(b)
}

func (p *pending) keep(ack []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ack = ack
}

// acknowledge sends the ACK of a 2xx, and keeps it for when that comes again.
func (f *flow) acknowledge(ack *sipgo.Request) {
	b := []byte(ack.String())
	f.mu.Lock()
	p := f.invites[invitationOf(ack)]
	f.mu.Unlock()
	if p != nil && !f.reliable() {
		p.keep(b)
	}
	_ = f.wire.send(b)
}

// invitation is an INVITE of ours that is to be acknowledged.
type invitation struct {
	callID string
	seq    uint32
}

func invitationOf(req *sipgo.Request) invitation {
	return invitation{req.CallID().Value(), req.CSeq().SeqNo}
}

// receive takes one frame: the way of a message into the house.
func (f *flow) receive(b []byte) {
	f.s.passed(f.line, f.network, wayIn, b)
	msg, fault, err := read(b)
	if err != nil {
		f.s.dropped.Add(1)
		return
	}
	msg.SetTransport(f.network) // which tells the transactions whether to repeat messages
	switch m := msg.(type) {
	case *sipgo.Request:
		if fault == nil {
			fault = validate(m)
		}
		if fault != nil {
			f.s.refuse(f.wire, m, fault)
			return
		}
		f.request(m)
	case *sipgo.Response:
		if fault != nil || !f.response(m) {
			f.s.dropped.Add(1)
		}
	}
}

// refuse answers a request that is not acted on. An ACK is never answered, and
// an answer that would find no transaction at the other end helps nobody.
func (s *Server) refuse(w wire, req *sipgo.Request, why *fault) {
	if why.echo != nil {
		s.refused.Add(1)
		_ = w.send(fmt.Appendf(nil, "SIP/2.0 %d %s\r\n%sContent-Length: 0\r\n\r\n", why.code, why.text, why.echo))
		return
	}
	if req.Method == sipgo.ACK || req.Via() == nil || req.CSeq() == nil {
		s.dropped.Add(1)
		return
	}
	s.refused.Add(1)
	res := reply(req, why.code, why.text)
	res.SipVersion = "SIP/2.0"
	for _, h := range why.headers {
		res.AppendHeader(h)
	}
	_ = w.send([]byte(res.String()))
}

// reply makes an answer. It shows nothing of this server but that it is one.
func reply(req *sipgo.Request, code int, text string) *sipgo.Response {
	return sipgo.NewResponseFromRequest(req, code, text, nil)
}

func (f *flow) request(req *sipgo.Request) {
	in := &incoming{Request: req, flow: f}
	key := serverKey(req)
	f.mu.Lock()
	came := f.servers[key]
	var tx *sipgo.ServerTx
	var answer []byte
	if came != nil {
		tx, answer = came.tx, came.answer
	}
	f.mu.Unlock()
	switch {
	case tx != nil && req.Method == sipgo.ACK:
		_ = tx.Receive(req) // of a refused INVITE, whose call may be over
	case req.Method == sipgo.CANCEL:
		f.cancelled(in, came)
		return
	case came != nil && req.Method == sipgo.ACK: // of a 2xx: it belongs to the call
	case tx != nil:
		_ = tx.Receive(req) // once more: the same answer
		return
	case came != nil:
		if answer != nil {
			_ = f.wire.send(answer)
		}
		return
	case req.Method == sipgo.INVITE, !f.reliable() && req.Method != sipgo.ACK && req.Method != sipgo.REGISTER && req.Method != sipgo.OPTIONS:
		// A REGISTER that comes twice is known by its bytes (again.go), and OPTIONS
		// may be answered anew: what would be kept of each for 32 s is most of the
		// memory of a registrar.
		if in.came = f.open(key, req); in.came == nil {
			return
		}
	}
	f.s.dispatch(in)
}

// open begins the server transaction of a request. That of an INVITE is the
// library's; of another there is nothing to it but to know it again.
func (f *flow) open(key string, req *sipgo.Request) *served {
	came := &served{key: key}
	if req.Method == sipgo.INVITE {
		tx := sipgo.NewServerTx(key, req, f, quiet)
		tx.OnTerminate(func(string, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if came.tx != nil { // else it was answered, and lives on without its machine
				delete(f.servers, key)
			}
		})
		came.tx = tx
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended || came.tx != nil && came.tx.Init() != nil {
		return nil
	}
	f.servers[key] = came
	return came
}

// say answers a request for which a transaction is kept. What is left of it after
// that is its key and what is said again, for 64*T1 (RFC 3261 17.2.2, RFC 6026
// 7.1): the library's machine, which is not told of that answer, would hold both
// messages for as long, and so most of the memory of calls that are over. A
// refused INVITE keeps it, to be acknowledged.
func (in *incoming) say(res *sipgo.Response) {
	f := in.flow
	f.mu.Lock()
	tx := in.came.tx
	f.mu.Unlock()
	var answer []byte
	switch {
	case tx != nil && !res.IsSuccess():
		_ = tx.Respond(res)
		return
	case tx != nil:
		_ = f.WriteMsg(res)
	case in.Method == sipgo.INVITE:
		return // it is answered
	default:
		answer = []byte(res.String())
		_ = f.wire.send(answer)
	}
	key := in.came.key // all that the timer holds of the request
	forget := func() { delete(f.servers, key) }
	f.mu.Lock()
	in.came.tx, in.came.answer = nil, answer
	if f.reliable() {
		forget() // its ACK is a request of its own (RFC 3261 13.3.1.4)
	} else {
		f.later(forget)
	}
	f.mu.Unlock()
	if tx != nil {
		tx.Terminate()
	}
}

// later has something forgotten when its other end repeats nothing any more, under mu.
func (f *flow) later(forget func()) {
	time.AfterFunc(64*sipgo.T1, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		forget()
	})
}

// serverKey matches a request to its transaction (RFC 3261 17.2.3). ACK and
// CANCEL belong to the INVITE before them.
func serverKey(req *sipgo.Request) string {
	v := req.Via()
	branch, _ := v.Params.Get("branch")
	method := req.Method
	if method == sipgo.ACK || method == sipgo.CANCEL {
		method = sipgo.INVITE
	}
	return string(method) + " " + branch + " " + v.Host + ":" + strconv.Itoa(v.Port)
}

// ask sends a request. each is called with every answer; where none comes, the
// last call has nil. It must not wait. What is returned gives up on an answer.
func (f *flow) ask(req *sipgo.Request, each func(*sipgo.Response)) (giveUp func()) {
	p := &pending{each: each, flow: f}
	key, err := sipgo.ClientTxKeyMake(req)
	if err != nil {
		each(nil)
		return func() {}
	}
	tx := sipgo.NewClientTx(key, req, p, quiet)
	p.tx, p.key = tx, key
	if req.Method == sipgo.INVITE {
		p.of = invitationOf(req)
	}
	tx.OnTerminate(func(string, error) {
		f.mu.Lock()
		if p.tx != nil {
			f.forget(p)
		}
		f.mu.Unlock()
		if !p.answered.Swap(true) {
			p.each(nil)
		}
	})
	f.mu.Lock()
	ended := f.ended
	if !ended {
		f.clients[key] = p
		if req.Method == sipgo.INVITE {
			f.invites[p.of] = p
		}
	}
	f.mu.Unlock()
	if ended || tx.Init() != nil {
		tx.Terminate()
	}
	return tx.Terminate
}

// forget lets go of a request of ours. The caller holds mu.
func (f *flow) forget(p *pending) {
	delete(f.clients, p.key)
	if f.invites[p.of] == p {
		delete(f.invites, p.of)
	}
}

// settled lets go of the machine of a request that has its answer, of which it was
// only told where it has something to acknowledge. Of an INVITE the ACK is kept
// where it may be lost, for 64*T1 (RFC 3261 17.1.1.2, RFC 6026 7.2).
func (p *pending) settled() {
	f := p.flow
	f.mu.Lock()
	tx := p.tx
	p.tx, p.each = nil, nil
	if p.of == (invitation{}) || f.reliable() {
		f.forget(p)
	} else {
		f.later(func() { f.forget(p) })
	}
	f.mu.Unlock()
	tx.Terminate()
}

// response passes an answer to the request that it belongs to, and reports
// whether there is one.
func (f *flow) response(res *sipgo.Response) bool {
	if res.SipVersion != "SIP/2.0" || res.StatusCode < 100 || res.StatusCode > 699 || res.Via() == nil || res.CSeq() == nil || res.To() == nil {
		return false
	}
	for _, h := range res.Headers() {
		if n := nameOf(h); (n == "from" || n == "to" || n == "call-id" || n == "cseq" || n == "via") && len(headers(res, n)) > 1 {
			return false
		}
	}
	key, err := sipgo.ClientTxKeyMake(res)
	if err != nil {
		return false
	}
	f.mu.Lock()
	p := f.clients[key]
	var tx *sipgo.ClientTx
	if p != nil {
		tx = p.tx
	}
	f.mu.Unlock()
	switch {
	case p == nil:
		return false
	case p.answered.Load() || !res.IsProvisional() && p.answered.Swap(true):
		return p.repeat(res)
	}
	if res.IsProvisional() || !res.IsSuccess() && tx.Origin().IsInvite() {
		hand(tx, res)
	}
	p.each(res)
	if !res.IsProvisional() {
		p.settled()
	}
	return true
}

// hand has the state machine act on an answer. It hands that over on a channel and
// waits until it is taken; it acknowledges refusals before that.
func hand(tx *sipgo.ClientTx, res *sipgo.Response) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tx.Receive(res)
	}()
	for {
		select {
		case <-tx.Responses():
		case <-done:
			return
		}
	}
}

// repeat acts on an answer that came before, and reports whether that is what
// it is: our ACK was lost.
func (p *pending) repeat(res *sipgo.Response) bool {
	p.mu.Lock()
	ack := p.ack
	p.mu.Unlock()
	if p.reliable() || res.IsProvisional() || ack == nil {
		return false
	}
	return p.wire.send(ack) == nil
}

// end gives up what waits on a flow that is gone.
func (f *flow) end() {
	var undone []sipgo.Transaction
	f.mu.Lock()
	f.ended = true // from here on none begins
	for _, p := range f.clients {
		if p.tx != nil {
			undone = append(undone, p.tx)
		}
	}
	for _, came := range f.servers {
		if came.tx != nil {
			undone = append(undone, came.tx)
		}
	}
	f.mu.Unlock()
	for _, tx := range undone {
		tx.Terminate()
	}
}
