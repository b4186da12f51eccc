package website_test

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"candour/internal/marketing"
	"candour/internal/support"
	"candour/internal/web"
	"candour/internal/web/website"
	"candour/internal/web/webtest"
)

// fill opens the contact form, waits as a person does, and fills it in.
func fill(t *testing.T, b *webtest.Bench, br *webtest.Browser) url.Values {
	t.Helper()
	_, values := br.Get("/contact").Fields("contact")
	b.Pass(5 * time.Second)
	values.Set("name", "Ann Example")
	values.Set("email", "ann@example.org")
	values.Set("about", "other")
	values.Set("message", "Hello <b>there</b>")
	return values
}

// R3, R7: what is typed arrives, with its surface and version.
func TestContact(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	page := br.Get("/contact")
	for _, want := range []string{"So that we can answer you", "optional", "We answer by e-mail only."} {
		if !strings.Contains(page.Text, want) {
			t.Errorf("the form does not say %q", want)
		}
	}
	a := br.Post("/contact", fill(t, b, br))
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "C-1") {
		t.Fatal(a.StatusCode, a.Text)
	}
	if len(b.Enquiries) != 1 || b.Enquiries[0].Surface != "website" || b.Enquiries[0].Policy != 1 || b.Enquiries[0].Form.Get("email") != "ann@example.org" {
		t.Errorf("%d enquiries", len(b.Enquiries))
	}
	if log := b.Logged.String(); strings.Contains(log, "ann@") || strings.Contains(log, "Ann") || strings.Contains(log, "192.0.2") || !strings.Contains(log, "route=/contact") {
		t.Errorf("the log (R9): %s", log)
	}
}

// After a request about data the page says who has it and by when, and sends
// nobody to what is not open yet.
func TestThanks(t *testing.T) {
	b := webtest.Open(t, "invoco")
	for _, c := range []struct {
		receipt   support.Receipt
		says, not []string
	}{
		{support.Receipt{Reference: "C-1"}, []string{"C-1"}, []string{"one month", "look after your data", "datacontroller"}},
		{support.Receipt{Reference: "C-2", Rights: true}, []string{"look after your data", "within one month", "datacontroller@invoco.net"}, []string{"your right:", "portal"}},
		{support.Receipt{Reference: "C-3", Rights: true, Right: "access"}, []string{"your right:", "Access", "within one month"}, []string{"portal"}},
		{support.Receipt{Reference: "C-4", Rights: true, Right: "complaint"}, []string{"Complaint", "within 30 days"}, []string{"one month", "portal"}},
	} {
		b.Receipt = c.receipt
		br := b.Browser()
		page := textOf(br.Post("/contact", fill(t, b, br)).ByID("content"))
		for _, want := range c.says {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not say %q: %s", c.receipt.Reference, want, page)
			}
		}
		for _, not := range c.not {
			if strings.Contains(page, not) {
				t.Errorf("%s says %q", c.receipt.Reference, not)
			}
		}
	}
}

// The list of mistakes reads well whatever a label ends in.
func TestSummary(t *testing.T) {
	for label, want := range map[string]string{
		"Your name": "Your name: Please fill this in.", "What is it about?": "What is it about? Please fill this in.", "Tell us:": "Tell us: Please fill this in.",
		"Write!": "Write! Please fill this in.", "Anything else…": "Anything else… Please fill this in.", "Name (or firm)": "Name (or firm): Please fill this in.",
		"Your name.": "Your name. Please fill this in.", "": "Please fill this in.",
	} {
		if got := (web.Field{Label: label, Error: "Please fill this in."}).Summary(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	values := fill(t, b, br)
	values.Del("about")
	if a := br.Post("/contact", values); !strings.Contains(a.Text, ">What is it about? Please choose one of the answers.<") {
		t.Error("the page lists a mistake otherwise")
	}
}

// What bad input gets: a 4xx page in plain words, and nothing changed.
func TestFormsRefuse(t *testing.T) {
	b := webtest.Open(t, "invoco")
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		change func(*webtest.Browser, url.Values)
		kind   string
		body   string
		want   int
		keeps  bool // what was typed is shown again
	}{
		"no token":             {change: func(_ *webtest.Browser, v url.Values) { v.Del("__RequestVerificationToken") }, want: 403, keeps: true},
		"another form's token": {change: func(_ *webtest.Browser, v url.Values) { v.Set("__RequestVerificationToken", "x") }, want: 403, keeps: true},
		"no cookie":            {change: func(br *webtest.Browser, _ url.Values) { br.Cookies = map[string]string{} }, want: 403, keeps: true},
		"from another site":    {change: func(br *webtest.Browser, _ url.Values) { br.Header.Set("Sec-Fetch-Site", "cross-site") }, want: 403},
		"from a sibling":       {change: func(br *webtest.Browser, _ url.Values) { br.Header.Set("Origin", "http://portal.invoco.localhost") }, want: 403},
		"a robot":              {change: func(_ *webtest.Browser, v url.Values) { v.Set("homepage", "http://spam.example") }, want: 400, keeps: true},
		"no stamp":             {change: func(_ *webtest.Browser, v url.Values) { v.Del("opened") }, want: 400, keeps: true},
		"after a day":          {change: func(*webtest.Browser, url.Values) { b.Pass(24 * time.Hour) }, want: 400, keeps: true},
		"at once":              {change: func(*webtest.Browser, url.Values) { b.Pass(-5 * time.Second) }, want: 400, keeps: true},
		"no address":           {change: func(_ *webtest.Browser, v url.Values) { v.Del("email") }, want: 422, keeps: true},
		"a bad address":        {change: func(_ *webtest.Browser, v url.Values) { v.Set("email", "nobody") }, want: 422, keeps: true},
		"twice the address":    {change: func(_ *webtest.Browser, v url.Values) { v.Add("email", "bob@example.org") }, want: 422, keeps: true},
		"a choice not offered": {change: func(_ *webtest.Browser, v url.Values) { v.Set("about", "money") }, want: 422, keeps: true},
		"too large":            {kind: form, body: "message=" + strings.Repeat("a", 70<<10), want: 413},
		"malformed":            {kind: form, body: "a=%zz;b", want: 400},
		"another type":         {kind: "application/json", body: "{}", want: 415},
		"no type":              {kind: "", body: "a=b", want: 415},
		"an upload":            {kind: "multipart/form-data; boundary=x", body: "--x--", want: 415},
	} {
		br := b.Browser()
		values := fill(t, b, br)
		var a *webtest.Answer
		if c.change != nil {
			c.change(br, values)
			a = br.Post("/contact", values)
		} else {
			a = br.Do(http.MethodPost, b.Parent, "/contact", c.kind, c.body)
		}
		if a.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, a.StatusCode, c.want)
		}
		if kept := strings.Contains(a.Text, "Hello &lt;b&gt;there&lt;/b&gt;"); kept != c.keeps {
			t.Errorf("%s: what was typed is kept: %v", name, kept)
		}
		if n := len(elements(a.Tree(), "h1")); n != 1 || !strings.Contains(a.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: no page in plain words", name)
		}
	}
	if len(b.Enquiries) != 0 {
		t.Errorf("%d enquiries were taken", len(b.Enquiries))
	}
	want := map[string]float64{
		"form.forged": 3, "form.cross-origin": 2, "form.robot": 1, "form.stamp": 1, "form.stale": 1, "form.quick": 1,
		"form.fields": 4, "form.too-large": 1, "form.malformed": 1, "form.type": 3,
	}
	if got := refusals(t, b); !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

// refusals is what the doors of the site say in the metrics, by code.
func refusals(t *testing.T, b *webtest.Bench) map[string]float64 {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(b.Site)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			if f.GetName() == "candour_web_door_refusals_total" {
				counts[m.Label[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
	}
	return counts
}

func TestAFormIsTakenOnce(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	values := fill(t, b, br)
	b.Fails = errors.New("the store is full")
	if a := br.Post("/contact", values); a.StatusCode != http.StatusInternalServerError || strings.Contains(a.Text, "store") || !strings.Contains(b.Logged.String(), "the store is full") {
		t.Errorf("a failure at our end: %d", a.StatusCode)
	}
	b.Fails = nil
	if a := br.Post("/contact", values); a.StatusCode != http.StatusOK {
		t.Errorf("after a failure at our end: %d", a.StatusCode)
	}
	if a := br.Post("/contact", values); a.StatusCode != http.StatusConflict || len(b.Enquiries) != 2 {
		t.Errorf("sent again: %d, %d enquiries", a.StatusCode, len(b.Enquiries))
	}
}

// Behind a proxy each visitor has a count of their own, by what the proxy wrote
// last: what a client wrote before it counts for nothing.
func TestALotOfFormsThroughAProxy(t *testing.T) {
	b := webtest.Open(t, "invoco")
	d := b.Deps
	d.ProxyHeader, d.FormLimit = "X-Forwarded-For", 2
	behind, err := web.New(d)
	if err != nil {
		t.Fatal(err)
	}
	behind.Handle("website", website.New(behind, website.Deps{}))
	b.Site = behind
	for i, c := range []struct {
		header []string
		want   int
	}{
		{[]string{"203.0.113.1"}, 403}, {[]string{"203.0.113.1"}, 403}, {[]string{"203.0.113.1"}, 429},
		{[]string{"198.51.100.7, 203.0.113.1"}, 429}, {[]string{"198.51.100.8", "203.0.113.1:4711"}, 429},
		{[]string{"203.0.113.1, 203.0.113.2"}, 403}, {[]string{"2001:db8::1"}, 403}, {[]string{"[2001:db8::2]:9"}, 403}, {[]string{"2001:db8::3"}, 429},
		{nil, 403}, {[]string{"unknown"}, 403}, {[]string{"for=203.0.113.9"}, 429}, // these share the proxy's own
	} {
		br := b.Browser()
		br.Header["X-Forwarded-For"] = c.header
		if a := br.Post("/contact", url.Values{}); a.StatusCode != c.want {
			t.Errorf("%d: %v: %d, want %d", i, c.header, a.StatusCode, c.want)
		}
	}
	if log := b.Logged.String(); strings.Contains(log, "203.0.113") || strings.Contains(log, "2001:db8") {
		t.Errorf("the log knows who came (R9): %s", log)
	}
}

func TestALotOfForms(t *testing.T) {
	b := webtest.Open(t, "invoco")
	var last int
	for range 61 {
		last = b.Browser().Post("/contact", url.Values{}).StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the sixty-first: %d", last)
	}
	br := b.Browser()
	if a := press(t, br, br.Get("/"), "reject"); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a refusal of cookies: %d", a.StatusCode)
	}
	b.Pass(10 * time.Minute)
	if a := b.Browser().Post("/contact", url.Values{}); a.StatusCode == http.StatusTooManyRequests {
		t.Error("for ever")
	}
}

// R14: nothing more than a mail happens before the address is confirmed.
func TestNewsletter(t *testing.T) {
	b := webtest.Open(t, "invoco")
	br := b.Browser()
	_, values := br.Get("/newsletter").Fields("newsletter")
	b.Pass(5 * time.Second)
	values.Set("email", "ann@example.org")
	a := br.Post("/newsletter", values)
	if a.StatusCode != http.StatusOK || len(b.Signups) != 1 || !strings.Contains(a.Text, "seven days") {
		t.Fatal(a.StatusCode, a.Text)
	}
	if s := b.Signups[0]; s.Policy != 1 || s.Surface != "website" || s.Wording == [32]byte{} {
		t.Error("what was shown is not recorded (L16)")
	}
	confirm := br.Get("/newsletter/confirm?token=CODE")
	if len(b.Codes) != 0 {
		t.Error("following the link confirmed")
	}
	_, values = confirm.Fields("newsletter-confirm")
	if a := br.Post("/newsletter/confirm", values); a.StatusCode != http.StatusOK || b.Codes[0] != "confirm CODE" {
		t.Error(a.StatusCode, b.Codes)
	}
	b.Fails = marketing.ErrLapsed
	if a := br.Post("/newsletter/confirm", values); a.StatusCode != http.StatusNotFound || !strings.Contains(a.Text, "not good any more") {
		t.Error(a.StatusCode)
	}
	if a := br.Post("/newsletter/confirm", url.Values{"token": {"CODE"}}); a.StatusCode != http.StatusForbidden {
		t.Errorf("a confirmation without the button: %d", a.StatusCode)
	}
}

// R16, RFC 8058: one click of a mail program, which has no cookie of ours.
func TestLeaving(t *testing.T) {
	b := webtest.Open(t, "invoco")
	if a := b.Browser().Post("/newsletter/leave?token=CODE", url.Values{"List-Unsubscribe": {"One-Click"}}); a.StatusCode != http.StatusOK {
		t.Error(a.StatusCode)
	}
	br := b.Browser()
	_, values := br.Get("/newsletter/leave?token=CODE").Fields("newsletter-leave")
	if a := br.Post("/newsletter/leave", values); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "stopped") {
		t.Error(a.StatusCode)
	}
	if strings.Join(b.Codes, ",") != "leave CODE one-click,leave CODE page" {
		t.Error(b.Codes)
	}
	const multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n" // RFC 8058 section 8.1
	if a := b.Browser().Do(http.MethodPost, b.Parent, "/newsletter/leave?token=MANY", "multipart/form-data; boundary=x", multipart); a.StatusCode != http.StatusOK || b.Codes[2] != "leave MANY one-click" {
		t.Errorf("multipart, as RFC 8058 recommends: %d %v", a.StatusCode, b.Codes)
	}
	for what, c := range map[string]struct {
		kind, body string
		want       int
	}{
		"cut off":   {"multipart/form-data; boundary=x", multipart[:60], 403},
		"no bounds": {"multipart/form-data", multipart, 400},
		"too large": {"multipart/form-data; boundary=x", strings.Replace(multipart, "One-Click", strings.Repeat("a", 80<<10), 1), 413},
		"no form":   {"application/json", "{}", 415},
	} {
		if a := b.Browser().Do(http.MethodPost, b.Parent, "/newsletter/leave?token=CODE", c.kind, c.body); a.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", what, a.StatusCode, c.want)
		}
	}
	for range 100 { // by a large provider's few addresses, for many people
		if a := b.Browser().Post("/newsletter/leave?token=CODE", url.Values{"List-Unsubscribe": {"One-Click"}}); a.StatusCode != http.StatusOK {
			t.Fatalf("leaving was refused: %d", a.StatusCode)
		}
	}
	b.Fails = marketing.ErrToken
	if a := b.Browser().Post("/newsletter/leave?token=x", url.Values{"List-Unsubscribe": {"One-Click"}}); a.StatusCode != http.StatusNotFound {
		t.Error(a.StatusCode)
	}
}
