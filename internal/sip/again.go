package sip

import (
	"bytes"
	"time"
)

// A phone says every few minutes what it said before. A REGISTER over UDP that
// differs from the last one only where the same one said again has to (RFC 3261
// 10.2.4: the branch, the number, the tag of From, the digest) is judged as that
// was, and answered as that was: nothing of it is parsed, no transaction is kept,
// and what is checked anew is who it is from. Whatever else differs takes the
// ordinary way.

// said is the last REGISTER of a phone's flow and its answer.
type said struct {
	req, res []byte
	bound    time.Duration // that the answer registered it for; 0: it did not
}

// repeated is what may differ in a REGISTER that is said again, old and new.
type repeated struct {
	branch, tag, seq [2][]byte
	digest           []byte // of the new one, the value of Authorization
}

var (
	lineVia    = []byte("Via: ")
	lineFrom   = []byte("From: ")
	lineSeq    = []byte("CSeq: ")
	lineDigest = []byte("Authorization: ")
	inBranch   = []byte(";branch=z9hG4bK")
	inTag      = []byte(";tag=")
	inSeq      = []byte(" REGISTER")
)

// sameButFor compares two REGISTERs line by line.
func sameButFor(old, b []byte) (r repeated, same bool) {
	for len(old) > 0 && len(b) > 0 {
		var o, n []byte
		o, old, _ = bytes.Cut(old, crlf)
		n, b, _ = bytes.Cut(b, crlf)
		switch {
		case bytes.Equal(o, n):
		case begin(o, n, lineVia) && r.branch[1] == nil:
			same = differ(o, n, inBranch, &r.branch)
		case begin(o, n, lineFrom) && r.tag[1] == nil:
			same = differ(o, n, inTag, &r.tag)
		case begin(o, n, lineSeq) && r.seq[1] == nil:
			r.seq = [2][]byte{bytes.TrimSuffix(o[len(lineSeq):], inSeq), bytes.TrimSuffix(n[len(lineSeq):], inSeq)}
			same = bytes.HasSuffix(n, inSeq) && len(r.seq[1]) < 10 && len(bytes.Trim(r.seq[1], "0123456789")) == 0 && len(r.seq[1]) > 0
		case begin(o, n, lineDigest) && r.digest == nil && len(n) <= maxLine:
			r.digest, same = n[len(lineDigest):], true
		default:
			return r, false
		}
		if !same && !bytes.Equal(o, n) {
			return r, false
		}
	}
	return r, len(old) == 0 && len(b) == 0 && r.digest != nil && r.branch[1] != nil && r.seq[1] != nil
}

func begin(o, n, with []byte) bool { return bytes.HasPrefix(o, with) && bytes.HasPrefix(n, with) }

// differ takes the words after a mark in two lines, which must be all that
// differs in them.
func differ(o, n, mark []byte, into *[2][]byte) bool {
	i := bytes.Index(o, mark)
	if i < 0 || !bytes.HasPrefix(n, o[:i+len(mark)]) {
		return false
	}
	o, n = o[i+len(mark):], n[i+len(mark):]
	a, b := word(o), word(n)
	*into = [2][]byte{o[:a], n[:b]}
	return a > 0 && b > 0 && b <= maxParam && bytes.Equal(o[a:], n[b:])
}

// word is how long the token is that a text begins with.
func word(b []byte) int {
	for i, c := range b {
		if !tokenByte[c] {
			return i
		}
	}
	return len(b)
}

// again answers a datagram that says what the phone said before, with answer,
// and reports whether it did. It never waits. What is in scratch is written over.
func (p *peer) again(b []byte, scratch *[]byte, answer func([]byte)) bool {
	for _, f := range p.flows {
		if f.said.req == nil {
			continue
		}
		if bytes.Equal(f.said.req, b) { // the answer was lost
			answer(f.said.res)
			return true
		}
		if f.said.bound > 0 && bytes.HasPrefix(b, inRegister) {
			if r, same := sameButFor(f.said.req, b); same && p.renewed(f, r) {
				f.said.repeat(b, r, scratch)
				p.s.passed(f.line, p.network, wayIn, b)
				p.s.passed(f.line, p.network, wayOut, f.said.res)
				answer(f.said.res)
				return true
			}
		}
	}
	return false
}

var inRegister = []byte("REGISTER ")

// renewed checks who a REGISTER is from that says what one said before, and has
// the binding hold anew.
func (p *peer) renewed(f *flow, r repeated) bool {
	c, ok := readCredentials(string(r.digest))
	uri, _, _ := bytes.Cut(f.said.req[len(inRegister):], []byte(" "))
	if !ok || c.username != f.username || c.realm != p.s.Domain || c.uri != string(uri) {
		return false
	}
	now := p.s.Now()
	id, made, is := p.s.nonces.judge(c.nonce, now)
	if is != good {
		return false
	}
	dev, ha1, ok := p.s.Desk.Remembered(c.username)
	hash := ha1.SHA256
	if c.short() {
		hash = ha1.MD5
	}
	if !ok || dev.ID != f.device || dev.Line.ID != f.line.ID || hash == "" || !c.right("REGISTER", hash) {
		return false
	}
	if !p.s.nonces.spend(id, made, c.count, now) || !p.s.renew(f, now.Add(f.said.bound)) {
		return false
	}
	p.heard = now
	return true
}

// renew has the binding of a flow hold longer, if there is one.
func (s *Server) renew(f *flow, until time.Time) bool {
	s.mu.Lock()
	var of *binding
	for _, b := range s.bindings[f.line.ID] {
		if b.flow == f {
			of = b
		}
	}
	_, here := s.flows[f]
	if here = here && of != nil; here {
		of.expires = until
	}
	calls := len(s.callsOf[f.line.ID]) > 0
	s.mu.Unlock()
	if here && calls {
		s.returned(f, of.instance)
	}
	return here
}

// repeat makes what was said last out of what differs in a new one.
func (w *said) repeat(b []byte, r repeated, scratch *[]byte) {
	out := (*scratch)[:0]
	for rest := w.res; len(rest) > 0; {
		var line []byte
		var more bool
		line, rest, more = bytes.Cut(rest, crlf)
		switch {
		case bytes.HasPrefix(line, lineVia):
			out = swap(out, line, inBranch, r.branch)
		case bytes.HasPrefix(line, lineFrom) && r.tag[1] != nil:
			out = swap(out, line, inTag, r.tag)
		case bytes.HasPrefix(line, lineSeq):
			out = append(append(append(out, lineSeq...), r.seq[1]...), inSeq...)
		default:
			out = append(out, line...)
		}
		if more {
			out = append(out, crlf...)
		}
	}
	*scratch = out
	w.req, w.res = append(w.req[:0], b...), append(w.res[:0], out...)
}

// swap writes a line with another word after a mark.
func swap(out, line, mark []byte, words [2][]byte) []byte {
	i := bytes.Index(line, mark)
	if i < 0 {
		return append(out, line...)
	}
	i += len(mark)
	if !bytes.Equal(line[i:i+word(line[i:])], words[0]) {
		return append(out, line...)
	}
	out = append(append(out, line[:i]...), words[1]...)
	return append(out, line[i+len(words[0]):]...)
}
