package sip

import (
	"context"
	"strconv"
	"time"

	sipgo "github.com/emiago/sipgo/sip"
)

// maxAsks is how often one request is sent anew because a trunk asks for a digest,
// or for a longer time.
const maxAsks = 3

// look asks a trunk at intervals whether it is there (RFC 3261 11): silence means
// that it is not. Where it is, is found out on the same beat.
func (t *carrier) look() {
	for {
		ctx, cancel := context.WithTimeout(t.s.base, t.s.Ping)
		res := t.ping(ctx)
		cancel()
		t.mu.Lock()
		t.looked = true
		if t.answers = res != nil && res.StatusCode != sipgo.StatusServiceUnavailable; !t.answers {
			t.failure = 0
			if res != nil {
				t.failure = res.StatusCode
			}
		}
		t.mu.Unlock()
		if !t.sleep(t.s.Ping) {
			return
		}
	}
}

// sleep waits, and reports whether the trunk is still wanted.
func (t *carrier) sleep(d time.Duration) bool {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-t.g.stop:
		return false
	case <-wait.C:
		return true
	}
}

// ping asks the trunk at one of its addresses after the other, until one answers.
func (t *carrier) ping(ctx context.Context) *sipgo.Response {
	for {
		f := t.way(ctx)
		if f == nil {
			return nil
		}
		req := t.request(f, sipgo.OPTIONS, newCallID(), newTag(), 1)
		req.AppendHeader(sipgo.NewHeader("Accept", typeSDP))
		res := t.await(ctx, f, req)
		if res != nil && res.StatusCode != sipgo.StatusServiceUnavailable || !t.turnsFrom(f) {
			return res
		}
	}
}

// request is one outside of a call.
func (t *carrier) request(f *flow, m sipgo.RequestMethod, callID, tag string, seq uint32) *sipgo.Request {
	own := sipgo.Uri{Scheme: "sip", Host: t.Domain}
	if t.Register != nil {
		own.User = t.Register.Username
	}
	l := &leg{flow: f, callID: callID, tag: tag, us: address{"", own}, them: address{"", own}, target: t.uri(""), seq: seq - 1}
	if t.Register == nil {
		l.us.uri.Host = f.host
	}
	if m == sipgo.REGISTER { // RFC 3261 10.2: its domain, without a user
		l.target = sipgo.Uri{Scheme: "sip", Host: t.Domain, UriParams: t.param()}
	}
	return l.request(m)
}

// await sends a request and waits for its last answer; nil for none. Where the
// trunk has another address it does not wait long.
func (t *carrier) await(ctx context.Context, f *flow, req *sipgo.Request) *sipgo.Response {
	if t.others(f) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.s.Try)
		defer cancel()
	}
	final := make(chan *sipgo.Response, 1)
	giveUp := f.ask(req, func(res *sipgo.Response) {
		if res == nil || !res.IsProvisional() {
			final <- res
		}
	})
	select {
	case res := <-final:
		return res
	case <-ctx.Done():
	case <-t.g.stop:
	}
	giveUp()
	return <-final
}

// keepRegistered registers and does so again before it runs out. A trunk that
// refuses is asked more and more seldom.
func (t *carrier) keepRegistered() {
	r := &registering{t: t, callID: newCallID(), tag: newTag(), expires: t.Register.Expires}
	for failed := 0; ; {
		held, status := r.once(t.s.base, r.expires)
		wait := held - min(held/5, time.Minute)
		t.mu.Lock()
		t.registered = held > 0
		if held <= 0 {
			t.failure = status
			t.counts.failed(status)
		}
		t.mu.Unlock()
		if failed++; held > 0 {
			failed = 0
		} else {
			wait = min(t.s.Retry<<min(failed-1, 16), max(mostRetry, t.s.Retry))
		}
		if !t.sleep(wait) {
			break
		}
	}
}

// registering is one registration with a trunk: the same Call-ID throughout (RFC
// 3261 10.2).
type registering struct {
	t           *carrier
	callID, tag string
	seq         uint32
	expires     time.Duration
}

// once registers, and returns for how long that holds; 0 and the status of the
// answer where it does not.
func (r *registering) once(ctx context.Context, expires time.Duration) (time.Duration, int) {
	t := r.t
	ctx, cancel := context.WithTimeout(ctx, idleTime)
	defer cancel()
	for range maxAsks {
		f := t.way(ctx)
		if f == nil {
			return 0, 0
		}
		r.seq++
		req := t.request(f, sipgo.REGISTER, r.callID, r.tag, r.seq)
		contact := &sipgo.ContactHeader{Address: sipgo.Uri{Scheme: "sip", User: t.user, Host: f.host, Port: f.port, UriParams: f.param()}}
		req.AppendHeader(contact)
		req.AppendHeader(sipgo.NewHeader("Expires", strconv.Itoa(int(expires/time.Second))))
		t.sign(req)
		res := t.await(ctx, f, req)
		switch {
		case (res == nil || res.StatusCode == sipgo.StatusServiceUnavailable) && t.turnsFrom(f):
		case res == nil:
			return 0, 0
		case res.StatusCode == sipgo.StatusUnauthorized || res.StatusCode == sipgo.StatusProxyAuthRequired:
			if !t.challenged(res) {
				return 0, res.StatusCode
			}
		case res.StatusCode == sipgo.StatusIntervalToBrief: // RFC 3261 10.2.8
			least, ok := seconds(res, "min-expires")
			if !ok || least > 24*3600 || time.Duration(least)*time.Second <= expires {
				return 0, res.StatusCode
			}
			expires = time.Duration(least) * time.Second
			r.expires = expires
		case res.IsSuccess():
			return r.held(res, expires), res.StatusCode
		default:
			return 0, res.StatusCode
		}
	}
	return 0, sipgo.StatusUnauthorized
}

// held is for how long a registration holds, as its answer says: of our own
// Contact, else of the whole, else what was asked for.
func (r *registering) held(res *sipgo.Response, asked time.Duration) time.Duration {
	n, ok := seconds(res, "expires")
	for _, h := range headers(res, "contact") {
		c, is := h.(*sipgo.ContactHeader)
		if !is || c.Address.User != r.t.user {
			continue
		}
		if v, given := c.Params.Get("expires"); given {
			if own, err := strconv.Atoi(v); err == nil {
				n, ok = own, true
			}
		}
	}
	if !ok || n <= 0 || n > 24*3600 {
		return asked
	}
	return max(time.Duration(n)*time.Second, time.Second)
}
