package recording_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"candour/internal/identity"
	"candour/internal/keys"
	"candour/internal/mail/mailtest"
	"candour/internal/recording"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/telecom"
)

// R10, L40: nobody records without their consent, and nobody is recorded who said no;
// who recorded hears both sides, and each side's voice is that side's own.
func TestRecording(t *testing.T) {
	each(t, func(h *house) {
		ann, bob, cal := h.line("1001"), h.line("1002"), h.line("1003")
		if _, err := h.begin(ann, bob); !errors.Is(err, recording.ErrConsent) {
			t.Errorf("without consent: %v", err)
		}
		h.decides(ann, recording.PurposeID, true)
		h.decides(cal, recording.OtherID, false)
		if _, err := h.begin(ann, cal); !errors.Is(err, recording.ErrObjected) {
			t.Errorf("who said no: %v", err)
		}
		h.want("rows", h.count("SELECT COUNT(*) FROM recordings"), 0)
		id := h.records(ann, bob)
		list := h.list(ann)
		if len(list) != 1 || list[0].ID != id || list[0].Length != 2*time.Second || list[0].Apart || list[0].Code != recording.Stopped || list[0].Call != 7 {
			t.Fatalf("%d recordings", len(list))
		}
		h.want("Bob's own", len(h.list(bob)), 0)
		h.want("about Bob", len(h.about(bob)), 1)
		h.want("whose voices", []any{h.voices(ann), h.voices(bob)}, []any{[2]int{2, 4}, [2]int{2, 4}})
		for side, want := range map[recording.Side]int{recording.Both: 32000, recording.Mine: 16000, recording.Theirs: 16000} {
			file, err := h.sound(ann, id, side)
			h.must(err)
			if n := len(file) - want; n < 40 || n > 80 {
				t.Errorf("%s has %d bytes", side, len(file))
			}
		}
		for range 2 {
			h.must(h.update(func(tx *store.Tx) error { return h.desk.Heard(ctx, tx, h.own(ann), ann.Subject, id) }))
		}
		if _, err := h.sound(bob, id, recording.Both); !errors.Is(err, recording.ErrNotFound) {
			t.Errorf("Bob hears it: %v", err)
		}
		if err := h.update(func(tx *store.Tx) error { return h.desk.Remove(ctx, tx, bob.Subject, id) }); !errors.Is(err, recording.ErrNotFound) {
			t.Errorf("Bob deletes it: %v", err)
		}
		h.must(h.update(func(tx *store.Tx) error { return h.desk.Remove(ctx, tx, ann.Subject, id) }))
		h.want("after it", []any{len(h.list(ann)), len(h.about(bob)), h.voices(ann)[1], h.count("SELECT COUNT(*) FROM recording_pieces")}, []any{0, 0, 0, 0})
		h.told(ann, "recording.begun", "recording.announced own", "recording.ended stopped", "recording.heard", "recording.erased own")
		h.told(bob, "recording.announced other", "recording.ended stopped", "recording.erased other")
	})
}

// L40, R16: who says no during a call is recorded no further, and what was kept of
// their voice is erased at once; they can take it out later too, also for always.
func TestObjecting(t *testing.T) {
	each(t, func(h *house) {
		ann, bob := h.line("1001"), h.line("1002")
		h.decides(ann, recording.PurposeID, true)
		id, err := h.begin(ann, bob)
		h.must(err)
		h.must(h.keep(id))
		h.must(h.update(func(tx *store.Tx) error {
			return errors.Join(h.desk.Refuse(ctx, tx, id), h.desk.End(ctx, tx, id, recording.Objected))
		}))
		if err := h.keep(id); !errors.Is(err, recording.ErrNotFound) {
			t.Errorf("it goes on: %v", err)
		}
		h.want("what is left", []any{h.voices(ann), h.voices(bob)[0], len(h.about(bob)), h.list(ann)[0].Gone}, []any{[2]int{1, 1}, 0, 0, true})
		h.told(bob, "recording.objected own")
		h.told(ann, "recording.objected other", "recording.ended objected")
		file, err := h.sound(ann, id, recording.Both)
		h.must(err)
		if mine, _ := h.sound(ann, id, recording.Mine); !bytes.Equal(file, mine) {
			t.Error("more is heard than one's own voice")
		}
		if _, err := h.sound(ann, id, recording.Theirs); !errors.Is(err, recording.ErrNotFound) {
			t.Errorf("theirs: %v", err)
		}

		second := h.records(ann, bob)
		if err := h.update(func(tx *store.Tx) error { return h.desk.TakeOut(ctx, tx, ann.Subject, second) }); !errors.Is(err, recording.ErrNotFound) {
			t.Errorf("out of one's own: %v", err)
		}
		h.must(h.update(func(tx *store.Tx) error { return h.desk.TakeOut(ctx, tx, bob.Subject, second) }))
		h.want("taken out", h.voices(bob), [2]int{0, 3})
		h.told(bob, "recording.erased voice")

		h.records(ann, bob)
		h.decides(bob, recording.PurposeID, true)
		h.records(bob, ann)
		going, err := h.begin(ann, bob)
		h.must(err)
		h.decides(bob, recording.OtherID, false)
		// What is left of Bob's voice is in his own recording, which is his to keep.
		h.want("for always", []any{h.voices(bob)[0], len(h.list(bob)), len(h.about(bob)), h.ended}, []any{2, 1, 0, []string{"objected"}})
		before := h.voices(ann)
		if err := h.keep(going); !errors.Is(err, recording.ErrObjected) { // nor is it kept as somebody's outside
			t.Error(err)
		}
		h.want("of anybody", h.voices(ann), before)
	})
}

// R12, R16: with the consent go the recordings, of both sides' voices; one that
// goes on is ended, and nothing more of it is kept.
func TestWithdrawing(t *testing.T) {
	each(t, func(h *house) {
		ann, bob := h.line("1001"), h.line("1002")
		h.decides(ann, recording.PurposeID, true)
		id := h.records(ann, bob)
		going, err := h.begin(ann, bob)
		h.must(err)
		h.must(h.keep(going))
		h.decides(ann, recording.PurposeID, false)
		h.want("told", h.ended, []string{"withdrawn"})
		if err := h.keep(going); !errors.Is(err, recording.ErrNotFound) {
			t.Errorf("it goes on: %v", err)
		}
		h.end(going, recording.Withdrawn)
		if _, err := h.sound(ann, id, recording.Both); !errors.Is(err, recording.ErrNotFound) {
			t.Errorf("it is heard: %v", err)
		}
		h.sweep()
		h.want("nothing is left", []any{h.voices(bob), h.count("SELECT COUNT(*) FROM recordings"), h.count("SELECT COUNT(*) FROM recording_pieces")}, []any{[2]int{0, 0}, 0, 0})
	})
}

// R12, R24, L8, L40: each finds in their copy that they were recorded, and their
// own voice; recordings go in their time; each side's voice goes with its person,
// and the other's stays.
func TestRecordingsAreCopiedAndGo(t *testing.T) {
	for _, operator := range []string{"invoco", "fernhill"} {
		t.Run(operator, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				h := open(t, st, operator)
				ann, bob := h.line("1001"), h.line("1002")
				desk := h.rights(operator)
				h.decides(ann, recording.PurposeID, true)
				h.records(ann, bob)
				copyOf := func(l telecom.Line) string {
					p, err := desk.Self(ctx, l.Subject, h.own(l), "")
					h.must(err)
					var b bytes.Buffer
					_, err = desk.Access(ctx, p, &b)
					h.must(err)
					return b.String()
				}
				if text := copyOf(ann); !strings.Contains(text, "You recorded a call") || strings.Count(text, "UklGR") != 2 {
					t.Error("the recorder's copy")
				}
				if text := copyOf(bob); !strings.Contains(text, "The other side recorded a call with you") || strings.Count(text, "UklGR") != 2 {
					t.Error("the copy of who was recorded")
				}
				h.sweep()
				h.want("before its time", len(h.list(ann)), 1)
				h.Later(10 * 366 * 24 * time.Hour)
				h.sweep()
				h.want("after it", []any{len(h.list(ann)), h.voices(bob), h.count("SELECT COUNT(*) FROM recording_pieces")}, []any{0, [2]int{0, 0}, 0})

				erase := func(l telecom.Line) {
					p, err := desk.Self(ctx, l.Subject, h.own(l), "")
					h.must(err)
					_, err = desk.Erase(ctx, p)
					h.must(err)
				}
				id := h.records(ann, bob)
				erase(bob)
				h.want("of who is erased", []any{h.list(ann)[0].Gone, h.count("SELECT COUNT(*) FROM recording_pieces WHERE subject = $1", int64(bob.Subject))}, []any{true, 0})
				if _, err := h.sound(ann, id, recording.Theirs); !errors.Is(err, recording.ErrNotFound) {
					t.Errorf("they are heard: %v", err)
				}
				if _, err := h.sound(ann, id, recording.Both); err != nil {
					t.Errorf("the other half: %v", err)
				}
				cal := h.line("1004")
				h.records(ann, cal)
				h.records(ann, telecom.Line{})
				erase(ann)
				h.sweep()
				h.want("with the recorder", []any{len(h.about(cal)), h.voices(cal)[0], h.count("SELECT COUNT(*) FROM recordings"), h.count("SELECT COUNT(*) FROM recording_pieces")}, []any{0, 0, 0, 0})
			})
		})
	}
}

// L40, R16: somebody outside, who has no key of their own, says no by keys of their
// phone: their voice goes from what whoever recorded has.
func TestObjectingFromOutside(t *testing.T) {
	each(t, func(h *house) {
		ann := h.line("1001")
		h.decides(ann, recording.PurposeID, true)
		id, err := h.begin(ann, telecom.Line{})
		h.must(err)
		h.must(h.keep(id))
		h.want("before", h.voices(ann), [2]int{2, 2})
		h.must(h.update(func(tx *store.Tx) error {
			return errors.Join(h.desk.Refuse(ctx, tx, id), h.desk.End(ctx, tx, id, recording.Objected))
		}))
		h.want("what is left", []any{h.voices(ann), h.list(ann)[0].Gone}, []any{[2]int{1, 1}, true})
		h.told(ann, "recording.objected other", "recording.ended objected")
	})
}

// A program that dies loses the piece that was not written, and the recording says
// that it was cut off; one of which nothing was kept is forgotten. Somebody outside
// is part of what whoever recorded has.
func TestRecordingsThatAreCutOff(t *testing.T) {
	each(t, func(h *house) {
		ann, bob := h.line("1001"), h.line("1002")
		h.decides(ann, recording.PurposeID, true)
		id, err := h.begin(ann, telecom.Line{})
		h.must(err)
		h.must(h.keep(id))
		empty, err := h.begin(ann, bob)
		h.must(err)
		h.must(h.desk.Sweep(ctx))
		h.want("while it goes on", h.list(ann)[0].Ended.IsZero(), true)
		if err := h.update(func(tx *store.Tx) error { return h.desk.Remove(ctx, tx, ann.Subject, id) }); !errors.Is(err, recording.ErrNotFound) {
			t.Errorf("it is deleted while it goes on: %v", err)
		}
		h.restart()
		h.must(h.desk.Sweep(ctx))
		list := h.list(ann)
		h.want("after it", []any{len(list), list[0].Code, list[0].Length, list[0].Gone, h.voices(ann)}, []any{1, recording.Cut, time.Second, false, [2]int{2, 2}})
		h.want("an empty one", h.count("SELECT COUNT(*) FROM recordings WHERE id = $1", empty), 0)
		h.end(id, recording.Stopped)
		h.want("a second end", h.list(ann)[0].Code, recording.Cut)
		if err := h.update(func(tx *store.Tx) error { return h.desk.Remove(ctx, tx, ann.Subject, id) }); err != nil {
			t.Error(err)
		}
		h.want("deleted", h.voices(ann), [2]int{0, 0})
	})
}

// An operator who declares none has no recording.
func TestUndeclared(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		b := mailtest.New(t, st, "fernhill")
		desk := recording.New(recording.Config{Store: st, Log: b.Log, Vault: b.Vault, InForce: b.InForce, Now: b.Now})
		err := st.Update(ctx, func(tx *store.Tx) error {
			_, err := desk.Begin(ctx, tx, recording.Start{By: telecom.Line{ID: 1, Subject: keys.NewSubjectID()}})
			return err
		})
		if !errors.Is(err, recording.ErrUndeclared) {
			t.Error(err)
		}
		if err := desk.Sweep(ctx); err != nil {
			t.Error(err)
		}
	})
}

func TestARoleThatDoesNotRecord(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		h := open(t, st, "invoco")
		ann := h.line("1001")
		ann.Role = identity.Partner
		if _, err := h.begin(ann, telecom.Line{}); !errors.Is(err, recording.ErrRole) {
			t.Errorf("a role that does not record: %v", err)
		}
	})
}

// L40: every word that is said in a call that is recorded is there, in each codec,
// and is heard; the tone is softer than speech.
func TestPrompts(t *testing.T) {
	for _, say := range []recording.Say{recording.Begins, recording.Ends, recording.Tone} {
		for _, codec := range []string{"pcmu", "pcma", "opus"} {
			s := recording.Prompt(say, codec)
			if s.Loud() < 100*time.Millisecond || s.Length() > 5*time.Second {
				t.Errorf("%s in %s: %s of %s are heard", say, codec, s.Loud(), s.Length())
			}
		}
	}
	if s := recording.Prompt("nothing", "pcmu"); s.Codec() != "" {
		t.Error("what is never said is heard")
	}
}

// What is personal prints as a fixed word.
func TestNothingIsPrinted(t *testing.T) {
	for _, v := range []any{recording.Recording{Call: 1002}, recording.Start{Call: 1002}, recording.Said{Own: low}} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		for _, text := range []string{fmt.Sprint(v), fmt.Sprintf("%+v %#v %d", v, v, v), log.String()} {
			if strings.Contains(text, "1002") || strings.Contains(text, "255") {
				t.Errorf("it prints as %.60s", text)
			}
		}
	}
}
