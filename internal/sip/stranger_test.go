package sip

import (
	"bufio"
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func TestNonces(t *testing.T) {
	n, other := newNonces(), newNonces()
	nonce := n.issue(noon)
	if nonce == n.issue(noon) {
		t.Error("two nonces are the same")
	}
	for name, c := range map[string]struct {
		by    *nonces
		nonce string
		at    time.Time
		want  standing
	}{
		"at once":             {n, nonce, noon, good},
		"at the end":          {n, nonce, noon.Add(nonceTime), good},
		"after it":            {n, nonce, noon.Add(nonceTime + time.Second), stale},
		"from the future":     {n, nonce, noon.Add(-time.Minute), stale},
		"of another program":  {other, nonce, noon, foreign},
		"empty":               {n, "", noon, foreign},
		"not in its alphabet": {n, strings.Repeat("!", len(nonce)), noon, foreign},
		"longer":              {n, nonce + "AAAA", noon, foreign},
	} {
		if _, _, got := c.by.judge(c.nonce, c.at); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	id, made, _ := n.judge(nonce, noon)
	for _, c := range []struct {
		count uint32
		want  bool
	}{{0, false}, {1, true}, {1, false}, {3, true}, {2, true}, {2, false}, {3, false}, {100, true}, {37, true}, {36, true}, {35, false}, {99, true}, {99, false}, {4_000_000_000, true}, {100, false}} {
		if got := n.spend(id, made, c.count, noon); got != c.want {
			t.Errorf("count %d: %v", c.count, got)
		}
	}
	n.spend([16]byte{1}, noon, 1, noon.Add(nonceTime+time.Minute))
	if len(n.uses) != 1 {
		t.Errorf("%d uses are remembered", len(n.uses))
	}
	for i := range maxUses {
		n.uses[[16]byte{2, byte(i), byte(i >> 8), byte(i >> 16)}] = &use{made: noon}
	}
	if n.spend([16]byte{3}, noon, 1, noon.Add(nonceTime+time.Minute)) {
		t.Error("more uses are remembered than may be")
	}
}

func TestGuard(t *testing.T) {
	g := newGuard()
	one, two := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for range mayGuess {
		if !g.asks(one, noon) {
			t.Fatal("silent too early")
		}
		g.guesses(one, noon)
	}
	if g.asks(one, noon) || !g.asks(two, noon) {
		t.Error("the wrong one is slowed")
	}
	if g.asks(one, noon.Add(guessBack-1)) || !g.asks(one, noon.Add(guessBack)) {
		t.Error("time gives back at another time")
	}
	if g.guesses(one, noon.Add(guessBack)); g.asks(one, noon.Add(guessBack)) {
		t.Error("time gave back more than one")
	}
	n := 0
	for g.asks(netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", n)), noon) { // one subscriber's
		n++
	}
	if n != mayAsk-1 {
		t.Errorf("%d messages were answered", n)
	}
	for i := range maxSources + 10 {
		g.asks(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), noon)
	}
	if len(g.by) > maxSources+1 {
		t.Errorf("%d sources are remembered", len(g.by))
	}
	if g.asks(one, noon.Add(time.Hour)); len(g.by) != 1 {
		t.Errorf("%d sources are remembered after an hour", len(g.by))
	}
}

// What RFC 4475 has of datagrams: what stands after the message is nothing, and a
// message that is shorter than it says is answered.
func TestReadDatagram(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		code int // 0 for acted on, -1 for not read
	}{
		"plain":          {plain, 0},
		"more after it":  {strings.Replace(plain, "Length: 0", "Length: 3", 1) + "abcINVITE sip:x SIP/2.0\r\n\r\n", 0},
		"less":           {strings.Replace(plain, "Length: 0", "Length: 30", 1) + "abc", 400},
		"without length": {strings.Replace(plain, "Content-Length: 0\r\n", "", 1) + "abc", 0},
		"ends before it": {"\r\n\r\n" + plain, 0},
		"nothing":        {"", -1},
	} {
		_, f, err := readDatagram([]byte(c.text))
		switch {
		case (err != nil) != (c.code < 0):
			t.Errorf("%s: %v", name, err)
		case c.code == 0 && f != nil, c.code > 0 && (f == nil || f.code != c.code):
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestReadFrame(t *testing.T) {
	withBody := strings.Replace(plain, "Length: 0", "Length: 3", 1) + "abc"
	for name, c := range map[string]struct {
		text string
		want string // the frames with a bar after each, "ping", and "!" for what ends the stream
	}{
		"one":                 {plain, plain + "|"},
		"two":                 {withBody + plain, withBody + "|" + plain + "|"},
		"line ends":           {"\r\n" + plain + "\r\n\r\n" + plain, plain + "|ping|" + plain + "|"},
		"compact":             {strings.Replace(withBody, "Content-Length", "l", 1), strings.Replace(withBody, "Content-Length", "l", 1) + "|"},
		"no length":           {strings.Replace(plain, "Content-Length: 0\r\n", "", 1), "!"},
		"two lengths":         {strings.Replace(withBody, "Content", "l: 0\r\nContent", 1), "!"},
		"a length of no kind": {strings.Replace(plain, "Length: 0", "Length: -1", 1), "!"},
		"a long body":         {strings.Replace(plain, "Length: 0", "Length: 65535", 1), "!"},
		"a long head":         {"OPTIONS " + strings.Repeat("x", 20_000) + "\r\n\r\n", "!"},
	} {
		r := bufio.NewReaderSize(strings.NewReader(c.text), 64)
		var got strings.Builder
		for {
			b, ping, err := readFrame(r)
			if err == errUnreadable {
				got.WriteString("!")
			}
			if err != nil {
				break
			}
			if ping {
				b = []byte("ping")
			}
			got.Write(append(b, '|'))
		}
		if got.String() != c.want {
			t.Errorf("%s: %q", name, got.String())
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte(plain + "\r\n\r\n" + plain))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReaderSize(bytes.NewReader(b), 64)
		for total := 0; ; {
			frame, ping, err := readFrame(r)
			if err != nil {
				return
			}
			if total += len(frame); total > len(b) || len(frame) > maxFrame || ping != (frame == nil) {
				t.Fatal("more than there was")
			}
		}
	})
}

func FuzzReadCredentials(f *testing.F) {
	f.Add(`Digest username="a", realm="b", nonce="c", uri="sip:d", response="` + strings.Repeat("0", 64) + `", algorithm=SHA-256, cnonce="e", qop=auth, nc=00000001`)
	f.Add(`digest username="a\"b" , nc=zz`)
	f.Fuzz(func(t *testing.T, s string) {
		c, ok := readCredentials(s)
		if !ok {
			return
		}
		if c.username == "" || !c.short() && !strings.EqualFold(c.algorithm, "SHA-256") || len(c.nc) != 8 {
			t.Fatal("what is not whole was taken")
		}
		c.right("INVITE", "x")
	})
}

// The example of RFC 7616 3.9.1.
func TestDigestOfTheStandard(t *testing.T) {
	const head = `Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ` +
		`nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", `
	for algorithm, c := range map[string]struct{ response, ha1 string }{
		"MD5":     {"8ca523f5e9506fed4657c9700eebdbec", "3d78807defe7de2157e2b0b6573a855f"},
		"SHA-256": {"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232"},
	} {
		got, ok := readCredentials(head + `algorithm=` + algorithm + `, response="` + c.response + `"`)
		if !ok || got.username != "Mufasa" || got.count != 1 {
			t.Fatalf("%s: read as %+v", algorithm, got)
		}
		if !got.right("GET", c.ha1) || got.right("PUT", c.ha1) || got.right("GET", c.ha1[1:]) {
			t.Errorf("%s: the answer of the standard is judged wrongly", algorithm)
		}
	}
}

func TestReadCredentials(t *testing.T) {
	const whole = `Digest username="a", realm="b", nonce="c", uri="sip:d", response="00000000000000000000000000000000", cnonce="e", qop=auth, nc=00000001`
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"whole":                {whole, true},
		"in another order":     {`DIGEST nc=00000001,qop="auth" , cnonce="e",response="00000000000000000000000000000000",uri="sip:d",nonce="c",realm="b",username="a"`, true},
		"a quote in a name":    {strings.Replace(whole, `"a"`, `"a\"b,c=d"`, 1), true},
		"a name twice":         {whole + `, username="x"`, false},
		"in capitals too":      {whole + `, USERNAME="x"`, false},
		"another scheme":       {strings.Replace(whole, "Digest", "Basic", 1), false},
		"an open quote":        {whole + `, x="y`, false},
		"a backslash at last":  {whole + `, x="y\`, false},
		"no value":             {whole + ", x", false},
		"no comma":             {whole + ` x=y`, false},
		"a short response":     {strings.Replace(whole, `"0000`, `"`, 1), false},
		"a count too short":    {strings.Replace(whole, "nc=0", "nc=", 1), false},
		"a count that is none": {strings.Replace(whole, "nc=0", "nc=x", 1), false},
		"another algorithm":    {whole + ", algorithm=SHA-512-256", false},
		"a session":            {whole + ", algorithm=MD5-sess", false},
		"SHA-256 of MD5 size":  {whole + ", algorithm=SHA-256", false},
		"a long value":         {whole + `, x="` + strings.Repeat("y", 300) + `"`, false},
		"many":                 {whole + strings.Repeat(`, x=y`, 30), false},
		"nothing":              {"", false},
	} {
		if _, ok := readCredentials(c.text); ok != c.ok {
			t.Errorf("%s: %v", name, ok)
		}
	}
}
