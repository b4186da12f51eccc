package sip_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"
	sipgo "github.com/emiago/sipgo/sip"
)

// phone is a SIP client over a WebSocket, as a page is one. It writes what it is
// told, so that it can write what it should not, and reads with the parser of a
// library that is not ours.
type phone struct {
	t     *testing.T
	x     *exchange
	name  string // whose it is, and its extension
	ext   string
	id    string          // in its Via and Contact, as JsSIP draws them
	sock  *websocket.Conn // of a page
	conn  net.Conn        // of an ordinary phone
	over  string          // how its messages travel, as Via has it
	user  string          // who it signs in as
	word  string          // its password
	pongs atomic.Int64    // answers to what keeps its way open

	inbox chan sipgo.Message
	seen  []sipgo.Message // taken out of the inbox and not asked for yet
	all   strings.Builder // every frame that came; read it after gone
	gone  chan struct{}   // closed when the socket has ended
	why   websocket.StatusCode
	n     int
}

// phone opens a flow.
func (x *exchange) phone(name string) *phone {
	x.t.Helper()
	p := &phone{
		t: x.t, x: x, name: name, ext: x.lines[name].Extension, id: "ua" + strings.ToLower(rand.Text()[:10]),
		inbox: make(chan sipgo.Message, 1000), gone: make(chan struct{}), over: "WS",
	}
	sock, res, err := websocket.Dial(context.Background(), x.web.URL+"/"+name, &websocket.DialOptions{Subprotocols: []string{"sip"}})
	if err != nil {
		x.t.Fatalf("%v %v", err, res)
	}
	sock.SetReadLimit(1 << 20)
	p.sock = sock
	go p.listen()
	x.t.Cleanup(func() {
		_ = sock.CloseNow()
		<-p.gone
	})
	return p
}

func (p *phone) listen() {
	defer close(p.gone)
	for {
		_, b, err := p.sock.Read(context.Background())
		if err != nil {
			p.why = websocket.CloseStatus(err)
			return
		}
		p.all.Write(b)
		if m, err := sipgo.ParseMessage(b); err == nil {
			p.inbox <- m
		}
	}
}

// lose loses the connection, as a page whose network is gone.
func (p *phone) lose() {
	_ = p.sock.CloseNow()
	<-p.gone
}

// ended waits for the end of the socket and returns its code.
func (p *phone) ended() websocket.StatusCode {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	select {
	case <-p.gone:
	case <-ctx.Done():
		p.t.Fatalf("the socket of %s did not end", p.name)
	}
	return p.why
}

// raw writes one frame.
func (p *phone) raw(text string) {
	p.t.Helper()
	if p.conn != nil {
		if _, err := p.conn.Write([]byte(text)); err != nil {
			p.t.Fatal(err)
		}
		return
	}
	if err := p.sock.Write(context.Background(), websocket.MessageText, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// until waits for a message that is meant, and keeps the others.
func (p *phone) until(what string, is func(sipgo.Message) bool) sipgo.Message {
	p.t.Helper()
	for i, m := range p.seen {
		if is(m) {
			p.seen = append(p.seen[:i:i], p.seen[i+1:]...)
			return m
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		select {
		case m := <-p.inbox:
			if is(m) {
				return m
			}
			p.seen = append(p.seen, m)
		case <-ctx.Done():
			p.t.Fatalf("%s waited in vain for %s; it has %s", p.name, what, p.heard())
		}
	}
}

// heard are the first lines of what was not asked for.
func (p *phone) heard() (lines []string) {
	for _, m := range p.seen {
		first, _, _ := strings.Cut(m.String(), "\r\n")
		lines = append(lines, first)
	}
	return lines
}

// answer waits for the answer with a status to what was written last with this
// number and method. Another final answer to it fails the test.
func (p *phone) answer(method string, seq, status int) *sipgo.Response {
	p.t.Helper()
	m := p.until(fmt.Sprint(method, " ", seq, ": ", status), func(m sipgo.Message) bool {
		res, ok := m.(*sipgo.Response)
		if !ok || int(res.CSeq().SeqNo) != seq || string(res.CSeq().MethodName) != method {
			return false
		}
		if res.StatusCode >= 200 && res.StatusCode != status {
			p.t.Fatalf("%s: %s was answered with %s, want %d", p.name, method, res.StartLine(), status)
		}
		return res.StatusCode == status
	})
	return m.(*sipgo.Response)
}

// asked waits for a request.
func (p *phone) asked(method string) *sipgo.Request {
	p.t.Helper()
	m := p.until(method, func(m sipgo.Message) bool {
		req, ok := m.(*sipgo.Request)
		return ok && string(req.Method) == method
	})
	return m.(*sipgo.Request)
}

// quiet waits until the server has taken everything written so far, and wants no
// message to have come but those that are named (RequestMethod or status).
func (p *phone) quiet(but ...string) {
	p.t.Helper()
	p.n++
	p.write(p.outside("OPTIONS", p.n, "", ""))
	p.answer("OPTIONS", p.n, 200)
	for _, line := range p.heard() {
		known := strings.Contains(line, "SIP/2.0 1") // how far it came
		for _, b := range but {
			known = known || strings.Contains(line, b)
		}
		if !known {
			p.t.Fatalf("%s heard %q", p.name, line)
		}
	}
}

// message is a request as text: the parts that tests change are fields.
type message struct {
	method, uri, via, branch, from, to, callID string

	over string // "" for a WebSocket

	seq        int
	more       []string // whole header lines
	kind, body string
}

func (m message) String() string {
	lines := []string{
		m.method + " " + m.uri + " SIP/2.0",
		"Via: SIP/2.0/" + cmp.Or(m.over, "WS") + " " + m.via + ".invalid;branch=z9hG4bK" + m.branch,
		"Max-Forwards: 69",
		"From: " + m.from,
		"To: " + m.to,
		"Call-ID: " + m.callID,
		fmt.Sprintf("CSeq: %d %s", m.seq, m.method),
	}
	lines = append(lines, m.more...)
	if m.kind != "" {
		lines = append(lines, "Content-Type: "+m.kind)
	}
	lines = append(lines, "Content-Length: "+strconv.Itoa(len(m.body)), "", m.body)
	return strings.Join(lines, "\r\n")
}

func (p *phone) write(m message) { p.t.Helper(); p.raw(m.String()) }

func draw() string { return strings.ToLower(rand.Text()[:12]) }

func (p *phone) aor() string { return "sip:" + p.ext + "@" + domain }

func (p *phone) contact() string {
	switch p.over {
	case "UDP":
		return "<sip:" + p.id + "@" + p.conn.LocalAddr().String() + ">"
	case "TCP":
		return "<sip:" + p.id + "@" + p.conn.LocalAddr().String() + ";transport=tcp>"
	}
	return "<sip:" + p.id + "@" + p.id + ".invalid;transport=ws>"
}

// outside is a request outside of any dialog.
func (p *phone) outside(method string, seq int, kind, body string) message {
	return message{
		method: method, uri: "sip:" + domain, from: "<" + p.aor() + ">;tag=" + draw(), to: "<" + p.aor() + ">", callID: draw() + p.id,
		via: p.id, over: p.over, branch: draw(), seq: seq, kind: kind, body: body, more: []string{"User-Agent: Spyphone " + p.id},
	}
}

// register registers and returns the answer.
func (p *phone) register(expires int, status int, more ...string) *sipgo.Response {
	p.t.Helper()
	return p.registerAs(p.contact()+fmt.Sprintf(";+sip.instance=\"<urn:uuid:%s>\";reg-id=1;expires=%d", p.id, expires), status, more...)
}

func (p *phone) registerAs(contact string, status int, more ...string) *sipgo.Response {
	p.t.Helper()
	p.n++
	m := p.outside("REGISTER", p.n, "", "")
	m.more = append(m.more, "Supported: path,gruu,outbound")
	if contact != "" {
		m.more = append(m.more, "Contact: "+contact)
	}
	m.more = append(m.more, more...)
	p.write(m)
	return p.answer("REGISTER", p.n, status)
}

// registered opens a flow and registers on it.
func (x *exchange) registered(name string) *phone {
	x.t.Helper()
	p := x.phone(name)
	p.register(600, 200)
	return p
}

// dialog is a call as one phone knows it.
type dialog struct {
	p             *phone
	callID        string
	local, remote string // From and To of what this side asks
	target        string // the other side's Contact
	seq           int
	invite        message        // that this side sent
	asked         *sipgo.Request // or got
	sdp           string         // what came with the other side's offer or answer
	contact       string         // the other side's Contact, whole
}

// call sends an INVITE.
func (p *phone) call(to string, more ...string) *dialog {
	p.t.Helper()
	p.n++
	return p.invite(p.invitation(to, more...))
}

func (p *phone) invitation(to string, more ...string) message {
	m := p.outside("INVITE", 0, "application/sdp", offer(p.id, false))
	m.uri, m.to, m.seq = "sip:"+to+"@"+domain, "<sip:"+to+"@"+domain+">", 100+p.n
	m.more = append(m.more, "Contact: "+p.contact(), "Allow: INVITE,ACK,CANCEL,BYE,UPDATE,INFO", "Supported: timer,ice,replaces,outbound")
	m.more = append(m.more, more...)
	return m
}

func (p *phone) invite(m message) *dialog {
	p.t.Helper()
	p.write(m)
	return &dialog{p: p, callID: m.callID, local: m.from, remote: m.to, seq: m.seq, invite: m}
}

// refused waits for the final answer of a call that is not let through, and
// acknowledges it.
func (d *dialog) refused(status int) *sipgo.Response {
	d.p.t.Helper()
	res := d.p.answer("INVITE", d.invite.seq, status)
	d.acknowledged(res)
	return res
}

// acknowledged is what refused does with the answer.
func (d *dialog) acknowledged(res *sipgo.Response) {
	ack := d.invite
	ack.method, ack.to, ack.more, ack.kind, ack.body = "ACK", res.To().Value(), nil, "", ""
	d.p.write(ack)
}

// cancel gives up.
func (d *dialog) cancel() {
	d.p.t.Helper()
	m := d.invite
	m.method, m.more, m.kind, m.body = "CANCEL", nil, "", ""
	d.p.write(m)
}

// connected waits for the answer of a call and acknowledges it.
func (d *dialog) connected() *dialog {
	d.p.t.Helper()
	d.took(d.p.answer("INVITE", d.seq, 200))
	d.ack(d.seq)
	return d
}

func (d *dialog) took(res *sipgo.Response) {
	d.contact = res.Contact().Value()
	d.remote, d.target, d.sdp = res.To().Value(), res.Contact().Address.String(), string(res.Body())
}

func (d *dialog) ack(seq int) {
	d.p.t.Helper()
	m := d.inside("ACK", "", "")
	d.seq--
	m.seq = seq
	d.p.write(m)
}

// rings waits for an INVITE that begins a call, and says that it rings.
func (p *phone) rings() *dialog {
	p.t.Helper()
	req := p.asked("INVITE")
	d := &dialog{p: p, callID: req.CallID().Value(), asked: req, remote: req.From().Value(), local: req.To().Value() + ";tag=" + draw(), target: req.Contact().Address.String(), seq: -1, sdp: string(req.Body())}
	d.reply(180, "")
	return d
}

// reply answers the INVITE, or the request given.
func (d *dialog) reply(status int, sdp string, more ...string) {
	d.p.t.Helper()
	d.replyTo(d.asked, status, sdp, more...)
}

func (d *dialog) replyTo(req *sipgo.Request, status int, sdp string, more ...string) {
	d.p.t.Helper()
	d.p.raw(d.text(req, status, sdp, more...))
}

// text is an answer as it is written.
func (d *dialog) text(req *sipgo.Request, status int, sdp string, more ...string) string {
	to := req.To().Value()
	if !req.To().Params.Has("tag") {
		to = d.local
	}
	lines := []string{
		fmt.Sprintf("SIP/2.0 %d Whatever", status), "Via: " + req.Via().Value(), "From: " + req.From().Value(), "To: " + to, "Call-ID: " + req.CallID().Value(),
		"CSeq: " + req.CSeq().Value(), "Contact: " + d.p.contact(), "User-Agent: Spyphone " + d.p.id, "Server: Spyphone " + d.p.id, "P-Asserted-Identity: <sip:spy" + d.p.id + "@elsewhere.example>",
	}
	lines = append(lines, more...)
	if sdp != "" {
		lines = append(lines, "Content-Type: application/sdp")
	}
	lines = append(lines, "Content-Length: "+strconv.Itoa(len(sdp)), "", sdp)
	return strings.Join(lines, "\r\n")
}

// accept takes the call, and waits for its ACK.
func (d *dialog) accept(more ...string) *dialog {
	d.p.t.Helper()
	d.reply(200, answerTo(d.sdp, d.p.id), more...)
	d.p.asked("ACK")
	return d
}

// inside is a request within the dialog.
func (d *dialog) inside(method, kind, body string) message {
	d.seq++
	return message{
		method: method, uri: d.target, from: d.local, to: d.remote, callID: d.callID, via: d.p.id, over: d.p.over, branch: draw(), seq: d.seq,
		more: []string{"Contact: " + d.p.contact(), "User-Agent: Spyphone " + d.p.id}, kind: kind, body: body,
	}
}

// ask sends a request within the dialog and waits for its answer.
func (d *dialog) ask(method string, status int, kind, body string, more ...string) *sipgo.Response {
	d.p.t.Helper()
	m := d.inside(method, kind, body)
	m.more = append(m.more, more...)
	d.p.write(m)
	return d.p.answer(method, m.seq, status)
}

// bye waits to be told that the call is over.
func (d *dialog) bye() *sipgo.Request {
	d.p.t.Helper()
	m := d.p.until("BYE", func(m sipgo.Message) bool {
		req, ok := m.(*sipgo.Request)
		return ok && req.Method == sipgo.BYE && req.CallID().Value() == d.callID
	})
	d.replyTo(m.(*sipgo.Request), 200, "")
	return m.(*sipgo.Request)
}

// cancelled waits for the CANCEL of the INVITE, and refuses that as one does.
func (d *dialog) cancelled() *sipgo.Request {
	d.p.t.Helper()
	m := d.p.until("CANCEL", func(m sipgo.Message) bool {
		req, ok := m.(*sipgo.Request)
		return ok && req.Method == sipgo.CANCEL && req.CallID().Value() == d.callID
	})
	d.replyTo(m.(*sipgo.Request), 200, "")
	d.reply(487, "")
	d.p.asked("ACK")
	return m.(*sipgo.Request)
}

// talk connects two phones.
func talk(a, b *phone, more ...string) (from, to *dialog) {
	a.t.Helper()
	from = a.call(b.ext, more...)
	to = b.rings()
	a.answer("INVITE", from.seq, 180)
	to.accept()
	from.connected()
	return from, to
}

// reason is the text of the header Reason.
func reason(m interface{ GetHeader(string) sipgo.Header }) string {
	if h := m.GetHeader("Reason"); h != nil {
		return h.Value()
	}
	return ""
}
