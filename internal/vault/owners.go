package vault

import (
	"slices"
	"strconv"
	"strings"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// checkOwners asks the policy about each owner of an item.
func (w *writer) checkOwners(it *Item, p *plan, standings map[keys.SubjectID]standing) error {
	for j := range it.Parts {
		if k := it.Parts[j].Kind; k != 0 && k != Owner {
			continue
		}
		st, err := w.v.forPolicy(w.ctx, w.tx, w.e.c, standings[it.Parts[j].Owner])
		if err != nil {
			return err
		}
		if verdict := p.collect(w.e, st); verdict != policy.Allowed {
			return w.v.refuse(doorWrite, w.a, it.Category, verdict)
		}
	}
	return nil
}

// standings reads the standing of each subject, where one of the plans asks
// for it; ErrNotFound if a subject is not there or is erased. To see that they
// are there, they are only counted.
func (w *writer) standings(subjects []keys.SubjectID) (map[keys.SubjectID]standing, error) {
	slices.Sort(subjects)
	subjects = slices.Compact(subjects)
	if !slices.ContainsFunc(w.plans, func(p *plan) bool { return p.personal }) {
		return nil, w.countLive(subjects)
	}
	found := make(map[keys.SubjectID]standing, len(subjects))
	for batch := range slices.Chunk(subjects, inBatch) {
		if err := w.standingsOf(batch, found); err != nil {
			return nil, err
		}
	}
	if len(found) != len(subjects) {
		return nil, ErrNotFound
	}
	return found, nil
}

// countLive counts the subjects that are there and not erased. Where readers
// and writers overlap the rows must be locked, which a count cannot do.
func (w *writer) countLive(subjects []keys.SubjectID) error {
	if w.v.st.Engine() == store.PostgreSQL {
		found := map[keys.SubjectID]standing{}
		for batch := range slices.Chunk(subjects, inBatch) {
			if err := w.standingsOf(batch, found); err != nil {
				return err
			}
		}
		if len(found) != len(subjects) {
			return ErrNotFound
		}
		return nil
	}
	for batch := range slices.Chunk(subjects, inBatch) {
		query, args := w.batch(batch, countOne, countMany)
		var n int
		if err := w.tx.QueryRow(w.ctx, query, args...).Scan(&n); err != nil {
			return err
		}
		if n != len(batch) {
			return ErrNotFound
		}
	}
	return nil
}

func (w *writer) standingsOf(batch []keys.SubjectID, found map[keys.SubjectID]standing) error {
	query, args := w.batch(batch, standingOne, standingMany)
	rows, err := w.tx.Query(w.ctx, w.v.forShare(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var s keys.SubjectID
		var b []byte
		if err := rows.Scan((*int64)(&s), &b); err != nil {
			return err
		}
		st, err := decodeStanding(b)
		if err != nil {
			return err
		}
		if !st.erased {
			found[s] = st
		}
	}
	return rows.Err()
}

// batch returns the statement and arguments for a batch of subjects. A batch
// shorter than inBatch repeats its last, so that there are two statements and
// not thirty.
func (w *writer) batch(subjects []keys.SubjectID, one, many string) (query string, args []any) {
	n := inBatch
	if query = many; len(subjects) == 1 {
		query, n = one, 1
	}
	args = make([]any, n)
	for i := range args {
		args[i] = int64(subjects[min(i, len(subjects)-1)])
	}
	return query, args
}

// inBatch is how many subjects are asked for at once.
const inBatch = 32

// live is that a person is not erased, in SQLite's words: of the first byte of
// their standing, if there is one, the lowest bit is not set.
const live = " AND (standing = x'' OR substr(standing, 1, 1) NOT IN (x'01', x'03', x'05', x'07', x'09', x'0b', x'0d', x'0f'))"

const (
	standingOne = "SELECT subject, standing FROM subjects WHERE subject = $1"
	countOne    = "SELECT COUNT(*) FROM subjects WHERE subject = $1" + live
)

var (
	standingMany = "SELECT subject, standing FROM subjects WHERE subject IN (" + params(1, inBatch) + ")"
	countMany    = "SELECT COUNT(*) FROM subjects WHERE subject IN (" + params(1, inBatch) + ")" + live
)

// params returns "$from, ..., $from+n-1".
func params(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(from + i))
	}
	return b.String()
}
