package main

import (
	"context"
	"testing"

	"candour/internal/store"
	"candour/internal/telecom"
)

// lineOf is the line of somebody who has one.
func (r *rig) lineOf(t *testing.T, of *visitorAs) telecom.Line {
	t.Helper()
	l, err := r.app.desks.phones.LineOf(context.Background(), of.session.Account.ID)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// forward is one of somebody's.
func (r *rig) forward(t *testing.T, of *visitorAs) int64 {
	t.Helper()
	const id = 7
	l := r.lineOf(t, of)
	err := r.app.store.Update(context.Background(), func(tx *store.Tx) error {
		_, err := tx.Exec(context.Background(), "INSERT INTO line_forwards (id, line, subject, way, target_line, record, after_s, set_ms, stopped_ms, stopped) VALUES ($1, $2, $3, 'always', 0, 0, 0, 1, 0, '')",
			int64(id), l.ID, int64(l.Subject))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// block is a caller whom somebody blocks.
func (r *rig) block(t *testing.T, of *visitorAs) (id int64) {
	t.Helper()
	roles, err := telecom.SettingsRolesOf(r.app.inForce())
	if err == nil {
		err = r.app.desks.phones.Block(context.Background(), of.session.Access(roles.Purpose), r.lineOf(t, of), "020 7946 0018")
	}
	if err == nil {
		err = r.app.store.View(context.Background(), func(tx *store.Tx) error {
			return tx.QueryRow(context.Background(), "SELECT MAX(id) FROM line_blocks").Scan(&id)
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}
