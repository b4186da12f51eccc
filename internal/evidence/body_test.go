package evidence_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gowebpki/jcs"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// full is a body with every field.
func full() evidence.Body {
	return evidence.Body{
		Kind: evidence.ConsentDecided, At: noon.Add(123 * time.Millisecond), Actor: "visitor", Surface: "website", Purpose: "analytics",
		Category: "contact.email", Categories: []string{"contact.email", "contact.name"}, Policy: 3, Subject: 9007199254740993,
		Ref: math.MaxInt64, Code: "gpc", Count: 2, Hash: []byte{0xde, 0xad}, Choices: map[string]bool{"b": true, "a": false},
	}
}

// A body has one encoding, and it is that of RFC 8785.
func TestCanonical(t *testing.T) {
	b := full()
	raw, err := b.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"actor":"visitor","at":1795521600123,"categories":["contact.email","contact.name"],"category":"contact.email",` +
		`"choices":{"a":false,"b":true},"code":"gpc","count":2,"hash":"dead","kind":"consent.decided","policy":3,"purpose":"analytics",` +
		`"ref":"9223372036854775807","subject":"9007199254740993","surface":"website"}`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	again, err := jcs.Transform(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, raw) {
		t.Errorf("another's RFC 8785 gives %s", again)
	}
	back, err := evidence.DecodeBody(raw)
	if err != nil {
		t.Fatal(err)
	}
	if twice, err := back.Canonical(); err != nil || !bytes.Equal(twice, raw) {
		t.Errorf("decoded and encoded again: %s (%v)", twice, err)
	}
}

// Nothing that a client chose, and nothing personal, can be in a body; and the
// refusal does not quote it (part C, R9).
func TestBodyRefused(t *testing.T) {
	const planted = "Anna Example <anna@example.org>"
	for name, change := range map[string]func(b *evidence.Body){
		"no kind":               func(b *evidence.Body) { b.Kind = "" },
		"a kind of one's own":   func(b *evidence.Body) { b.Kind = "anything.else" },
		"no time":               func(b *evidence.Body) { b.At = time.Time{} },
		"a time before 1970":    func(b *evidence.Body) { b.At = time.Unix(-1, 0) },
		"a name as actor":       func(b *evidence.Body) { b.Actor = planted },
		"a name as code":        func(b *evidence.Body) { b.Code = planted },
		"an address as surface": func(b *evidence.Body) { b.Surface = "https://example.org/?a=b" },
		"upper case":            func(b *evidence.Body) { b.Purpose = "_GA" },
		"a quote":               func(b *evidence.Body) { b.Category = `a"b` },
		"a dot at the end":      func(b *evidence.Body) { b.Category = "contact." },
		"too long an id":        func(b *evidence.Body) { b.Code = strings.Repeat("a", 65) },
		"a choice of anything":  func(b *evidence.Body) { b.Choices = map[string]bool{planted: true} },
		"unsorted categories":   func(b *evidence.Body) { b.Categories = []string{"b", "a"} },
		"a category twice":      func(b *evidence.Body) { b.Categories = []string{"a", "a"} },
		"a negative count":      func(b *evidence.Body) { b.Count = -1 },
		"an inexact count":      func(b *evidence.Body) { b.Count = 1 << 53 },
		"a long hash":           func(b *evidence.Body) { b.Hash = make([]byte, 65) },
		"open and about one":    func(b *evidence.Body) { b.Kind = evidence.SweepDone },
		"erased and named":      func(b *evidence.Body) { b.Kind = evidence.SubjectErased },
		"counted, of none":      func(b *evidence.Body) { b.Kind, b.Subject, b.Count = evidence.DoorRefused, 0, 0 },
	} {
		b := full()
		change(&b)
		_, err := b.Canonical()
		if !errors.Is(err, evidence.ErrBody) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "Anna") {
			t.Errorf("%s: the refusal quotes the value", name)
		}
	}
}

func TestEveryKind(t *testing.T) {
	for _, k := range evidence.Kinds() {
		b := evidence.Body{Kind: k, At: noon, Count: 1}
		if _, err := b.Canonical(); err != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
}

func FuzzDecodeBody(f *testing.F) {
	b := full()
	raw, err := b.Canonical()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"at":1,"kind":"sweep.done"}`))
	f.Add([]byte(`{"kind":"sweep.done","at":1}`))
	f.Add([]byte(`{"at":1,"kind":"sweep.done"} `))
	f.Add([]byte(`{"at":1e0,"kind":"sweep.done"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := evidence.DecodeBody(raw)
		if err != nil {
			return
		}
		again, err := b.Canonical()
		if err != nil || !bytes.Equal(again, raw) {
			t.Errorf("%q was accepted and is written %q (%v)", raw, again, err)
		}
	})
}

// A person sees the entries about them, opened; after the links and the key
// are gone nobody does, and the log still holds (R28, R12).
func TestHistoryAndErasure(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		log := b.open(evidence.Options{Declared: func(id string) bool { return id != "undeclared" }})
		who, other := keys.NewSubjectID(), keys.NewSubjectID()
		ids := b.append(consent(who), consent(other), sweep(1), consent(who))
		b.wait(ids...)
		about := func(s keys.SubjectID, before int64) (found []evidence.Entry) {
			t.Helper()
			err := b.st.View(t.Context(), func(tx *store.Tx) (err error) {
				found, err = log.About(t.Context(), tx, s, before, 10)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		if got := about(who, 0); len(got) != 2 || got[0].ID != ids[3] || got[1].ID != ids[0] || got[0].Body.Subject != who {
			t.Errorf("the person sees %d entries", len(got))
		}
		if got := about(who, ids[3]); len(got) != 1 || got[0].ID != ids[0] {
			t.Errorf("the next page has %d entries", len(got))
		}
		err := b.st.Update(t.Context(), func(tx *store.Tx) error {
			body := sweep(1)
			body.Surface = "undeclared"
			if _, err := log.Append(t.Context(), tx, body); !errors.Is(err, evidence.ErrBody) {
				t.Errorf("an id that is not declared: %v", err)
			}
			have, err := b.ring.Keys(t.Context(), tx, who)
			if err != nil {
				return err
			}
			if err := b.ring.Destroy(t.Context(), tx, have...); err != nil {
				return err
			}
			return log.Forget(t.Context(), tx, who)
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := about(who, 0); len(got) != 0 {
			t.Errorf("after erasure the person's %d entries are found", len(got))
		}
		if _, err := log.Opening(t.Context(), ids[0]); !errors.Is(err, evidence.ErrSealed) {
			t.Errorf("after erasure an entry: %v", err)
		}
		if _, err := log.Opening(t.Context(), 1<<40); !errors.Is(err, evidence.ErrNoEntry) {
			t.Errorf("an entry that never was: %v", err)
		}
		if len(about(other, 0)) != 1 {
			t.Error("another's entry went too")
		}
		b.close()
	})
}
