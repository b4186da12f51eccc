package verify

import (
	"context"
	"errors"
	"fmt"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// waitingPage is how many rows that wait for the log are read at once.
const waitingPage = 1024

// checkWaiting checks the rows that are not in the log yet, and that none is
// missing at the end.
func (c *checker) checkWaiting(ctx context.Context) error {
	if err := c.checkCounters(ctx); err != nil {
		return err
	}
	for first := c.horizon; ; {
		rows, err := c.db.after(ctx, first, waitingPage)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if r.Seq > first {
				c.findings.add(fmt.Sprintf("row %d", first), fmt.Sprintf("missing: the next there is is row %d", r.Seq))
			}
			first = r.Seq + 1
			if err := c.checkOne(ctx, r); err != nil {
				return err
			}
		}
		if len(rows) < waitingPage {
			break
		}
	}
	if c.report.Waiting > 0 {
		c.report.note(fmt.Sprintf("%d rows have not reached the log yet: a running server brings them there", c.report.Waiting))
	}
	return nil
}

// checkOne checks a row that no leaf vouches for: whether whoever wrote it had
// the keys, and wrote it for its place.
func (c *checker) checkOne(ctx context.Context, r evidence.Row) error {
	c.report.Waiting++
	where := fmt.Sprintf("row %d", r.Seq)
	if c.kept != nil && r.Seq < c.kept.Size {
		return nil // signed, and lost from the log: see the kept checkpoint
	}
	if err := c.stillClosed(ctx); err != nil {
		return err
	}
	if c.closed {
		c.findings.add(where, "inserted: it is not in the log, and no server has had the log since it held every row")
		return nil
	}
	var content evidence.Content
	err := store.ViewOf(ctx, c.db.db, func(tx *store.Tx) (err error) {
		content, err = c.open(ctx, tx, r)
		return err
	})
	switch {
	case errors.Is(err, evidence.ErrSealed):
		return nil
	case errors.Is(err, evidence.ErrForged), errors.Is(err, keys.ErrChanged):
		c.findings.add(where, "inserted: it is not in the log and was not written with the keys of this folder")
		return nil
	case err != nil:
		return err
	}
	b, err := content.Check(r)
	if err != nil {
		c.findings.add(where, "changed: it is not in the log, and its body is not what it commits to")
		return nil
	}
	c.meet(b)
	return nil
}

// stillClosed asks again whether no server has the log: one may have started
// and written the rows that were just read.
func (c *checker) stillClosed(ctx context.Context) error {
	if !c.closed {
		return nil
	}
	k, err := c.db.kept(ctx)
	c.closed = k.closed
	return err
}

// checkCounters compares how many rows there are with how many there were.
func (c *checker) checkCounters(ctx context.Context) error {
	given, last, err := c.db.counter(ctx)
	if err != nil {
		return err
	}
	if given > last {
		c.findings.add(fmt.Sprintf("row %d", last+1), fmt.Sprintf("missing at the end: %d rows were written and the last there is is %d", given+1, last))
	}
	if given < last {
		c.findings.add("table sqlite_sequence", fmt.Sprintf("says %d for evidence, and there is a row %d", given, last))
	}
	n, err := c.db.negative(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		c.findings.add("table evidence", fmt.Sprintf("%d rows have a place before the first", n))
	}
	if err := c.meetUnplaced(ctx); err != nil {
		return err
	}
	pending, lost, err := c.db.placeless(ctx)
	if err != nil {
		return err
	}
	c.report.Waiting += uint64(pending)
	if err := c.stillClosed(ctx); err != nil {
		return err
	}
	if pending > 0 && c.closed {
		c.findings.add("table evidence_pending", fmt.Sprintf("inserted: %d rows wait for a place, and no server has had the log since it held every row", pending))
	}
	if lost > 0 {
		c.findings.add("table evidence_order", fmt.Sprintf("%d rows of evidence have no place in the log and do not wait for one", lost))
	}
	return nil
}

// meetUnplaced meets the open bodies of rows that have no place yet: an epoch
// that was closed a moment ago is committed to by one of them.
func (c *checker) meetUnplaced(ctx context.Context) error {
	rows, err := c.db.unplaced(ctx)
	if err != nil {
		return err
	}
	for _, r := range rows {
		content, err := r.Public()
		if err != nil {
			continue // sealed: no commitment to a list
		}
		if b, err := content.Check(r); err == nil {
			c.meet(b)
		}
	}
	return nil
}
