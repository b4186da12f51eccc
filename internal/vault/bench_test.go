package vault_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

// The vault against honest plain SQL: the same engine with the same settings,
// the same columns and indexes, statements of the same shape, and no sealing,
// policy or evidence. Rounds of the two alternate, each pair gives a ratio,
// and the median is reported with the least and the greatest.
//
//	CANDOUR_BENCH_ROUNDS   pairs of rounds (default 31)
//	CANDOUR_BENCH_RECORDS  records of others in the erasure benchmark (default 100000)
//	CANDOUR_BENCH_ENGINE   sqlite (default) or postgres

func fromEnv(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

func engine() store.Engine {
	if os.Getenv("CANDOUR_BENCH_ENGINE") == string(store.PostgreSQL) {
		return store.PostgreSQL
	}
	return store.SQLite
}

// compare alternates rounds of ours and plain and reports how much of plain's
// speed ours has.
func compare(b *testing.B, ours, plain func()) {
	b.Helper()
	ours()
	plain() // both warm
	var ratios, work []float64
	for i := range fromEnv("CANDOUR_BENCH_ROUNDS", 31) {
		var o, p cost
		if i%2 == 0 {
			o, p = costOf(ours), costOf(plain)
		} else {
			p, o = costOf(plain), costOf(ours)
		}
		ratios = append(ratios, p.wall.Seconds()/o.wall.Seconds())
		work = append(work, p.cpu.Seconds()/o.cpu.Seconds())
	}
	slices.Sort(ratios)
	slices.Sort(work)
	b.ReportMetric(ratios[len(ratios)/2], "x-of-plain")
	b.ReportMetric(ratios[0], "x-least")
	b.ReportMetric(ratios[len(ratios)-1], "x-most")
	b.ReportMetric(work[len(work)/2], "x-of-plain-cpu")
	b.ReportMetric(0, "ns/op")
}

// cost is what a round took: time, and work of the whole process, which a busy
// machine does not stretch. Evidence on its way to the log is in ours.
type cost struct{ wall, cpu time.Duration }

func costOf(fn func()) cost {
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before) // fails for no process of its own
	wall := timed(fn)
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	return cost{wall, cpuTime(after) - cpuTime(before)}
}

func cpuTime(r syscall.Rusage) time.Duration {
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func timed(fn func()) time.Duration {
	begin := time.Now()
	fn()
	return time.Since(begin)
}

// plainSchema is the vault's, with the value in place of what is sealed.
func plainSchema(engine store.Engine) string {
	s := `CREATE TABLE records (id INTEGER NOT NULL PRIMARY KEY, record INTEGER NOT NULL, subject INTEGER NOT NULL, place INTEGER NOT NULL,
		label INTEGER NOT NULL, key_id INTEGER NOT NULL, expires_day INTEGER NOT NULL, collected_ms INTEGER NOT NULL, value BLOB NOT NULL) STRICT;
	CREATE INDEX records_subject ON records (subject);
	CREATE INDEX records_shared ON records (record) WHERE record <> id;
	CREATE TABLE tags (tag BLOB NOT NULL, part INTEGER NOT NULL, subject INTEGER NOT NULL, owner_kind INTEGER NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (tag, part)) STRICT, WITHOUT ROWID;
	CREATE INDEX tags_subject ON tags (subject, owner_kind);
	CREATE TABLE subjects (subject INTEGER NOT NULL PRIMARY KEY, root INTEGER NOT NULL, standing BLOB NOT NULL) STRICT, WITHOUT ROWID`
	if engine == store.PostgreSQL {
		s = strings.NewReplacer(" INTEGER ", " BIGINT ", " BLOB ", " BYTEA ", " STRICT, WITHOUT ROWID", "", " STRICT", "",
			"ON records (subject)", "ON records (subject, id)").Replace(s)
	}
	return s
}

// pair is a vault and a plain database beside it, with the same people.
type pair struct {
	*house
	b      *testing.B
	plain  *store.Store
	people []keys.SubjectID
	rng    *rand.Rand
}

func newPair(b *testing.B, people int) *pair {
	b.Helper()
	h := newHouse(b, storetest.Open(b, storetest.Migrated(b, engine())))
	p := &pair{house: h, b: b, plain: openPlain(b), rng: rand.New(rand.NewPCG(1, 2))}
	for len(p.people) < people {
		n := min(1000, people-len(p.people))
		h.update(func(tx *store.Tx) error {
			for range n {
				s, err := h.v.NewSubject(ctx, tx)
				if err != nil {
					return err
				}
				p.people = append(p.people, s)
			}
			return nil
		})
		p.inPlain(func(tx *store.Tx) error {
			for _, s := range p.people[len(p.people)-n:] {
				if _, err := tx.Exec(ctx, "INSERT INTO subjects (subject, root, standing) VALUES ($1, $1, $2)", int64(s), []byte{}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return p
}

// openPlain opens a database with the store's own settings and the plain
// tables alone: those of the vault are put out of the way.
func openPlain(b *testing.B) *store.Store {
	b.Helper()
	st := storetest.Open(b, storetest.Migrated(b, engine()))
	for _, q := range append([]string{"DROP TABLE records", "DROP TABLE tags", "DROP TABLE subjects"}, strings.Split(plainSchema(engine()), ";")...) {
		if _, err := st.DB().Exec(q); err != nil {
			b.Fatal(err)
		}
	}
	return st
}

func (p *pair) inPlain(fn func(*store.Tx) error) {
	if err := p.plain.Update(ctx, fn); err != nil {
		p.b.Fatal(err)
	}
}

func (p *pair) anybody() keys.SubjectID { return p.people[p.rng.IntN(len(p.people))] }

var value = strings.Repeat("three hundred bytes of somebody's life, ", 8)[:300]

// batches are the numbers of rows to a statement: what is fastest for each
// engine, in plain SQL as in the vault.
var batches = func() []int {
	if engine() == store.PostgreSQL {
		return []int{8, 1}
	}
	return []int{1}
}()

func inserting(table string, columns string, n int) string {
	count := strings.Count(columns, ",") + 1
	var rows []string
	for i := range n {
		var marks []string
		for j := range count {
			marks = append(marks, "$"+strconv.Itoa(1+i*count+j))
		}
		rows = append(rows, "("+strings.Join(marks, ", ")+")")
	}
	return "INSERT INTO " + table + " (" + columns + ") VALUES " + strings.Join(rows, ", ")
}

const (
	recordColumns = "id, record, subject, place, label, key_id, expires_day, collected_ms, value"
	tagColumns    = "tag, part, subject, owner_kind, version"
)

var insertRecords, insertPlainTags = func() (r, t []string) {
	for _, n := range batches {
		r, t = append(r, inserting("records", recordColumns, n)), append(t, inserting("tags", tagColumns, n))
	}
	return r, t
}()

// insertAll inserts rows of so many columns in batches, as the vault does.
func insertAll(tx *store.Tx, statements []string, columns int, args []any) error {
	for i, n := range batches {
		for ; len(args) >= n*columns; args = args[n*columns:] {
			if _, err := tx.Exec(ctx, statements[i], args[:n*columns]...); err != nil {
				return err
			}
		}
	}
	return nil
}

// plainLabel stands for label and key: ids of the same width as the vault's.
const plainLabel = int64(384 << 48)

// plainPut writes rows of people, with a tag each if tagged.
func (p *pair) plainPut(people []keys.SubjectID, values []string, tagged bool) (ids []int64) {
	p.inPlain(func(tx *store.Tx) error {
		records, tags := make([]any, 0, 9*len(people)), make([]any, 0, 5*len(people))
		for i, s := range people {
			id := p.plain.NewID()
			ids = append(ids, id)
			records = append(records, id, id, int64(s), 1<<16, plainLabel, plainLabel+int64(s)%1000, 20800, start.UnixMilli(), []byte(values[i]))
			if tagged {
				tags = append(tags, []byte(strings.ToLower(values[i])), id, int64(s), 1, 1)
			}
		}
		if err := insertAll(tx, insertRecords, 9, records); err != nil {
			return err
		}
		return insertAll(tx, insertPlainTags, 5, tags)
	})
	return ids
}

func (p *pair) vaultPut(a vault.Access, category string, people []keys.SubjectID, values []string) []vault.RecordID {
	items := make([]vault.Item, len(people))
	for i, s := range people {
		items[i] = item(s, category, values[i])
	}
	return p.put(a, items...)
}

func (p *pair) some(n int, what func(i int) string) (people []keys.SubjectID, values []string) {
	for i := range n {
		people, values = append(people, p.anybody()), append(values, what(i))
	}
	return people, values
}

func same(int) string { return value }

// warm has every person known: a key, and a cipher in memory.
func (p *pair) warm(a vault.Access, category string) {
	for chunk := range slices.Chunk(p.people, 500) {
		values := make([]string, len(chunk))
		for i := range values {
			values[i] = fmt.Sprint("warm ", p.rng.Int64())
		}
		p.vaultPut(a, category, chunk, values)
		p.plainPut(chunk, values, false)
	}
}

func BenchmarkBatchedWrites(b *testing.B) {
	for _, size := range []int{100, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			p := newPair(b, 1000)
			p.warm(on("tax"), "bill")
			compare(b, func() {
				for range 5000 / size {
					people, values := p.some(size, same)
					p.vaultPut(on("tax"), "bill", people, values)
				}
			}, func() {
				for range 5000 / size {
					people, values := p.some(size, same)
					p.plainPut(people, values, false)
				}
			})
		})
	}
}

func BenchmarkBatchedWritesWithLookup(b *testing.B) {
	p := newPair(b, 1000)
	p.warm(site, "contact.email")
	address := func(int) string { return fmt.Sprintf("%d@X.example", p.rng.Int64()) }
	compare(b, func() {
		people, values := p.some(2000, address)
		p.vaultPut(site, "contact.email", people, values)
	}, func() {
		people, values := p.some(2000, address)
		p.plainPut(people, values, true)
	})
}

func BenchmarkSingleDurableWrites(b *testing.B) {
	p := newPair(b, 200)
	p.warm(on("tax"), "bill")
	compare(b, func() {
		for range 100 {
			p.put(on("tax"), item(p.anybody(), "bill", value))
		}
	}, func() {
		for range 100 {
			p.plainPut([]keys.SubjectID{p.anybody()}, []string{value}, false)
		}
	})
}

const plainColumns = "id, record, subject, place, label, key_id, expires_day, collected_ms, value"

func (p *pair) plainQuery(query string, arg any) (n int) {
	err := p.plain.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Query(ctx, query, arg)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c [8]int64
			var v []byte
			if err := rows.Scan(&c[0], &c[1], &c[2], &c[3], &c[4], &c[5], &c[6], &c[7], &v); err != nil {
				return err
			}
			n += len(v)
		}
		return rows.Err()
	})
	if err != nil {
		p.b.Fatal(err)
	}
	return n
}

func BenchmarkReadByID(b *testing.B) {
	p := newPair(b, 1000)
	people, values := p.some(10000, same)
	ours, plain := p.vaultPut(on("tax"), "bill", people, values), p.plainPut(people, values, false)
	compare(b, func() {
		for range 5000 {
			err := p.st.View(ctx, func(tx *store.Tx) error {
				r, err := p.v.Read(ctx, tx, on("tax"), ours[p.rng.IntN(len(ours))])
				if len(r.Value()) != len(value) {
					b.Fatal(err)
				}
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}, func() {
		for range 5000 {
			if p.plainQuery("SELECT "+plainColumns+" FROM records WHERE id = $1", plain[p.rng.IntN(len(plain))]) != len(value) {
				b.Fatal("not found")
			}
		}
	})
}

func BenchmarkReadByKeyedIndex(b *testing.B) {
	p := newPair(b, 1000)
	people, values := p.some(10000, func(i int) string { return fmt.Sprintf("person-%d@x.example", i) })
	p.vaultPut(site, "contact.email", people, values)
	p.plainPut(people, values, true)
	query := "SELECT r." + strings.ReplaceAll(plainColumns, ", ", ", r.") + " FROM tags t JOIN records r ON r.id = t.part WHERE t.tag = $1"
	compare(b, func() {
		for range 5000 {
			err := p.st.View(ctx, func(tx *store.Tx) error {
				list, err := p.v.Lookup(ctx, tx, site, "contact.email", values[p.rng.IntN(len(values))])
				if err == nil && len(list) != 1 {
					b.Fatal(len(list))
				}
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}, func() {
		for range 5000 {
			if p.plainQuery(query, []byte(values[p.rng.IntN(len(values))])) == 0 {
				b.Fatal("not found")
			}
		}
	})
}

func BenchmarkExport(b *testing.B) {
	p := newPair(b, 100)
	for range 10 {
		people, values := p.some(5000, same)
		p.vaultPut(on("tax"), "bill", people, values)
		p.plainPut(people, values, false)
	}
	read := func() {
		for range 20 {
			if p.plainQuery("SELECT "+plainColumns+" FROM records WHERE subject = $1 ORDER BY id", int64(p.anybody())) == 0 {
				b.Fatal("nothing")
			}
		}
	}
	b.Run("walk", func(b *testing.B) {
		compare(b, func() {
			for range 20 {
				n := 0
				err := p.st.View(ctx, func(tx *store.Tx) error {
					return p.v.Walk(ctx, tx, p.anybody(), func(r vault.Record) error { n += len(r.Value()); return nil })
				})
				if err != nil || n == 0 {
					b.Fatal(err)
				}
			}
		}, read)
	})
	b.Run("with-evidence", func(b *testing.B) {
		compare(b, func() {
			for range 20 {
				if err := p.v.Export(context.Background(), on("account"), p.anybody(), func(vault.Record) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		}, read)
	})
}
