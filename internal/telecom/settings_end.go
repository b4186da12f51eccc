package telecom

import (
	"context"
	"errors"

	"candour/internal/store"
	"candour/internal/vault"
)

// dropSettings removes what is set of a line that ends, with its records.
func (d *Desk) dropSettings(ctx context.Context, tx *store.Tx, a vault.Access, l Line) error {
	row, err := d.setRow(ctx, tx, l.ID)
	if err != nil {
		return err
	}
	records := []int64{int64(row.record)}
	for _, query := range []string{"SELECT record FROM line_forwards WHERE line = $1", "SELECT record FROM line_blocks WHERE line = $1"} {
		more, err := tx.IDs(ctx, query, l.ID)
		if err != nil {
			return err
		}
		records = append(records, more...)
	}
	for _, id := range records {
		if err := d.dropRecord(ctx, tx, a, l, vault.RecordID(id)); err != nil {
			return err
		}
	}
	if err := d.dropAddress(ctx, tx, l, row.address); err != nil {
		return err
	}
	return d.forgetSettings(ctx, tx, "line", l.ID)
}

// dropAddress removes the address of a line that ends: it is needed no more
// (Ofcom General Condition A3).
func (d *Desk) dropAddress(ctx context.Context, tx *store.Tx, l Line, id vault.RecordID) error {
	roles, err := AddressRolesOf(d.c.InForce())
	if err != nil || id == 0 {
		return nil // none is declared any more, and none is kept for long
	}
	err = d.dropRecord(ctx, tx, roles.own(), l, id)
	if errors.Is(err, vault.ErrKept) {
		return nil // it goes with the contract
	}
	return err
}

// forgetSettings drops the rows of what is set of the lines of a subject or, by
// another column, of a line. Their records go as their person's do.
func (d *Desk) forgetSettings(ctx context.Context, tx *store.Tx, column string, id int64) error {
	if column == "subject" {
		if err := d.forgetAddresses(ctx, tx, id); err != nil {
			return err
		}
		lines, err := tx.IDs(ctx, "SELECT id FROM lines WHERE subject = $1", id)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if err := d.forgetTies(ctx, tx, l); err != nil {
				return err
			}
		}
		reports, err := tx.IDs(ctx, "DELETE FROM call_reports WHERE subject = $1 RETURNING record", id)
		if err != nil {
			return err
		}
		for _, r := range reports {
			if err := d.c.Vault.Unname(ctx, tx, vault.RecordID(r)); err != nil {
				return err
			}
		}
	} else if err := d.forgetTies(ctx, tx, id); err != nil {
		return err
	}
	for _, table := range []string{"line_settings", "line_forwards", "line_stops", "line_blocks"} {
		if _, err := tx.Exec(ctx, "DELETE FROM "+table+" WHERE "+column+" = $1", id); err != nil {
			return err
		}
	}
	return nil
}

// forgetAddresses removes the addresses of the lines of somebody who is being
// erased, as far as nothing else has them kept.
func (d *Desk) forgetAddresses(ctx context.Context, tx *store.Tx, subject int64) error {
	lines, err := tx.IDs(ctx, "SELECT line FROM line_settings WHERE subject = $1 AND address <> 0", subject)
	if err != nil {
		return err
	}
	for _, id := range lines {
		row, err := d.setRow(ctx, tx, id)
		if err != nil {
			return err
		}
		l := Line{ID: id}
		*(*int64)(&l.Subject) = subject
		if err := d.dropAddress(ctx, tx, l, row.address); err != nil {
			return err
		}
	}
	return nil
}

// forgetTies drops what others' rows say of a line that is gone.
func (d *Desk) forgetTies(ctx context.Context, tx *store.Tx, line int64) error {
	if _, err := tx.Exec(ctx, "DELETE FROM line_stops WHERE from_line = $1", line); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "UPDATE line_forwards SET stopped_ms = $1, stopped = $2 WHERE target_line = $3 AND stopped_ms = 0", d.c.Now().UnixMilli(), stoppedGone, line)
	return err
}
