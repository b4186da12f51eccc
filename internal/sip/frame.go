package sip

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	sipgo "github.com/emiago/sipgo/sip"
)

// The limits of a message. The parser below has none but the first.
const (
	maxFrame   = 65_535 // bytes; an offer with video has 6 to 20 thousand
	maxHead    = 16_384 // bytes before the body
	maxLine    = 4_096  // bytes of a header or of the start line
	maxHeaders = 64     // lines of the head
)

var crlf = []byte("\r\n")

// errUnreadable says that bytes are no message that could be answered.
var errUnreadable = errors.New("sip: not a message")

// fault is why a message is not acted on: the status and words of the answer
// (RFC 3261 21), which hold nothing of the message.
type fault struct {
	code    int
	text    string
	headers []sipgo.Header
	echo    []byte // the lines that the answer repeats, of a request that cannot be parsed
}

func badRequest(text string) *fault { return &fault{code: sipgo.StatusBadRequest, text: text} }

// keepAlive reports whether a frame holds nothing but the line ends with which
// phones keep a connection open (RFC 5626 3.5.1), and whether it wants an
// answer.
func keepAlive(b []byte) (alive, ping bool) {
	return len(b) <= 4 && len(bytes.Trim(b, "\r\n")) == 0, len(b) == 4
}

// read makes a message of a frame (RFC 7118 5: one message each). A fault with
// a message is to be answered; errUnreadable is to be counted and forgotten.
func read(b []byte) (sipgo.Message, *fault, error) { return readBytes(b, false) }

// readDatagram is read for a packet: what stands after the message is nothing
// (RFC 3261 18.3).
func readDatagram(b []byte) (sipgo.Message, *fault, error) {
	return readBytes(bytes.TrimLeft(b, "\r\n"), true) // RFC 3261 7.5
}

func readBytes(b []byte, more bool) (msg sipgo.Message, f *fault, err error) {
	// The parser is not ours and what it reads comes from anyone. A panic in
	// it must not end the calls of others.
	defer func() {
		if recover() != nil {
			msg, f, err = nil, nil, errUnreadable
		}
	}()
	head, body, whole := bytes.Cut(b, []byte("\r\n\r\n"))
	if !whole || !clean(head) || len(b) > maxFrame {
		return nil, nil, errUnreadable
	}
	f = oversized(head)
	msg, n, perr := parser.Parse(b, false)
	switch {
	case msg == nil:
		return unparsed(head, f)
	case f != nil:
	case perr != nil:
		f = badRequest("Malformed Message")
		whole, _, _ := parser.Parse(essence(head), false)
		if req, ok := whole.(*sipgo.Request); ok && req.Via() != nil && req.From() != nil && req.To() != nil && req.CallID() != nil && req.CSeq() != nil {
			msg = whole // the parser stopped at the fault, maybe before what an answer needs
		} else if _, ok := msg.(*sipgo.Request); ok {
			return unparsed(head, f)
		}
	case !plainNames(head):
		f = badRequest("Malformed Display Name")
	case n != len(b) && len(body) > 0 && !more:
		f = badRequest("Content-Length Does Not Match")
	}
	return msg, f, nil
}

// plainNames reports whether names before addresses stand in quotes, or are words
// that need none (RFC 3261 25.1). The parser tells nobody which they were.
func plainNames(head []byte) bool {
	for line := range bytes.SplitSeq(head, crlf) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch longName(string(bytes.TrimSpace(name))) {
		case "from", "to", "contact":
		default:
			continue
		}
		before, _, named := bytes.Cut(value, []byte("<"))
		if before = bytes.TrimSpace(before); !named || len(before) == 0 || before[0] == '"' {
			continue
		}
		for _, c := range before {
			if !tokenByte[c] && c != ' ' && c != '\t' {
				return false
			}
		}
	}
	return true
}

// unparsed is the fault of a request that is so far from one that its answer can
// but repeat what it says. Nothing is answered that has not what an answer needs
// (RFC 3261 8.2.6.2), nor what may be an answer or an ACK itself.
func unparsed(head []byte, f *fault) (sipgo.Message, *fault, error) {
	start, lines, _ := bytes.Cut(essence(head), crlf)
	method, rest, _ := strings.Cut(string(start), " ")
	if !token(method) || method == string(sipgo.ACK) {
		return nil, nil, errUnreadable
	}
	if f == nil {
		f = badRequest("Malformed Message")
		if scheme, _, ok := strings.Cut(strings.TrimSpace(rest), ":"); ok && token(scheme) && !strings.HasPrefix(strings.ToLower(scheme), "sip") {
			f = &fault{code: 416, text: "Unsupported URI Scheme"}
		}
	}
	seen := map[string]int{}
	for line := range bytes.SplitSeq(lines, crlf) {
		if len(line) == 0 {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' { // it goes on with the one before
			f.echo = append(append(bytes.TrimSuffix(f.echo, crlf), line...), crlf...)
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		long := longName(string(bytes.TrimSpace(name)))
		seen[long]++
		f.echo = append(append(append(f.echo, bytes.TrimSpace(name)...), ':'), value...)
		if long == "to" && !bytes.Contains(line, inTag) {
			f.echo = append(append(f.echo, inTag...), newTag()...)
		}
		f.echo = append(f.echo, crlf...)
	}
	if seen["via"] == 0 || seen["from"] != 1 || seen["to"] != 1 || seen["call-id"] != 1 || seen["cseq"] != 1 {
		return nil, nil, errUnreadable
	}
	return sipgo.NewRequest(sipgo.RequestMethod(method), sipgo.Uri{}), f, nil
}

var parser = sipgo.NewParser()

// essence is a head without the headers that an answer does not repeat (RFC
// 3261 8.2.6.2).
func essence(head []byte) []byte {
	var out []byte
	keep := true // the start line
	for line := range bytes.SplitSeq(head, crlf) {
		if len(line) == 0 || line[0] != ' ' && line[0] != '\t' { // else it goes on with the one before
			name, _, _ := bytes.Cut(line, []byte(":"))
			switch longName(string(bytes.TrimSpace(name))) {
			case "via", "from", "to", "call-id", "cseq":
				keep = true
			default:
				keep = out == nil
			}
		}
		if keep {
			out = append(append(out, line...), crlf...)
		}
	}
	return append(out, crlf...)
}

// clean reports whether a head is text whose lines all end in CR LF. A lone CR
// or LF would be one line to us and two to whoever reads what we write.
func clean(head []byte) bool {
	if !utf8.Valid(head) {
		return false
	}
	for i := 0; i < len(head); i++ {
		switch c := head[i]; {
		case c == '\r':
			if i+1 == len(head) || head[i+1] != '\n' {
				return false
			}
			i++
		case c < ' ' && c != '\t', c == 0x7f:
			return false
		}
	}
	return true
}

func oversized(head []byte) *fault {
	if len(head) > maxHead || bytes.Count(head, crlf) > maxHeaders {
		return &fault{code: sipgo.StatusMessageTooLarge, text: "Message Too Large"}
	}
	for line := range bytes.SplitSeq(head, crlf) {
		if len(line) > maxLine {
			return &fault{code: sipgo.StatusMessageTooLarge, text: "Header Too Large"}
		}
	}
	return nil
}
