package audit

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// Set-Cookie lines are read as browsers read them (RFC 6265bis section 5.6).
func TestParseSetCookie(t *testing.T) {
	host := cookie{Name: "a", Domain: "h.example", HostOnly: true, At: noon}
	with := func(change func(*cookie)) cookie { c := host; change(&c); return c }
	for _, c := range []struct {
		line string
		want cookie
		sets bool
	}{
		{"a=1", host, true},
		{" a = 1 ;HttpOnly; secure ;SameSite=Strict", with(func(c *cookie) { c.HTTPOnly, c.Secure, c.SameSite = true, true, "strict" }), true},
		{"a=1; SameSite=Whatever; Priority=High; Partitioned", host, true},
		{"a=1; Domain=.Example; Path=/x", with(func(c *cookie) { c.Domain, c.HostOnly = "example", false }), true},
		{"a=1; Domain=", host, true},
		{"a=1; Max-Age=60; Expires=Wed, 21 Oct 2099 07:28:00 GMT", with(func(c *cookie) { c.Expires = noon.Add(time.Minute) }), true},
		{"a=1; Expires=Tue, 24-Nov-2026 13:00:00 GMT", with(func(c *cookie) { c.Expires = noon.Add(time.Hour) }), true},
		{"a=1; Max-Age=never", host, true},
		{"a=; Max-Age=0", cookie{}, false},
		{"a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", cookie{}, false},
		{"a", cookie{}, false},
		{"=1", cookie{}, false},
		{"", cookie{}, false},
		{"a=" + strings.Repeat("x", longestCookieLine), cookie{}, false},
	} {
		got, sets := parseSetCookie(c.line, "h.example", noon)
		if !sets {
			got = cookie{}
		}
		if sets != c.sets || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%.60q: %+v %v, want %+v %v", c.line, got, sets, c.want, c.sets)
		}
	}
}

func FuzzParseSetCookie(f *testing.F) {
	f.Add("a=1; Max-Age=60; Domain=.x; SameSite=Lax")
	f.Add("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
	f.Fuzz(func(t *testing.T, line string) {
		c, ok := parseSetCookie(line, "h.example", noon)
		if ok && (c.Name == "" || strings.ContainsAny(c.Name, "=;") || (!c.Expires.IsZero() && !c.Expires.After(noon))) {
			t.Errorf("%q sets %+v", line, c)
		}
	})
}

// Permissions-Policy is a dictionary of structured fields (RFC 9651).
func TestParsePermissionsPolicy(t *testing.T) {
	for header, want := range map[string]map[string][]string{
		"":                          {},
		"camera=()":                 {"camera": {}},
		"camera=*, microphone=self": {"camera": {"*"}, "microphone": {"self"}},
		`Geolocation=(self "https://a.example:8443"), camera=() `: {"geolocation": {"self", "https://a.example:8443"}, "camera": {}},
		`camera=(self);report-to="x, y", hid=()`:                  {"camera": {"self"}, "hid": {}},
		"camera=(), camera=(self)":                                {"camera": {"self"}},
		"camera, =(), ,":                                          {},
		"camera=(self":                                            {"camera": {"self"}},
	} {
		if got := parsePermissionsPolicy(header); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func FuzzParsePermissionsPolicy(f *testing.F) {
	f.Add(`geolocation=(self "https://a.example"), camera=();x=y`)
	f.Fuzz(func(t *testing.T, header string) {
		for feature, list := range parsePermissionsPolicy(header) {
			if feature == "" || list == nil {
				t.Errorf("%q gives %q %v", header, feature, list)
			}
		}
	})
}

// Several policies together allow only what each of them allows (CSP level 3).
func TestOpenSources(t *testing.T) {
	for _, c := range []struct {
		headers   []string
		directive string
		want      []string
		limited   bool
	}{
		{[]string{"default-src 'self'"}, "script-src", []string{"'self'"}, true},
		{[]string{"default-src 'self'; script-src https://a.example"}, "script-src", []string{"https://a.example"}, true},
		{[]string{"script-src a; script-src b"}, "script-src", []string{"a"}, true},
		{[]string{"img-src *"}, "script-src", nil, false},
		{[]string{"child-src a"}, "frame-src", []string{"a"}, true},
		{[]string{"script-src a b", "script-src b c"}, "script-src", []string{"b"}, true},
		{[]string{"script-src a b, script-src b"}, "script-src", []string{"b"}, true},
		{[]string{";;,"}, "script-src", nil, false},
	} {
		got, limited := openSources(parseContentPolicies(c.headers), c.directive)
		if limited != c.limited || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v %s: %v %v, want %v %v", c.headers, c.directive, got, limited, c.want, c.limited)
		}
	}
}

func FuzzParseContentPolicies(f *testing.F) {
	f.Add("default-src 'self'; script-src https://a.example, img-src *")
	f.Fuzz(func(t *testing.T, header string) {
		policies := parseContentPolicies([]string{header})
		for _, directive := range fetchDirectives {
			if open, limited := openSources(policies, directive); !limited && len(open) > 0 {
				t.Errorf("%q opens %v without a limit", header, open)
			}
		}
	})
}

// Source expressions are matched as browsers match them (CSP level 3, 6.7.2.8).
func TestSourceCovers(t *testing.T) {
	for _, c := range []struct {
		source, address string
		want            bool
	}{
		{"https://a.example", "https://a.example/x.js", true},
		{"https://a.example", "wss://a.example/x", true},
		{"https://a.example", "http://a.example/x.js", false},
		{"http://a.example", "https://a.example/x.js", true},
		{"https://*.a.example", "https://b.a.example/", true},
		{"https://*.a.example", "https://a.example/", false},
		{"https://a.example", "https://evil-a.example/", false},
		{"a.example", "https://a.example/", true},
		{"https://a.example:8443", "https://a.example:8443/", true},
		{"https://a.example", "https://a.example:8443/", false},
		{"https://a.example:*", "https://a.example:8443/", true},
		{"https://a.example/js/", "https://a.example/js/x.js", true},
		{"https://a.example/js/", "https://a.example/x.js", false},
		{"https://a.example/x.js", "https://a.example/x.js", true},
		{"https:", "https://a.example/", true},
		{"https:", "http://a.example/", false},
		{"https://a.example", "://", false},
	} {
		if got := sourceCovers(c.source, c.address); got != c.want {
			t.Errorf("%s covers %s: %v", c.source, c.address, got)
		}
	}
}

// The network log is read line by line, also one cut short, and what it lacks
// is said.
func TestReadNetLog(t *testing.T) {
	const head = `{"constants": {"logEventTypes":{"URL_REQUEST_START_JOB":7,"OTHER":8},"timeTickOffset":1000},` + "\n\"events\": [\n"
	list, err := readNetLog(strings.NewReader(head +
		`{"params":{"url":"https://a.example/x","initiator":"https://b.example"},"phase":1,"time":"500","type":7},` + "\n" +
		`{"params":{"url":"https://a.example/y","initiator":"not an origin"},"phase":1,"time":"600","type":7},` + "\n" +
		`{"params":{"url":"https://a.example/z","initiator":"https://b.example"},"phase":1,"time":"600","type":8},` + "\n" +
		`{"params":{"url":"https://a.exa`))
	want := []netRequest{{"https://a.example/x", true, time.UnixMilli(1500)}, {"https://a.example/y", false, time.UnixMilli(1600)}}
	if err != nil || !reflect.DeepEqual(list, want) {
		t.Errorf("read %v, %v, want %v", list, err, want)
	}
	for _, bad := range []string{"nothing\n", `{"constants": {"logEventTypes":{},"timeTickOffset":1},` + "\n"} {
		if _, err := readNetLog(strings.NewReader(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzReadNetLog(f *testing.F) {
	f.Add([]byte(`{"constants": {"logEventTypes":{"URL_REQUEST_START_JOB":7},"timeTickOffset":1000},` + "\n\"events\": [\n" + `{"params":{"url":"https://a.example/x","initiator":"https://b.example"},"time":"500","type":7},`))
	f.Fuzz(func(t *testing.T, log []byte) {
		list, err := readNetLog(strings.NewReader(string(log)))
		for _, n := range list {
			if err == nil && n.url == "" {
				t.Error("a request to nowhere")
			}
		}
	})
}
