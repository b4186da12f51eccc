package sip

import (
	"slices"
	"strings"

	sipgo "github.com/emiago/sipgo/sip"
)

// The methods that are answered, and those that exist but are not (405). All
// others are unknown (501). RFC 3261 8.2.1.
var (
	allowed = []sipgo.RequestMethod{sipgo.INVITE, sipgo.ACK, sipgo.CANCEL, sipgo.BYE, sipgo.OPTIONS, sipgo.REGISTER, sipgo.INFO, sipgo.UPDATE, sipgo.REFER, sipgo.SUBSCRIBE, sipgo.PRACK}
	known   = []sipgo.RequestMethod{sipgo.NOTIFY, sipgo.MESSAGE, sipgo.PUBLISH}
)

// extensions are the option tags that a request may require.
var extensions = []string{"timer", "outbound", "replaces", "100rel"}

const (
	typeSDP   = "application/sdp"
	typeRelay = "application/dtmf-relay"
	typeDTMF  = "application/dtmf"
)

// single are the headers of which a message may have one (RFC 3261 7.3.1). The
// parser takes doubled ones, and gives the first to one caller and the last to
// another: one identity would be authorised and another acted on.
var single = []string{
	"from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type", "content-encoding",
	"expires", "session-expires", "min-se", "privacy", "subject", "date", "timestamp", "event", "refer-to", "replaces", "rack", "rseq",
}

// compact are the short names of headers (RFC 3261 7.3.3 and later RFCs).
var compact = map[string]string{
	"f": "from", "t": "to", "i": "call-id", "l": "content-length", "c": "content-type", "e": "content-encoding", "x": "session-expires",
	"m": "contact", "v": "via", "k": "supported", "s": "subject", "o": "event", "r": "refer-to", "b": "referred-by", "u": "allow-events",
	"a": "accept-contact", "j": "reject-contact", "d": "request-disposition",
}

// isNamed reports whether that is its name, without making another string of it.
func isNamed(h sipgo.Header, name string) bool {
	n := h.Name()
	return strings.EqualFold(n, name) || len(n) == 1 && longName(n) == name
}

func nameOf(h sipgo.Header) string { return longName(h.Name()) }

func longName(name string) string {
	n := strings.ToLower(name)
	if long, ok := compact[n]; ok {
		return long
	}
	return n
}

// rules judge a request that could be parsed, in this order, before anything
// is done with it. What each refuses is a kind of message of RFC 4475 or a way
// past a check.
var rules = []func(*sipgo.Request) *fault{
	ruleVersion, ruleNames, ruleSingle, ruleWhole, ruleVia, ruleCSeq, ruleTags, ruleMethod, ruleURI, ruleContact, ruleForwards, ruleRequire, ruleBody,
}

// validate returns the first fault of a request, or nil.
func validate(req *sipgo.Request) *fault {
	for _, rule := range rules {
		if f := rule(req); f != nil {
			return f
		}
	}
	return nil
}

func ruleVersion(req *sipgo.Request) *fault {
	if req.SipVersion != "SIP/2.0" {
		return &fault{code: sipgo.StatusVersionNotSupported, text: "Version Not Supported"}
	}
	return nil
}

func ruleNames(req *sipgo.Request) *fault {
	for _, h := range req.Headers() {
		if !token(h.Name()) {
			return badRequest("Malformed Header Name")
		}
	}
	return nil
}

func ruleSingle(req *sipgo.Request) *fault {
	seen := map[string]bool{}
	for _, h := range req.Headers() {
		n := nameOf(h)
		if seen[n] && slices.Contains(single, n) {
			return badRequest("Doubled Header")
		}
		seen[n] = true
	}
	return nil
}

// ruleWhole wants the headers without which there is no transaction and no
// dialog. Max-Forwards is one too, but its lack harms nobody here.
func ruleWhole(req *sipgo.Request) *fault {
	if req.Via() == nil || req.From() == nil || req.To() == nil || req.CallID() == nil || req.CSeq() == nil {
		return badRequest("Missing Header")
	}
	return nil
}

func ruleVia(req *sipgo.Request) *fault {
	v := req.Via()
	branch, _ := v.Params.Get("branch")
	id, magic := strings.CutPrefix(branch, sipgo.RFC3261BranchMagicCookie)
	switch {
	case !strings.EqualFold(v.ProtocolName, "SIP") || v.ProtocolVersion != "2.0" || !token(v.Transport) || !hostLike(v.Host):
		return badRequest("Malformed Via")
	case !magic || !token(strings.TrimPrefix(id, ".")):
		return badRequest("Malformed Branch")
	}
	return nil
}

func ruleCSeq(req *sipgo.Request) *fault {
	if req.CSeq().MethodName != req.Method {
		return badRequest("CSeq Method Does Not Match")
	}
	return nil
}

func ruleTags(req *sipgo.Request) *fault {
	from, ok := req.From().Params.Get("tag")
	if !ok || !token(from) {
		return badRequest("Malformed From Tag")
	}
	if to, ok := req.To().Params.Get("tag"); ok && !token(to) {
		return badRequest("Malformed To Tag")
	}
	for _, params := range []sipgo.HeaderParams{req.From().Params, req.To().Params} {
		for _, kv := range params {
			if !token(strings.TrimSpace(kv.K)) {
				return badRequest("Malformed Address")
			}
		}
	}
	if strings.ContainsAny(req.CallID().Value(), " \t,;") {
		return badRequest("Malformed Call-ID")
	}
	return nil
}

func ruleMethod(req *sipgo.Request) *fault {
	switch {
	case slices.Contains(allowed, req.Method):
		return nil
	case slices.Contains(known, req.Method):
		return &fault{code: sipgo.StatusMethodNotAllowed, text: "Method Not Allowed", headers: []sipgo.Header{allow()}}
	}
	return &fault{code: sipgo.StatusNotImplemented, text: "Not Implemented", headers: []sipgo.Header{allow()}}
}

// ruleURI takes SIP addresses without what could carry further headers into a
// request made from them (RFC 3261 19.1.5).
func ruleURI(req *sipgo.Request) *fault {
	if req.Recipient.Scheme != "sip" {
		return &fault{code: 416, text: "Unsupported URI Scheme"}
	}
	for _, u := range []*sipgo.Uri{&req.Recipient, &req.From().Address, &req.To().Address} {
		if u.Scheme != "sip" {
			return &fault{code: 416, text: "Unsupported URI Scheme"}
		}
		if u.Headers != nil || u.HierarhicalSlashes || u.Password != "" || !hostLike(u.Host) || strings.ContainsAny(u.User, " \t<>\"") || u.Port < 0 || u.Port > 65_535 {
			return badRequest("Malformed URI")
		}
	}
	return nil
}

func ruleContact(req *sipgo.Request) *fault {
	contacts := headers(req, "contact")
	if len(contacts) == 0 && (req.Method == sipgo.INVITE) {
		return badRequest("Missing Contact")
	}
	if len(contacts) > 1 {
		return badRequest("Too Many Contacts")
	}
	for _, h := range contacts {
		c, ok := h.(*sipgo.ContactHeader)
		switch {
		case !ok:
			return badRequest("Malformed Contact")
		case c.Address.Wildcard:
			if expires, _ := seconds(req, "expires"); req.Method != sipgo.REGISTER || expires != 0 || len(c.Params) > 0 || len(headers(req, "expires")) == 0 {
				return badRequest("Malformed Contact")
			}
		case c.Address.Scheme != "sip" || c.Address.Headers != nil || !hostLike(c.Address.Host) || strings.ContainsAny(c.Address.User, " \t<>\""):
			return badRequest("Malformed Contact")
		}
	}
	return nil
}

func ruleForwards(req *sipgo.Request) *fault {
	m := req.MaxForwards()
	switch {
	case m == nil:
		return nil
	case m.Val() > 255:
		return badRequest("Malformed Max-Forwards")
	case m.Val() == 0 && req.Method == sipgo.INVITE:
		return &fault{code: sipgo.StatusTooManyHops, text: "Too Many Hops"}
	}
	return nil
}

// ruleRequire refuses what we would have to understand and do not (RFC 3261
// 8.2.2.3). ACK and CANCEL are not refused for it.
func ruleRequire(req *sipgo.Request) *fault {
	if req.Method == sipgo.ACK || req.Method == sipgo.CANCEL {
		return nil
	}
	var not []string
	for _, h := range headers(req, "require") {
		for tag := range strings.SplitSeq(h.Value(), ",") {
			if tag = strings.TrimSpace(tag); !slices.Contains(extensions, strings.ToLower(tag)) && token(tag) {
				not = append(not, tag)
			}
		}
	}
	for _, h := range headers(req, "proxy-require") {
		for tag := range strings.SplitSeq(h.Value(), ",") {
			if tag = strings.TrimSpace(tag); token(tag) {
				not = append(not, tag)
			}
		}
	}
	if len(not) > 0 {
		return &fault{code: sipgo.StatusBadExtension, text: "Bad Extension", headers: []sipgo.Header{sipgo.NewHeader("Unsupported", strings.Join(not, ", "))}}
	}
	return nil
}

// ruleBody takes session descriptions in what sets up calls and digits in INFO
// (RFC 3261 8.2.3). Other bodies of ACK are ignored, as it cannot be answered.
func ruleBody(req *sipgo.Request) *fault {
	if len(req.Body()) == 0 || req.Method == sipgo.ACK {
		return nil
	}
	accept := map[sipgo.RequestMethod][]string{sipgo.INVITE: {typeSDP, typeMixed}, sipgo.UPDATE: {typeSDP}, sipgo.PRACK: {typeSDP}, sipgo.INFO: {typeRelay, typeDTMF, typePlace}}[req.Method]
	if accept == nil {
		return nil
	}
	if len(headers(req, "content-encoding")) > 0 || !slices.Contains(accept, mediaType(req)) {
		return &fault{code: sipgo.StatusUnsupportedMediaType, text: "Unsupported Media Type", headers: []sipgo.Header{sipgo.NewHeader("Accept", strings.Join(accept, ", "))}}
	}
	return nil
}
