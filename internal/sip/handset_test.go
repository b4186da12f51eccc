package sip_test

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // many phones know no other
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net"
	"regexp"
	"strings"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
)

// phones listens for ordinary phones, once.
func (x *exchange) phones() string {
	x.t.Helper()
	if x.addr == "" {
		a, err := x.sip.ListenPhones(context.Background(), "127.0.0.1:0")
		if err != nil {
			x.t.Fatal(err)
		}
		x.addr = a.String()
	}
	return x.addr
}

// ownUse is people's access to what is theirs.
func (h *house) ownUse() vault.Access {
	h.TB.Helper()
	roles, err := telecom.RolesOf(h.InForce())
	if err != nil {
		h.TB.Fatal(err)
	}
	return vault.Access{Actor: "system", Purpose: roles.Purpose, Surface: roles.Surface, Own: true}
}

// device gives somebody's line a phone.
func (h *house) device(l telecom.Line) (d telecom.Device, c telecom.Credentials) {
	h.TB.Helper()
	err := h.Store.Update(context.Background(), func(tx *store.Tx) (err error) {
		d, c, err = h.desk.GiveDevice(context.Background(), tx, h.ownUse(), l.Account, "desk phone")
		return err
	})
	if err != nil {
		h.TB.Fatal(err)
	}
	return d, c
}

// handset is an ordinary phone of somebody, with credentials of its own, that
// has not signed in.
func (x *exchange) handset(name, network string) *phone {
	x.t.Helper()
	_, c := x.device(x.lines[name])
	return x.handsetWith(name, network, c)
}

func (x *exchange) handsetWith(name, network string, c telecom.Credentials) *phone {
	x.t.Helper()
	conn, err := x.dial(network)
	if err != nil {
		x.t.Fatal(err)
	}
	p := &phone{
		t: x.t, x: x, name: name, ext: x.lines[name].Extension, id: "ua" + strings.ToLower(rand.Text()[:10]),
		inbox: make(chan sipgo.Message, 1000), gone: make(chan struct{}), conn: conn, over: network, user: c.Username, word: c.Password,
	}
	go p.listenOn(conn)
	x.t.Cleanup(func() {
		_ = conn.Close()
		<-p.gone
	})
	return p
}

func (p *phone) listenOn(conn net.Conn) {
	defer close(p.gone)
	b := make([]byte, 65_536)
	stream := sipgo.NewParser().NewSIPStream()
	for {
		n, err := conn.Read(b)
		if err != nil {
			return
		}
		p.all.Write(b[:n])
		switch {
		case len(bytes.Trim(b[:n], "\r\n")) == 0:
			p.pongs.Add(1)
		case p.over != "UDP":
			_ = stream.ParseSIPStream(b[:n], func(m sipgo.Message) { p.inbox <- m })
		default:
			if m, err := sipgo.ParseMessage(bytes.Clone(b[:n])); err == nil {
				p.inbox <- m
			}
		}
	}
}

var quoted = regexp.MustCompile(`(\w+)="?([^",]*)"?`)

// asks are what a challenge asks of each algorithm, in order.
func asks(res *sipgo.Response) (all []map[string]string) {
	for _, h := range res.GetHeaders("WWW-Authenticate") {
		of := map[string]string{}
		for _, m := range quoted.FindAllStringSubmatch(strings.TrimPrefix(h.Value(), "Digest "), -1) {
			of[m[1]] = m[2]
		}
		all = append(all, of)
	}
	return all
}

// digest is an answer to a challenge (RFC 7616 3.4), whose parts a test can
// change.
type digest struct {
	user, word, realm, nonce, uri, algorithm, qop string
	count                                         int
}

func (p *phone) digest(m message, of map[string]string) digest {
	return digest{p.user, p.word, of["realm"], of["nonce"], m.uri, of["algorithm"], "auth", 1}
}

func (d digest) header(method string) string {
	var h hash.Hash = sha256.New()
	if d.algorithm == "MD5" {
		h = md5.New() //nolint:gosec // as above
	}
	sum := func(s string) string {
		h.Reset()
		h.Write([]byte(s))
		return hex.EncodeToString(h.Sum(nil))
	}
	nc := fmt.Sprintf("%08x", d.count)
	response := sum(sum(d.user+":"+d.realm+":"+d.word) + ":" + d.nonce + ":" + nc + ":xyz:" + d.qop + ":" + sum(method+":"+d.uri))
	return fmt.Sprintf(`Authorization: Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", algorithm=%s, cnonce="xyz", qop=%s, nc=%s`,
		d.user, d.realm, d.nonce, d.uri, response, d.algorithm, d.qop, nc)
}

// signed sends a request, waits to be asked for a digest, and returns the
// request with it.
func (p *phone) signed(m message) message {
	p.t.Helper()
	p.write(m)
	res := p.answer(m.method, m.seq, 401)
	if m.method == "INVITE" {
		(&dialog{p: p, invite: m}).acknowledged(res)
	}
	return p.again(m, p.digest(m, asks(res)[0]))
}

// again is a request once more, with a digest.
func (p *phone) again(m message, d digest) message {
	m.seq++
	p.n = max(p.n, m.seq)
	m.branch = draw()
	m.more = append(append([]string(nil), m.more...), d.header(m.method))
	return m
}

// registration is a REGISTER of the phone.
func (p *phone) registration(expires int, more ...string) message {
	p.n++
	m := p.outside("REGISTER", p.n, "", "")
	m.more = append(append(m.more, "Supported: path,outbound", fmt.Sprintf("Contact: %s;expires=%d", p.contact(), expires)), more...)
	return m
}

// signIn registers with a digest.
func (p *phone) signIn(expires, status int, more ...string) *sipgo.Response {
	p.t.Helper()
	m := p.signed(p.registration(expires, more...))
	p.write(m)
	return p.answer("REGISTER", m.seq, status)
}

// here is a handset that has signed in.
func (x *exchange) here(name, network string) *phone {
	x.t.Helper()
	p := x.handset(name, network)
	p.signIn(600, 200)
	return p
}

// dials calls somebody from a handset.
func (p *phone) dials(to string, more ...string) *dialog {
	p.t.Helper()
	p.n++
	m := p.invitation(to, more...)
	m.body = spoken(p.id)
	return p.invite(p.signed(m))
}

// spoken is what an ordinary phone offers.
func spoken(id string) string {
	return strings.Join([]string{
		"v=0", "o=" + id + " 4711 2 IN IP4 127.0.0.1", "s=" + id, "c=IN IP4 127.0.0.1", "t=0 0", "m=audio 40000 RTP/AVP 0 101",
		"a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15", "a=sendrecv", "",
	}, "\r\n")
}

// refusals counts what is told of phones that are turned away.
type refusals struct{ codes chan string }

func counting(c *sip.Config) *refusals {
	r := &refusals{make(chan string, 10_000)}
	c.Refused = func(code string) { r.codes <- code }
	return r
}

func (r *refusals) count() map[string]int {
	n := map[string]int{}
	for len(r.codes) > 0 {
		n[<-r.codes]++
	}
	return n
}
