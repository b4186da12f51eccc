package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"candour/internal/folder"
	"candour/internal/store"
	"candour/internal/web/door"
)

// secretWord is in everything that a hostile client sends here. It must not
// come into the log.
const secretWord = "zqhostileword"

// hostile is a server under attack.
type hostile struct {
	*testing.T
	*rig
}

// TestHostile sends what no browser of ours sends, over the wire, and wants a
// refusal in plain words, no panic, nothing of it in the log (R9), and no
// evidence but counts.
func TestHostile(t *testing.T) {
	r, err := startRig(folder.Folder(t.TempDir()+"/data"), "", RunCmd{Mailbox: true})
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{t, r}
	before := h.rows()
	h.wire()
	h.hosts()
	h.paths()
	h.bodies()
	h.values()
	h.cookies()
	if now := h.rows(); now != before {
		t.Errorf("rows by table before: %s, and after: %s", before, now)
	}
	h.back()
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	log := r.log.String()
	for _, word := range []string{secretWord, "panic", "level=ERROR", "127.0.1."} {
		if at := strings.Index(log, word); at >= 0 {
			t.Errorf("the log has %q: %s", word, log[max(0, at-200):min(len(log), at+300)])
		}
	}
	if !strings.Contains(log, "status=421") {
		t.Error("the log is not that of the server")
	}
}

// rows counts the rows of the tables that a form or a choice writes.
func (h *hostile) rows() string {
	h.Helper()
	ctx := context.Background()
	var words []string
	err := h.app.store.View(ctx, func(tx *store.Tx) error {
		for _, table := range []string{"evidence", "records", "subjects", "support_tickets", "newsletter", "consent_decisions", "mail_queue", "data_keys"} {
			var n int
			if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
				return err
			}
			words = append(words, fmt.Sprintf("%s %d", table, n))
		}
		return nil
	})
	if err != nil {
		h.Fatal(err)
	}
	return strings.Join(words, ", ")
}

// raw sends bytes and returns the status of the first answer, and its body.
func (h *hostile) raw(text string) (*http.Response, string) {
	h.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+h.port)
	if err != nil {
		h.Fatal(err)
	}
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, text) }() // the server may close before all is sent
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, ""
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body) // cut short where the server closes
	return resp, string(body)
}

// wire sends broken HTTP itself.
func (h *hostile) wire() {
	host := "Host: " + h.base.Host + "\r\n"
	end := "Connection: close\r\n\r\n"
	for _, c := range []struct {
		name, text string
		want       []int // 0: the connection is closed without an answer
	}{
		{"no host", "GET / HTTP/1.1\r\n" + end, []int{400}},
		{"two hosts", "GET / HTTP/1.1\r\n" + host + "Host: " + secretWord + "\r\n" + end, []int{400}},
		{"host with a space", "GET / HTTP/1.1\r\nHost: invoco localhost\r\n" + end, []int{400}},
		{"HTTP/1.0 without a host", "GET / HTTP/1.0\r\n\r\n", []int{421}},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n" + host + "\r\n", []int{200}},
		{"HTTP/9.9", "GET / HTTP/9.9\r\n" + host + end, []int{505}},
		{"no HTTP", secretWord + "\r\n\r\n", []int{400}},
		{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{400, 421, 505, 0}},
		{"a method of their own", "ZQHOSTILEWORD / HTTP/1.1\r\n" + host + end, []int{405}},
		{"TRACE", "TRACE / HTTP/1.1\r\n" + host + end, []int{405}},
		{"CONNECT", "CONNECT " + secretWord + ".example:443 HTTP/1.1\r\n" + host + end, []int{400, 404, 405, 421}},
		{"OPTIONS *", "OPTIONS * HTTP/1.1\r\n" + host + end, []int{200, 404, 405}},
		{"DELETE", "DELETE /contact HTTP/1.1\r\n" + host + end, []int{405}},
		{"PUT", "PUT /newsletter HTTP/1.1\r\n" + host + "Content-Length: 0\r\n" + end, []int{405}},
		{"absolute address of another", "GET http://" + secretWord + ".example/ HTTP/1.1\r\n" + host + end, []int{421}},
		{"large header", "GET / HTTP/1.1\r\n" + host + "X-Large: " + strings.Repeat(secretWord, 8000) + "\r\n" + end, []int{431}},
		{"many headers", "GET / HTTP/1.1\r\n" + host + strings.Repeat("X-Many: "+secretWord+"\r\n", 5000) + end, []int{431}},
		{"long address", "GET /" + strings.Repeat(secretWord, 8000) + " HTTP/1.1\r\n" + host + end, []int{414, 431}},
		{"header without a colon", "GET / HTTP/1.1\r\n" + host + secretWord + "\r\n" + end, []int{400}},
		{"NUL in a header", "GET / HTTP/1.1\r\n" + host + "X-A: a\x00" + secretWord + "\r\n" + end, []int{400}},
		{"folded header", "GET / HTTP/1.1\r\n" + host + "X-A: a\r\n " + secretWord + "\r\n" + end, []int{200, 400}},
		{"chunks that are none", "POST /contact HTTP/1.1\r\n" + host + "Content-Type: " + urlencoded + "\r\nTransfer-Encoding: chunked\r\n" + end + "zz\r\n" + secretWord + "\r\n0\r\n\r\n", []int{400}},
		{"two lengths", "POST /contact HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n" + end + "abcd", []int{400}},
		{"a length below nothing", "POST /contact HTTP/1.1\r\n" + host + "Content-Length: -1\r\n" + end, []int{400}},
		{"length and chunks", "POST /contact HTTP/1.1\r\n" + host + "Content-Type: " + urlencoded + "\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" + end + "0\r\n\r\n", []int{400, 403}},
		{"unknown transfer coding", "POST /contact HTTP/1.1\r\n" + host + "Transfer-Encoding: zq\r\n" + end, []int{400, 501}},
		{"unfinished escape", "GET /%zq HTTP/1.1\r\n" + host + end, []int{400}},
	} {
		resp, body := h.raw(c.text)
		h.judge(c.name, resp, body, c.want...)
	}
}

// judge compares an answer with what it may be. A refusal has words, and none
// of what was sent.
func (h *hostile) judge(name string, resp *http.Response, body string, want ...int) {
	h.Helper()
	got := 0
	if resp != nil {
		got = resp.StatusCode
	}
	ok := false
	for _, w := range want {
		ok = ok || w == got
	}
	switch {
	case !ok:
		h.Errorf("%s: status %d, want %v\n%.600s", name, got, want, body)
	case got >= 400 && strings.TrimSpace(body) == "":
		h.Errorf("%s: status %d without words", name, got)
	case strings.Contains(body, "goroutine ") || strings.Contains(body, "runtime error"):
		h.Errorf("%s: the answer shows the inside of the program", name)
	}
}

// hosts asks for other hosts (acceptance: any other Host is refused).
func (h *hostile) hosts() {
	port := ":" + h.port
	for host, want := range map[string]int{
		"invoco.localhost":                      200,
		"invoco.localhost" + port:               200,
		"INVOCO.LocalHost" + port:               200,
		"invoco.localhost." + port:              200,
		"portal.invoco.localhost" + port:        200,
		"invoco.localhost:":                     421,
		"invoco.localhost:" + secretWord:        400,
		"invoco.localhost:99999999":             421,
		"127.0.0.1" + port:                      421,
		"[::1]" + port:                          421,
		"[::1%25" + secretWord + "]":            421,
		"localhost" + port:                      421,
		secretWord + ".invoco.localhost" + port: 421,
		"a.portal.invoco.localhost" + port:      421,
		".invoco.localhost" + port:              421,
		"invoco.localhost.." + port:             421,
		"invoco.localhost." + secretWord:        421,
		"xinvoco.localhost" + port:              421,
		"user@invoco.localhost" + port:          400,
		"invoco.localhost/" + secretWord:        400,
	} {
		resp, body := h.raw("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
		if want == 400 {
			h.judge("host "+host, resp, body, 400, 421)
			continue
		}
		h.judge("host "+host, resp, body, want)
		if strings.Contains(body, secretWord) {
			h.Errorf("host %s: the answer repeats it", host)
		}
	}
}

// paths leave the folders that are served.
func (h *hostile) paths() {
	for _, path := range []string{
		"/assets/../../../../etc/passwd", "/assets/..%2f..%2f..%2fetc%2fpasswd", "/assets/%2e%2e/%2e%2e/etc/passwd", "/assets/..%5c..%5cpolicy.yaml",
		"/assets/" + secretWord, "/assets/", "/assets", "/images/../policy.yaml", "/images/..%2fpolicy.yaml", "/images/%00.svg", "/images//logo.svg",
		"/evidence/../candour.db", "/evidence/..%2fcandour.db", "/evidence/.state/treeState", "/evidence/%2estate/treeState", "/evidence/.lock",
		"/evidence/tile/../../keys/root.key", "/evidence/tile/0/..%2f..%2f..%2f..%2fkeys%2froot.key", "/evidence/tile/0/x" + secretWord, "/evidence/tile/-1/000",
		"/evidence/tile/0/000.p/0", "/evidence/tile/0/000.p/256", "/evidence/tile/entries/999", "/evidence/", "/keys/root.key", "/candour.db",
		"/privacy/versions/0", "/privacy/versions/-1", "/privacy/versions/99999999999999999999", "/privacy/versions/1" + secretWord, "/.git/config", "/metrics", "/readyz",
		"/newsletter/confirm/" + secretWord, "/%ff%fe",
	} {
		resp, body := h.raw("GET " + path + " HTTP/1.1\r\nHost: " + h.base.Host + "\r\nConnection: close\r\n\r\n")
		// A path that is not clean may be led to the clean one.
		h.judge(path, resp, body, 404, 400, 301, 307)
		if strings.Contains(body, "root:") || strings.Contains(body, "candour-key") {
			h.Errorf("%s: a file of the machine is served", path)
		}
	}
}

// bodies are not what a form sends.
func (h *hostile) bodies() {
	b := h.browser(1)
	form := url.Values{"name": {secretWord}, "message": {secretWord}}.Encode()
	large := "message=" + strings.Repeat(secretWord, 10000)
	for _, c := range []struct {
		name, path, kind, body string
		want                   []int
	}{
		{"JSON", "/contact", "application/json", `{"name":"` + secretWord + `"}`, []int{415}},
		{"text", "/contact", "text/plain", form, []int{415}},
		{"no type", "/contact", "", form, []int{415}},
		{"a type that is none", "/contact", ";;;" + secretWord, form, []int{415}},
		{"multipart", "/contact", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n" + secretWord + "\r\n--x--\r\n", []int{415}},
		{"a file", "/newsletter", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"" + secretWord + "\"\r\n\r\n\x00\r\n--x--\r\n", []int{415}},
		{"without our marks", "/contact", urlencoded, form, []int{403, 400}},
		{"broken escapes", "/contact", urlencoded, "name=%zz" + secretWord, []int{400}},
		{"semicolons", "/contact", urlencoded, "name=a;b=" + secretWord, []int{400}},
		{"oversized", "/contact", urlencoded, large, []int{413}},
		{"oversized newsletter", "/newsletter", urlencoded, large, []int{413}},
		{"oversized choice", "/consent", urlencoded, large, []int{413}},
		{"choice of nothing", "/consent", urlencoded, "choice=" + secretWord, []int{400, 409}},
		{"code that is none", "/newsletter/confirm", urlencoded, "token=" + secretWord, []int{403, 404, 400}},
		{"departure that is none", "/newsletter/leave?token=" + secretWord, urlencoded, "List-Unsubscribe=One-Click", []int{403, 404, 400}},
		{"report that is none", "/csp", "application/csp-report", secretWord, []int{400}},
		{"report of another type", "/csp", "text/html", secretWord, []int{415}},
		{"report without end", "/csp", "application/csp-report", `{"csp-report":{"a":"` + strings.Repeat(secretWord, 6000) + `"}}`, []int{413}},
		{"deep report", "/csp", "application/json", strings.Repeat("[", 5000), []int{400}},
	} {
		at, err := h.base.Parse(c.path)
		if err != nil {
			h.Fatal(err)
		}
		resp, body, err := b.do(http.MethodPost, at.String(), c.kind, strings.NewReader(c.body))
		if err != nil {
			h.Errorf("%s: %v", c.name, err)
			continue
		}
		h.judge(c.name, resp, body, c.want...)
	}
	// From another site, with everything else right (CWE-352).
	good, err := b.open("/contact", "/contact")
	if err != nil {
		h.Fatal(err)
	}
	h.fillIn(good)
	b.header.Set("Sec-Fetch-Site", "cross-site")
	b.header.Set("Origin", "https://"+secretWord+".example")
	if status, _, err := b.post(good); err != nil || status != http.StatusForbidden {
		h.Errorf("a form from another site: %d %v, want 403", status, err)
	}
}

func (h *hostile) fillIn(form url.Values) {
	for name, value := range aContact(secretWord) {
		form.Set(name, value)
	}
	h.pass(2 * door.MinFormAge)
}

// values are what no person types. Each form is right but for one field.
func (h *hostile) values() {
	long := strings.Repeat("a", 10000)
	for i, c := range []struct {
		name, field string
		values      []string
	}{
		{"NUL", "name", []string{"a\x00b"}},
		{"bell", "message", []string{"a\x07b"}},
		{"escape", "name", []string{"\x1b[31m" + secretWord}},
		{"C1 control", "message", []string{"a\u0085\u009bb"}},
		{"broken UTF-8", "name", []string{"a\xffb"}},
		{"overlong UTF-8", "message", []string{"\xc0\xae"}},
		{"a surrogate", "message", []string{"\xed\xa0\x80"}},
		{"only what turns text", "name", []string{"\u202e\u2066\u200f"}},
		{"only what is invisible", "name", []string{"\ufeff\u00ad"}},
		{"no character", "message", []string{"\ufffe\uffff"}},
		{"a tower of accents", "name", []string{"a" + strings.Repeat("\u0301", 50)}},
		{"long name", "name", []string{long}},
		{"long address", "email", []string{long + "@example.com"}},
		{"long telephone", "telephone", []string{strings.Repeat("0", 10000)}},
		{"long message", "message", []string{long}},
		{"long choice", "about", []string{long}},
		{"twice", "name", []string{"Sam", "Max"}},
		{"twice the same", "email", []string{"a@example.com", "a@example.com"}},
		{"header in the address", "email", []string{"a@example.com\r\nBcc: " + secretWord + "@example.com"}},
		{"two addresses", "email", []string{"a@example.com,b@example.com"}},
		{"address without a domain", "email", []string{secretWord}},
		{"choice that is not offered", "about", []string{secretWord}},
		{"telephone of letters", "telephone", []string{secretWord}},
		{"robot", "homepage", []string{secretWord}},
		{"stamp that is none", "opened", []string{secretWord}},
		{"token that is none", "__RequestVerificationToken", []string{secretWord}},
	} {
		b := h.browser(byte(10 + i))
		form, err := b.open("/contact", "/contact")
		if err != nil {
			h.Fatal(err)
		}
		h.fillIn(form)
		form[c.field] = c.values
		status, page, err := b.post(form)
		if err != nil || status < 400 || status > 499 {
			h.Errorf("%s in %s: status %d %v, want 4xx", c.name, c.field, status, err)
		}
		if !strings.Contains(page, "<main") || !strings.Contains(page, "<form") {
			h.Errorf("%s in %s: no page with the form in it", c.name, c.field)
		}
	}
}

// cookies are garbage. They are no choice, and pages come all the same.
func (h *hostile) cookies() {
	const name = "invocoCookieChoice"
	for _, c := range []struct{ name, header string }{
		{"ten kilobytes", name + "=" + strings.Repeat("x", 10<<10)},
		{"another code", name + "=v1." + secretWord + ".AAAAAAAAAAAAAAAAAAAAAA"},
		{"twice", name + "=" + secretWord + "; " + name + "=" + secretWord + "2"},
		{"many", strings.Repeat(name+"="+secretWord+"; ", 500)},
		{"no name", "=" + secretWord},
		{"quotes", name + `="` + secretWord + `\"; ,`},
		{"controls", name + "=\x01\x02" + secretWord},
		{"not ours", "tracker=" + secretWord + "; __Host-x=1"},
	} {
		resp, body := h.raw("GET / HTTP/1.1\r\nHost: " + h.base.Host + "\r\nCookie: " + c.header + "\r\nConnection: close\r\n\r\n")
		h.judge("cookie: "+c.name, resp, body, 200, 400)
		if resp != nil && resp.StatusCode == http.StatusOK && (!strings.Contains(body, "consent-message") || strings.Contains(resp.Header.Get("Content-Security-Policy"), "google")) {
			h.Errorf("cookie: %s: was taken for a choice", c.name)
		}
		if resp != nil && strings.Contains(fmt.Sprint(resp.Header), secretWord) {
			h.Errorf("cookie: %s: came back", c.name)
		}
	}
}

// back leads elsewhere, or into the headers (CWE-601, CWE-113).
func (h *hostile) back() {
	for i, to := range []string{
		"https://" + secretWord + ".example/", "//" + secretWord + ".example/", `/\` + secretWord + ".example", "/%0d%0aSet-Cookie:%20x=" + secretWord,
		"/\r\nSet-Cookie: x=" + secretWord, "javascript:" + secretWord, "\x00/", "/" + strings.Repeat(secretWord, 1000), "/.//" + secretWord + ".example",
	} {
		b := h.browser(byte(100 + i))
		form, err := b.open("/", "/consent")
		if err != nil {
			h.Fatal(err)
		}
		action, err := url.Parse(form.Get(""))
		if err != nil {
			h.Fatal(err)
		}
		query := action.Query()
		query.Set("back", to)
		action.RawQuery = query.Encode()
		form.Set("", action.String())
		form.Set("choice", "reject")
		at, err := h.base.Parse(form.Get(""))
		if err != nil {
			h.Fatal(err)
		}
		form.Del("")
		resp, body, err := b.do(http.MethodPost, at.String(), urlencoded, strings.NewReader(form.Encode()))
		if err != nil {
			h.Fatal(err)
		}
		h.judge("back to "+to, resp, body, 303)
		location := resp.Header.Get("Location")
		if !strings.HasPrefix(location, "/") || strings.HasPrefix(location, "//") || strings.ContainsAny(location, "\\\r\n") || len(location) > 400 {
			h.Errorf("back to %q leads to %q", to, location)
		}
		resp.Header.Del("Location")
		if strings.Contains(fmt.Sprint(resp.Header), secretWord) {
			h.Errorf("back to %q: it is in the headers: %v", to, resp.Header)
		}
	}
}
