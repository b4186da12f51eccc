package media

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pion/webrtc/v4"
)

// Leg is one side of a call: what one browser or phone sees of it. Its methods may be
// called from several goroutines; a call's signalling has its own order (RFC 3261
// section 14.1), which is not checked beyond ErrState.
type Leg struct {
	relay *Relay
	kind  Kind
	asked bool // the leg was offered first: a callee

	// What each packet needs stands together.
	route   atomic.Pointer[route]   // nil: packets of this leg are dropped
	tap     atomic.Pointer[tap]     // records what the leg sends; nil: nothing does
	station atomic.Pointer[Station] // of a caller with whom nobody of the other side talks, but we do
	ways    [kinds]way

	// mu guards the state of descriptions; it is never held while packets pass,
	// and no two legs' are held at once.
	mu       sync.Mutex
	pc       *webrtc.PeerConnection // of a browser; nil until a way is being opened
	line     *line                  // of a phone; nil until then
	remote   credentials
	near     netip.Addr // where a phone's signalling comes from
	local    session
	sections []section // of the first description, refused ones too, never reordered
	settled  bool      // offer and answer were exchanged once
	offered  []Direction
	adding   []section        // a picture that the leg is offered and has not answered for
	told     [kinds]Direction // as we last stated it to the leg
	sent     string           // the answer that the caller was given
	heard    string           // the answer that was last taken

	// Of a caller: the fork that answered last.
	chosen atomic.Pointer[Leg]
	from   *Leg                     // of a callee: who calls
	keys   atomic.Pointer[listener] // nil: nobody is told of digits

	connected atomic.Bool
	early     atomic.Uint64
	held      atomic.Uint64
	dropped   atomic.Uint64
	events    atomic.Uint64
	buffers   atomic.Int32 // how many sources the leg named

	digits    chan digit
	digitTurn sync.Mutex    // held while a digit is sent
	closing   chan struct{} // closed when Close begins
	done      chan struct{}
	lost      sync.Once // closes done
	once      sync.Once // closes the leg

	// work guards the count of goroutines against one that begins while Close
	// waits for them.
	work   sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// way is what a leg has for each kind.
type way struct {
	out    *stream
	in     counter
	will   atomic.Uint32           // Direction: what the leg itself last said it wants
	codecs atomic.Pointer[[]codec] // agreed with the leg
	source atomic.Uint32           // the leg's own, once it sent
	format atomic.Uint32           // payload type last received, plus one
	tracks atomic.Int32            // how many sources came
}

func (w *way) wants() Direction { return Direction(w.will.Load()) }

func (w *way) list() []codec {
	if p := w.codecs.Load(); p != nil {
		return *p
	}
	return nil
}

func (r *Relay) leg(k Kind, asked bool) *Leg {
	var b [28]byte
	_, _ = rand.Read(b[:])
	name := hex.EncodeToString(b[16:])
	l := &Leg{
		relay: r, kind: k, asked: asked,
		digits: make(chan digit, maxDigits), closing: make(chan struct{}), done: make(chan struct{}),
	}
	l.local = session{
		// RFC 8866 section 5.2: a number below 2^63 that is nobody else's.
		origin: binary.BigEndian.Uint64(b[:]) >> 2, cname: name,
		kind: k, addrs: r.public, port: portOf(r.conn.LocalAddr()),
	}
	for k := range l.ways {
		l.ways[k].out = newStream(kind(k), name)
		l.ways[k].will.Store(uint32(SendRecv))
	}
	return l
}

// Accept takes the caller's offer; the kind of the leg is that of whoever writes
// such an offer. No way is opened before Answer, so that it may
// ring for as long as it likes. It returns ErrSDP, ErrCodec or ErrClosed.
func (r *Relay) Accept(ctx context.Context, offer string) (*Leg, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d, err := read(offer)
	if err != nil {
		return nil, err
	}
	l := r.leg(d.kind, false)
	l.sections, l.remote = d.sections, d.credentials
	l.keep()
	for i := range l.sections {
		if s := &l.sections[i]; s.taken {
			l.ways[s.kind].will.Store(uint32(s.dir))
		}
	}
	if err := r.add(l); err != nil {
		return nil, err
	}
	return l, nil
}

// keep makes the codecs of the sections those with which packets pass.
func (l *Leg) keep() {
	for k := range l.ways {
		var list []codec
		if s := taken(l.sections, kind(k)); s != nil {
			list = slices.Clone(s.codecs)
		}
		l.ways[k].codecs.Store(&list)
	}
}

// Answered takes the answer to the last offer of this leg. One that repeats the
// last (a 200 after a 183) changes nothing. It returns ErrSDP, ErrCodec, ErrState
// or ErrClosed; after an error of the first answer the leg is of no use but to be
// closed.
func (l *Leg) Answered(answer string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.isClosed():
		return ErrClosed
	case l.offered == nil && l.heard == answer && answer != "":
		return nil
	case l.offered == nil:
		return ErrState
	}
	d, err := read(answer)
	if err != nil {
		return err
	}
	if d.kind != l.kind {
		return ErrCodec
	}
	if len(d.sections) != len(l.offered) {
		return malformed("not as many sections as were offered")
	}
	before := l.sections
	l.sections = append(slices.Clone(before), l.adding...)
	if err := l.accordingTo(d); err != nil {
		l.sections = before
		return err
	}
	l.adding = nil
	if l.kind == Phone {
		if err := l.line.tune(l.sections); err != nil {
			return err
		}
	} else if !l.settled {
		if d.setup == "actpass" {
			return malformed("DTLS role of an answer") // RFC 5763 section 5
		}
		l.remote = d.credentials
		if err := l.firstAnswered(); err != nil {
			return err
		}
	}
	for i, s := range d.sections {
		if own := l.sections[i]; own.taken {
			l.state(own.kind, s.dir, l.offered[i].reverse())
		}
	}
	if l.settled {
		if err := l.widen(); err != nil {
			return err
		}
	}
	l.offered, l.heard, l.settled = nil, answer, true
	if l.from != nil {
		l.from.chosen.Store(l)
	}
	l.changed()
	return nil
}

// accordingTo narrows the sections to what an answer or a new offer has of them.
func (l *Leg) accordingTo(d *description) error {
	if l.settled && d.fingerprint != l.remote.fingerprint {
		return ErrCodec // another DTLS association: a new call does that
	}
	var next []section
	for i, theirs := range d.sections {
		if i >= len(l.sections) || !l.sections[i].taken { // refused once, or new: a line that was refused may be used for other media
			next = append(next, l.added(theirs))
			continue
		}
		own := l.sections[i]
		if own.media != theirs.media || (l.kind == Browser && theirs.taken && own.mid != theirs.mid) {
			return malformed("sections in another order")
		}
		if l.kind == Phone && theirs.taken && !own.goesOn(theirs, l.asked && !l.settled) {
			return ErrCodec
		}
		own.codecs = agreed(own.codecs, theirs.codecs)
		theirs.far.mux = theirs.far.mux && own.far.mux // what was not agreed at first has its two ports
		own.taken, own.far = theirs.taken && carries(own.codecs), theirs.far
		next = append(next, own)
	}
	if taken(next, audio) == nil {
		return ErrCodec
	}
	l.sections = next
	l.keep()
	return nil
}

// state notes what the leg itself wants, from what it said where open was all it
// could have said: a leg that was only offered sound to listen to has not said
// that it would not speak.
func (l *Leg) state(k kind, said, open Direction) {
	w := &l.ways[k]
	w.will.Store(uint32(said | w.wants()&^open))
}

// Answer gives the answer to the caller's first offer, of what the callee took
// that answered last. It is made once and repeated after that (183, then 200). It
// returns ErrState before a callee answered, ErrCodec, ErrPorts or ErrClosed.
func (l *Leg) Answer() (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	callee := l.chosen.Load()
	switch {
	case l.isClosed():
		return "", ErrClosed
	case l.sent != "":
		return l.sent, nil
	case l.asked || callee == nil:
		return "", ErrState
	}
	next := slices.Clone(l.sections)
	for i := range next {
		if s := &next[i]; s.taken {
			w := &callee.ways[s.kind]
			s.codecs = agreed(s.codecs, w.list())
			for j := range s.codecs {
				s.codecs[j].to = s.codecs[j].from
			}
			s.taken = carries(s.codecs)
			s.dir = s.dir.reverse() & w.wants()
		}
	}
	if taken(next, audio) == nil {
		return "", ErrCodec
	}
	l.sections = next
	l.keep()
	text, err := l.firstAnswer()
	if err != nil {
		return "", err
	}
	l.sent, l.settled = text, true
	return text, nil
}

// Settled reports whether an offer and an answer were exchanged once.
func (l *Leg) Settled() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.settled
}

// Faces makes the other leg the one of which Answer tells: for a leg that comes
// into a call in another's place.
func (l *Leg) Faces(other *Leg) { l.chosen.Store(other) }

// Done is closed when the way to the leg is lost for good, or the leg is closed.
// It must be closed in both cases.
func (l *Leg) Done() <-chan struct{} { return l.done }

// Close ends the leg and waits for its goroutines; nothing passes to it or from
// it any more. It may be called more than once.
func (l *Leg) Close() error {
	var err error
	l.once.Do(func() {
		l.work.Lock()
		l.closed = true
		l.work.Unlock()
		close(l.closing)
		part(l)
		for k := range l.ways {
			l.ways[k].out.close()
		}
		l.mu.Lock()
		pc, line := l.pc, l.line
		l.mu.Unlock()
		if pc != nil {
			err = pc.GracefulClose()
		}
		if line != nil {
			err = line.close()
		}
		l.wg.Wait()
		l.lost.Do(func() { close(l.done) })
		l.relay.remove(l)
	})
	return err
}

func (l *Leg) isClosed() bool {
	l.work.Lock()
	defer l.work.Unlock()
	return l.closed
}

// run starts a goroutine of the leg, unless it is being closed.
func (l *Leg) run(f func()) bool {
	l.work.Lock()
	defer l.work.Unlock()
	if l.closed {
		return false
	}
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		f()
	}()
	return true
}

// Format writes a fixed word under every verb: a leg knows keys and a way to a
// person.
func (*Leg) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[leg]") }

// LogValue keeps the leg out of structured logs.
func (*Leg) LogValue() slog.Value { return slog.StringValue("[leg]") }
