package telecom

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// MaxBlocks is how many callers a line can block.
const MaxBlocks = 200

// Errors of the block list.
var (
	// ErrBlocked says that a caller is on the list already.
	ErrBlocked = errors.New("telecom: that caller is blocked already")
	// ErrManyBlocks says that a list is full.
	ErrManyBlocks = errors.New("telecom: the list is full")
	// ErrUnknownCaller says that nobody knows any more who called.
	ErrUnknownCaller = errors.New("telecom: who called is not known any more")
)

// BlockedCaller is a caller that a line does not ring for. It holds personal data and
// prints as a fixed word.
type BlockedCaller struct {
	ID    int64
	Who   string // extension or number; empty if they withheld it, or it is known no more
	Call  string // of one who withheld it: when they called, in words
	Added time.Time
}

// Format writes a fixed word, whatever the verb.
func (BlockedCaller) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(blocked caller)") }

// LogValue keeps the block out of structured logs.
func (BlockedCaller) LogValue() slog.Value { return slog.StringValue("(blocked caller)") }

// Names in the record of a block. They are kept.
const blockedName, blockedCallName = "Blocked", "Blocked, number withheld, who called on"

// Kinds of what is blocked. A caller is blocked as they showed themselves: if a
// block of who withheld their number worked on their other calls too, these
// would tell who it was.
const (
	blockLine     = "line"     // one of ours that shows its number
	blockNumber   = "number"   // of the world
	blockWithheld = "withheld" // one of ours, when it withholds its number
)

// blockMark is what a block is found by.
func (d *Desk) blockMark(line int64, kind, who string) []byte {
	return d.c.Ring.Tag("blocked caller", strconv.FormatInt(line, 10)+" "+kind+" "+who)
}

// BlockedCallers returns the callers that a line does not ring for, newest first, for
// its own person.
func (d *Desk) BlockedCallers(ctx context.Context, tx *store.Tx, l Line) ([]BlockedCaller, error) {
	roles, err := SettingsRolesOf(d.c.InForce())
	if err != nil {
		return nil, nil
	}
	rows, err := tx.Query(ctx, "SELECT id, record, added_ms FROM line_blocks WHERE line = $1 ORDER BY id DESC", l.ID)
	if err != nil {
		return nil, wrap(err)
	}
	defer rows.Close()
	var list []BlockedCaller
	var records []vault.RecordID
	for rows.Next() {
		var b BlockedCaller
		var record, added int64
		if err := rows.Scan(&b.ID, &record, &added); err != nil {
			return nil, wrap(err)
		}
		b.Added = store.Time(added)
		list, records = append(list, b), append(records, vault.RecordID(record))
	}
	if err := rows.Err(); err != nil {
		return nil, wrap(err)
	}
	for i, id := range records {
		rec, err := d.c.Vault.Read(ctx, tx, roles.own(), id)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			return nil, wrap(err)
		}
		found := readEntries(rec.Value())
		list[i].Who, list[i].Call = found[blockedName], found[blockedCallName]
	}
	return list, nil
}

// Block blocks a caller by their extension or number. A refusal as Route has it
// if it is none; ErrBlocked, ErrManyBlocks.
func (d *Desk) Block(ctx context.Context, a vault.Access, l Line, dialled string) error {
	if _, err := SettingsRolesOf(d.c.InForce()); err != nil {
		return err
	}
	to, err := d.route(ctx, l, dialled)
	outside := errors.Is(err, &Refusal{Code: NoWayOut}) && to.Number != "" // nobody is called
	if err != nil && !outside {
		return wrap(err)
	}
	mark := d.blockMark(l.ID, blockNumber, to.Number)
	if to.Reach == ToLine {
		mark = d.blockMark(l.ID, blockLine, strconv.FormatInt(to.Line.ID, 10))
	}
	return wrap(d.c.Store.Update(ctx, func(tx *store.Tx) error {
		return d.addBlock(ctx, tx, a, l, mark, writeEntries(entry{blockedName, to.dialled()}))
	}))
}

func (d *Desk) addBlock(ctx context.Context, tx *store.Tx, a vault.Access, l Line, mark, text []byte) error {
	roles, err := SettingsRolesOf(d.c.InForce())
	if err != nil {
		return err
	}
	if _, err := d.needRow(ctx, tx, l); err != nil {
		return err
	}
	n := 0
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM line_blocks WHERE line = $1", l.ID).Scan(&n); err != nil {
		return err
	}
	if n >= MaxBlocks {
		return ErrManyBlocks
	}
	if err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM line_blocks WHERE line = $1 AND mark = $2", l.ID, mark).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return ErrBlocked
	}
	record, err := d.rewrite(ctx, tx, a, l, roles.Blocked, 0, text)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO line_blocks (id, line, subject, mark, record, added_ms) VALUES ($1, $2, $3, $4, $5, $6)",
		d.c.Store.NewID(), l.ID, int64(l.Subject), mark, int64(record), d.c.Now().UnixMilli())
	if err != nil {
		return err
	}
	return d.prove(ctx, tx, a, evidence.LineSet, l, "blocked")
}

// BlockCaller blocks who made a call that came to the line's person, also when
// their number was withheld: it stays so, for nothing that is kept or shown of
// the block tells it. ErrNotFound if no such call came to them,
// ErrUnknownCaller if nobody knows any more who made it.
func (d *Desk) BlockCaller(ctx context.Context, tx *store.Tx, a vault.Access, l Line, call int64) error {
	c, err := d.came(ctx, tx, l.Subject, call)
	if err != nil {
		return wrap(err)
	}
	text := writeEntries(entry{blockedName, c.Far})
	var mark []byte
	switch {
	case !c.Withheld && isNumber(c.Far) && len(c.Far) > maxExtension:
		mark = d.blockMark(l.ID, blockNumber, c.Far)
	case c.line == 0:
		return ErrUnknownCaller
	case c.Withheld:
		mark = d.blockMark(l.ID, blockWithheld, strconv.FormatInt(c.line, 10))
		text = writeEntries(entry{blockedCallName, c.Begun.In(policy.London).Format(callTime)})
	case c.Far == "":
		return ErrUnknownCaller
	default:
		mark = d.blockMark(l.ID, blockLine, strconv.FormatInt(c.line, 10))
	}
	return wrap(d.addBlock(ctx, tx, a, l, mark, text))
}

// HasBlocked reports whether a line takes nothing from another that shows itself.
func (d *Desk) HasBlocked(ctx context.Context, tx *store.Tx, from, to Line) (bool, error) {
	blocked, err := d.hasBlock(ctx, tx, to.ID, d.blockMark(to.ID, blockLine, strconv.FormatInt(from.ID, 10)))
	return blocked, wrap(err)
}

// callTime is how the time of a call stands in a record.
const callTime = "2 January 2006, 15:04"

// came is a call that came to a person, with who made it.
type came struct {
	Entry
	caller keys.SubjectID // 0: not known any more
	line   int64          // theirs; 0: not known any more
}

// came finds it. ErrNotFound if there is none such.
func (d *Desk) came(ctx context.Context, tx *store.Tx, s keys.SubjectID, call int64) (c came, err error) {
	members, err := d.c.Vault.Members(ctx, tx, s)
	if errors.Is(err, vault.ErrNotFound) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, err
	}
	r := row{}
	var callee keys.SubjectID
	var begun, answered, ended, origin int64
	err = tx.QueryRow(ctx, "SELECT id, caller, callee, withheld, video, begun_ms, answered_ms, ended_ms, code, record, origin FROM calls WHERE id = $1 AND ended_ms > 0", call).
		Scan(&r.Call, (*int64)(&c.caller), (*int64)(&callee), &r.Withheld, &r.Video, &begun, &answered, &ended, (*string)(&r.Code), (*int64)(&r.record), &origin)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !slices.Contains(members, callee) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, err
	}
	r.Begun, r.Answered, r.Ended = store.Time(begun), store.Time(answered), store.Time(ended)
	if c.Entry, err = d.told(ctx, tx, s, r); err != nil {
		return c, err
	}
	if origin != 0 { // who forwarded it is not who called
		c.caller = 0
		err = tx.QueryRow(ctx, "SELECT caller FROM calls WHERE id = $1", origin).Scan((*int64)(&c.caller))
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return c, err
		}
	}
	if c.caller == 0 {
		return c, nil
	}
	err = tx.QueryRow(ctx, "SELECT id FROM lines WHERE subject = $1", int64(c.caller)).Scan(&c.line)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return c, err
}

// Unblock takes a caller off the list of a line. ErrNotFound if it has no such.
func (d *Desk) Unblock(ctx context.Context, tx *store.Tx, a vault.Access, l Line, id int64) error {
	var record int64
	err := tx.QueryRow(ctx, "DELETE FROM line_blocks WHERE id = $1 AND line = $2 RETURNING record", id, l.ID).Scan(&record)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err != nil {
		return wrap(err)
	}
	if err := d.dropRecord(ctx, tx, a, l, vault.RecordID(record)); err != nil {
		return wrap(err)
	}
	return wrap(d.prove(ctx, tx, a, evidence.LineSet, l, "unblocked"))
}
