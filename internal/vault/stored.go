package vault

import (
	"context"
	"database/sql"
	"errors"

	"candour/internal/keys"
	"candour/internal/store"
)

// stored is a row as it is read, with the standing of the person it is about.
type stored struct {
	id, record  int64
	subject     int64
	place       int64
	label       int64
	key         int64
	expires     int64
	collectedMS int64
	sealed      []byte
	standing    standing
}

// selects are the readings of rows. A row is only ever read together with its
// person: of whoever is erased there is no row in subjects, so nothing is found
// from that moment. Where other processes erase too, both are read at once;
// SQLite belongs to one process, which remembers (see people).
type selects struct{ byID, siblings, subject, tagged string }

const (
	ofHead = "r.subject, r.place, r.label, r.key_id, r.expires_day, r.collected_ms, r.sealed"
	ofRows = "r.id, r.record, " + ofHead
)

func newSelects(standing, join string) selects {
	rows := "SELECT " + ofRows + standing + " FROM records r" + join
	return selects{
		byID:     "SELECT " + ofHead + standing + " FROM records r" + join + " WHERE r.id = $1",
		siblings: rows + " WHERE r.record = $1 AND r.record <> r.id ORDER BY r.id",
		subject:  rows + " WHERE r.subject = $1 ORDER BY r.id",
		tagged:   "SELECT " + ofRows + standing + " FROM tags t JOIN records r ON r.id = t.part" + join + " WHERE t.tag = $1",
	}
}

var (
	selectsAlone  = newSelects("", "")
	selectsJoined = newSelects(", s.standing", " JOIN subjects s ON s.subject = r.subject")
)

func (v *Vault) selects() *selects {
	if v.st.Engine() == store.PostgreSQL {
		return &selectsJoined
	}
	return &selectsAlone
}

// scan reads a row by fn, whose columns are those given and then, on
// PostgreSQL, the standing.
func (v *Vault) scan(r *stored, fn func(...any) error, columns ...any) error {
	if v.st.Engine() != store.PostgreSQL {
		return fn(columns...)
	}
	var b []byte
	err := fn(append(columns, &b)...)
	if err == nil {
		r.standing, err = decodeStanding(b)
	}
	return err
}

// queryRows returns the rows of a query whose person is there.
func (v *Vault) queryRows(ctx context.Context, tx *store.Tx, query string, arg any) ([]stored, error) {
	list, err := v.scanRows(ctx, tx, query, arg)
	if err != nil || v.st.Engine() == store.PostgreSQL {
		return list, err
	}
	there := list[:0]
	for i := range list {
		switch err := v.withPerson(ctx, tx, &list[i]); {
		case err == nil:
			there = append(there, list[i])
		case !errors.Is(err, ErrNotFound):
			return nil, err
		}
	}
	return there, nil
}

func (v *Vault) scanRows(ctx context.Context, tx *store.Tx, query string, arg any) ([]stored, error) {
	rows, err := tx.Query(ctx, query, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []stored
	for rows.Next() {
		list = append(list, stored{})
		r := &list[len(list)-1]
		err := v.scan(r, rows.Scan, &r.id, &r.record, &r.subject, &r.place, &r.label, &r.key, &r.expires, &r.collectedMS, &r.sealed)
		if err != nil {
			return nil, err
		}
	}
	return list, rows.Err()
}

// withPerson adds the standing of a row's person; ErrNotFound if there is none.
func (v *Vault) withPerson(ctx context.Context, tx *store.Tx, r *stored) error {
	st, err := v.standingOf(ctx, tx, keys.SubjectID(r.subject))
	if err == nil {
		r.standing = st
	}
	return err
}

// head reads the first row of a record into r; ErrNotFound if it is not there,
// or if the id is that of another part.
func (v *Vault) head(ctx context.Context, tx *store.Tx, id RecordID, r *stored) error {
	*r = stored{id: int64(id), record: int64(id)}
	err := v.scan(r, tx.QueryRow(ctx, v.selects().byID, r.id).Scan,
		&r.subject, &r.place, &r.label, &r.key, &r.expires, &r.collectedMS, &r.sealed)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && !isFirst(r.place)) {
		return ErrNotFound
	}
	if err == nil && v.st.Engine() != store.PostgreSQL {
		err = v.withPerson(ctx, tx, r)
	}
	return err
}

// rowsOf reads all rows of a record that has, or had, several. The first may
// be gone where another copy or part is not.
func (v *Vault) rowsOf(ctx context.Context, tx *store.Tx, first stored, err error) ([]stored, error) {
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, err
	}
	var rows []stored
	if err == nil {
		rows = append(rows, first)
		if isAlone(first.place) {
			return rows, nil
		}
	}
	more, err := v.queryRows(ctx, tx, v.selects().siblings, first.id)
	return append(rows, more...), err
}
