package sip_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	sipgo "github.com/emiago/sipgo/sip"
	"github.com/pion/webrtc/v4"

	"candour/internal/identity"
	"candour/internal/media"
	"candour/internal/recording"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// recorder is a house in which ann may record, and her call with ben, whose pages
// speak G.711.
type recorder struct {
	*exchange
	desk        *recording.Desk
	here, there *browser
	from, to    *dialog
}

// recorders opens one. Nobody has said anything yet.
func recorders(t *testing.T, st *store.Store) *recorder {
	t.Helper()
	return recordersWith(t, st, sip.Config{})
}

func recordersWith(t *testing.T, st *store.Store, c sip.Config) *recorder {
	t.Helper()
	h := newHouse(t, st)
	r := &recorder{desk: recording.New(recording.Config{Store: h.Store, Log: h.Log, Vault: h.Vault, InForce: h.InForce, Now: h.Now})}
	c.Recording = r.desk
	r.exchange = h.serve(t, c, map[string]telecom.Line{
		"ann": h.line(identity.CustomerUser, "1001"), "ben": h.line(identity.CustomerUser, "1002"), "cat": h.line(identity.CustomerUser, "1003"),
	})
	return r
}

// talks connects ann and ben.
func (r *recorder) talks() {
	r.t.Helper()
	a, b := r.registered("ann"), r.registered("ben")
	r.here, r.there = plain(r.t), plain(r.t)
	a.n++
	m := a.invitation("1002")
	m.body = r.here.describe("")
	r.from = a.invite(m)
	r.to = b.rings()
	r.to.reply(200, r.there.describe(r.to.sdp))
	b.asked("ACK")
	r.from.connected()
	r.here.remote(webrtc.SDPTypeAnswer, r.from.sdp)
	quiet := make([]byte, 160)
	for i := range quiet {
		quiet[i] = 0xff
	}
	r.here.says(string(quiet), r.there)
	r.there.says(string(quiet), r.here)
}

// agrees is a person who lets recordings be kept.
func (r *recorder) agrees(name string) {
	r.t.Helper()
	err := r.Store.Update(context.Background(), func(tx *store.Tx) error {
		return r.Vault.SetConsent(context.Background(), tx, r.lines[name].Subject, recording.PurposeID, true)
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *recorder) record(name string, d *dialog) error {
	return r.sip.Record(context.Background(), r.lines[name], d.callID)
}

func (r *recorder) list(name string) (list []recording.Recording) {
	r.t.Helper()
	err := r.Store.View(context.Background(), func(tx *store.Tx) (err error) {
		list, err = r.desk.List(context.Background(), tx, r.lines[name].Subject)
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// side reads one side of a recording of somebody.
func (r *recorder) side(name string, id int64, side recording.Side) (s media.Sound) {
	r.t.Helper()
	err := r.Store.View(context.Background(), func(tx *store.Tx) error {
		file, err := r.desk.Sound(context.Background(), tx, r.lines[name].Subject, id, side)
		if err == nil {
			s, err = media.ReadSound(file)
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

// shows wants the page to be told of the recording.
func (d *dialog) shows(want string) {
	d.p.t.Helper()
	req := d.p.until("INFO "+want, func(m sipgo.Message) bool {
		req, ok := m.(*sipgo.Request)
		return ok && req.Method == sipgo.INFO && req.CallID().Value() == d.callID
	}).(*sipgo.Request)
	d.replyTo(req, 200, "")
	var state struct{ Recording, By, Because string }
	if err := json.Unmarshal(req.Body(), &state); err != nil {
		d.p.t.Fatal(err)
	}
	if got := strings.TrimSpace(fmt.Sprint(state.Recording, " ", state.By, " ", state.Because)); got != want {
		d.p.t.Errorf("%s is shown %q, want %q", d.p.name, got, want)
	}
}

// begins has ann record, and both be told.
func (r *recorder) begins() {
	r.t.Helper()
	if err := r.record("ann", r.from); err != nil {
		r.t.Fatal(err)
	}
	for d, by := range map[*dialog]string{r.from: "you", r.to: "them"} {
		d.shows("announcing " + by)
		d.shows("on " + by)
	}
}

func (r *recorder) off(why string) {
	r.t.Helper()
	r.from.shows("off you " + why)
	r.to.shows("off them " + why)
}

// L40: a call is recorded only by somebody in it who agreed that it is kept; both
// hear so and are shown so before anything is kept; each side's part has that
// side's voice.
func TestRecording(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		r := recorders(t, st)
		r.talks()
		if err := r.record("ann", r.from); !errors.Is(err, recording.ErrConsent) {
			t.Fatalf("without consent: %v", err)
		}
		r.agrees("ann")
		for name, err := range map[string]error{
			"another's call": r.record("cat", r.from), "by the other's number": r.record("ann", &dialog{callID: r.to.callID}), "none": r.record("ann", &dialog{callID: "x"}),
		} {
			if !errors.Is(err, recording.ErrNoCall) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := r.record("ann", r.from); err != nil {
			t.Fatal(err)
		}
		if err := r.record("ben", r.to); !errors.Is(err, recording.ErrTaped) {
			t.Errorf("both: %v", err)
		}
		r.from.shows("announcing you")
		r.to.shows("announcing them")
		r.heardBy(r.here)
		r.heardBy(r.there)
		if n := r.count("SELECT COUNT(*) FROM recording_pieces"); n != 0 {
			t.Errorf("%d pieces are kept before both were told", n)
		}
		r.from.shows("on you")
		r.to.shows("on them")
		r.here.speaks(tone(), 60)
		if err := r.sip.StopRecording(context.Background(), r.lines["ben"], r.to.callID); !errors.Is(err, recording.ErrNoCall) {
			t.Errorf("the other stops it as if it were theirs: %v", err)
		}
		if err := r.sip.StopRecording(context.Background(), r.lines["ann"], r.from.callID); err != nil {
			t.Fatal(err)
		}
		r.off("stopped")
		list := r.list("ann")
		if len(list) != 1 || list[0].Code != recording.Stopped || list[0].Ended.IsZero() {
			t.Fatalf("%d recordings", len(list))
		}
		if mine, theirs := r.side("ann", list[0].ID, recording.Mine), r.side("ann", list[0].ID, recording.Theirs); mine.Loud() < mine.Length()/2 || theirs.Loud() > 0 || mine.Length() != theirs.Length() {
			t.Errorf("mine %s of %s, theirs %s of %s", mine.Loud(), mine.Length(), theirs.Loud(), theirs.Length())
		}
		if kinds := strings.Join(r.About(r.lines["ben"].Subject), " "); !strings.Contains(kinds, "recording.announced") || !strings.Contains(kinds, "recording.ended") {
			t.Errorf("the history of who was recorded: %s", kinds)
		}
		r.begins() // again, and until the call ends
		r.here.speaks(tone(), 30)
		r.from.ask("BYE", 200, "", "")
		r.to.bye()
		e := r.kept("ann", telecom.Completed)
		if list = r.list("ann"); len(list) != 2 || list[0].Code != recording.HungUp || list[0].Call != e.Call {
			t.Errorf("%d recordings, the last ended as %s", len(list), list[0].Code)
		}
	})
}

func (r *recorder) count(query string) (n int) {
	r.t.Helper()
	if err := r.Store.View(context.Background(), func(tx *store.Tx) error { return tx.QueryRow(context.Background(), query).Scan(&n) }); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// L40, R16: the other side says no: it ends at once, nothing is kept of their
// voice, and it is not begun again in this call.
func TestRefusingToBeRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		r := recorders(t, st)
		r.agrees("ann")
		r.agrees("ben")
		r.talks()
		r.begins()
		r.there.speaks(tone(), 30)
		if err := r.sip.RefuseRecording(context.Background(), r.lines["ben"], r.to.callID); err != nil {
			t.Fatal(err)
		}
		r.off("objected")
		if n := r.count("SELECT COUNT(*) FROM recording_pieces") + len(r.list("ann")); n != 0 {
			t.Errorf("%d things are kept", n)
		}
		if err := r.record("ann", r.from); !errors.Is(err, recording.ErrUnwilling) {
			t.Errorf("again: %v", err)
		}
		if kinds := strings.Join(r.About(r.lines["ben"].Subject), " "); !strings.Contains(kinds, "recording.objected") {
			t.Errorf("the history: %s", kinds)
		}
		if err := r.record("ben", r.to); err != nil {
			t.Errorf("who said no may record: %v", err)
		}
		r.from.ask("BYE", 200, "", "")
		r.to.bye()
		r.kept("ann", telecom.Completed)
		if n := r.count("SELECT COUNT(*) FROM recordings WHERE ended_ms = 0"); n != 0 {
			t.Errorf("%d recordings are open", n)
		}
	})
}

// L40, R16: whoever has no page says no by the keys that the announcement names;
// other keys change nothing, and who records ends it by the same.
func TestSayingNoByKeys(t *testing.T) {
	r := recorders(t, storetest.Open(t, storetest.Target(t, store.SQLite)))
	r.agrees("ann")
	r.talks()
	press := func(d *dialog, keys string) {
		for _, k := range keys {
			d.ask("INFO", 200, "application/dtmf", string(k))
		}
	}
	r.begins()
	press(r.to, "9*89")
	press(r.from, "*9")
	r.off("stopped")
	press(r.to, "*9") // of what is over
	r.begins()
	r.there.speaks(tone(), 30)
	press(r.to, "**9")
	r.off("objected")
	if n := r.count("SELECT COUNT(*) FROM recording_pieces WHERE side = 1"); n != 0 {
		t.Errorf("%d pieces of who said no are kept", n)
	}
	if err := r.record("ann", r.from); !errors.Is(err, recording.ErrUnwilling) {
		t.Errorf("again: %v", err)
	}
	r.from.ask("BYE", 200, "", "")
	r.to.bye()
}

// What ends a recording by itself: hold, by either side; passing the call on; a
// device in another's place; another call at the same time; the end of the consent.
func TestWhatEndsARecording(t *testing.T) {
	for name, x := range map[string]struct {
		why string
		do  func(r *recorder)
	}{
		"hold":              {"held", func(r *recorder) { r.from.reoffers(r.here, "sendonly") }},
		"hold by the other": {"held", func(r *recorder) { r.to.reoffers(r.there, "sendonly") }},
		"passing on":        {"passed-on", func(r *recorder) { r.registered("cat"); r.from.refer(at("1003"), 202) }},
		"another device":    {"passed-on", func(r *recorder) { r.registered("ann").takeOver(r.from) }},
		"another call":      {"joined", func(r *recorder) { talk(r.registered("ann"), r.registered("cat")) }},
		"a no on a page": {"objected", func(r *recorder) {
			err := r.desk.Update(context.Background(), func(tx *store.Tx) error {
				return r.desk.TakeOut(context.Background(), tx, r.lines["ben"].Subject, int64(r.count("SELECT MAX(id) FROM recordings")))
			})
			if err != nil {
				r.t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := recorders(t, storetest.Open(t, storetest.Target(t, store.SQLite)))
			r.agrees("ann")
			r.talks()
			r.begins()
			x.do(r)
			r.off(x.why)
		})
	}
}

// reoffers says within a call in which way sound is to go.
func (d *dialog) reoffers(page *browser, direction string) {
	d.p.t.Helper()
	sdp := strings.Replace(page.describe(""), "a=sendrecv", "a="+direction, 1)
	m := d.inside("INVITE", "application/sdp", sdp)
	d.p.write(m)
	d.p.answer("INVITE", m.seq, 200)
	d.ack(m.seq)
}
