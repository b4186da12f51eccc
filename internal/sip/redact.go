package sip

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	sipgo "github.com/emiago/sipgo/sip"
)

// tokens replaces what tells of people by words that are made up: the same for
// the same within one trace, so that a call can be followed, and other ones in
// the next. Only what is known to tell nothing passes; whatever else a message
// may hold is replaced whole.
type tokens struct{ key []byte }

func newTokens() tokens {
	t := tokens{make([]byte, 32)}
	_, _ = rand.Read(t.key) // never fails
	return t
}

// of is the word for a value.
func (t tokens) of(kind, value string) string {
	if value == "" {
		return ""
	}
	m := hmac.New(sha256.New, t.key)
	m.Write([]byte(kind + "\x00" + value))
	return kind + "-" + hex.EncodeToString(m.Sum(nil)[:4])
}

const hidden = "(redacted)"

// spoken are the headers whose values are words of the protocol.
var spokenHeaders = map[string]bool{
	"max-forwards": true, "cseq": true, "content-length": true, "content-type": true, "expires": true, "min-expires": true, "allow": true, "supported": true,
	"require": true, "unsupported": true, "session-expires": true, "min-se": true, "accept": true, "event": true, "subscription-state": true, "privacy": true, "retry-after": true,
}

// protocolWords are what such a value may hold, beside numbers. Anything else is
// no word of the protocol, whatever the header.
var protocolWords = map[string]bool{}

func init() {
	for _, m := range append(append([]sipgo.RequestMethod(nil), allowed...), known...) {
		protocolWords[strings.ToLower(string(m))] = true
	}
	for w := range strings.FieldsSeq("timer outbound path replaces 100rel norefersub gruu eventlist from-change join tdialog answermode precondition " +
		"application/sdp application/dtmf-relay application/dtmf application/simple-message-summary application/pidf+xml application/dialog-info+xml message/sipfrag multipart/mixed " +
		"refresher uac uas id user header none critical session active pending terminated reason expires noresource deactivated timeout " +
		"presence dialog message-summary refer reg conference") {
		protocolWords[w] = true
	}
}

// separators stand between words.
const separators = " ,;="

// protocol is a value of which only words of the protocol are left.
func protocol(value string) string {
	var out strings.Builder
	for value != "" {
		n := strings.IndexAny(value, separators)
		if n == 0 {
			out.WriteByte(value[0])
			value = value[1:]
			continue
		}
		if n < 0 {
			n = len(value)
		}
		w := value[:n]
		value = value[n:]
		if !protocolWords[strings.ToLower(w)] && (len(w) > 10 || strings.Trim(w, "0123456789") != "") {
			w = hidden
		}
		out.WriteString(w)
	}
	return out.String()
}

// message is a message without what tells of people.
func (t tokens) message(text string) string {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	head = strings.NewReplacer("\r\n ", " ", "\r\n\t", " ").Replace(head) // lines that go on
	var out strings.Builder
	sdp := false
	for i, line := range strings.Split(head, "\r\n") {
		if i == 0 {
			out.WriteString(t.start(line) + "\n")
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !token(name) {
			out.WriteString(hidden + "\n")
			continue
		}
		if n := longName(name); n == "content-type" {
			sdp = strings.HasPrefix(strings.ToLower(value), typeSDP)
		} else if !knownHeader(n) {
			name = "(another header)"
		}
		out.WriteString(name + ": " + t.header(longName(name), value) + "\n")
	}
	switch {
	case sdp:
		out.WriteString("\n" + t.description(body))
	case body != "":
		out.WriteString("\n(redacted: " + strconv.Itoa(len(body)) + " bytes)\n")
	}
	return out.String()
}

func knownHeader(n string) bool {
	switch n {
	case "via", "from", "to", "contact", "route", "record-route", "path", "call-id", "authorization", "www-authenticate", "proxy-authorization",
		"proxy-authenticate", "user-agent", "server", "reason", "refer-to", "referred-by", "replaces", "p-asserted-identity", "rseq", "rack", "subject", "date", "warning":
		return true
	}
	return spokenHeaders[n]
}

// start is the first line: a method with an address, or a status.
func (t tokens) start(line string) string {
	f := strings.SplitN(line, " ", 3)
	switch {
	case len(f) < 2:
		return hidden
	case strings.HasPrefix(line, "SIP/2.0 "):
		code, _ := strconv.Atoi(f[1])
		return "SIP/2.0 " + strconv.Itoa(code) + " " + phrases[code]
	case !protocolWords[strings.ToLower(f[0])] || strings.ToUpper(f[0]) != f[0]:
		return hidden
	}
	return f[0] + " " + t.address(f[1]) + " SIP/2.0"
}

func (t tokens) header(name, value string) string {
	switch name {
	case "from", "to", "contact", "route", "record-route", "path":
		if value == "*" {
			return value
		}
		return t.named(value)
	case "via":
		return t.via(value)
	case "call-id":
		return t.of("call", value)
	case "authorization", "www-authenticate", "proxy-authorization", "proxy-authenticate":
		return "Digest " + hidden
	}
	if spokenHeaders[name] && len(value) <= 512 {
		return protocol(value)
	}
	return hidden
}

// named is a name with an address and parameters.
func (t tokens) named(value string) string {
	display, rest, angle := strings.Cut(value, "<")
	if !angle {
		uri, params, _ := strings.Cut(value, ";")
		return "<" + t.address(uri) + ">" + t.params(params)
	}
	uri, params, _ := strings.Cut(rest, ">")
	out := ""
	if display = strings.Trim(strings.TrimSpace(display), `"`); display != "" {
		out = `"` + t.of("name", display) + `" `
	}
	_, params, _ = strings.Cut(params, ";")
	return out + "<" + t.address(uri) + ">" + t.params(params)
}

// params are the parameters after an address: of few, the values pass.
func (t tokens) params(s string) string {
	out := ""
	for p := range strings.SplitSeq(s, ";") {
		name, value, has := strings.Cut(strings.TrimSpace(p), "=")
		switch name = strings.ToLower(name); name {
		case "":
		case "lr", "ob", "rport":
			out += ";" + name
		case "transport", "expires", "reg-id", "q", "refresher":
			if len(value) <= 8 && token(value) {
				out += ";" + name + "=" + value
			}
		case "tag", "branch":
			out += ";" + name + "=" + t.of(name, value)
		default:
			if has {
				out += ";(" + "other)"
			}
		}
	}
	return out
}

// address is sip:user@host:port.
func (t tokens) address(uri string) string {
	scheme, rest, ok := strings.Cut(uri, ":")
	if scheme = strings.ToLower(scheme); !ok || scheme != "sip" && scheme != "sips" {
		return t.of("address", uri)
	}
	rest, params, _ := strings.Cut(rest, ";")
	rest, _, _ = strings.Cut(rest, "?")
	user, host, at := strings.Cut(rest, "@")
	if !at {
		user, host = "", rest
	}
	out := scheme + ":"
	if user != "" {
		out += t.of("user", user) + "@"
	}
	return out + t.of("host", host) + t.params(params)
}

var transports = map[string]bool{"SIP/2.0/UDP": true, "SIP/2.0/TCP": true, "SIP/2.0/TLS": true, "SIP/2.0/WS": true, "SIP/2.0/WSS": true}

func (t tokens) via(value string) string {
	var all []string
	for v := range strings.SplitSeq(value, ",") {
		hop, params, _ := strings.Cut(strings.TrimSpace(v), ";")
		f := strings.Fields(hop)
		if len(f) < 2 || !transports[f[0]] {
			all = append(all, hidden)
			continue
		}
		all = append(all, f[0]+" "+t.of("host", f[1])+t.params(params))
	}
	return strings.Join(all, ", ")
}

// openLines are the lines of a description that tell of its form alone.
var openLines = regexp.MustCompile(`^(v=0|t=[0-9 ]{3,30}|b=[A-Z]{2,4}:[0-9]{1,9}|m=(audio|video) [0-9]{1,5} [A-Z/]{7,20}( [0-9]{1,3})+|` +
	`a=(rtpmap|fmtp|rtcp-fb|ptime|maxptime|mid|group|setup|extmap):[A-Za-z0-9 /;=.*+:_-]{0,120}|a=(sendrecv|sendonly|recvonly|inactive|rtcp-mux|rtcp-rsize|ice-lite|end-of-candidates))$`)

// description is a session description without addresses, names and keys.
func (t tokens) description(body string) string {
	var out strings.Builder
	for line := range strings.SplitSeq(strings.TrimSuffix(body, "\r\n"), "\r\n") {
		f := strings.Fields(line)
		switch {
		case openLines.MatchString(line):
			out.WriteString(line)
		case strings.HasPrefix(line, "c=") && len(f) == 3:
			out.WriteString("c=IN IP " + t.of("host", hostOf(f[2])))
		case strings.HasPrefix(line, "a=candidate:"), strings.HasPrefix(line, "a=crypto:"), strings.HasPrefix(line, "a=fingerprint:"), strings.HasPrefix(line, "a=ice-"):
			name, _, _ := strings.Cut(line, ":")
			out.WriteString(name + ":" + hidden)
		case len(line) > 1 && line[1] == '=' && line[0] >= 'a' && line[0] <= 'z':
			out.WriteString(line[:2] + hidden)
		default:
			out.WriteString(hidden)
		}
		out.WriteString("\n")
	}
	return out.String()
}

// hostOf is an address as it stands in Via and Contact too, if it is one.
func hostOf(s string) string {
	if a, err := netip.ParseAddr(s); err == nil {
		return a.String()
	}
	return s
}

// credentialLines are hidden also from who may see whose message it is.
var credentialLines = regexp.MustCompile(`(?im)^((proxy-)?auth[a-z-]*|www-authenticate)[ \t]*:.*(\r\n[ \t].*)*`)

// secretLines are those of a description: keys, and what opens a way.
var secretLines = regexp.MustCompile(`(?m)^a=(crypto|ice-pwd|ice-ufrag):.*`)

// withoutSecrets is a message as it is, but for what signs in and what decrypts.
func withoutSecrets(text string) string {
	text = credentialLines.ReplaceAllString(text, "${1}: "+hidden)
	text = secretLines.ReplaceAllString(text, "a=${1}:"+hidden)
	return strings.ReplaceAll(text, "\r\n", "\n")
}
