package vault

import (
	"context"
	"strings"
	"sync"

	"candour/internal/keys"
	"candour/internal/store"
)

// Rows are inserted in batches of these sizes. PostgreSQL saves a round trip
// with each row that shares a statement. SQLite, which has none, is slower with
// them: it looks up parameters by walking their list, and keeps a statement
// that may fail half-way undoable (8 microseconds a row alone, 13 by eights).
var batchSizes = []int{8, 1}

// sizesFrom is where an engine begins in the batch sizes.
func (v *Vault) sizesFrom() int {
	if v.st.Engine() == store.SQLite {
		return 1
	}
	return 0
}

var (
	insertRows = inserts("INSERT INTO records (id, record, subject, place, label, key_id, expires_day, collected_ms, sealed) VALUES ", 9)
	insertTags = inserts("INSERT INTO tags (tag, part, subject, owner_kind, version) VALUES ", 5)
)

// inserts returns the statement for each batch size.
func inserts(head string, columns int) []string {
	var out []string
	for _, n := range batchSizes {
		var b strings.Builder
		b.WriteString(head)
		for i := range n {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString("(" + params(1+i*columns, columns) + ")")
		}
		out = append(out, b.String())
	}
	return out
}

// write inserts the rows and tags of a Put.
func (w *writer) write() error {
	args := make([]any, 0, 9*batchSizes[0])
	rest := w.rows
	for i := w.v.sizesFrom(); i < len(batchSizes); i++ {
		n := batchSizes[i]
		for ; len(rest) >= n; rest = rest[n:] {
			args = args[:0]
			for j := range rest[:n] {
				r := &rest[j]
				args = append(args, r.id, r.record, int64(r.subject), r.place, r.label, r.key, r.expires, r.collectedMS, r.sealed)
			}
			if _, err := w.tx.Exec(w.ctx, insertRows[i], args...); err != nil {
				return err
			}
		}
	}
	if err := w.writeTags(); err != nil {
		return err
	}
	return w.v.noteRuns(w.ctx, w.tx, w.rows)
}

func (w *writer) writeTags() error {
	rest := w.tags
	var args []any
	for i := w.v.sizesFrom(); i < len(batchSizes); i++ {
		n := batchSizes[i]
		for ; len(rest) >= n; rest = rest[n:] {
			args = args[:0]
			for _, t := range rest[:n] {
				args = append(args, t.tag, t.part, int64(t.subject), int64(t.kind), keys.TagVersion)
			}
			if _, err := w.tx.Exec(w.ctx, insertTags[i], args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// run is a day of expiry and a bucket of ids that holds records of that day.
type run struct{ day, bucket int64 }

// bucketBits is the width of a bucket: ids carry their millisecond above 22
// bits, so 2^48 ids are 2^26 ms, about 19 hours.
const bucketBits = 48

// runs remembers which rows of the table expiry_runs are there, so that a
// record costs it nothing.
type runs struct {
	mu    sync.Mutex
	known map[run]bool
}

func (r *runs) init() { r.known = map[run]bool{} }

func (r *runs) has(k run) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known[k]
}

// maxRuns bounds the memory; forgetting costs a statement that does nothing.
const maxRuns = 1 << 14

func (r *runs) add(k run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= maxRuns {
		clear(r.known)
	}
	r.known[k] = true
}

// noteRuns writes down where the rows' days of expiry are to be looked for.
func (v *Vault) noteRuns(ctx context.Context, tx *store.Tx, rows []row) error {
	var last run
	for i := range rows {
		k := run{rows[i].expires, rows[i].id >> bucketBits}
		if k.day == 0 || k == last || v.runs.has(k) {
			continue
		}
		last = k
		if _, err := tx.Exec(ctx, "INSERT INTO expiry_runs (expires_day, bucket) VALUES ($1, $2) ON CONFLICT DO NOTHING", k.day, k.bucket); err != nil {
			return err
		}
		tx.AfterCommit(func() { v.runs.add(k) })
	}
	return nil
}
