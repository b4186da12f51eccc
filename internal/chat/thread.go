package chat

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
)

// MaxMessages is how many messages a page of a conversation holds at most.
const MaxMessages = 50

const selectMessage = "SELECT id, author, reader, author_line, reader_line, kind, record, attached, sent_ms, read_ms, until_ms FROM messages "

func scanRow(r interface{ Scan(...any) error }) (m row, err error) {
	var sent, read, until int64
	err = r.Scan(&m.id, (*int64)(&m.author), (*int64)(&m.reader), &m.authorLine, &m.readerLine, &m.kind, &m.record, &m.attached, &sent, &read, &until)
	m.sent, m.read, m.until = store.Time(sent), store.Time(read), store.Time(until)
	return m, err
}

func rowsOf(ctx context.Context, tx *store.Tx, query string, args ...any) (list []row, err error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		m, err := scanRow(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

// Summary is a conversation in the list of one of its sides.
type Summary struct {
	Line int64 // of the other side
	Last Message
	New  int // messages that were not read
}

// Threads returns a person's conversations, the latest first, at most so many,
// for their own eyes: the caller must know that it is they who ask.
func (d *Desk) Threads(ctx context.Context, tx *store.Tx, s keys.SubjectID, n int) ([]Summary, error) {
	members, err := d.c.Vault.Members(ctx, tx, s)
	if err != nil {
		return nil, wrap(err)
	}
	last, fresh := map[int64]int64{}, map[int64]int{}
	for _, m := range members {
		for _, q := range []string{
			"SELECT reader_line, MAX(id), 0 FROM messages WHERE author = $1 GROUP BY reader_line",
			"SELECT author_line, MAX(id), SUM(CASE WHEN read_ms = 0 THEN 1 ELSE 0 END) FROM messages WHERE reader = $1 GROUP BY author_line",
		} {
			if err := sums(ctx, tx, q, int64(m), last, fresh); err != nil {
				return nil, wrap(err)
			}
		}
	}
	list := make([]Summary, 0, len(last))
	for line := range last {
		list = append(list, Summary{Line: line, New: fresh[line]})
	}
	slices.SortFunc(list, func(a, b Summary) int { return cmp.Compare(last[b.Line], last[a.Line]) })
	list = list[:min(n, len(list))]
	for i := range list {
		m, err := scanRow(tx.QueryRow(ctx, selectMessage+"WHERE id = $1", last[list[i].Line]))
		if err != nil {
			return nil, wrap(err)
		}
		if list[i].Last, err = d.open(ctx, tx, s, members, m); err != nil {
			return nil, wrap(err)
		}
	}
	return list, nil
}

func sums(ctx context.Context, tx *store.Tx, query string, s int64, last map[int64]int64, fresh map[int64]int) error {
	rows, err := tx.Query(ctx, query, s)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var line, id int64
		var n int
		if err := rows.Scan(&line, &id, &n); err != nil {
			return err
		}
		last[line] = max(last[line], id)
		fresh[line] += n
	}
	return rows.Err()
}

// Thread returns a person's messages with a line that come before the message
// with the id before, the oldest first, at most n of them; before 0 ends with
// the newest.
func (d *Desk) Thread(ctx context.Context, tx *store.Tx, s keys.SubjectID, line, before int64, n int) ([]Message, error) {
	if before <= 0 {
		before = 1<<63 - 1
	}
	members, err := d.c.Vault.Members(ctx, tx, s)
	if err != nil {
		return nil, wrap(err)
	}
	var found []row
	for _, m := range members {
		for _, where := range []string{"author = $1 AND reader_line = $2", "reader = $1 AND author_line = $2"} {
			rows, err := rowsOf(ctx, tx, selectMessage+"WHERE "+where+" AND id < $3 ORDER BY id DESC LIMIT $4", int64(m), line, before, n)
			if err != nil {
				return nil, wrap(err)
			}
			found = append(found, rows...)
		}
	}
	slices.SortFunc(found, func(a, b row) int { return cmp.Compare(b.id, a.id) })
	found = slices.CompactFunc(found, func(a, b row) bool { return a.id == b.id })
	found = found[:min(n, len(found))]
	slices.Reverse(found)
	list := make([]Message, len(found))
	for i, m := range found {
		if list[i], err = d.open(ctx, tx, s, members, m); err != nil {
			return nil, wrap(err)
		}
	}
	return list, nil
}

// open adds what the person's part of a message says.
func (d *Desk) open(ctx context.Context, tx *store.Tx, s keys.SubjectID, members []keys.SubjectID, m row) (Message, error) {
	out := Message{ID: m.id, Mine: slices.Contains(members, m.author), Line: m.authorLine, Kind: m.kind, Sent: m.sent, Read: m.read, Till: m.until, record: m.record, attached: m.attached}
	if out.Mine {
		out.Line = m.readerLine
	}
	rec, err := d.c.Vault.OwnPart(ctx, tx, s, vault.RecordID(m.record))
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return out, err
	}
	p := parse(string(rec.Value()))
	out.Far, out.Text, out.Name, out.Type = p.far, p.text, p.name, p.typ
	if m.kind == Place {
		out.Fix, err = d.fix(ctx, tx, m)
	} else {
		err = nil
	}
	return out, err
}

// mine finds a message of a person, on either side.
func (d *Desk) mine(ctx context.Context, tx *store.Tx, s keys.SubjectID, id int64) (m row, members []keys.SubjectID, err error) {
	members, err = d.c.Vault.Members(ctx, tx, s)
	if err != nil {
		return m, nil, ErrNotFound
	}
	m, err = scanRow(tx.QueryRow(ctx, selectMessage+"WHERE id = $1", id))
	if errors.Is(err, sql.ErrNoRows) || err == nil && !slices.Contains(members, m.author) && !slices.Contains(members, m.reader) {
		err = ErrNotFound
	}
	return m, members, err
}

// Attached returns the photo or file of a message of a person's, from their own
// part. ErrNotFound if there is none.
func (d *Desk) Attached(ctx context.Context, tx *store.Tx, s keys.SubjectID, id int64) (Attachment, error) {
	m, members, err := d.mine(ctx, tx, s, id)
	if err != nil {
		return Attachment{}, wrap(err)
	}
	if m.kind != Photo && m.kind != File {
		return Attachment{}, ErrNotFound
	}
	said, err := d.open(ctx, tx, s, members, m)
	if err != nil {
		return Attachment{}, wrap(err)
	}
	rec, err := d.c.Vault.OwnPart(ctx, tx, s, vault.RecordID(m.attached))
	if errors.Is(err, vault.ErrNotFound) {
		return Attachment{}, ErrNotFound
	}
	return Attachment{Kind: m.kind, Name: said.Name, Type: said.Type, Data: rec.Value()}, wrap(err)
}

// Seen notes that a person read what came from a line up to a message.
func (d *Desk) Seen(ctx context.Context, tx *store.Tx, s keys.SubjectID, line, upTo int64) error {
	members, err := d.c.Vault.Members(ctx, tx, s)
	if err != nil {
		return wrap(err)
	}
	read := int64(0)
	for _, m := range members {
		n, err := tx.Change(ctx, "UPDATE messages SET read_ms = $1 WHERE reader = $2 AND author_line = $3 AND id <= $4 AND read_ms = 0", d.c.Now().UnixMilli(), int64(m), line, upTo)
		if err != nil {
			return wrap(err)
		}
		read += n
	}
	if read > 0 {
		tx.AfterCommit(func() { d.hub.tell(s) })
	}
	return nil
}

// Unread returns how many messages a person has that they did not read.
func (d *Desk) Unread(ctx context.Context, tx *store.Tx, s keys.SubjectID) (n int, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM messages m JOIN subjects s ON s.subject = m.reader
		WHERE m.read_ms = 0 AND s.root = (SELECT root FROM subjects WHERE subject = $1)`, int64(s)).Scan(&n)
	return n, wrap(err)
}
