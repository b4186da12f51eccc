package telecom

import (
	"testing"
	"time"
)

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "1 second", 59 * time.Second: "59 seconds", time.Minute: "1 minute", 61 * time.Second: "1 minute 1 second",
		time.Hour: "1 hour", 26*time.Hour + 2*time.Minute: "26 hours 2 minutes",
	} {
		if got := length(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// The far side is found again in every part that is written.
func TestFarSideIsReadBack(t *testing.T) {
	for code := range endWords {
		for _, video := range []bool{false, true} {
			for _, withheld := range []bool{false, true} {
				e := ended{callerSays: "1001", calleeSays: "+441632960001", video: video, withheld: withheld, code: code, answered: time.Unix(0, 0), at: time.Unix(90, 0)}
				if got := parseFar(e.words(true)); got != "+441632960001" {
					t.Errorf("%q: %q", e.words(true), got)
				}
				if got := parseFar(e.words(false)); got != "1001" && !withheld || got != "" && withheld {
					t.Errorf("%q: %q", e.words(false), got)
				}
			}
		}
	}
	e := ended{code: Busy}
	if parseFar(e.words(true)) != "" || parseFar(e.words(false)) != "" {
		t.Error("a number that is gone is read back")
	}
}

func FuzzParseFar(f *testing.F) {
	for _, s := range []string{"Call to 1001, answered", "Video call from +44, x", "Call from a withheld number, x", "Call to ,", "Call ", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, words string) {
		if far := parseFar(words); far != "" && !isNumber(far) {
			t.Fatal("no number is read back")
		}
	})
}
