package sip

import (
	"slices"
	"strings"
	"sync"
	"time"

	sipgo "github.com/emiago/sipgo/sip"
)

// RFC 8760 2.4 has a phone take the first challenge that it knows. There are
// phones that give up at one that they do not know. They are offered MD5 alone:
// by what they call themselves, or when they ask again without an answer.
// Whoever could read or change what a phone says could as well take the better
// challenge out of ours.

// oldPhones are the beginnings of names of phones that are known to give up.
var oldPhones = []string{"baresip v0.", "baresip v1."}

const (
	maxOffers = 10_000
	offerTime = 10 * time.Minute
)

// offers remembers which strangers were offered both and have not answered.
type offers struct {
	mu    sync.Mutex
	by    map[string]offer // by Call-ID, which a phone keeps for its registration (RFC 3261 10.2)
	swept time.Time
}

type offer struct {
	seq  uint32
	when time.Time
}

// again reports whether a phone was offered both algorithms before and asks anew.
// Otherwise it is noted to have been.
func (o *offers) again(req *sipgo.Request, now time.Time) bool {
	id, seq := req.CallID().Value(), req.CSeq().SeqNo
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.Sub(o.swept) > offerTime/4 {
		o.swept = now
		for k, v := range o.by {
			if now.Sub(v.when) > offerTime {
				delete(o.by, k)
			}
		}
	}
	before, was := o.by[id]
	if was && now.Sub(before.when) <= offerTime && before.seq < seq {
		return true
	}
	if len(o.by) < maxOffers && len(id) <= maxParam {
		o.by[id] = offer{seq, now}
	}
	return false
}

// answered forgets what was offered.
func (o *offers) answered(req *sipgo.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.by, req.CallID().Value())
}

// offered are the algorithms that a request is offered.
func (p *peer) offered(req *sipgo.Request) []string {
	for _, f := range p.flows {
		if f.short {
			return algorithms[1:]
		}
	}
	for _, h := range headers(req, "user-agent") {
		if slices.ContainsFunc(oldPhones, func(name string) bool { return strings.HasPrefix(h.Value(), name) }) {
			return algorithms[1:]
		}
	}
	if len(p.flows) == 0 && p.s.offers.again(req, p.s.Now()) {
		return algorithms[1:]
	}
	return algorithms
}
