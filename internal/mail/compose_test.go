package mail

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candour/policy"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func operator() *policy.Policy {
	return &policy.Policy{Language: "en-GB", Operator: policy.Operator{
		Name: "Example Telecom Ltd", ShortName: "Example", CompanyNumber: "00000001", Jurisdiction: "England and Wales",
		TradingAddress: []string{"1 High Street", "Anytown", "AA1 1AA"}, Domain: "example.net",
		Support: policy.Contact{Title: "Support", Email: "support@example.net", Telephone: "01632 960 000"},
		Officer: policy.Contact{Title: "Data protection officer", Email: "dpo@example.net"},
	}}
}

func address(t testing.TB, s string) Address {
	t.Helper()
	a, err := ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func composer(t testing.TB) *Composer {
	t.Helper()
	c, err := NewComposer("https://example.net")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func contents(c *Composer) []Content {
	leave := c.Link("/newsletter/leave", "token", "AAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAA")
	list := []Content{
		Acknowledgement{Reference: "7K3M-Q2TX", About: "Your products & services"},
		Acknowledgement{Reference: "7K3M-Q2TX", Rights: true},
		Acknowledgement{Reference: "7K3M-Q2TX", Rights: true, Complaint: true},
		Confirmation{Confirm: c.Link("/newsletter/confirm", "token", "AAAAAAAAAAEBBBBBBBBBBBBBBBBBBBBB"), Until: noon.AddDate(0, 0, 7)},
		Already{Leave: leave},
		Welcome{Leave: leave},
		RightsWay{Link: c.Link("/your-data/act", "token", "AAAAAAAAAAEBBBBBBBBBBBBBBBBBBBBB"), Right: "Access"},
		RightsWay{Link: c.Link("/your-data/act", "token", "AAAAAAAAAAEBBBBBBBBBBBBBBBBBBBBB")},
		NothingHeld{Kept: "seven days"},
		ToPortal{Portal: "https://portal.example.net/"},
		ToPortal{},
		Erasure{Reference: "7K3M-Q2TX", Receipt: c.Link("/your-data/receipt", "code", "AAAAAAAAAAECCCCCCCCCCCCCCCCCCCCC"), Kept: []string{"seven years after the bill"}, Held: "two years after your request is closed"},
		Erasure{Reference: "7K3M-Q2TX", Receipt: c.Link("/your-data/receipt", "code", "AAAAAAAAAAECCCCCCCCCCCCCCCCCCCCC")},
		ComplaintTaken{Reference: "7K3M-Q2TX", Received: noon, Regulator: "Information Commissioner’s Office", Website: "https://regulator.example/"},
	}
	for _, k := range []Kind{CallsNearCap, CallsAtCap} {
		list = append(list, SpendingNote{Of: k, Spent: "£16.40", Cap: "£20", Month: "November 2026", Link: c.LinkOn("portal", "/spending", "", "")})
	}
	block := BlockNote{
		Reference: "7K3M-Q2TX", Saw: "11 such calls were made.", Rule: "The rule: 10 or more calls to premium-rate numbers within 10 minutes, each shorter than 30 seconds. Machines ring like that.",
		Within: "3 days", Due: noon.AddDate(0, 0, 3), Link: c.LinkOn("portal", "/spending/blocks/7K3M-Q2TX", "", ""),
	}
	for _, k := range []Kind{CallsBlocked, CallsStopped, CallsContested, CallsDecided} {
		block.Of = k
		list = append(list, block)
	}
	block.Lifted = true
	list = append(list, block)
	account := c.LinkOn("portal", "/link", "token", "AAAAAAAAAAECCCCCCCCCCCCCCCCCCCCC")
	for _, k := range []Kind{AccountSignUp, AccountKnown, AccountInvited, AccountReset, AccountUnlock, AccountAddressNew, AccountAddressOld, AccountAddressTaken, AccountRecoverAsked, AccountRecoverBegun, AccountRecoverReady} {
		list = append(list, AccountLink{Of: k, Link: account, Until: noon.Add(time.Hour)})
	}
	for k := range changes {
		list = append(list, AccountChange{Of: k, Place: "Customer portal", Link: c.LinkOn("portal", "/security", "", "")})
	}
	return list
}

// Every mail that can leave, byte for byte, with its purpose and headers (L34).
func TestGoldenMails(t *testing.T) {
	c := composer(t)
	seen := map[Kind]int{}
	for _, content := range contents(c) {
		kind := content.Kind()
		seen[kind]++
		name := fmt.Sprintf("%s-%d.eml", kind, seen[kind])
		t.Run(name, func(t *testing.T) {
			m, err := c.Compose(operator(), Envelope{To: address(t, "ann@example.org"), ID: "id7391", Date: noon}, content)
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			got = bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n"))
			file := filepath.Join("testdata", name)
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("differs from %s; run with -update and read the difference\n%s", file, got)
			}
		})
	}
	for _, k := range Kinds() {
		if seen[k] == 0 {
			t.Errorf("%s has no golden file", k)
		}
	}
}

// parse reads a composed mail as a recipient's program would.
func parse(t *testing.T, m *Message) (h netmail.Header, plain, html string) {
	t.Helper()
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	msg, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	media, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatalf("%s: %v", media, err)
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for _, into := range []*string{&plain, &html} {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		*into = string(b)
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Fatalf("more than two parts: %v", err)
	}
	return msg.Header, plain, html
}

// L34: identity, a valid address, why, and how to stop, in both parts of every
// mail; R14, L33: the one-click way out in newsletter mail.
func TestEveryMailSaysWhoWhyAndHowToStop(t *testing.T) {
	c := composer(t)
	for _, content := range contents(c) {
		m, err := c.Compose(operator(), Envelope{To: address(t, "ann@example.org"), ID: "id", Date: noon}, content)
		if err != nil {
			t.Fatal(err)
		}
		h, plain, html := parse(t, m)
		for _, part := range []string{plain, html} {
			for _, want := range []string{"Example Telecom Ltd", "1 High Street, Anytown, AA1 1AA", "support@example.net", "Why you get this:", "How to stop:", "https://example.net/privacy"} {
				if !strings.Contains(part, want) {
					t.Errorf("%s lacks %q", content.Kind(), want)
				}
			}
			if strings.Contains(part, "ZgotmplZ") || strings.Contains(part, "ann@example.org") || strings.Contains(part, "<no value>") {
				t.Errorf("%s: a part is badly filled", content.Kind())
			}
		}
		if h.Get("Auto-Submitted") != "auto-generated" || h.Get("From") != `"Example" <support@example.net>` || h.Get("Message-Id") != "<id@example.net>" {
			t.Errorf("%s: headers %v", content.Kind(), h)
		}
		if d, err := h.Date(); err != nil || !d.Equal(noon) {
			t.Errorf("%s: date %v, %v", content.Kind(), d, err)
		}
		if !kinds[content.Kind()].list {
			if h.Get("List-Unsubscribe") != "" {
				t.Errorf("%s is no newsletter mail", content.Kind())
			}
			continue
		}
		if h.Get("List-Unsubscribe") != "<"+content.way()+">" || h.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
			t.Errorf("%s: no one-click way out: %v", content.Kind(), h)
		}
		if !strings.Contains(plain, content.way()) || !strings.Contains(html, content.way()) {
			t.Errorf("%s: the way out is not in its text", content.Kind())
		}
	}
	for _, k := range Kinds() {
		if k.Nature() == Marketing && !kinds[k].list {
			t.Errorf("%s is marketing without a way out", k)
		}
	}
	if Kind("another").Nature() != Marketing || Kind("another").Valid() {
		t.Error("an unknown kind must be held to the stricter rule")
	}
}

// What an operator declares, or a hostile caller hands in, cannot add a header
// or reach around the HTML's escaping.
func TestNothingInjectsAHeader(t *testing.T) {
	c := composer(t)
	p := operator()
	p.Operator.ShortName = "Ex\r\nBcc: eve@example.org\r\n<b>"
	m, err := c.Compose(p, Envelope{To: address(t, "ann@example.org"), ID: "id", Date: noon}, Acknowledgement{Reference: "R<script>", About: "A\r\nBcc: eve@example.org"})
	if err == nil {
		h, _, html := parse(t, m)
		if h.Get("Bcc") != "" || strings.Contains(html, "<script>") || strings.Contains(html, "<b>") {
			t.Fatalf("injected: %v", h)
		}
	}
	for name, bad := range map[string]func(p *policy.Policy, e *Envelope) Content{
		"line end in the reference": func(*policy.Policy, *Envelope) Content {
			return Acknowledgement{Reference: "R\r\nBcc: eve@example.org"}
		},
		"line end in the domain": func(p *policy.Policy, _ *Envelope) Content {
			p.Operator.Domain = "example.net>\r\nBcc: eve@example.org"
			return Acknowledgement{}
		},
		"line end in the way out": func(*policy.Policy, *Envelope) Content { return Welcome{Leave: "https://x>\r\nBcc: eve@example.org"} },
		"no way out":              func(*policy.Policy, *Envelope) Content { return Welcome{} },
		"huge way out":            func(*policy.Policy, *Envelope) Content { return Welcome{Leave: strings.Repeat("a", 1000)} },
		"no recipient": func(_ *policy.Policy, e *Envelope) Content {
			e.To = Address{}
			return Acknowledgement{}
		},
		"no sender": func(p *policy.Policy, _ *Envelope) Content {
			p.Operator.Support.Email = "nobody"
			return Acknowledgement{}
		},
	} {
		p, e := operator(), Envelope{To: address(t, "ann@example.org"), ID: "id", Date: noon}
		if _, err := c.Compose(p, e, bad(p, &e)); err == nil {
			t.Errorf("%s: composed", name)
		} else if strings.Contains(err.Error(), "ann@") || strings.Contains(err.Error(), "eve@") {
			t.Errorf("%s: the error quotes a value: %v", name, err)
		}
	}
}

func TestComposerNeedsASafeBase(t *testing.T) {
	for _, base := range []string{"https://example.net", "https://example.net/", "http://invoco.localhost:8080", "http://localhost:1"} {
		if _, err := NewComposer(base); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
	for _, base := range []string{"", "example.net", "http://example.net", "http://localhost.example.net", "https://u:p@example.net", "https://example.net/x", "https://example.net?q", "ftp://example.net", "https://"} {
		if _, err := NewComposer(base); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
}

func TestMessageDoesNotPrint(t *testing.T) {
	m, err := composer(t).Compose(operator(), Envelope{To: address(t, "ann@example.org"), ID: "id", Date: noon}, Acknowledgement{Reference: "R"})
	if err != nil {
		t.Fatal(err)
	}
	if s := fmt.Sprintf("%v %+v %#v %s", m, m, m, m); strings.Contains(s, "ann") {
		t.Error(s)
	}
}
