package sip

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	sipgo "github.com/emiago/sipgo/sip"
)

// judged is what becomes of a frame: the status of its answer, 0 for none, -1
// if it is acted on.
func judged(b []byte) int {
	msg, f, err := read(b)
	if err != nil {
		return 0
	}
	req, ok := msg.(*sipgo.Request)
	if !ok {
		if f != nil {
			return 0
		}
		return -1
	}
	if f == nil {
		f = validate(req)
	}
	switch {
	case f == nil:
		return -1
	case f.echo != nil:
		return f.code
	case req.Method == sipgo.ACK || req.Via() == nil || req.CSeq() == nil:
		return 0
	}
	return f.code
}

func TestKeepAlive(t *testing.T) {
	for text, want := range map[string][2]bool{
		"": {true, false}, "\r\n": {true, false}, "\r\n\r\n": {true, true}, "\r\n\r\n\r\n": {false, false}, "x": {false, false}, "x\r\n\r": {false, false},
	} {
		alive, ping := keepAlive([]byte(text))
		if alive != want[0] || alive && ping != want[1] {
			t.Errorf("%q: %v %v", text, alive, ping)
		}
	}
}

func TestReadDigit(t *testing.T) {
	for _, c := range []struct {
		kind, body string
		d          rune
		ms         int64
	}{
		{typeRelay, "Signal=5\r\nDuration=200\r\n", '5', 200},
		{typeRelay, "signal = d\nduration = 1\n", 'D', 40},
		{typeRelay, "Signal=#\r\nDuration=60000", '#', 1000},
		{typeRelay, "Signal=#\r\nDuration=-5", '#', 160},
		{typeDTMF, " 7 \r\n", '7', 160},
		{typeDTMF, "77", 0, 0}, {typeDTMF, "", 0, 0}, {typeDTMF, "E", 0, 0}, {typeDTMF, "\u00b2", 0, 0}, {typeRelay, "5", 0, 0},
	} {
		d, length, ok := readDigit(c.kind, c.body)
		if d != c.d || length.Milliseconds() != c.ms || ok != (c.d != 0) {
			t.Errorf("%q: %q %v %v", c.body, d, length, ok)
		}
	}
}

func TestDisplay(t *testing.T) {
	for name, want := range map[string]string{
		"":                        "",
		" Ann ":                   "Ann",
		"Ann \"x\" \\":            `Ann \"x\" \\`,
		"Ann\r\nFrom: x\x00\x7f":  "AnnFrom: x",
		"Ann\u2028x\u0085y":       "Annxy",
		"Zoë 太郎":                  "Zoë 太郎",
		strings.Repeat("\"", 300): strings.Repeat(`\"`, 64),
	} {
		if got := display(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		msg, fault, err := read(b)
		if err != nil {
			if msg != nil || fault != nil {
				t.Error("an error comes with a message")
			}
			return
		}
		switch m := msg.(type) {
		case *sipgo.Request:
			if fault == nil {
				fault = validate(m)
			}
			if fault != nil {
				answers(t, m, fault)
				return
			}
			taken(t, m)
		case *sipgo.Response:
			if m.Via() != nil && m.To() != nil && m.CSeq() != nil {
				(&leg{}).learn(m)
				_ = (&flow{s: &Server{}, clients: map[string]*pending{}}).response(m)
			}
		}
	})
}

// answers wants an answer of one message, whose lines are those that we meant.
func answers(t *testing.T, req *sipgo.Request, why *fault) {
	if why.echo != nil {
		one(t, fmt.Sprintf("SIP/2.0 %d %s\r\n%s\r\n", why.code, why.text, why.echo))
		return
	}
	if req.Method == sipgo.ACK || req.Via() == nil || req.CSeq() == nil {
		return
	}
	if why.code < 400 || why.text == "" {
		t.Errorf("the fault is %d %q", why.code, why.text)
	}
	one(t, reply(req, why.code, why.text).String())
}

// taken wants of a request that is acted on what the code after relies on.
func taken(t *testing.T, req *sipgo.Request) {
	if req.Via() == nil || req.From() == nil || req.To() == nil || req.CallID() == nil || req.CSeq() == nil {
		t.Fatal("a header is missing")
	}
	for _, n := range []string{"from", "to", "call-id", "cseq", "content-length"} {
		if len(headers(req, n)) > 1 {
			t.Fatalf("%s is doubled", n)
		}
	}
	if tag, _ := req.From().Params.Get("tag"); !token(tag) {
		t.Fatal("no tag")
	}
	if serverKey(req) == "" {
		t.Fatal("no transaction")
	}
	for _, h := range headers(req, "contact") {
		if _, ok := h.(*sipgo.ContactHeader); !ok {
			t.Fatal("a Contact that is none")
		}
	}
	if len(headers(req, "contact")) == 0 && req.Method == sipgo.INVITE {
		t.Fatal("no Contact")
	}
	one(t, reply(req, 200, "OK").String())
	in := &incoming{Request: req, flow: &flow{}}
	sessionTime(in)
	if _, _, ok := readRAck(in); ok && len(headers(req, "rack")) != 1 {
		t.Error("something is acknowledged that is not told")
	}
	readDigit(mediaType(req), string(req.Body()))
	for _, name := range []string{"refer-to", "replaces", "event"} {
		for _, h := range headers(req, name) {
			readReferTo(h.Value())
			readReplaces(h.Value())
			if e, id, ok := readEvent(h.Value()); ok && (!token(string(e)) || id != "" && !token(id)) {
				t.Errorf("the event %q %q", e, id)
			}
		}
	}
	accepts(in, bodies[eventDialog])
	if all := headers(req, "contact"); len(all) == 1 {
		c := all[0].(*sipgo.ContactHeader)
		wanted(in, c)
		if c.Address.Wildcard {
			return
		}
		l := &leg{flow: &flow{network: OverUDP, host: "d.test"}, target: *c.Address.Clone(), us: address{"A", req.To().Address}, them: address{req.From().DisplayName, req.From().Address}, tag: "t", theirTag: "u", callID: "c"}
		one(t, l.request(sipgo.BYE).String())
	}
}

// one wants text to be one message to whoever reads it, without a line of
// somebody else's making: none begins but with the name of a header we write.
func one(t *testing.T, text string) {
	head, body, ok := strings.Cut(text, "\r\n\r\n")
	if !ok || body != "" {
		t.Fatalf("not one message: %q", text)
	}
	lines := strings.Split(head, "\r\n")
	for i, line := range lines {
		if strings.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("a line end within %q", line)
		}
		name, _, colon := strings.Cut(line, ":")
		if i > 0 && (!colon || !token(name)) {
			t.Fatalf("no header: %q", line)
		}
	}
}

// seeds are messages as browsers write them, and some as they do not.
func seeds(testing.TB) (all [][]byte) {
	for _, s := range []string{
		strings.Replace(strings.ReplaceAll(plain, "OPTIONS", "SUBSCRIBE"), "Contact:", "Event: dialog;id=1\r\nAccept: application/dialog-info+xml, */*;q=0\r\nContact:", 1),
		strings.Replace(strings.ReplaceAll(plain, "OPTIONS", "REFER"), "Contact:", "Refer-To: <sip:2@d.test?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>\r\nContact:", 1),
		plain, strings.ReplaceAll(plain, "OPTIONS", "REGISTER"), strings.ReplaceAll(plain, "OPTIONS", "INVITE"), "SIP/2.0 200 OK\r\n" + plain[strings.Index(plain, "Via"):],
		strings.ReplaceAll(plain, "OPTIONS", "REGISTER") + "x", strings.Replace(plain, "From:", "f:", 1), strings.Replace(plain, "Contact: ", "Contact: *\r\nm: ", 1),
		strings.Replace(plain, "From: ", "From: \"a \\\"b\r\n c\" ", 1), strings.Replace(plain, "Call-ID", "Max-Forwards: x\r\nCall-ID", 1), "\r\n\r\n", "",
	} {
		all = append(all, []byte(s))
	}
	return all
}

const plain = "OPTIONS sip:d.test SIP/2.0\r\nVia: SIP/2.0/WS x.invalid;branch=z9hG4bKx\r\nFrom: <sip:1@d.test>;tag=f\r\nTo: <sip:1@d.test>\r\n" +
	"Call-ID: c\r\nCSeq: 1 OPTIONS\r\nContact: <sip:a@x.invalid;transport=ws>\r\nContent-Length: 0\r\n\r\n"

// torture is what becomes of the messages of RFC 4475, by their names there.
// Those that parsers of text stumble over are dropped; that is stricter than the
// RFC where a message is valid, which no browser's is that looks so.
var torture = map[int]string{
	// acted on: valid, or at fault in what we do not read
	-1: "baddate bcast cparam01 cparam02 esc01 lwsdisp noreason regaut01 sdp01 semiuri transports unreason zeromf",
	// no answer is possible, or it is one that belongs to nothing
	0:   "bigcode intmeth scalarlg test",
	400: "badaspec badbranch baddn badinv01 clerr dblreq escnull escruri insuf inv2543 longreq ltgtruri lwsruri lwsstart mcl01 mismatch01 mismatch02 multi01 ncl quotbal regbadct regescrt scalar02 trws wsinv",
	405: "mpart01",
	415: "invut",
	416: "novelsc unkscm unksm2",
	420: "bext01",
	501: "esc02",
	505: "badvers",
}

// The messages come with the module whose parser we use.
func TestTorture(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/emiago/sipgo").Output()
	if err != nil {
		t.Fatal(err)
	}
	for want, names := range torture {
		for _, name := range strings.Fields(names) {
			files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "sip/testdata/torture/*/"+name+".dat"))
			if len(files) != 1 {
				t.Fatalf("%s: %d files", name, len(files))
			}
			b, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(b), "\r\n\r\n") {
				b = append(b, "\r\n"...) // as it stands in the RFC
			}
			if got := judged(b); got != want {
				t.Errorf("%s: %d, want %d", name, got, want)
			}
		}
	}
}
