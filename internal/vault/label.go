package vault

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"

	"candour/internal/store"
)

// labelKey is what many records have in common. Stored once, it costs a record
// one number.
type labelKey struct {
	Category string
	Version  int
	Class    string
	Surface  string
	Purposes string // separated by commas
}

type label struct {
	labelKey
	term     term
	purposes []string
}

func (l *label) has(purpose string) bool {
	for _, p := range l.purposes {
		if p == purpose {
			return true
		}
	}
	return false
}

// labels caches the table of labels, whose rows never change.
type labels struct {
	mu     sync.RWMutex
	byID   map[int64]*label
	number map[labelKey]int64
}

func (c *labels) init() { c.byID, c.number = map[int64]*label{}, map[labelKey]int64{} }

func (c *labels) add(id int64, l *label) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID[id], c.number[l.labelKey] = l, id
}

func newLabel(k labelKey) (*label, error) {
	t, ok := parseTerm(k.Class)
	if !ok {
		return nil, errors.New("vault: a stored retention class cannot be read; the table labels was changed")
	}
	return &label{k, t, strings.Split(k.Purposes, ",")}, nil
}

// labelOf returns the label with the number.
func (v *Vault) labelOf(ctx context.Context, tx *store.Tx, id int64) (*label, error) {
	v.labels.mu.RLock()
	l, ok := v.labels.byID[id]
	v.labels.mu.RUnlock()
	if ok {
		return l, nil
	}
	var k labelKey
	err := tx.QueryRow(ctx, "SELECT category, version, class, surface, purposes FROM labels WHERE label = $1", id).
		Scan(&k.Category, &k.Version, &k.Class, &k.Surface, &k.Purposes)
	if err != nil {
		return nil, err
	}
	if l, err = newLabel(k); err != nil {
		return nil, err
	}
	// A row read in a transaction that writes may be its own, and be rolled
	// back.
	tx.AfterCommit(func() { v.labels.add(id, l) })
	return l, nil
}

// labelFor returns the number of a label, writing it if it is new.
func (v *Vault) labelFor(ctx context.Context, tx *store.Tx, k labelKey) (int64, error) {
	v.labels.mu.RLock()
	id, ok := v.labels.number[k]
	v.labels.mu.RUnlock()
	if ok {
		return id, nil
	}
	l, err := newLabel(k)
	if err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `SELECT label FROM labels WHERE category = $1 AND version = $2 AND class = $3 AND surface = $4 AND purposes = $5
		ORDER BY label LIMIT 1`, k.Category, k.Version, k.Class, k.Surface, k.Purposes).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		id = v.st.NewID()
		_, err = tx.Exec(ctx, "INSERT INTO labels (label, category, version, class, surface, purposes) VALUES ($1, $2, $3, $4, $5, $6)",
			id, k.Category, k.Version, k.Class, k.Surface, k.Purposes)
	}
	if err != nil {
		return 0, err
	}
	tx.AfterCommit(func() { v.labels.add(id, l) })
	return id, nil
}
