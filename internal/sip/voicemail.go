package sip

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	sipgo "github.com/emiago/sipgo/sip"

	"candour/internal/media"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/voicemail"
)

// Voicemail is the last that happens to a call that nobody takes: it answers as
// the callee would, tells the caller that they are recorded, and keeps what they
// say for the callee. Whoever dials voicemail.Code hears their own messages.

// Times of hearing messages by phone.
const (
	answerTime = 5 * time.Second // from a question to the end of waiting for a key
	menuTimes  = 8               // how often what can be pressed is said
	playTimes  = 8               // how often a message is played again
)

// unanswered ends a call that nobody took, by voicemail if the callee has it,
// unless it goes back to who passed it on.
func (c *call) unanswered(v verdict) {
	for _, reason := range []verdict{endNoAnswer, endBusy, endUnavailable, endQuiet, endNobody, endTheirLine, endNoWay, endNotInUse} {
		if v == reason && (c.voicemail(v) || c.comesBack(v)) {
			return
		}
	}
	c.end(v)
}

// inbox is the voicemail that a call may come to.
type inbox struct {
	line telecom.Line
	at   int // whose it is among the records of the call
	box  voicemail.Box
	own  media.Sound // how its person greets
}

// voicemail answers for the callee, or where that is another whom a line forwards
// to and who has none, for whoever forwarded it last; it reports whether it does.
func (c *call) voicemail(v verdict) bool {
	if c.s.Voicemail == nil || c.phase != ringing || c.out.early || c.in == nil && c.passed == nil {
		return false
	}
	records := c.records()
	for i, record := range slices.Backward(records) {
		to := record.Target()
		if to.Reach != telecom.ToLine || !c.boxOf(to.Line) || !c.opens() {
			continue
		}
		c.inbox.at = i
		c.missed = v.code // from here on the caller is told whether they leave a message
		switch {
		case c.passed != nil:
			c.turnTo()
			return true
		case c.attend():
			c.speaks(c.station)
			return true
		}
		c.missed = ""
		return false
	}
	return false
}

// boxOf reads the voicemail of a line, if that was not done for this call, and
// reports whether it is on.
func (c *call) boxOf(l telecom.Line) bool {
	if c.inbox.line.ID == l.ID {
		return c.inbox.box.On
	}
	c.inbox = inbox{line: l}
	err := c.s.inVoicemail(false, func(ctx context.Context, tx *store.Tx) (err error) {
		c.inbox.box, err = c.s.Voicemail.Box(ctx, tx, l)
		return err
	})
	if err != nil && !errors.Is(err, voicemail.ErrUndeclared) {
		c.s.Log.Error("voicemail could not be read", "error", err)
	}
	c.inbox.box.On = c.inbox.box.On && err == nil
	return c.inbox.box.On
}

// opens reports whether the voicemail answers, if only to say that there is no
// room for a message, and finds what the caller hears first.
func (c *call) opens() bool {
	err := c.s.inVoicemail(false, func(ctx context.Context, tx *store.Tx) error {
		fresh, old, err := c.s.Voicemail.Waiting(ctx, tx, c.inbox.line.ID)
		if err == nil && fresh+old >= voicemail.MaxMessages {
			err = voicemail.ErrFull
		}
		if err == nil {
			c.inbox.own, err = c.s.Voicemail.Greeting(ctx, tx, c.inbox.line)
		}
		return err
	})
	c.full = errors.Is(err, voicemail.ErrFull)
	if err != nil && !errors.Is(err, voicemail.ErrUndeclared) && !c.full {
		c.s.Log.Error("voicemail could not answer", "error", err)
	}
	return err == nil || c.full
}

// speaks has a caller who was answered hear what the voicemail says.
func (c *call) speaks(s *media.Station) {
	if c.full {
		go c.turnAway(s)
	} else {
		go c.takeMessage(s, c.inbox.own)
	}
}

// turnAway tells the caller that there is no room for a message. Nothing is
// recorded, and the call stays one that nobody took.
func (c *call) turnAway(s *media.Station) {
	err := s.Ready(c.s.base)
	if err == nil {
		_ = s.Play(c.s.base, voicemail.Prompt(voicemail.Full, s.Codec())) // cut short where they hang up
	}
	c.do(func() { c.end(endCompleted) })
}

// ringFor is how long it rings before voicemail answers; 0 if it does not.
func (c *call) ringFor() time.Duration {
	if c.s.Voicemail == nil || c.to.Reach != telecom.ToLine || c.in == nil && c.passed == nil || !c.boxOf(c.to.Line) {
		return 0
	}
	return c.inbox.box.Wait
}

// attend answers the caller by a station of ours; it reports whether it could.
func (c *call) attend() bool {
	sdp, station, err := c.stationed()
	if err != nil {
		if !errors.Is(err, media.ErrCodec) {
			c.s.Log.Error("a call could not be answered", "error", err)
		}
		return false
	}
	c.abandon()
	c.phase, c.station = talking, station
	c.halt()
	timer, _ := sessionTime(c.in)
	c.a.unacked = c.in.CSeq().SeqNo
	c.a.awaitAck()
	c.a.refreshed(timer)
	c.toCaller(sipgo.StatusOK, sessionHeaders(c.in, timer), sdp)
	c.in = nil
	c.a.watch()
	c.show()
	return true
}

// takeMessage speaks with the caller, until they hang up or are silent. What was
// recorded is kept when the call ends.
func (c *call) takeMessage(s *media.Station, own media.Sound) {
	ctx := c.s.base
	before := []media.Sound{voicemail.Prompt(voicemail.Greeting, s.Codec())}
	if own.Codec() != "" && s.Plays(own) {
		before = []media.Sound{own, voicemail.Prompt(voicemail.Recorded, s.Codec())}
	}
	err := s.Ready(ctx)
	if err == nil {
		_, err = s.SkipOn(ctx, "#", before...)
	}
	if err == nil {
		err = s.Play(ctx, voicemail.Prompt(voicemail.Beep, s.Codec()))
	}
	if err == nil {
		s.Listen(ctx, voicemail.MaxMessage, voicemail.Quiet, "#")
	}
	c.do(func() { c.end(endCompleted) })
}

// left keeps the message of a call that ends, and gives the end that its record
// has then.
func (c *call) left(v verdict) verdict {
	v.code = c.missed
	if c.station == nil { // who was to leave it had gone
		return v
	}
	sound := c.station.Recorded()
	if sound.Codec() == "" {
		return v
	}
	extension, _ := c.records()[c.inbox.at].Shown()
	err := c.s.inVoicemail(true, func(ctx context.Context, tx *store.Tx) error {
		_, err := c.s.Voicemail.Leave(ctx, tx, voicemail.Left{For: c.inbox.line, From: extension, Sound: sound})
		return err
	})
	switch {
	case err == nil:
		v.code = telecom.Voicemail
	case !errors.Is(err, voicemail.ErrEmpty) && !errors.Is(err, voicemail.ErrFull) && !errors.Is(err, vault.ErrNotFound):
		c.s.Log.Error("a message could not be kept", "error", err)
	}
	return v
}

// inVoicemail does an act of the voicemail's desk.
func (s *Server) inVoicemail(write bool, act func(context.Context, *store.Tx) error) error {
	ctx, cancel := context.WithTimeout(s.base, deskTime)
	defer cancel()
	do := s.Voicemail.View
	if write {
		do = s.Voicemail.Update
	}
	return do(ctx, func(tx *store.Tx) error { return act(ctx, tx) })
}

// ownVoicemail reports whether somebody dialled their own voicemail.
func (c *call) ownVoicemail(in *incoming) bool {
	dialled, err := url.PathUnescape(in.Recipient.User)
	return err == nil && c.s.Voicemail != nil && dialled == voicemail.Code
}

// listen connects somebody with their messages. There is no other side, so there
// is no record of a call: that a message was played stands in their history.
func (c *call) listen(in *incoming) {
	var err error
	if c.s.often(c.a.line) {
		err = errOften
	} else {
		ctx, cancel := context.WithTimeout(c.s.base, deskTime)
		defer cancel()
		c.a.media, err = c.s.accept(ctx, in)
	}
	if err != nil {
		v, _ := refusal(err)
		c.end(v)
		return
	}
	c.phase = ringing
	if !c.attend() {
		c.end(endCodec)
		return
	}
	m := &messages{s: c.s, line: c.a.line, station: c.station}
	go func() {
		m.serve(c.s.base)
		c.do(func() { c.end(endCompleted) })
	}()
}

// messages is somebody hearing their own, by phone.
type messages struct {
	s       *Server
	line    telecom.Line
	station *media.Station
}

// access is that of the person to what is theirs. ok is false where the policy
// declares no voicemail any more.
func (m *messages) access() (a vault.Access, ok bool) {
	roles, err := m.s.Voicemail.Roles()
	return vault.Access{Actor: m.line.Role.Actor(), Purpose: roles.Purpose, Surface: roles.Form.Surfaces[0], Own: true}, err == nil
}

// play says something of ours, or plays a sound, until one of keys is pressed.
func (m *messages) play(ctx context.Context, keys string, sounds ...media.Sound) (rune, bool) {
	key, err := m.station.SkipOn(ctx, keys, sounds...)
	return key, err == nil
}

func (m *messages) say(ctx context.Context, keys string, what ...voicemail.Say) (rune, bool) {
	var sounds []media.Sound
	for _, w := range what {
		sounds = append(sounds, voicemail.Prompt(w, m.station.Codec()))
	}
	return m.play(ctx, keys, sounds...)
}

// pressed is the key that was pressed while something was said, or the next one
// within the time that a person takes.
func (m *messages) pressed(ctx context.Context, keys string, what ...voicemail.Say) (rune, bool) {
	key, ok := m.say(ctx, keys, what...)
	if key != 0 || !ok {
		return key, ok
	}
	return m.play(ctx, keys, media.Silence(m.station.Codec(), answerTime))
}

// serve is the whole conversation: what can be pressed, and what it does.
func (m *messages) serve(ctx context.Context) {
	if _, ok := m.access(); !ok || m.station.Ready(ctx) != nil {
		return
	}
	for range menuTimes {
		key, ok := m.pressed(ctx, "159#", voicemail.Menu)
		switch {
		case !ok || key == '#':
			return
		case key == '1':
			ok = m.hear(ctx)
		case key == '5':
			ok = m.record(ctx)
		case key == '9':
			ok = m.greet(ctx, media.Sound{}, voicemail.Standard)
		}
		if !ok {
			return
		}
	}
	m.say(ctx, "", voicemail.Goodbye)
}

// hear plays the messages: the new ones first, each kind from the newest.
func (m *messages) hear(ctx context.Context) bool {
	var list []voicemail.Message
	err := m.s.inVoicemail(false, func(ctx context.Context, tx *store.Tx) (err error) {
		list, err = m.s.Voicemail.Messages(ctx, tx, m.line)
		return err
	})
	if err != nil {
		return false
	}
	slices.SortStableFunc(list, func(a, b voicemail.Message) int {
		switch {
		case a.Heard.IsZero() == b.Heard.IsZero():
			return 0
		case a.Heard.IsZero():
			return -1
		}
		return 1
	})
	if len(list) == 0 {
		_, ok := m.say(ctx, "", voicemail.None)
		return ok
	}
	for _, one := range list {
		if more, ok := m.one(ctx, one); !more || !ok {
			return ok
		}
	}
	_, ok := m.say(ctx, "", voicemail.Last)
	return ok
}

// one plays a message until its person goes on; more is false if they want no
// other.
func (m *messages) one(ctx context.Context, one voicemail.Message) (more, ok bool) {
	for range playTimes {
		sound, plays, err := m.sound(one)
		if err != nil {
			return false, false
		}
		if !plays {
			_, ok := m.say(ctx, "", voicemail.Elsewhere)
			return ok, ok
		}
		key, ok := m.play(ctx, "123#", sound)
		if ok && key == 0 {
			key, ok = m.pressed(ctx, "123#", voicemail.After)
		}
		switch {
		case !ok || key == '#':
			return false, ok
		case key == '2' || key == 0:
			return true, true
		case key == '3':
			return m.remove(ctx, one)
		}
	}
	return true, true
}

// sound reads a message and notes that it is heard, if this phone can play it.
func (m *messages) sound(one voicemail.Message) (sound media.Sound, plays bool, err error) {
	err = m.s.inVoicemail(true, func(ctx context.Context, tx *store.Tx) error {
		file, err := m.s.Voicemail.Sound(ctx, tx, m.line, one.ID)
		if err != nil {
			return err
		}
		if sound, err = media.ReadSound(file); err != nil {
			return err
		}
		a, ok := m.access()
		if plays = m.station.Plays(sound); !plays || !ok {
			return nil
		}
		return m.s.Voicemail.Heard(ctx, tx, a, m.line, one.ID)
	})
	return sound, plays, err
}

func (m *messages) remove(ctx context.Context, one voicemail.Message) (more, ok bool) {
	err := m.s.inVoicemail(true, func(ctx context.Context, tx *store.Tx) error {
		a, ok := m.access()
		if !ok {
			return voicemail.ErrUndeclared
		}
		return m.s.Voicemail.Remove(ctx, tx, a, m.line, one.ID)
	})
	if err != nil && !errors.Is(err, voicemail.ErrNotFound) {
		m.s.Log.Error("a message could not be removed", "error", err)
		return false, false
	}
	_, ok = m.say(ctx, "", voicemail.Deleted)
	return ok, ok
}

// record takes a new greeting.
func (m *messages) record(ctx context.Context) bool {
	if _, ok := m.say(ctx, "", voicemail.Record, voicemail.Beep); !ok {
		return false
	}
	m.station.Listen(ctx, voicemail.MaxGreeting, voicemail.Quiet, "#")
	sound := m.station.Recorded()
	if sound.Codec() == "" {
		_, ok := m.say(ctx, "", voicemail.Empty)
		return ok
	}
	return m.greet(ctx, sound, voicemail.Saved)
}

// greet sets the greeting, and says so.
func (m *messages) greet(ctx context.Context, sound media.Sound, done voicemail.Say) bool {
	err := m.s.inVoicemail(true, func(ctx context.Context, tx *store.Tx) error {
		a, ok := m.access()
		if !ok {
			return voicemail.ErrUndeclared
		}
		return m.s.Voicemail.SetGreeting(ctx, tx, a, m.line, sound)
	})
	switch {
	case errors.Is(err, voicemail.ErrEmpty):
		done = voicemail.Empty
	case err != nil:
		m.s.Log.Error("a greeting could not be kept", "error", err)
		return false
	}
	_, ok := m.say(ctx, "", done)
	return ok
}
