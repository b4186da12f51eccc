package sip_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	pionmedia "github.com/pion/webrtc/v4/pkg/media"

	"candour/internal/evidence"
	"candour/internal/identity"
	"candour/internal/media"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
	"candour/internal/vault"
	"candour/internal/voicemail"
)

// mailbox is the voicemail of a house, and what was told of it.
type mailbox struct {
	*voicemail.Desk
	h *house

	mu   sync.Mutex
	told [][3]int64
}

func (h *house) voicemail() *mailbox {
	h.TB.Helper()
	m := &mailbox{h: h, Desk: voicemail.New(voicemail.Config{
		Store: h.Store, Log: h.Log, Vault: h.Vault, Accounts: h.accounts, InForce: h.InForce, Now: h.Now,
	})}
	m.OnWaiting(func(line int64, fresh, old int) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.told = append(m.told, [3]int64{line, int64(fresh), int64(old)})
	})
	return m
}

func (m *mailbox) last() [3]int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.told) == 0 {
		return [3]int64{}
	}
	return m.told[len(m.told)-1]
}

func (m *mailbox) access(l telecom.Line) vault.Access {
	roles, err := m.Roles()
	if err != nil {
		m.h.TB.Fatal(err)
	}
	return vault.Access{Actor: l.Role.Actor(), Purpose: roles.Purpose, Surface: roles.Form.Surfaces[0], Own: true}
}

func (m *mailbox) on(l telecom.Line, b voicemail.Box) {
	m.h.TB.Helper()
	b.On, b.Wait = true, 10*time.Second
	if err := m.Update(context.Background(), func(tx *store.Tx) error { return m.Set(context.Background(), tx, m.access(l), l, b) }); err != nil {
		m.h.TB.Fatal(err)
	}
}

func (m *mailbox) list(l telecom.Line) (list []voicemail.Message) {
	m.h.TB.Helper()
	err := m.View(context.Background(), func(tx *store.Tx) (err error) {
		list, err = m.Messages(context.Background(), tx, l)
		return err
	})
	if err != nil {
		m.h.TB.Fatal(err)
	}
	return list
}

func (m *mailbox) file(l telecom.Line, id int64) (file []byte) {
	m.h.TB.Helper()
	err := m.View(context.Background(), func(tx *store.Tx) (err error) {
		file, err = m.Sound(context.Background(), tx, l, id)
		return err
	})
	if err != nil {
		m.h.TB.Fatal(err)
	}
	return file
}

// plain is a page that has G.711 too, and speaks it.
func plain(t *testing.T) *browser {
	mu := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}
	return newBrowserOf(t, map[webrtc.PayloadType]webrtc.RTPCodecCapability{
		0: mu, 126: {MimeType: "audio/telephone-event", ClockRate: 8000, SDPFmtpLine: "0-16"},
	}, mu)
}

// tone is a second of a note, in frames of G.711.
func tone() (frames [][]byte) {
	file := media.Tone(440, time.Second).File()
	for sound := file[len(file)-8000:]; len(sound) >= 160; sound = sound[160:] {
		frames = append(frames, sound[:160])
	}
	return frames
}

// speaks is a person who talks into the page for a while: as long as they like,
// the network takes it no faster than it is said.
func (b *browser) speaks(frames [][]byte, n int) {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := range n {
		<-tick.C
		if err := b.voice.WriteSample(pionmedia.Sample{Data: frames[i%len(frames)], Duration: 20 * time.Millisecond}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// reaches calls a number and is connected.
func (p *phone) reaches(number string, page *browser) *dialog {
	p.t.Helper()
	p.n++
	m := p.invitation(number)
	m.body = page.describe("")
	d := p.invite(m).connected()
	page.remote(webrtc.SDPTypeAnswer, d.sdp)
	return d
}

func (d *dialog) press(key string) { d.p.t.Helper(); d.ask("INFO", 200, "application/dtmf", key) }

// waits until a sound is heard that is as loud as speech.
func (x *exchange) heardBy(page *browser) {
	x.t.Helper()
	loud := tone()[10]
	for end := time.After(patience); ; {
		select {
		case p := <-page.heard:
			if len(p.Payload) == len(loud) && level(p.Payload) > 500 {
				return
			}
		case <-end:
			x.t.Fatal("nothing was heard")
		}
	}
}

// level is the mean distance of octets of the mu-law from silence, in steps.
func level(b []byte) (sum int) {
	for _, o := range b {
		sum += int(^o&0x7f) * 10
	}
	return sum / len(b)
}

// L24, L40: nobody is there, so the caller leaves a message: it is the callee's
// record and says from whom it is, the caller's list says that one was left, both
// histories tell, and the callee hears it by phone and deletes it.
func TestVoicemail(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := newHouse(t, st)
		ann, ben := h.line(identity.CustomerUser, "1001"), h.line(identity.CustomerUser, "1002")
		v := h.voicemail()
		x := h.serve(t, sip.Config{Voicemail: v.Desk}, map[string]telecom.Line{"ann": ann, "ben": ben})
		a := x.registered("ann")
		a.call("1002").refused(480) // it is off at first
		v.on(ben, voicemail.Box{Mail: true})
		here := plain(t)
		from := a.reaches("1002", here)
		if !strings.Contains(from.contact, `;automata;actor="msg-taker"`) {
			t.Errorf("the caller's phone is told %q", from.contact)
		}
		x.heardBy(here) // the greeting, which says that they are recorded
		from.press("#")
		here.speaks(tone(), 100)
		from.press("#")
		from.bye()
		x.kept("ann", telecom.Voicemail)
		if e := x.kept("ben", telecom.Voicemail); !e.Answered.IsZero() || e.Far != "1001" || !strings.Contains(e.Words, "voicemail message was left") {
			t.Error("the callee's part does not say so")
		}
		list := v.list(ben)
		if len(list) != 1 || list[0].From != "1001" || !list[0].Heard.IsZero() || list[0].Length < time.Second {
			t.Fatalf("%d messages", len(list))
		}
		if file := v.file(ben, list[0].ID); string(file[:4]) != "RIFF" || level(file[len(file)/4:len(file)/2]) < 500 {
			t.Error("nothing is heard of it")
		}
		if len(v.list(ann)) != 0 {
			t.Error("the caller has it")
		}
		if got := v.last(); got != [3]int64{ben.ID, 1, 0} {
			t.Errorf("told of %v", got[1:])
		}
		b := x.registered("ben")
		there := plain(t)
		to := b.reaches(voicemail.Code, there)
		to.press("1")
		x.until("it is heard", func() bool { return v.last() == [3]int64{ben.ID, 0, 1} })
		x.heardBy(there)
		to.press("3")
		x.until("it is deleted", func() bool { return len(v.list(ben)) == 0 })
		to.ask("BYE", 200, "", "")
		x.until("nothing goes on", func() bool { return len(x.sip.Calls()) == 0 })
		about := strings.Join(h.About(ben.Subject), "\n")
		for _, kind := range []evidence.Kind{evidence.VoicemailLeft, evidence.VoicemailHeard, evidence.VoicemailSet} {
			if n := strings.Count(about, string(kind)); n != 1 {
				t.Errorf("%d entries %s in\n%s", n, kind, about)
			}
		}
		a.quiet()
		b.quiet()
	})
}

// A real phone leaves a message and hears that it is recorded; another hears it.
func TestRealPhoneLeavesAMessage(t *testing.T) {
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			v := h.voicemail()
			ann, ben := h.line(identity.CustomerUser, "1001"), h.line(identity.CustomerUser, "1002")
			x := h.serve(t, sip.Config{Voicemail: v.Desk}, map[string]telecom.Line{"ann": ann, "ben": ben})
			v.on(ann, voicemail.Box{})
			b := x.baresip("ben", network, 440, false)
			x.until("it has signed in", func() bool { return len(x.sip.Registrations()) == 1 })
			b.does("dial", "sip:1001@"+domain)
			x.until("voicemail answers", func() bool { return b.happened("CALL_ESTABLISHED") })
			x.until("the tone after the greeting", func() bool {
				s, err := b.heard()
				return err == nil && len(s) > rate && loud(s[len(s)-rate/5:], 1000) > 0.8
			})
			before, err := b.heard()
			if err != nil {
				t.Fatal(err)
			}
			x.until("two seconds go by", func() bool {
				s, err := b.heard()
				return err == nil && len(s) > len(before)+2*rate || len(v.list(ann)) > 0
			})
			b.does("hangup", "")
			x.until("the message is there", func() bool { return len(v.list(ann)) == 1 })
			if e := x.kept("ben", telecom.Voicemail); e.Far != "1001" {
				t.Error("the list has another caller")
			}
			s, err := media.ReadSound(v.file(ann, v.list(ann)[0].ID))
			if err != nil || s.Codec() != "pcmu" || s.Loud() < time.Second {
				t.Errorf("%v: %s of %s are heard", err, s.Loud(), s.Length())
			}
		})
	}
}

// Whoever withholds their number is not named, a page with Opus alone is recorded
// in Ogg, and hanging up ends the message.
func TestVoicemailOfAHiddenCaller(t *testing.T) {
	h := open(t)
	v := h.voicemail()
	ann, ben := h.line(identity.CustomerUser, "1001"), h.line(identity.CustomerUser, "1002")
	x := h.serve(t, sip.Config{Voicemail: v.Desk, NoAnswer: 50 * time.Millisecond}, map[string]telecom.Line{"ann": ann, "ben": ben})
	v.on(ben, voicemail.Box{})
	a, b := x.registered("ann"), x.registered("ben")
	here := newBrowser(t)
	a.n++
	m := a.invitation("141" + "1002")
	m.body = here.describe("")
	from := a.invite(m)
	to := b.rings()
	to.cancelled()
	from.connected()
	here.remote(webrtc.SDPTypeAnswer, from.sdp)
	from.press("#")
	here.speaks([][]byte{append([]byte{0x78}, bytes.Repeat([]byte{7}, 59)...)}, 100)
	from.ask("BYE", 200, "", "")
	x.kept("ann", telecom.Voicemail)
	list := v.list(ben)
	if len(list) != 1 || list[0].From != "" || !list[0].Hidden {
		t.Fatalf("%d messages", len(list))
	}
	file := v.file(ben, list[0].ID)
	if s, err := media.ReadSound(file); err != nil || s.Codec() != "opus" || s.Length() < time.Second {
		t.Errorf("the file: %v, %s", err, s.Length())
	}
}

// A greeting is recorded by phone and played to callers; who says nothing leaves
// nothing; who declines is not answered; hold and resume do no harm.
func TestOwnGreeting(t *testing.T) {
	h := open(t)
	v := h.voicemail()
	ann, ben := h.line(identity.CustomerUser, "1001"), h.line(identity.CustomerUser, "1002")
	x := h.serve(t, sip.Config{Voicemail: v.Desk}, map[string]telecom.Line{"ann": ann, "ben": ben})
	v.on(ben, voicemail.Box{})
	b := x.registered("ben")
	there := plain(t)
	to := b.reaches(voicemail.Code, there)
	to.press("5")
	said := make(chan struct{})
	go func() {
		defer close(said)
		there.speaks(tone(), 400) // also while it is still being told what to do
	}()
	<-said
	to.press("#")
	var own media.Sound
	x.until("it is kept", func() bool {
		err := v.View(context.Background(), func(tx *store.Tx) (err error) {
			own, err = v.Greeting(context.Background(), tx, ben)
			return err
		})
		return err == nil && own.Codec() != ""
	})
	to.ask("BYE", 200, "", "")
	if own.Codec() != "pcmu" || own.Length() < time.Second {
		t.Errorf("a greeting of %s", own.Length())
	}
	a := x.registered("ann")
	here := plain(t)
	d := a.call("1002")
	b.rings().reply(603, "")
	d.refused(603)
	b.register(0, 200)
	from := a.reaches("1002", here)
	x.heardBy(here)
	for version, way := range []string{"sendonly", "sendrecv"} { // hold, and resume
		sdp := strings.Replace(here.pc.LocalDescription().SDP, "a=sendrecv", "a="+way, 1)
		from.took(from.ask("INVITE", 200, "application/sdp", sdp))
		from.ack(from.seq)
		if want := []string{"a=recvonly", "a=sendrecv"}[version]; !strings.Contains(from.sdp, want) {
			t.Errorf("%s is answered with\n%s", way, from.sdp)
		}
	}
	from.ask("UPDATE", 200, "", "")
	from.ask("BYE", 200, "", "")
	x.kept("ben", telecom.Unavailable)
	if n := len(v.list(ben)); n != 0 {
		t.Errorf("%d messages", n)
	}
	b.register(600, 200)
	page := plain(t)
	to = b.reaches(voicemail.Code, page)
	to.press("9")
	x.until("the standard one is back", func() bool {
		err := v.View(context.Background(), func(tx *store.Tx) (err error) {
			own, err = v.Greeting(context.Background(), tx, ben)
			return err
		})
		return err == nil && own.Codec() == ""
	})
}
