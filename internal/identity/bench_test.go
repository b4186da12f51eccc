package identity_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/store/storetest"
)

// A sign-in without its slow hash against plain SQL that reads and writes the
// same on the same engine: no sealing, policy or evidence, but a row of audit.
// Both check a hash of the same small cost. Rounds of the two alternate, each
// pair gives a ratio, and the median is reported with the least and the
// greatest. CANDOUR_BENCH_ROUNDS is how many pairs (default 15).
func BenchmarkSignIn(b *testing.B) {
	const people, each = 200, 40
	defer identity.CheapHashing()()
	d := newDesk(b, storetest.Open(b, storetest.Migrated(b, store.SQLite)))
	p := newPlain(b)
	for i := range people {
		email := fmt.Sprintf("person%d@example.org", i)
		d.customer(email)
		p.open(b, email)
	}
	at := 0
	next := func() string { at++; return fmt.Sprintf("person%d@example.org", at%people) }
	ours := func() {
		for range each {
			if _, _, err := d.signIn(next(), goodPassword); err != nil {
				b.Fatal(err)
			}
		}
	}
	plain := func() {
		for range each {
			p.signIn(b, next())
		}
	}
	for b.Loop() {
		compare(b, ours, plain)
	}
}

// plainAccounts are accounts as plain tables.
type plainAccounts struct {
	st   *store.Store
	hash string
}

var plainSchema = []string{
	`CREATE TABLE plain_accounts (id INTEGER NOT NULL PRIMARY KEY, email TEXT NOT NULL UNIQUE, role TEXT NOT NULL, company INTEGER NOT NULL, state TEXT NOT NULL) STRICT`,
	`CREATE TABLE plain_credentials (id INTEGER NOT NULL PRIMARY KEY, account INTEGER NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, used_ms INTEGER NOT NULL) STRICT`,
	`CREATE INDEX plain_credentials_account ON plain_credentials (account)`,
	`CREATE TABLE plain_sessions (id INTEGER NOT NULL PRIMARY KEY, token BLOB NOT NULL UNIQUE, account INTEGER NOT NULL, surface TEXT NOT NULL, began_ms INTEGER NOT NULL, ends_ms INTEGER NOT NULL) STRICT`,
	`CREATE INDEX plain_sessions_account ON plain_sessions (account)`,
	`CREATE INDEX plain_sessions_ends ON plain_sessions (ends_ms)`,
	`CREATE TABLE plain_devices (id INTEGER NOT NULL PRIMARY KEY, account INTEGER NOT NULL, category TEXT NOT NULL, value TEXT NOT NULL, expires_day INTEGER NOT NULL) STRICT`,
	`CREATE INDEX plain_devices_account ON plain_devices (account)`,
	`CREATE TABLE plain_audit (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, at_ms INTEGER NOT NULL, what TEXT NOT NULL) STRICT`,
}

func newPlain(b *testing.B) *plainAccounts {
	b.Helper()
	p := &plainAccounts{st: storetest.Open(b, storetest.Migrated(b, store.SQLite))}
	for _, q := range plainSchema {
		if _, err := p.st.DB().Exec(q); err != nil {
			b.Fatal(err)
		}
	}
	var err error
	if p.hash, err = argon2id.CreateHash(goodPassword, identity.Hashing()); err != nil {
		b.Fatal(err)
	}
	return p
}

func (p *plainAccounts) open(b *testing.B, email string) {
	b.Helper()
	p.update(b, func(ctx context.Context, tx *store.Tx) error {
		id := p.st.NewID()
		if _, err := tx.Exec(ctx, "INSERT INTO plain_accounts (id, email, role, company, state) VALUES ($1, $2, 'customer-administrator', $1, 'open')", id, email); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO plain_credentials (id, account, kind, value, used_ms) VALUES ($1, $2, 'password', $3, 0)", p.st.NewID(), id, p.hash)
		return err
	})
}

func (p *plainAccounts) update(b *testing.B, fn func(context.Context, *store.Tx) error) {
	b.Helper()
	if err := p.st.Update(context.Background(), func(tx *store.Tx) error { return fn(context.Background(), tx) }); err != nil {
		b.Fatal(err)
	}
}

// found reads an account's credential, as before and after the hash.
func (p *plainAccounts) found(ctx context.Context, tx *store.Tx, email string) (account, credential int64, hash string, err error) {
	if err = tx.QueryRow(ctx, "SELECT id FROM plain_accounts WHERE email = $1 AND state = 'open'", email).Scan(&account); err != nil {
		return
	}
	err = tx.QueryRow(ctx, "SELECT id, value FROM plain_credentials WHERE account = $1 ORDER BY id", account).Scan(&credential, &hash)
	return
}

func (p *plainAccounts) signIn(b *testing.B, email string) {
	ctx := context.Background()
	var hash string
	err := p.st.View(ctx, func(tx *store.Tx) (err error) {
		_, _, hash, err = p.found(ctx, tx, email)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	if same, err := argon2id.ComparePasswordAndHash(goodPassword, hash); err != nil || !same {
		b.Fatal("not the password")
	}
	p.update(b, func(ctx context.Context, tx *store.Tx) error {
		account, credential, _, err := p.found(ctx, tx, email)
		if err != nil {
			return err
		}
		now, id := time.Now(), p.st.NewID()
		writes := []struct {
			query string
			args  []any
		}{
			{"UPDATE plain_accounts SET state = 'open' WHERE id = $1", []any{account}},
			{"UPDATE plain_credentials SET used_ms = $1 WHERE id = $2", []any{now.UnixMilli(), credential}},
			{"INSERT INTO plain_sessions (id, token, account, surface, began_ms, ends_ms) VALUES ($1, $2, $3, 'portal', $4, $5)", []any{id, []byte(strconv.FormatInt(id, 36)), account, now.UnixMilli(), now.Add(time.Hour).UnixMilli()}},
			{"INSERT INTO plain_audit (account, at_ms, what) VALUES ($1, $2, 'account.signed-in')", []any{account, now.UnixMilli()}},
		}
		for category, value := range map[string]string{"network.ip-address": phone.Address, "browser.type": "Firefox 153", "browser.system": "Linux"} {
			writes = append(writes, struct {
				query string
				args  []any
			}{"INSERT INTO plain_devices (id, account, category, value, expires_day) VALUES ($1, $2, $3, $4, $5)", []any{p.st.NewID(), account, category, value, now.Unix() / 86400}})
		}
		for _, w := range writes {
			if _, err := tx.Exec(ctx, w.query, w.args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// compare alternates rounds of ours and plain and reports how much of plain's
// speed ours has, by the clock and by the work of the processor.
func compare(b *testing.B, ours, plain func()) {
	b.Helper()
	ours()
	plain() // both warm
	rounds := 15
	if n, err := strconv.Atoi(os.Getenv("CANDOUR_BENCH_ROUNDS")); err == nil && n > 0 {
		rounds = n
	}
	var ratios, work []float64
	for i := range rounds {
		var o, p cost
		if i%2 == 0 {
			o, p = costOf(ours), costOf(plain)
		} else {
			p, o = costOf(plain), costOf(ours)
		}
		ratios = append(ratios, p.wall.Seconds()/o.wall.Seconds())
		work = append(work, p.work.Seconds()/o.work.Seconds())
	}
	slices.Sort(ratios)
	slices.Sort(work)
	b.ReportMetric(ratios[len(ratios)/2], "x-of-plain")
	b.ReportMetric(ratios[0], "x-least")
	b.ReportMetric(ratios[len(ratios)-1], "x-most")
	b.ReportMetric(work[len(work)/2], "x-of-plain-cpu")
	b.ReportMetric(0, "ns/op")
}

// cost is what a round took: time, and work of the whole process.
type cost struct{ wall, work time.Duration }

func costOf(fn func()) cost {
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before) // fails for no process of its own
	begun := time.Now()
	fn()
	wall := time.Since(begun)
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	used := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
	return cost{wall, time.Duration(used)}
}
