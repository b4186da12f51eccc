package sip

import (
	"slices"
	"strconv"
	"strings"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/telecom"
)

// How long a registration holds, in seconds. A browser's flow shows by itself
// when it is gone, so that no short time is needed.
const (
	minExpires     = 60
	defaultExpires = 600
	maxExpires     = 3600
	maxInstance    = 128 // bytes of a device's own id, and of one step of its path
	maxPath        = 4   // steps
)

// binding is where a line can be reached: one device on its flow.
type binding struct {
	flow     *flow
	instance string // +sip.instance; "" where the device has none
	contact  sipgo.Uri
	path     []string           // the way to it (RFC 3327)
	callID   string             // of the registration, which a phone keeps (RFC 3261 10.2)
	shown    sipgo.HeaderParams // what its answers repeat: the device's own id
	since    time.Time
	expires  time.Time
}

// Registration is a device that a line can be reached on.
type Registration struct {
	Line    telecom.Line
	Device  int64  // whose credentials it signed in with (telecom.Device); 0 for a browser
	Network string // OverUDP, OverTCP, OverTLS, OverWebSocket
	Since   time.Time
	Expires time.Time
}

// Registrations returns the devices that are reachable now.
func (s *Server) Registrations() []Registration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Registration
	for _, bs := range s.bindings {
		all = append(all, s.registered(bs)...)
	}
	return all
}

// RegistrationsOf returns the devices that a line can be reached on now.
func (s *Server) RegistrationsOf(line int64) []Registration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.registered(s.bindings[line])
}

func (s *Server) registered(bs []*binding) (list []Registration) {
	for _, b := range s.fresh(bs) {
		list = append(list, Registration{Line: b.flow.line, Device: b.flow.device, Network: b.flow.network, Since: b.since, Expires: b.expires})
	}
	return list
}

func (s *Server) fresh(bs []*binding) []*binding {
	now := s.Now()
	return slices.DeleteFunc(slices.Clone(bs), func(b *binding) bool { return !b.expires.After(now) })
}

// devices returns where a line can be reached, the longest registered first.
func (s *Server) devices(l telecom.Line) []*binding {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fresh(s.bindings[l.ID])
}

// owns reports whether an address is that of the flow's line: no other may be
// claimed on it. A phone may write the name that it signs in as for the
// extension: many know but one name.
func (f *flow) owns(u *sipgo.Uri) bool {
	return (u.User == f.line.Extension || f.device != 0 && u.User == f.username) && f.here(u)
}

// here reports whether an address is of this server: in the operator's domain,
// or where the phone reaches it.
func (f *flow) here(u *sipgo.Uri) bool {
	return strings.EqualFold(u.Host, f.s.Domain) || strings.EqualFold(u.Host, f.host)
}

// register answers REGISTER (RFC 3261 10.3). Only the flow's own line may be
// registered on it, and a flow holds one binding. The answer shows that one and
// no other device.
func (s *Server) register(in *incoming) {
	switch {
	case !in.flow.here(&in.Recipient):
		in.answer(sipgo.StatusNotFound, nil)
		return
	case !in.flow.owns(&in.To().Address) || !in.flow.owns(&in.From().Address):
		in.answer(sipgo.StatusForbidden, nil)
		return
	}
	contacts := headers(in, "contact")
	if len(contacts) == 0 {
		in.answer(sipgo.StatusOK, s.shown(in.flow))
		return
	}
	contact := contacts[0].(*sipgo.ContactHeader) // ruleContact
	if contact.Address.Wildcard {
		s.unbind(in.flow.line, func(b *binding) bool { return in.flow.device == 0 || b.flow.device == in.flow.device })
		in.answer(sipgo.StatusOK, nil)
		return
	}
	expires, ok := wanted(in, contact)
	instance, _ := contact.Params.Get("+sip.instance")
	instance = strings.Trim(instance, `"`)
	path, whole := pathOf(in)
	switch {
	case !ok || !whole || len(instance) > maxInstance:
		in.answer(sipgo.StatusBadRequest, nil)
	case expires == 0:
		s.unbind(in.flow.line, func(b *binding) bool { return b.flow == in.flow })
		in.answer(sipgo.StatusOK, nil)
	case expires < minExpires:
		in.answer(sipgo.StatusIntervalToBrief, []sipgo.Header{sipgo.NewHeader("Min-Expires", strconv.Itoa(minExpires))})
	default:
		in.bound = time.Duration(min(expires, maxExpires)) * time.Second
		s.bind(in, instance, contact, path, in.bound)
		more := s.shown(in.flow)
		for _, p := range path {
			more = append(more, sipgo.NewHeader("Path", p)) // RFC 3327 5.3
		}
		if _, ok := contact.Params.Get("reg-id"); ok && instance != "" && lists(in, "supported", "outbound") {
			more = append(more, sipgo.NewHeader("Require", "outbound")) // RFC 5626 6
		}
		in.answer(sipgo.StatusOK, more)
		s.returned(in.flow, instance)
		s.joins(in.flow)
	}
}

// pathOf is the way that a REGISTER says requests to the device are to take (RFC
// 3327). They are sent to where it came from whatever it says, so that it leads
// nowhere else. whole is false for one that is none.
func pathOf(in *incoming) (path []string, whole bool) {
	if in.flow.device == 0 || !lists(in, "supported", "path") {
		return nil, true
	}
	for _, h := range headers(in, "path") {
		v := strings.TrimSpace(h.Value())
		if len(path) == maxPath || len(v) > maxInstance || !strings.HasPrefix(v, "<sip:") || !strings.Contains(v, ">") {
			return nil, false
		}
		path = append(path, v)
	}
	return path, true
}

// wanted is for how many seconds a device wants to be registered: its contact's
// own parameter before the header (RFC 3261 10.2.1.1).
func wanted(in *incoming, c *sipgo.ContactHeader) (n int, ok bool) {
	if v, given := c.Params.Get("expires"); given {
		n, err := strconv.Atoi(v)
		return n, err == nil && n >= 0
	}
	if len(headers(in, "expires")) == 0 {
		return defaultExpires, true
	}
	return seconds(in, "expires")
}

// bind replaces what the flow had, and what the same device had on a flow that
// it has left (RFC 5626 4.2). A phone without an id of its own is known by its
// credentials, and by the registration or the address that it keeps.
func (s *Server) bind(in *incoming, instance string, c *sipgo.ContactHeader, path []string, hold time.Duration) {
	now, f := s.Now(), in.flow
	fresh := &binding{flow: f, callID: in.CallID().Value(), instance: instance, contact: *c.Address.Clone(), path: path, since: now, expires: now.Add(hold)}
	for _, kv := range c.Params {
		if kv.K == "+sip.instance" || kv.K == "reg-id" {
			fresh.shown = append(fresh.shown, kv)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, here := s.flows[f]; !here {
		return
	}
	id := f.line.ID
	s.bindings[id] = slices.DeleteFunc(s.bindings[id], func(b *binding) bool {
		if b.flow == f {
			fresh.since = b.since
		}
		same := f.device != 0 && b.flow.device == f.device && (b.callID == fresh.callID || b.contact.String() == fresh.contact.String()) // RFC 3261 10.3
		return b.flow == f || same || instance != "" && b.instance == instance
	})
	s.bindings[id] = append(s.bindings[id], fresh)
	f.mu.Lock()
	f.instance = instance
	f.mu.Unlock()
}

func (s *Server) unbind(l telecom.Line, which func(*binding) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bindings[l.ID] = slices.DeleteFunc(s.bindings[l.ID], which)
	if len(s.bindings[l.ID]) == 0 {
		delete(s.bindings, l.ID)
	}
}

// shown is the flow's own binding as it stands in an answer.
func (s *Server) shown(f *flow) []sipgo.Header {
	for _, b := range s.devices(f.line) {
		if b.flow == f {
			left := strconv.Itoa(int((b.expires.Sub(s.Now()) + time.Second - 1) / time.Second))
			return []sipgo.Header{&sipgo.ContactHeader{Address: *b.contact.Clone(), Params: append(b.shown.Clone(), sipgo.HeaderKV{K: "expires", V: left})}}
		}
	}
	return nil
}
