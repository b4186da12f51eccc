package sip

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/recording"
	"candour/internal/store"
	"candour/internal/telecom"
)

// Somebody in a call may record it. Both sides are told first: in speech, whatever
// their phone, and in their pages, which show it for as long as it goes on; a phone
// that shows nothing hears a soft tone again and again. It ends with the call, when
// either side puts the call on hold or passes it on, when another could be heard in
// it, and when the other side says no.

// Times of recording.
const (
	tellTime = 15 * time.Second       // until both have heard that it begins, at most
	tapeBeat = 250 * time.Millisecond // between two looks at whether it may go on

	defaultRemind = 20 * time.Second
)

// taping is a recording of a call. Only the call's serial touches it, but for what
// runs beside.
type taping struct {
	id   int64
	by   *leg // who records
	tape *media.Tape
	hush context.CancelFunc // ends what is said
	stop chan bool          // whether what was not kept yet is to be
	done chan struct{}      // closed when all is kept
	why  recording.Code     // set before stop
}

// Record begins to record a call of a line, of which callID is the Call-ID of the
// line's own dialog. It returns when the call is being announced, or why it is not:
// one of the errors of package recording.
func (s *Server) Record(ctx context.Context, l telecom.Line, callID string) error {
	return s.within(ctx, l, callID, (*call).beginTaping)
}

// StopRecording ends what Record began, for who began it.
func (s *Server) StopRecording(ctx context.Context, l telecom.Line, callID string) error {
	return s.within(ctx, l, callID, func(c *call, own *leg) error {
		if c.taping == nil || c.taping.by != own {
			return recording.ErrNoCall
		}
		c.endTaping(recording.Stopped)
		return nil
	})
}

// RefuseRecording says that a person is not to be recorded in a call: what the
// other side records ends, the person's voice in it is erased, and nothing is
// recorded in this call any more but by the person.
func (s *Server) RefuseRecording(ctx context.Context, l telecom.Line, callID string) error {
	return s.within(ctx, l, callID, func(c *call, own *leg) error {
		c.refuseTaping(own)
		return nil
	})
}

func (c *call) refuseTaping(own *leg) {
	if c.unwilling == nil {
		c.unwilling = map[int64]bool{}
	}
	c.unwilling[own.line.ID] = true // 0 for whoever is beyond a trunk
	if c.taping != nil && c.taping.by != own {
		c.endTaping(recording.Objected)
	}
}

// within finds the connected side of a line's call, and acts in the call's order.
func (s *Server) within(ctx context.Context, l telecom.Line, callID string, act func(*call, *leg) error) error {
	c := s.callAt(l, callID)
	if c == nil || s.Recording == nil {
		return recording.ErrNoCall
	}
	answer := make(chan error, 1)
	c.do(func() {
		for _, own := range []*leg{c.a, c.b} {
			if own != nil && own.line.ID == l.ID && own.callID == callID && own.flow.carrier == nil && own.moved == nil && !own.over && c.phase == talking {
				answer <- act(c, own)
				return
			}
		}
		answer <- recording.ErrNoCall
	})
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// beginTaping decides whether a call is recorded, and has it announced.
func (c *call) beginTaping(own *leg) error {
	other := c.other(own)
	switch {
	case c.emergency():
		return recording.ErrEmergency
	case c.station != nil || other == nil:
		return recording.ErrMachine
	case c.taping != nil:
		return recording.ErrTaped
	case c.unwilling[other.line.ID]:
		return recording.ErrUnwilling
	case c.passes != nil || own.media.Wants() != media.SendRecv || other.media.Wants() != media.SendRecv:
		return recording.ErrHeld
	case c.s.heardElsewhere(c, own.line, other.line):
		return recording.ErrOthers
	}
	start := recording.Start{By: own.line, Other: other.line, Call: c.record.ID()}
	if other.flow.carrier != nil {
		start.Other = telecom.Line{}
	}
	if own == c.a && len(c.before) > 0 {
		start.Call = c.before[0].ID() // under which the caller finds it
	}
	t := &taping{by: own, stop: make(chan bool, 1), done: make(chan struct{})}
	err := c.s.inRecording(func(ctx context.Context, tx *store.Tx) (err error) {
		t.id, err = c.s.Recording.Begin(ctx, tx, start)
		return err
	})
	if err != nil {
		return err
	}
	ctx, hush := context.WithTimeout(c.s.base, tellTime)
	t.hush, c.taping = hush, t
	c.showTaping(own)
	c.showTaping(other)
	for _, l := range []*leg{own, other} {
		l.media.Keys(func(r rune) { c.do(func() { c.noKey(l, r) }) })
	}
	go c.announce(ctx, t, own.media, other.media)
	return nil
}

// heardElsewhere reports whether a line is talking in another call, so that whoever
// is there might be heard in this one too.
func (s *Server) heardElsewhere(c *call, lines ...telecom.Line) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range lines {
		if l.ID == 0 {
			continue
		}
		for other := range s.callsOf[l.ID] {
			st := other.state.Load()
			if other == c || st == nil || !st.Answered || st.legs[0] == nil || st.legs[1] == nil {
				continue
			}
			if st.legs[0].Wants() == media.SendRecv && st.legs[1].Wants() == media.SendRecv {
				return true
			}
		}
	}
	return false
}

// inRecording does an act of the recordings' desk.
func (s *Server) inRecording(act func(context.Context, *store.Tx) error) error {
	ctx, cancel := context.WithTimeout(s.base, deskTime)
	defer cancel()
	return s.Recording.Update(ctx, func(tx *store.Tx) error { return act(ctx, tx) })
}

// announce tells both sides in speech. Nothing is kept before both have heard it.
func (c *call) announce(ctx context.Context, t *taping, sides ...*media.Leg) {
	defer t.hush()
	errs := make([]error, len(sides))
	var said sync.WaitGroup
	for i, l := range sides {
		said.Go(func() { errs[i] = l.Say(ctx, begins) })
	}
	said.Wait()
	err := errors.Join(errs...)
	c.do(func() { c.announced(t, err) })
}

func begins(codec string) media.Sound { return recording.Prompt(recording.Begins, codec) }

// announced begins to keep what is said.
func (c *call) announced(t *taping, err error) {
	if c.taping != t {
		return // it ended meanwhile
	}
	other := c.other(t.by)
	if err == nil && other == nil {
		err = recording.ErrNoCall
	}
	if err != nil {
		c.endTaping(recording.Untold)
		return
	}
	err = c.s.inRecording(func(ctx context.Context, tx *store.Tx) error { return c.s.Recording.Announced(ctx, tx, t.id) })
	if err == nil {
		t.tape, err = media.NewTape(t.by.media, other.media)
	}
	if err != nil {
		c.s.Log.Error("a call could not be recorded", "error", err)
		c.endTaping(recording.Failed)
		return
	}
	c.showTaping(t.by)
	c.showTaping(other)
	go c.tapes(t, [2]telecom.Line{t.by.line, other.line}, [2]*media.Leg{t.by.media, other.media})
}

// tapes keeps what is said, piece by piece, until it is to end.
func (c *call) tapes(t *taping, lines [2]telecom.Line, legs [2]*media.Leg) {
	defer close(t.done)
	beat := time.NewTicker(tapeBeat)
	defer beat.Stop()
	begun := time.Now()
	cut, toned := begun, begun
	ending, broken := false, false
	for {
		select {
		case keep := <-t.stop:
			c.closeTape(t, keep && !broken)
			return
		case <-beat.C:
		}
		if ending {
			continue // the call's serial has it
		}
		now := time.Now()
		why := c.endsTape(t, lines, legs, now.Sub(begun))
		if why == "" && (now.Sub(cut) >= c.s.Piece || t.tape.Due()) {
			cut = now
			if err := c.s.keepPiece(t.id, t.tape.Cut); err != nil {
				why, broken = whyNot(err), true
			}
		}
		if ending = why != ""; ending {
			c.do(func() {
				if c.taping == t {
					c.endTaping(why)
				}
			})
		}
		if now.Sub(toned) >= c.s.Remind {
			toned = now
			c.do(func() { c.tone(t) })
		}
	}
}

// endsTape is why a recording is to end by itself; empty if it is not.
func (c *call) endsTape(t *taping, lines [2]telecom.Line, legs [2]*media.Leg, length time.Duration) recording.Code {
	switch {
	case legs[0].Wants() != media.SendRecv || legs[1].Wants() != media.SendRecv:
		return recording.Held
	case c.s.heardElsewhere(c, lines[0], lines[1]):
		return recording.Joined
	case t.tape.Turned():
		return recording.Failed
	case length >= c.s.Longest:
		return recording.Limit
	}
	return ""
}

// whyNot is why a recording ends of which a piece could not be kept.
func whyNot(err error) recording.Code {
	switch {
	case errors.Is(err, recording.ErrConsent):
		return recording.Withdrawn
	case errors.Is(err, recording.ErrObjected):
		return recording.Objected
	}
	return recording.Failed
}

// keepPiece keeps what was said since the last piece.
func (s *Server) keepPiece(id int64, cut func() (media.Sound, media.Sound, time.Duration)) error {
	own, other, length := cut()
	if length == 0 {
		return nil
	}
	err := s.inRecording(func(ctx context.Context, tx *store.Tx) error {
		return s.Recording.Keep(ctx, tx, id, recording.Said{Own: own, Other: other, Length: length})
	})
	if err != nil && whyNot(err) == recording.Failed && !errors.Is(err, recording.ErrNotFound) {
		s.Log.Error("what was said in a call could not be kept", "error", err)
	}
	return err
}

// closeTape keeps the rest of a recording, if that may be, and closes it.
func (c *call) closeTape(t *taping, keep bool) {
	if own, other, length := t.tape.Stop(); keep && length > 0 {
		_ = c.s.keepPiece(t.id, func() (media.Sound, media.Sound, time.Duration) { return own, other, length })
	}
	c.s.closeRecording(t)
}

func (s *Server) closeRecording(t *taping) {
	err := s.inRecording(func(ctx context.Context, tx *store.Tx) error {
		if t.why == recording.Objected {
			if err := s.Recording.Refuse(ctx, tx, t.id); err != nil && !errors.Is(err, recording.ErrNotFound) {
				return err
			}
		}
		return s.Recording.End(ctx, tx, t.id, t.why)
	})
	if err != nil {
		s.Log.Error("a recording could not be closed", "error", err) // the desk's sweep does
	}
}

// endTaping ends the recording of the call, if there is one, and returns when all
// of it is kept.
func (c *call) endTaping(why recording.Code) {
	t := c.taping
	if t == nil {
		return
	}
	t.why = why
	t.hush()
	if t.tape == nil {
		c.s.closeRecording(t)
	} else {
		t.stop <- why != recording.Objected && why != recording.Withdrawn
		<-t.done
	}
	c.taping = nil
	if c.phase != talking {
		return
	}
	for _, l := range []*leg{t.by, c.other(t.by)} {
		if l == nil || l.over {
			continue
		}
		if l.media != nil {
			l.media.Keys(nil)
		}
		l.notify(pageState{Recording: "off", By: t.seenBy(l), Because: string(why)})
		if !l.notified && (t.tape != nil || why == recording.Objected) && l.media != nil {
			l.say(func(codec string) media.Sound { return recording.Prompt(recording.Ends, codec) })
		}
		l.notified = false
	}
}

// recordingEnds ends a recording that may go on no longer.
func (s *Server) recordingEnds(id int64, why recording.Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.calls {
		c.do(func() {
			if c.taping != nil && c.taping.id == id {
				c.endTaping(why)
			}
		})
	}
}

// tone reminds those whom no page shows that the call is being recorded.
func (c *call) tone(t *taping) {
	if c.taping != t {
		return
	}
	for _, l := range []*leg{t.by, c.other(t.by)} {
		if l != nil && !l.notified && l.media != nil {
			l.say(func(codec string) media.Sound { return recording.Prompt(recording.Tone, codec) })
		}
	}
}

// pageState is what a page is told of the recording of its call.
type pageState struct {
	Recording string `json:"recording"`         // announcing, on, off
	By        string `json:"by"`                // you, them
	Because   string `json:"because,omitempty"` // why it is off
}

func (t *taping) seenBy(l *leg) string {
	if l == t.by {
		return "you"
	}
	return "them"
}

// showTaping has a side's page show the recording that goes on.
func (c *call) showTaping(l *leg) {
	t := c.taping
	if t == nil || l == nil {
		return
	}
	state := "on"
	if t.tape == nil {
		state = "announcing"
	}
	l.notify(pageState{Recording: state, By: t.seenBy(l)})
}

// notify tells a side's page how the recording stands.
func (l *leg) notify(state pageState) {
	if l.flow.kind != media.Browser || l.flow.carrier != nil || l.over || l.lost {
		return
	}
	body, err := json.Marshal(state)
	if err != nil {
		return
	}
	l.inform("application/json", body, func(res *sipgo.Response) {
		if res != nil && res.IsSuccess() && state.Recording == "on" {
			l.call.do(func() { l.notified = l.call.taping != nil })
		}
	})
}
