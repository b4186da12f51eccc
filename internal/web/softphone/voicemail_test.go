package softphone_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"candour/internal/media"
	"candour/internal/store"
	"candour/internal/telecom"
	"candour/internal/voicemail"
	"candour/internal/web/webtest"
)

func (c *caller) line(t *testing.T) telecom.Line {
	t.Helper()
	l, err := c.b.phones.LineOf(ctx, c.me.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// getsMessage leaves a message of a second for somebody.
func (c *caller) getsMessage(t *testing.T, from string) {
	t.Helper()
	l := c.line(t)
	err := c.b.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := c.b.voicemail.Leave(ctx, tx, voicemail.Left{For: l, From: from, Sound: media.Tone(440, time.Second)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// sets sends the form with which voicemail is set.
func (c *caller) sets(answer, mail string) *webtest.Answer {
	action, values := c.get("/voicemail/settings").Fields("voicemail")
	values.Set("answer", answer)
	values.Set("mail", mail)
	return c.Do(http.MethodPost, host, action, "application/x-www-form-urlencoded", values.Encode())
}

// ranged asks for a part of a file.
func (c *caller) ranged(t *testing.T, path, part string) *webtest.Answer {
	t.Helper()
	c.Header = http.Header{"Range": {part}}
	defer func() { c.Header = nil }()
	return c.get(path)
}

// R7, R28: voicemail is set with the declared fields, its messages are heard in
// parts, marked as heard by a press and not by being fetched, and erased, by their person alone.
func TestVoicemailPages(t *testing.T) {
	b := open(t)
	ann, bob, cal := b.caller(t, "Ann", "1001"), b.caller(t, "Bob", "1002"), b.caller(t, "Cal", "")
	if a := ann.get("/voicemail"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Voicemail is off") {
		t.Error("at first:", a.StatusCode)
	}
	if a := ann.get("/voicemail/settings"); !strings.Contains(a.Text, "So that the calls you cannot take are answered") || !strings.Contains(a.Text, `value="off" checked`) {
		t.Error("the form")
	}
	if a := ann.sets("20", "yes"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/voicemail" {
		t.Fatal("setting:", a.StatusCode)
	}
	if a := ann.get("/voicemail/settings"); !strings.Contains(a.Text, `value="20" checked`) || !strings.Contains(a.Text, `value="yes" checked`) {
		t.Error("what was set is not shown")
	}
	for _, wrong := range [][2]string{{"15", "no"}, {"", "no"}, {"20", "perhaps"}} {
		if a := ann.sets(wrong[0], wrong[1]); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.Text, `role="alert"`) {
			t.Error(wrong, a.StatusCode)
		}
	}
	ann.getsMessage(t, "1002")
	ann.getsMessage(t, "")
	list := ann.get("/voicemail")
	for _, want := range []string{`data-fresh="2"`, "Extension 1002", "Number withheld", "after 20 seconds", `href="/#dial=1002"`, `preload="none"`} {
		if !strings.Contains(list.Text, want) {
			t.Errorf("the list lacks %s", want)
		}
	}
	if a := ann.get("/"); !strings.Contains(a.Text, "Hear 2 new messages") {
		t.Error("the phone does not tell of them")
	}
	b.Work()
	if letters := b.Office.Take(); len(letters) != 2 || letters[0].Kind != "voicemail.waiting" || strings.Contains(letters[0].Raw, "1002") {
		t.Errorf("%d letters", len(letters))
	}
	sound := linkTo(t, list, "/voicemail/") // the newest first: within its player
	a := ann.get(sound)
	if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "audio/wav" || a.Header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(a.Text, "RIFF") {
		t.Error("the sound:", a.StatusCode, a.Header)
	}
	if a := ann.ranged(t, sound, "bytes=4-11"); a.StatusCode != http.StatusPartialContent || len(a.Text) != 8 || !strings.HasSuffix(a.Text, "WAVE") {
		t.Error("a part of it:", a.StatusCode, len(a.Text))
	}
	if a := ann.get("/voicemail"); strings.Count(a.Text, "data-heard") != 2 || strings.Contains(ann.get("/history").Text, "was played for the first time") {
		t.Error("fetching the sound marked it as heard")
	}
	heard := strings.TrimSuffix(sound, "sound") + "heard"
	if a := ann.get(heard); a.StatusCode != http.StatusMethodNotAllowed {
		t.Error("marked by a link:", a.StatusCode)
	}
	if a := bob.press(heard); a.StatusCode != http.StatusNotFound {
		t.Error("somebody else marks it:", a.StatusCode)
	}
	for range 2 {
		if a := ann.press(heard); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/voicemail" {
			t.Error("marking:", a.StatusCode, a.Header.Get("Location"))
		}
	}
	if a := ann.get("/voicemail"); !strings.Contains(a.Text, `data-fresh="1"`) || strings.Contains(a.Text, heard) {
		t.Error("it is not marked as heard")
	}
	remove := strings.TrimSuffix(sound, "sound") + "remove"
	for _, path := range []string{sound, "/voicemail/1/sound", "/voicemail/x/sound", "/voicemail/greeting/sound"} {
		if a := bob.get(path); a.StatusCode != http.StatusNotFound {
			t.Error(path, "by somebody else:", a.StatusCode)
		}
	}
	if a := bob.press(remove); a.StatusCode != http.StatusNotFound {
		t.Error("somebody else removes it:", a.StatusCode)
	}
	if a := ann.press(remove); a.StatusCode != http.StatusSeeOther {
		t.Error("removing:", a.StatusCode)
	}
	if a := ann.press(remove); a.StatusCode != http.StatusNotFound {
		t.Error("twice:", a.StatusCode)
	}
	if a := ann.get(sound); a.StatusCode != http.StatusNotFound {
		t.Error("after that:", a.StatusCode)
	}
	history := ann.get("/history").Text
	for _, want := range []string{"Somebody left you a voicemail message", "was played for the first time", "Your voicemail was switched on"} {
		if !strings.Contains(history, want) {
			t.Errorf("the history lacks %q", want)
		}
	}
	if a := cal.get("/voicemail"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Your account has no number yet") {
		t.Error("who has no line:", a.StatusCode)
	}
	if a := cal.get("/voicemail/settings"); a.StatusCode != http.StatusNotFound {
		t.Error("who has no line sets it:", a.StatusCode)
	}
	err := b.Store.Update(ctx, func(tx *store.Tx) error {
		return b.voicemail.SetGreeting(ctx, tx, ann.me.Access("supply"), ann.line(t), media.Tone(440, time.Second))
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := ann.get("/voicemail/greeting/sound"); a.StatusCode != http.StatusOK || !strings.HasPrefix(a.Text, "RIFF") {
		t.Error("the greeting:", a.StatusCode)
	}
	if a := ann.press("/voicemail/greeting/remove"); a.StatusCode != http.StatusSeeOther {
		t.Error("removing the greeting:", a.StatusCode)
	}
	if a := ann.get("/voicemail/greeting/sound"); a.StatusCode != http.StatusNotFound {
		t.Error("after that:", a.StatusCode)
	}
}
