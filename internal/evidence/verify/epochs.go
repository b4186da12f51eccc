package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"candour/internal/evidence"
	"candour/internal/keys"
)

// listTries is how often the list of an epoch is read before it is said not to
// fit: a server may close an epoch meanwhile.
const listTries = 2

// checkList checks that the list of the last closed epoch names every live
// data key; without it a proof of absence would prove nothing. It comes before
// the walk, which then meets the entry that commits to the list.
func (c *checker) checkList(ctx context.Context) error {
	if c.db == nil {
		return nil
	}
	if err := c.checkEpochs(ctx); err != nil {
		return err
	}
	dir := c.keysFolder()
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		c.report.note("the folder of keys is not here: that its list of keys is complete was not checked")
		return nil
	}
	var err error
	for range listTries {
		c.epoch, err = keys.VerifyEpochList(ctx, c.db.db, dir)
		if err == nil {
			return nil
		}
	}
	c.epoch = keys.Epoch{}
	switch {
	case errors.Is(err, fs.ErrPermission):
		c.report.note("the folder of keys cannot be read by this user: that its list of keys is complete was not checked")
	case errors.Is(err, keys.ErrList):
		c.findings.add("list of keys", err.Error())
	default:
		return fmt.Errorf("reading the list of keys: %w", err)
	}
	return nil
}

// checkEpochs checks that every data key is wrapped by an epoch that is not
// over: one of the past was brought back from an old copy of the ring.
func (c *checker) checkEpochs(ctx context.Context) error {
	var n int64
	err := c.db.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM data_keys WHERE epoch < (SELECT epoch FROM ring_state WHERE id = 1)").Scan(&n)
	if err != nil {
		return fmt.Errorf("reading the key ring: %w", err)
	}
	if n > 0 {
		c.findings.add("table data_keys", fmt.Sprintf("%d data keys are of an epoch that is over: they were put back from an older copy", n))
	}
	return nil
}

// meet notes an entry that commits to the list of an epoch.
func (c *checker) meet(b evidence.Body) {
	if b.Kind == evidence.KeyEpoch {
		c.committed[b.Ref] = string(b.Hash)
	}
}

// compareList holds the list of keys against the entry that commits to it.
func (c *checker) compareList() {
	if c.epoch.Number == 0 {
		return
	}
	root, ok := c.committed[c.epoch.Number]
	switch {
	case !ok:
		c.findings.add("list of keys", fmt.Sprintf("no entry of the log commits to the list of epoch %d", c.epoch.Number))
	case root != string(c.epoch.Root[:]):
		c.findings.add("list of keys", fmt.Sprintf("the list of epoch %d is not the one that the log commits to", c.epoch.Number))
	}
}
