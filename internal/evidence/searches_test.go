package evidence_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"candour/internal/evidence"
	"candour/internal/evidence/verify"
	"candour/internal/store"
)

// R28: searches that found nobody are read again, newest first and sealed for
// the operator alone; one that is taken off the list is named.
func TestSearches(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		log := b.open(evidence.Options{})
		one := evidence.Body{Kind: evidence.SearchEmpty, At: noon, Actor: "support", Purpose: "account", Category: "contact.email"}
		two := evidence.Body{Kind: evidence.SearchRefused, At: noon, Actor: "marketing", Code: "reference"}
		ids := b.append(one, sweep(1), two)
		b.wait(ids...)
		list, total, err := log.Searches(t.Context(), 1)
		if err != nil || total != 2 || len(list) != 1 || list[0].ID != ids[2] || list[0].Body.Kind != evidence.SearchRefused {
			t.Errorf("%+v of %d, %v", list, total, err)
		}
		if list, _, err = log.Searches(t.Context(), 10); err != nil || len(list) != 2 || list[1].Body.Category != "contact.email" {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err := log.Open(t.Context(), 10); err != nil || slices.ContainsFunc(list, func(e evidence.OpenEntry) bool { return e.Body.Searched() }) {
			t.Errorf("everyone reads them: %+v, %v", list, err)
		}
		b.close()
		if r := b.verify(verify.Options{}); !r.Holds() {
			t.Errorf("%s", text(t, r))
		}
		b.exec("DELETE FROM evidence_searches WHERE entry = $1", ids[0])
		if r := b.verify(verify.Options{}); r.Holds() || !strings.Contains(text(t, r), "was taken from the table evidence_searches") {
			t.Errorf("%s", text(t, r))
		}
	})
}

// A search names nobody: a body that does is refused.
func TestSearchesNameNobody(t *testing.T) {
	b := newBench(t, store.SQLite)
	log := b.open(evidence.Options{})
	err := b.st.Update(t.Context(), func(tx *store.Tx) error {
		_, err := log.Append(t.Context(), tx, evidence.Body{Kind: evidence.SearchEmpty, At: noon, Subject: 7})
		return err
	})
	if !errors.Is(err, evidence.ErrBody) {
		t.Errorf("%v", err)
	}
}
