package history

import (
	"slices"
	"strings"
	"testing"

	"candour/internal/evidence"
	"candour/internal/mail"
	"candour/operators"
	"candour/policy"
)

// R28: nothing happens with a person's data that has no words: a kind of
// evidence is told, or is never about a person.
func TestEveryKindHasWords(t *testing.T) {
	for _, k := range evidence.Kinds() {
		w, told := table[k]
		if told == slices.Contains(never, k) {
			t.Errorf("%s: give it words in table if it can be about a person, or name it in never", k)
		}
		if !told {
			continue
		}
		if w.text == "" || w.show.Words() == "" && w.show != uses {
			t.Errorf("%s has no sentence, or no place", k)
		}
		for _, text := range append([]string{w.text}, values(w.codes)...) {
			if strings.HasSuffix(text, ".") || strings.ToUpper(text[:1]) != text[:1] {
				t.Errorf("%s: %q is not a sentence without its stop", k, text)
			}
		}
	}
	for k := range table {
		if !slices.Contains(evidence.Kinds(), k) {
			t.Errorf("%s has words and is no kind of evidence", k)
		}
	}
}

func values(m map[string]string) (list []string) {
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

// Each mail is named as people know it.
func TestEveryMailHasWords(t *testing.T) {
	for _, k := range mail.Kinds() {
		if mailWords[string(k)] == "" {
			t.Errorf("the mail %s has no words", k)
		}
	}
	for code := range mailWords {
		if !mail.Kind(code).Valid() {
			t.Errorf("%s has words and is no kind of mail", code)
		}
	}
}

// Each reason for which the door lets no mail out is told as what it is, and
// not as a failure of the post.
func TestEveryRefusedMailHasWords(t *testing.T) {
	for _, code := range mail.Refusals() {
		if whyWords[code] == "" {
			t.Errorf("the refusal %s has no words", code)
		}
	}
}

// What was chosen by channel is told channel by channel, and what no policy
// declares is not told at all.
func TestChoicesByChannelHaveWords(t *testing.T) {
	told := teller{[]*policy.Policy{{Purposes: []policy.Purpose{{ID: "offers", Title: "Offers", Channels: []string{"email", "text"}}}}}}
	for id, want := range map[string]string{"offers": "Offers", "offers/text": "Offers, by text message", "offers/post": "", "other/text": "", "other": ""} {
		if got := told.choice(id); got != want {
			t.Errorf("%s is told as %q, want %q", id, got, want)
		}
	}
}

// R11: a decision about a permission is told by its title, also where a purpose has the
// same id.
func TestPermissionsAreToldByTheirTitles(t *testing.T) {
	told := teller{[]*policy.Policy{{
		Purposes:    []policy.Purpose{{ID: "waking", Title: "Waking the app when it is closed"}},
		Permissions: []policy.Permission{{ID: "waking", Title: "Notifications"}},
	}}}
	for kind, want := range map[evidence.Kind]string{evidence.PermissionDecided: "Notifications", evidence.ConsentDecided: "Waking the app when it is closed"} {
		if got := told.chosen(kind, "waking"); got != want {
			t.Errorf("%s is told as %q, want %q", kind, got, want)
		}
	}
}

// Each event that a built-in policy counts time from is told, and each kind of
// actor that can be shut out.
func TestEveryDeclaredCodeHasWords(t *testing.T) {
	for _, operator := range []string{"invoco", "fernhill"} {
		fsys, _ := operators.FS(operator)
		profile, faults := policy.Load(fsys)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		for _, r := range profile.Policy.Retention {
			if r.Event != policy.CollectedEvent && table[evidence.RetentionEvent].codes[r.Event] == "" {
				t.Errorf("%s: the event %s has no words", operator, r.Event)
			}
		}
		for _, a := range profile.Policy.Actors {
			if policy.KindOf(a.Kind) != 0 && kindWords[a.Kind] == "" {
				t.Errorf("%s: the kind of actor %s has no words", operator, a.Kind)
			}
		}
	}
}

func TestLength(t *testing.T) {
	for hours, want := range map[int64]string{1: "1 hour", 2: "2 hours", 24: "1 day", 168: "7 days", 25: "25 hours"} {
		if got := length(hours); got != want {
			t.Errorf("%d hours are %q, want %q", hours, got, want)
		}
	}
}

func FuzzParseShow(f *testing.F) {
	f.Add("looks")
	f.Add("uses")
	f.Fuzz(func(t *testing.T, s string) {
		if show, ok := ParseShow(s); ok && show.Words() == "" {
			t.Errorf("%q is a choice without words", s)
		}
	})
}
