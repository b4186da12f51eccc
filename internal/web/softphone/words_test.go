package softphone

import (
	"testing"
	"time"

	"candour/internal/telecom"
	"candour/policy"
)

// Every end of a call has words for either side, and no refusal does: a call
// that was refused is in no list.
func TestEveryEndHasWords(t *testing.T) {
	for _, c := range telecom.Codes() {
		_, made := madeWords[c]
		_, got := gotWords[c]
		if refused := (&telecom.Refusal{Code: c}).SIP() != 0; refused == made || refused == got {
			t.Errorf("%s: made %v, got %v", c, made, got)
		}
	}
}

func TestWhen(t *testing.T) {
	at := func(s string) time.Time {
		at, err := time.ParseInLocation("2006-01-02 15:04", s, policy.London)
		if err != nil {
			t.Fatal(err)
		}
		return at.UTC()
	}
	now := at("2026-03-29 12:00") // the clocks went forward in the night
	for then, want := range map[string]string{
		"2026-03-29 00:05": "Today 00:05", "2026-03-28 23:59": "Yesterday 23:59", "2026-03-27 08:00": "Fri 27 March 08:00",
		"2025-12-31 23:00": "31 December 2025 23:00",
	} {
		if got := when(at(then), now); got != want {
			t.Errorf("%s: %q, want %q", then, got, want)
		}
	}
}

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "1 sec", 59 * time.Second: "59 sec", 60 * time.Second: "1 min 0 sec", 3600 * time.Second: "1 hr 0 min", 3725 * time.Second: "1 hr 2 min",
	} {
		if got := length(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
