package history_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"candour/internal/evidence"
	"candour/internal/history"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// R28: what a person downloads from their history is checked by a program that
// is not ours to trick: another language, no code in common, wherever in the
// log the entry stands.
func TestAStrangerChecksTheProof(t *testing.T) {
	b := newBench(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	s, other := b.person(), b.person()
	var ids []int64
	for i := range 300 { // a tree of more than one tile
		if i%2 == 0 {
			b.append(evidence.Body{Kind: evidence.RecordUsed, Actor: "system", Subject: other, Policy: 1})
		}
		ids = append(ids, b.append(evidence.Body{
			Kind: evidence.ConsentDecided, Actor: "customer", Surface: "portal", Subject: s, Policy: 1, Ref: 1<<62 + int64(i), Hash: []byte{1, 2},
			Choices: map[string]bool{"news": true, "analysis": false}, Categories: []string{"contact.email", "person.name"},
		}))
	}
	b.must(b.Log.Integrated(ctx, slices.Max(ids)))
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	b.must(os.WriteFile(key, []byte(b.Log.VerifierKey()+"\n"), 0o600))
	check := func(raw []byte) (string, error) {
		proof := filepath.Join(dir, "proof.json")
		b.must(os.WriteFile(proof, raw, 0o600))
		out, err := exec.Command("node", "../evidence/opening/check-evidence.mjs", key, proof).CombinedOutput()
		return string(out), err
	}
	for _, i := range []int{0, 1, 127, 170, 171, 255, 298, 299} {
		o, err := b.history.Opening(ctx, s, ids[i])
		b.must(err)
		raw, err := json.Marshal(o)
		b.must(err)
		if out, err := check(raw); err != nil || !strings.Contains(out, `"kind": "consent.decided"`) {
			t.Errorf("entry %d: %v: %s", i, err, out)
		}
		forged := strings.Replace(string(raw), `"analysis":false`, `"analysis":true`, 1)
		if out, err := check([]byte(forged)); err == nil || !strings.Contains(out, "does not commit to this body") {
			t.Errorf("entry %d with another choice: %v: %s", i, err, out)
		}
	}
	if page := b.list(other, history.Query{Limit: 1}); len(page.Entries) != 1 || page.Entries[0].Times != 150 {
		t.Errorf("the other's uses are not one line: %d", page.Entries[0].Times)
	}
}
