package softphone_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"candour/internal/consent/people"
	"candour/internal/media"
	"candour/internal/recording"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/web/webtest"
)

// recorder stands for the signalling: it does what it is told, or says err.
type recorder struct {
	desk *recording.Desk
	err  error
	told []string // what it was asked for, of which line and call
}

func (r *recorder) note(what string, l telecom.Line, callID string) error {
	r.told = append(r.told, what+" "+l.Extension+" "+callID)
	return r.err
}

func (r *recorder) Record(_ context.Context, l telecom.Line, callID string) error {
	return r.note("record", l, callID)
}

func (r *recorder) StopRecording(_ context.Context, l telecom.Line, callID string) error {
	return r.note("stop", l, callID)
}

func (r *recorder) RefuseRecording(_ context.Context, l telecom.Line, callID string) error {
	return r.note("refuse", l, callID)
}

// records is the desk of recordings.
func (b *bench) records(choices *people.Desk) *recording.Desk {
	b.recorder.desk = recording.New(recording.Config{Store: b.Store, Log: b.Log, Vault: b.Vault, InForce: b.InForce, Now: b.Now})
	choices.Follow(b.recorder.desk)
	return b.recorder.desk
}

// recorded is a recording of somebody's last call, with somebody.
func (c *caller) recorded(t *testing.T, other *caller) {
	t.Helper()
	l, to, desk := c.line(t), other.line(t), c.b.recorder.desk
	err := c.b.Store.Update(ctx, func(tx *store.Tx) error {
		calls, err := c.b.phones.Calls(ctx, tx, l.Subject, 0, 1)
		if err != nil {
			return err
		}
		id, err := desk.Begin(ctx, tx, recording.Start{By: l, Other: to, Call: calls[0].Call})
		if err != nil {
			return err
		}
		said := recording.Said{Own: media.Tone(440, time.Second), Other: media.Tone(1000, time.Second), Length: time.Second}
		return errors.Join(desk.Announced(ctx, tx, id), desk.Keep(ctx, tx, id, said), desk.End(ctx, tx, id, recording.Stopped))
	})
	if err != nil {
		t.Fatal(err)
	}
}

var allow = regexp.MustCompile(`/recordings/allow\?shown=[0-9a-f]{64}`)

// allows says yes to keeping recordings.
func (c *caller) allows(t *testing.T) {
	t.Helper()
	at := allow.FindString(c.get("/recordings").Text)
	if at == "" {
		t.Fatal("nobody is asked")
	}
	if a := c.press(at); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/recordings" {
		t.Fatal("allowing:", a.StatusCode)
	}
}

// R7, R28, L40: recordings are kept after a yes to the words that were shown, heard
// in parts, saved and erased by whom they are of alone; whoever was recorded finds
// it and takes their voice out.
func TestRecordings(t *testing.T) {
	b := open(t)
	ann, bob, cal := b.caller(t, "Ann", "1001"), b.caller(t, "Bob", "1002"), b.caller(t, "Cal", "1003")
	if a := ann.press("/recordings/allow"); a.StatusCode != http.StatusConflict {
		t.Error("a yes to no words:", a.StatusCode)
	}
	if a := ann.get("/"); !strings.Contains(a.Text, `id="phone-record"`) || !strings.Contains(a.Text, "Keeping the sound of a call for you") || !allow.MatchString(a.Text) {
		t.Error("the phone does not say what a yes means")
	}
	ann.allows(t)
	ann.rings(t, "1002", telecom.Completed)
	ann.recorded(t, bob)
	list := ann.get("/recordings")
	for _, want := range []string{"Extension 1002", "1 sec", "You said yes", `preload="none"`, "ninety days at most", "No recording of others has your voice"} {
		if !strings.Contains(list.Text, want) {
			t.Errorf("the list lacks %s", want)
		}
	}
	at := strings.TrimSuffix(linkTo(t, list, "/recordings/"), "both")
	if calls := ann.get("/calls"); !strings.Contains(calls.Text, `href="/recordings#recording-`) {
		t.Error("the list of calls does not lead there")
	}
	for side, size := range map[string]int{"both": 16060, "mine": 8058, "theirs": 8058} {
		if a := ann.get(at + side); a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "audio/wav" || a.Header.Get("Cache-Control") != "no-store" || len(a.Text) < size-2 || len(a.Text) > size {
			t.Error(side, a.StatusCode, len(a.Text), a.Header)
		}
	}
	if a := ann.ranged(t, at+"both", "bytes=4-11"); a.StatusCode != http.StatusPartialContent || !strings.HasSuffix(a.Text, "WAVE") {
		t.Error("a part of it:", a.StatusCode)
	}
	if a := ann.get(at + "file"); !strings.HasPrefix(a.Header.Get("Content-Disposition"), `attachment; filename="recording-`) {
		t.Error("saving:", a.Header)
	}
	for _, who := range []*caller{bob, cal} {
		for _, path := range []string{at + "both", at + "file", "/recordings/1/both", "/recordings/x/mine"} {
			if a := who.get(path); a.StatusCode != http.StatusNotFound {
				t.Error(path, "by somebody else:", a.StatusCode)
			}
		}
		if a := who.press(at + "remove"); a.StatusCode != http.StatusNotFound {
			t.Error("somebody else removes it:", a.StatusCode)
		}
	}
	if a := cal.press(at + "take-out"); a.StatusCode != http.StatusNotFound {
		t.Error("who is not in it takes out:", a.StatusCode)
	}
	if a := bob.get("/recordings"); !strings.Contains(a.Text, "Extension 1001") || !strings.Contains(a.Text, at+"take-out") {
		t.Error("who was recorded does not find it")
	}
	if a := bob.press(at + "take-out"); a.StatusCode != http.StatusSeeOther {
		t.Error("taking out:", a.StatusCode)
	}
	if a := ann.get("/recordings"); !strings.Contains(a.Text, "had their voice erased") {
		t.Error("the list does not say so")
	}
	if a := ann.get(at + "theirs"); a.StatusCode != http.StatusNotFound {
		t.Error("their voice:", a.StatusCode)
	}
	for i, want := range []int{http.StatusSeeOther, http.StatusNotFound} {
		if a := ann.press(at + "remove"); a.StatusCode != want {
			t.Error("removing", i, a.StatusCode)
		}
	}
	ann.recorded(t, bob)
	if a := ann.press("/recordings/withdraw"); a.StatusCode != http.StatusSeeOther {
		t.Error("taking back:", a.StatusCode)
	}
	if a := ann.get("/recordings"); !strings.Contains(a.Text, "No recordings.") {
		t.Error("something is left")
	}
}

// R10: a page names the call; what the signalling refuses is said in words, and the
// missing yes is asked for. Nobody reaches another line's call.
func TestRecordACall(t *testing.T) {
	b := open(t)
	ann, without := b.caller(t, "Ann", "1001"), b.caller(t, "Cal", "")
	said := func(a *webtest.Answer) (x struct {
		Done, Ask bool
		Said      string
	}) {
		t.Helper()
		if err := json.Unmarshal([]byte(a.Text), &x); err != nil {
			t.Fatal(a.StatusCode, a.Text)
		}
		return x
	}
	for _, act := range []string{"", "/stop", "/refuse"} {
		if a := ann.press("/call/abc%40x/record" + act); a.StatusCode != http.StatusOK || !said(a).Done {
			t.Error(act, a.StatusCode)
		}
	}
	if got := strings.Join(b.recorder.told, ", "); got != "record 1001 abc@x, stop 1001 abc@x, refuse 1001 abc@x" {
		t.Error("asked for:", got)
	}
	for _, err := range []error{
		recording.ErrConsent, recording.ErrEmergency, recording.ErrMachine, recording.ErrTaped, recording.ErrUnwilling, recording.ErrObjected, recording.ErrHeld,
		recording.ErrOthers, recording.ErrRole, recording.ErrUndeclared, recording.ErrFull, recording.ErrNoCall,
	} {
		b.recorder.err = err
		a := ann.press("/call/abc/record")
		if x := said(a); a.StatusCode != http.StatusConflict || x.Done || x.Ask != errors.Is(err, recording.ErrConsent) || len(x.Said) < 20 {
			t.Errorf("%v: %d %+v", err, a.StatusCode, x)
		}
	}
	b.recorder.err = errors.New("the machine is broken")
	if a := ann.press("/call/abc/record"); a.StatusCode != http.StatusInternalServerError {
		t.Error("a fault of ours:", a.StatusCode)
	}
	n := len(b.recorder.told)
	stranger := &caller{b.web.Browser(), b, nil}
	if a := stranger.press("/call/abc/record"); a.StatusCode == http.StatusOK {
		t.Error("a stranger:", a.StatusCode)
	}
	if a := without.press("/call/abc/record"); a.StatusCode != http.StatusNotFound {
		t.Error("who has no line:", a.StatusCode)
	}
	if a := ann.press("/call/" + strings.Repeat("x", 201) + "/record"); a.StatusCode != http.StatusNotFound {
		t.Error("a long name:", a.StatusCode)
	}
	ann.Header = http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}
	if a := ann.press("/call/abc/record"); a.StatusCode != http.StatusForbidden {
		t.Error("from another site:", a.StatusCode)
	}
	if len(b.recorder.told) != n {
		t.Error("the signalling was asked")
	}
}
