package voicemail

import (
	"strings"
	"testing"
	"time"
)

// What is written into the records is read back.
func TestWordsAreReadBack(t *testing.T) {
	for _, b := range []Box{{}, {Mail: true}, {On: true, Wait: 10 * time.Second}, {On: true, Wait: 120 * time.Second, Mail: true}} {
		if got := parseBox(b.words()); got != b {
			t.Errorf("%q is read as %v", b.words(), got)
		}
		if got := Setting(b.Answers()); got != b {
			t.Errorf("the form of %q says %v", b.words(), got)
		}
	}
	for _, text := range []string{"", "on", "on, after  seconds", "on, after 4 seconds", "on, after 121 seconds", "on, after -9 seconds", "on, after 99999999999999999999 seconds"} {
		if parseBox(text).On {
			t.Errorf("%q is on", text)
		}
	}
	for from, hidden := range map[string]bool{"1001": false, "+441632960960": false, "": true} {
		if got, h := parseNote(noteOf(from, 12400*time.Millisecond)); got != from || h != hidden {
			t.Errorf("%q is read as %q, %t", from, got, h)
		}
	}
	for _, text := range []string{"", "Voicemail message from", "Voicemail message from 1001", "Voicemail message from Ann, x", "Voicemail message from +, x", "Call from 1001, x"} {
		if got, hidden := parseNote(text); got != "" || hidden {
			t.Errorf("%q is read as %q", text, got)
		}
	}
}

func FuzzParseNote(f *testing.F) {
	for _, s := range []string{"Voicemail message from 1001, 9 seconds long", "Voicemail message from +44, x", "Voicemail message from a withheld number, x", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if from, _ := parseNote(text); strings.Trim(from, "+0123456789") != "" {
			t.Fatal("no number is read back")
		}
	})
}

// L40: every word that voicemail says is there, also that callers are recorded, in both codecs, and is heard.
func TestPrompts(t *testing.T) {
	for _, say := range []Say{Greeting, Recorded, Beep, Menu, None, After, Deleted, Last, Elsewhere, Record, Saved, Empty, Standard, Full, Goodbye} {
		lengths := map[string]time.Duration{}
		for _, codec := range []string{"pcmu", "pcma", "opus"} {
			s := Prompt(say, codec)
			if lengths[codec] = s.Length(); s.Loud() < leastLoud {
				t.Errorf("%s in %s: %s of %s are heard", say, codec, s.Loud(), s.Length())
			}
		}
		if d := lengths["opus"] - lengths["pcmu"]; d.Abs() > 100*time.Millisecond || lengths["pcmu"] != lengths["pcma"] {
			t.Errorf("%s: %v", say, lengths)
		}
	}
	if s := Prompt("nothing", "pcmu"); s.Codec() != "" {
		t.Error("what is never said is heard")
	}
}
