package sip

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"candour/internal/telecom"
)

// The limits of traces. What nobody fetches is let go: nothing of a trace is
// kept.
const (
	maxTraces = 4
	maxTraced = 500              // messages that wait to be fetched
	traceIdle = 15 * time.Second // between two fetches, after which a trace is over
	traceWait = 3 * time.Second  // that one fetch waits for something to tell
	wayIn     = "in"
	wayOut    = "out"
)

// Errors of traces.
var (
	// ErrTraces says that as many traces are under way as may be.
	ErrTraces = errors.New("sip: too many traces at once")
	// ErrNoTrace says that a trace is over.
	ErrNoTrace = errors.New("sip: the trace is over")
)

// Traced is a message as it passes. Text is redacted unless the trace is whole.
type Traced struct {
	At   time.Time
	Over string
	Way  string // "in" or "out"
	Line string // the extension, or a word for it; "" for a stranger
	Text string
	Lost int // messages before this one that were not fetched in time
}

// traces are those under way.
type traces struct {
	n  atomic.Int32 // of by: asked for each message
	mu sync.Mutex
	by map[string]*trace
}

type trace struct {
	tokens
	line  string // extension that it is of; "" for all
	whole bool
	list  []Traced
	lost  int
	some  chan struct{} // has one in it while list is not empty
	end   *time.Timer
}

// Trace begins a trace of what passes from now on, of one line or of all, and
// returns what Traced wants. whole shows everything but credentials and keys: it
// is for who may look at the person whose line it is, and has their look put
// down as evidence before.
func (s *Server) Trace(extension string, whole bool) (id string, err error) {
	s.traces.mu.Lock()
	defer s.traces.mu.Unlock()
	if len(s.traces.by) >= maxTraces {
		return "", ErrTraces
	}
	if whole && extension == "" {
		return "", ErrNoTrace // nobody may look at everybody
	}
	id = rand.Text()
	t := &trace{tokens: newTokens(), line: extension, whole: whole, some: make(chan struct{}, 1)}
	t.end = time.AfterFunc(traceIdle, func() { s.EndTrace(id) })
	if s.traces.by == nil {
		s.traces.by = map[string]*trace{}
	}
	s.traces.by[id] = t
	s.traces.n.Add(1)
	return id, nil
}

// EndTrace ends a trace.
func (s *Server) EndTrace(id string) {
	s.traces.mu.Lock()
	defer s.traces.mu.Unlock()
	if t := s.traces.by[id]; t != nil {
		t.end.Stop()
		delete(s.traces.by, id)
		s.traces.n.Add(-1)
	}
}

// Traced returns what passed since the last call. It waits a little for
// something to tell. ErrNoTrace once the trace is over.
func (s *Server) Traced(ctx context.Context, id string) ([]Traced, error) {
	s.traces.mu.Lock()
	t := s.traces.by[id]
	s.traces.mu.Unlock()
	if t == nil {
		return nil, ErrNoTrace
	}
	wait := time.NewTimer(traceWait)
	defer wait.Stop()
	select {
	case <-t.some:
	case <-wait.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	s.traces.mu.Lock()
	defer s.traces.mu.Unlock()
	if s.traces.by[id] != t {
		return nil, ErrNoTrace
	}
	t.end.Reset(traceIdle)
	list := t.list
	t.list = nil
	return list, nil
}

// passed tells the traces of a message, if there are any.
func (s *Server) passed(l telecom.Line, over, way string, b []byte) {
	if s.traces.n.Load() == 0 {
		return
	}
	s.traces.mu.Lock()
	defer s.traces.mu.Unlock()
	for _, t := range s.traces.by {
		if t.line != "" && t.line != l.Extension {
			continue
		}
		if len(t.list) >= maxTraced {
			t.lost++
			continue
		}
		m := Traced{At: s.Now(), Over: over, Way: way, Lost: t.lost}
		t.lost = 0
		if t.whole {
			m.Line, m.Text = l.Extension, withoutSecrets(string(b))
		} else {
			m.Line, m.Text = t.of("line", l.Extension), t.message(string(b))
		}
		t.list = append(t.list, m)
		select {
		case t.some <- struct{}{}:
		default:
		}
	}
}

// observed is the wire of a flow that tells traces what it carries.
type observed struct {
	wire
	f *flow
}

func (o observed) send(b []byte) error {
	o.f.s.passed(o.f.line, o.f.network, wayOut, b)
	return o.wire.send(b)
}

// known is the line of who is at a peer, as far as one has signed in.
func (p *peer) known() (l telecom.Line) {
	if len(p.flows) > 0 {
		l = p.flows[0].line
	}
	return l
}
