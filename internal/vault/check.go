package vault

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"candour/internal/store"
)

// ErrBroken says that the store breaks an invariant of the vault.
var ErrBroken = errors.New("vault: the store is not in order")

// invariants are queries that find nothing in a store that is in order,
// whenever a process was killed.
var invariants = []struct{ what, query string }{
	{"data keys of nobody", "SELECT COUNT(*) FROM data_keys k WHERE k.class <> 'evidence' AND NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = k.subject)"},
	{"records of nobody that no purge is owed for", `SELECT COUNT(*) FROM records r WHERE NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = r.subject)
		AND NOT EXISTS (SELECT 1 FROM purges p WHERE p.subject = r.subject AND p.key_id = r.key_id)`},
	{"records without a key that no purge is owed for", `SELECT COUNT(*) FROM records r WHERE r.key_id <> 0
		AND NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.key_id = r.key_id)
		AND NOT EXISTS (SELECT 1 FROM purges p WHERE p.subject = r.subject AND p.key_id = r.key_id)`},
	{"records sealed with another person's key", "SELECT COUNT(*) FROM records r JOIN data_keys k ON k.key_id = r.key_id WHERE k.subject <> r.subject"},
	{"records without a label", "SELECT COUNT(*) FROM records r WHERE NOT EXISTS (SELECT 1 FROM labels l WHERE l.label = r.label)"},
	{"records whose expiry no sweep would find", `SELECT COUNT(*) FROM records r WHERE r.expires_day <> 0
		AND NOT EXISTS (SELECT 1 FROM expiry_runs e WHERE e.expires_day = r.expires_day AND e.bucket = r.id / 281474976710656)`},
	{"tags of nobody", `SELECT COUNT(*) FROM tags t WHERE NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = t.subject)
		AND NOT EXISTS (SELECT 1 FROM purges p WHERE p.subject = t.subject)`},
	{"tags of no record", "SELECT COUNT(*) FROM tags t WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.id = t.part AND r.subject = t.subject)"},
	{"aliases of nobody", `SELECT COUNT(*) FROM aliases a WHERE NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = a.from_subject)
		OR NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = a.to_subject)`},
	{"people whose root is not there", "SELECT COUNT(*) FROM subjects a WHERE NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = a.root AND s.root = s.subject)"},
	{"events of nobody", "SELECT COUNT(*) FROM retention_events e WHERE NOT EXISTS (SELECT 1 FROM subjects s WHERE s.subject = e.subject)"},
	{"purges under a key that lives", "SELECT COUNT(*) FROM purges p JOIN data_keys k ON k.key_id = p.key_id"},
	{"erasures past their purges with one owed", "SELECT COUNT(*) FROM erasures e WHERE e.stage >= 3 AND EXISTS (SELECT 1 FROM purges p WHERE p.erasure = e.id)"},
	{"erasures complete without a receipt", "SELECT COUNT(*) FROM erasures WHERE (stage = 5) <> (receipt <> '')"},
}

// Check looks over the whole store for what a half-done act would leave: keys,
// records, tags or aliases of nobody, expiry that no sweep would find,
// erasures between two stages. It reads one snapshot and returns ErrBroken
// with every invariant that does not hold, or nil.
func (v *Vault) Check(ctx context.Context) error {
	var broken []string
	err := v.st.View(ctx, func(tx *store.Tx) error {
		for _, inv := range invariants {
			var n int64
			if err := tx.QueryRow(ctx, inv.query).Scan(&n); err != nil {
				return fmt.Errorf("vault: checking for %s: %w", inv.what, err)
			}
			if n > 0 {
				broken = append(broken, fmt.Sprintf("%d %s", n, inv.what))
			}
		}
		return nil
	})
	if err == nil && len(broken) > 0 {
		err = fmt.Errorf("%w: %s", ErrBroken, strings.Join(broken, "; "))
	}
	return err
}
