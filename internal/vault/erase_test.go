package vault_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

func (h *house) erase(s keys.SubjectID, keep ...string) vault.Receipt {
	h.t.Helper()
	r, err := h.v.Erase(ctx, s, keep...)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *house) resume() {
	h.t.Helper()
	if err := h.v.Resume(ctx); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) count(query string, args ...any) (n int) {
	h.t.Helper()
	if err := h.st.DB().QueryRow(query, args...).Scan(&n); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// Erasure (L8): nothing opens from the first stage on; the stages are recorded,
// and the receipt is signed and proves the keys absent.
func TestErase(t *testing.T) {
	each(t, func(h *house) {
		anna, ben := h.person(), h.person()
		a := h.put(site, item(anna, "contact.email", "anna@x.example"), item(anna, "enquiry.message", "anna's"))
		b := h.put(site, item(ben, "contact.email", "ben@x.example"))
		r := h.erase(anna)
		if got := strings.Join(r.Stages, " "); got != "keys-destroyed log-truncated" || r.Complete {
			t := "the receipt after Erase says"
			h.want(t, got, "keys-destroyed log-truncated")
		}
		for _, id := range a {
			h.want("after stage 1", h.read(site, id), "not found")
		}
		if len(h.find("contact.email", "anna@x.example")) != 0 {
			h.t.Error("an erased person is found")
		}
		h.want("others", h.read(site, b[0]), "ben@x.example")
		h.check()
		h.resume()
		h.check()
		r, err := h.v.Receipt(ctx, r.ID)
		if err != nil || !r.Complete || len(r.Destroyed) != 2 { // enquiry and evidence
			h.t.Fatalf("receipt: %v, stages %v, %d keys", err, r.Stages, len(r.Destroyed))
		}
		if _, err := vault.VerifyReceipt(r.Signed, h.log.VerifierKey()); err != nil {
			h.t.Error(err)
		}
		h.badReceipts(r.Signed)
		if n := h.count("SELECT COUNT(*) FROM records WHERE subject = $1", int64(anna)); n != 0 {
			h.t.Errorf("%d rows are left", n)
		}
		h.want("others after the rotation", h.read(site, b[0]), "ben@x.example")
		if _, err := h.v.Erase(ctx, anna); word(err) != "not found" {
			h.t.Errorf("erased twice: %v", err)
		}
		if _, err := h.v.Receipt(ctx, 1); word(err) != "not found" {
			h.t.Errorf("a receipt that never was: %v", err)
		}
	})
}

// badReceipts changes a good receipt in every way that matters.
func (h *house) badReceipts(signed []byte) {
	h.t.Helper()
	for at := 0; at < len(signed); at += 97 {
		bad := bytes.Clone(signed)
		bad[at] ^= 1
		if _, err := vault.VerifyReceipt(bad, h.log.VerifierKey()); err == nil {
			h.t.Errorf("holds with byte %d changed", at)
		}
	}
	_, other := h.ring.LogKey() // the same key under another name
	if _, err := vault.VerifyReceipt(signed, other); err == nil {
		h.t.Error("holds under another verifier key")
	}
	// Signed by the right key, but with the proofs of nothing.
	text, _, _ := bytes.Cut(signed, []byte("\n"))
	var r vault.Receipt
	if err := json.Unmarshal(text, &r); err != nil {
		h.t.Fatal(err)
	}
	r.Absences[0].KeyID++
	text, err := json.Marshal(r)
	if err != nil {
		h.t.Fatal(err)
	}
	name, _, _ := strings.Cut(h.log.VerifierKey(), "+")
	forged, err := h.ring.Sign(name, string(text)+"\n")
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := vault.VerifyReceipt(forged, h.log.VerifierKey()); err == nil {
		h.t.Error("holds with the proof of another key")
	}
}

// What law keeps stays, under its own key, for its own purpose alone; it is
// named in the receipt, and goes when its time comes (L8).
func TestEraseKeepsWhatLawKeeps(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		bill := h.put(on("account"), item(s, "bill", "12 pounds", "account", "tax"))[0]
		h.put(site, item(s, "contact.email", "a@b.example"))
		r := h.erase(s)
		if fmt.Sprint(r.Kept) != "[six-years]" {
			h.t.Errorf("kept %v", r.Kept)
		}
		h.want("for tax", h.read(on("tax"), bill), "12 pounds")
		h.want("for the account", h.read(on("account"), bill), "restricted")
		h.resume()
		h.want("for the account, later", h.read(on("account"), bill), "purpose")
		h.want("for tax, later", h.read(on("tax"), bill), "12 pounds")
		if got := h.export(s); fmt.Sprint(got) != "[12 pounds]" {
			h.t.Errorf("a person sees what is kept of them: %q", got)
		}
		h.want("nothing new", word(h.tryPut(site, item(s, "enquiry.message", "x"))), "not found")
		h.set(start.AddDate(6, 0, 1))
		if _, err := h.v.Sweep(ctx, h.now()); err != nil {
			h.t.Fatal(err)
		}
		h.want("after six years", h.read(on("tax"), bill), "not found")
		if n := h.count("SELECT COUNT(*) FROM subjects"); n != 0 {
			h.t.Errorf("%d pseudonyms are left of nobody", n)
		}
	})
}

func TestEraseKeepsForLegalClaims(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		id := h.put(site, item(s, "enquiry.message", "disputed"))[0]
		r := h.erase(s, "enquiry")
		if fmt.Sprint(r.Kept) != "[enquiry]" {
			h.t.Errorf("kept %v", r.Kept)
		}
		h.want("restricted", h.read(site, id), "restricted")
		h.erase(s) // the claim is settled
		h.want("gone", h.read(site, id), "not found")
		h.resume()
	})
}

// Each stage may be the last before a crash: another process goes on.
func TestEraseResumesAfterACrashAtEveryStage(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		for range 3 {
			items := make([]vault.Item, 0, 400)
			for range cap(items) {
				items = append(items, item(s, "enquiry.message", "x"))
			}
			h.put(site, items...)
		}
		var id int64
		h.update(func(tx *store.Tx) (err error) { // the process dies after stage 1
			id, err = h.v.EraseIn(ctx, tx, s)
			return err
		})
		for _, stage := range []int{1, 2, 3, 4} { // and again after each later one
			if _, err := h.st.DB().Exec("UPDATE erasures SET stage = $1, receipt = '', done_ms = 0", stage); err != nil {
				h.t.Fatal(err)
			}
			h.restart()
			h.resume()
			r, err := h.v.Receipt(ctx, id)
			if err != nil || !r.Complete {
				h.t.Fatalf("after a crash at stage %d: %v, %v", stage, r.Stages, err)
			}
			h.check()
		}
	})
}

// restart opens everything anew on the same store and folders.
func (h *house) restart() {
	h.t.Helper()
	now := h.now()
	h.close()
	next := newHouseIn(h.t, h.st, h.keyDir, h.logDir)
	next.set(now)
	h.ring, h.log, h.v, h.clock = next.ring, next.log, next.v, next.clock
	next.log = nil // closed by h
}

// Acceptance: after an erasure a scan of everything on disk finds none of the
// planted values, nor the pseudonym in a form a person could be told by.
func TestNoResidueOnDisk(t *testing.T) {
	t.Parallel()
	for run := range 10 {
		t.Run(fmt.Sprint(run), func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "candour.db")
			st := storetest.Open(t, path)
			h := newHouseIn(t, st, filepath.Join(dir, "keys"), filepath.Join(dir, "log"))
			s, other := h.person(), h.person()
			var planted [][]byte
			for i := range 20 {
				value := fmt.Sprintf("planted-%d-%d@residue.example", run, i)
				planted = append(planted, []byte(value))
				h.put(site, item(s, "contact.email", value), item(other, "contact.email", "other-"+value[8:]))
			}
			wrapped := h.wrappedKeys(s)
			h.erase(s)
			h.resume()
			if found := scan(t, dir, append(planted, wrapped...)); found != "" {
				t.Error(found)
			}
		})
	}
}

func (h *house) wrappedKeys(s keys.SubjectID) (list [][]byte) {
	h.t.Helper()
	rows, err := h.st.DB().Query("SELECT wrapped FROM data_keys WHERE subject = $1", int64(s))
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			h.t.Fatal(err)
		}
		list = append(list, b)
	}
	return list
}

// scan looks for the values in every file under dir.
func scan(t testing.TB, dir string, values [][]byte) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, v := range values {
			if bytes.Contains(b, v) {
				found = fmt.Sprintf("value %d is in %s", i, d.Name())
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Whoever withdraws consent has what hung on it erased at once (R12, R16).
func TestWithdrawalErasesWhatHungOnIt(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		h.consent(s, "newsletter", true)
		h.consent(s, "offers", true)
		h.consent(s, "location", true)
		news := h.put(on("newsletter"), item(s, "contact.email", "a@b.example"))[0]
		offers := h.put(on("offers"), item(s, "contact.email", "a@b.example"))[0]
		place := h.put(on("location"), item(s, "location", "51.5,-0.1"))[0]
		h.consent(s, "newsletter", false)
		h.want("offers stay", h.read(on("offers"), offers), "a@b.example")
		if n := len(h.find("contact.email", "a@b.example")); n != 1 {
			h.t.Errorf("found %d people by what is left", n)
		}
		h.consent(s, "location", false) // its class ends by date, but consent goes first
		h.consent(s, "offers", false)
		for purpose, id := range map[string]vault.RecordID{"newsletter": news, "offers": offers, "location": place} {
			h.want("withdrawn", h.read(on(purpose), id), "no consent")
			h.consent(s, purpose, true) // given anew, it does not bring back what was erased
			h.want("consent given anew", h.read(on(purpose), id), "not found")
			h.consent(s, purpose, false)
		}
		if got := h.export(s); len(got) != 0 {
			h.t.Errorf("held after withdrawal: %d records", len(got))
		}
		if n := len(h.find("contact.email", "a@b.example")); n != 0 {
			h.t.Errorf("found %d people after withdrawal", n)
		}
		h.check()
		if _, err := h.v.Sweep(ctx, h.now()); err != nil {
			h.t.Fatal(err)
		}
		if n := h.count("SELECT COUNT(*) FROM records") + h.count("SELECT COUNT(*) FROM subjects"); n != 0 {
			h.t.Errorf("%d rows are left", n)
		}
	})
}

// Retention by event, in one matter and in all (R12).
func TestEventsEndRetention(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		first, second := item(s, "enquiry.message", "first"), item(s, "enquiry.message", "second")
		first.Matter, second.Matter = 1, 2
		ids := h.put(site, first, second)
		h.update(func(tx *store.Tx) error { return h.v.EventFor(ctx, tx, s, "enquiry.closed", 1, h.now()) })
		again := item(s, "enquiry.message", "asked again")
		again.Matter = 1
		late := h.put(site, again)[0] // the first enquiry was opened again
		h.sweepAt(start.AddDate(2, 0, 0))
		h.want("two years to the hour", h.read(site, ids[0]), "first")
		h.sweepAt(start.AddDate(2, 0, 1))
		h.want("two years after closing", h.read(site, ids[0]), "not found")
		h.want("the other enquiry", h.read(site, ids[1]), "second")
		h.want("what came after", h.read(site, late), "asked again")
		h.update(func(tx *store.Tx) error { return h.v.Event(ctx, tx, s, "enquiry.closed", h.now()) })
		h.sweepAt(start.AddDate(4, 0, 2))
		h.want("all matters", h.read(site, ids[1]), "not found")
		h.want("all matters", h.read(site, late), "not found")
		for _, event := range []string{"", "collected"} {
			err := h.st.Update(ctx, func(tx *store.Tx) error { return h.v.Event(ctx, tx, s, event, h.now()) })
			if err == nil {
				h.t.Errorf("event %q was taken", event)
			}
		}
	})
}

// An event that never falls: the limit ends it (R12).
func TestLimitEndsWhatNoEventDoes(t *testing.T) {
	each(t, func(h *house) {
		s := h.person()
		id := h.put(site, item(s, "enquiry.message", "forgotten"))[0]
		h.sweepAt(start.AddDate(5, 0, 0))
		h.want("before the limit", h.read(site, id), "forgotten")
		h.sweepAt(start.AddDate(5, 0, 1))
		h.want("after the limit", h.read(site, id), "not found")
	})
}

func (h *house) sweepAt(at time.Time) vault.Totals {
	h.t.Helper()
	h.set(at)
	totals, err := h.v.Sweep(ctx, at)
	if err != nil {
		h.t.Fatal(err)
	}
	return totals
}

// Anonymised records leave a count, with nobody in it.
func TestAnonymisedRecordsLeaveACount(t *testing.T) {
	each(t, func(h *house) {
		for range 3 {
			h.put(on("statistics"), item(h.person(), "visit", "/products"))
		}
		h.sweepAt(start.AddDate(0, 1, 1))
		if n := h.count("SELECT amount FROM anonymous_counts WHERE category = 'visit'"); n != 3 {
			h.t.Errorf("counted %d, want 3", n)
		}
		if n := h.count("SELECT COUNT(*) FROM records") + h.count("SELECT COUNT(*) FROM subjects") + h.count("SELECT COUNT(*) FROM data_keys"); n != 0 {
			h.t.Errorf("%d rows are left", n)
		}
		entries, err := os.ReadDir(filepath.Join(h.keyDir, "months"))
		if err != nil || len(entries) != 1 {
			h.t.Errorf("%d month keys, %v", len(entries), err)
		}
		h.sweepAt(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
		if entries, _ := os.ReadDir(filepath.Join(h.keyDir, "months")); len(entries) != 0 {
			h.t.Errorf("%d month keys are left after their month", len(entries))
		}
	})
}
