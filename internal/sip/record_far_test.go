package sip_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"candour/internal/evidence"
	"candour/internal/recording"
	"candour/internal/sip"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// samples are those of a file of the mu-law (ITU-T G.711).
func samples(file []byte) (all []float64) {
	for _, o := range file[58:] {
		o = ^o
		v := (int(o&0x0f)<<3+0x84)<<(o>>4&7) - 0x84
		if o&0x80 != 0 {
			v = -v
		}
		all = append(all, float64(v))
	}
	return all
}

// L40: a desk phone has no page, so it hears that the call is recorded, and each
// part has the tone of its own side alone.
func TestRecordingADeskPhone(t *testing.T) {
	r := recordersWith(t, storetest.Open(t, storetest.Target(t, store.SQLite)), sip.Config{Remind: 500 * time.Millisecond})
	r.agrees("ann")
	a, d := r.registered("ann"), r.baresip("ben", "UDP", 1000, true)
	r.until("both have signed in", func() bool { return len(r.sip.Registrations()) == 2 })
	r.here = plain(t)
	a.n++
	m := a.invitation("1002")
	m.body = r.here.describe("")
	r.from = a.invite(m).connected()
	r.here.remote(webrtc.SDPTypeAnswer, r.from.sdp)
	r.heardBy(r.here)
	if s, err := d.heard(); err == nil && loudest(s) > 100 {
		t.Fatal("something was heard before")
	}
	if err := r.record("ann", r.from); err != nil {
		t.Fatal(err)
	}
	r.from.shows("announcing you")
	r.from.shows("on you")
	r.until("the desk phone has heard it", func() bool {
		s, _ := d.heard()
		return loudest(s) > 1000
	})
	r.here.speaks(tone(), 60)
	r.until("the desk phone hears the tone that reminds", func() bool {
		s, _ := d.heard()
		for ; len(s) >= 800; s = s[400:] {
			if loud(s[:800], 1400) > 0.7 {
				return true
			}
		}
		return false
	})
	if err := r.sip.StopRecording(context.Background(), r.lines["ann"], r.from.callID); err != nil {
		t.Fatal(err)
	}
	r.from.shows("off you stopped")
	r.from.ask("BYE", 200, "", "")
	list := r.list("ann")
	if len(list) != 1 {
		t.Fatalf("%d recordings", len(list))
	}
	mine, theirs := samples(r.side("ann", list[0].ID, recording.Mine).File()), samples(r.side("ann", list[0].ID, recording.Theirs).File())
	for name, got := range map[string][2]float64{"mine": {loud(mine, 440), loud(mine, 1000)}, "theirs": {loud(theirs, 1000), loud(theirs, 440)}} {
		if got[0] < 0.3 || got[1] > 0.01 {
			t.Errorf("%s has %.3f of its own and %.4f of the other's", name, got[0], got[1])
		}
	}
}

// A recording is kept piece by piece while it goes on, without a gap, and is no
// longer than one may be.
func TestARecordingInPieces(t *testing.T) {
	r := recordersWith(t, storetest.Open(t, storetest.Target(t, store.SQLite)), sip.Config{Piece: 300 * time.Millisecond, Longest: 1500 * time.Millisecond})
	r.agrees("ann")
	r.talks()
	r.begins()
	r.here.speaks(tone(), 80)
	r.off("limit")
	list := r.list("ann")
	if len(list) != 1 || list[0].Code != recording.Limit {
		t.Fatalf("%d recordings", len(list))
	}
	mine := r.side("ann", list[0].ID, recording.Mine)
	if n := r.count("SELECT COUNT(*) FROM recording_pieces WHERE side = 0"); n < 3 || mine.Length() != list[0].Length || mine.Length() < 1400*time.Millisecond || mine.Loud() < mine.Length()*3/4 {
		t.Errorf("%d pieces, %s of %s, loud for %s", n, mine.Length(), list[0].Length, mine.Loud())
	}
}

func loudest(samples []float64) (most float64) {
	for _, s := range samples {
		most = max(most, s, -s)
	}
	return most
}

// Emergency calls are never recorded by choice, nor is a call while another goes on
// beside it.
func TestCallsThatAreNotRecorded(t *testing.T) {
	h := open(t)
	desk := recording.New(recording.Config{Store: h.Store, Log: h.Log, Vault: h.Vault, InForce: h.InForce, Now: h.Now})
	x, nets := outsideOf(h, t, 1, sip.Config{Recording: desk}, marked(0))
	r := &recorder{exchange: x, desk: desk}
	r.agrees("ann")
	a, b, far := x.registered("ann"), x.registered("ben"), nets[0]
	from := a.helped("999", "")
	to := far.rings()
	to.reply(200, answerTo(to.sdp, far.id))
	far.asked("ACK")
	from.connected()
	if err := r.record("ann", from); !errors.Is(err, recording.ErrEmergency) {
		t.Errorf("an emergency call: %v", err)
	}
	mine, theirs := talk(a, b)
	if err := r.record("ann", mine); !errors.Is(err, recording.ErrOthers) {
		t.Errorf("two calls at once: %v", err)
	}
	from.ask("BYE", 200, "", "")
	to.bye()
	x.until("the call is over", func() bool { return len(x.sip.Calls()) == 1 })
	// Nobody's media are there, so nobody can be told, and nothing is kept.
	if err := r.record("ann", mine); err != nil {
		t.Fatal(err)
	}
	mine.shows("announcing you")
	mine.shows("off you untold")
	if n := r.count("SELECT COUNT(*) FROM recordings") + r.count("SELECT COUNT(*) FROM recording_pieces"); n != 0 {
		t.Errorf("%d things are kept", n)
	}
	if about := strings.Join(r.About(x.lines["ben"].Subject), " "); strings.Contains(about, string(evidence.RecordingAnnounced)) {
		t.Error("the history says that they were told")
	}
	mine.ask("BYE", 200, "", "")
	theirs.shows("announcing them")
	theirs.bye()
}
