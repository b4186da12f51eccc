package vault_test

import (
	"fmt"
	"strings"
	"testing"

	"candour/internal/store"
)

// A look at a person with its evidence, against plain SQL that reads the same
// rows and writes an audit row with the same content, found by person, in one
// transaction.
func BenchmarkLook(b *testing.B) {
	for _, records := range []int{10, 100} {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			p := newPair(b, 200)
			p.inPlain(func(tx *store.Tx) error {
				audit := `CREATE TABLE audit (id INTEGER NOT NULL PRIMARY KEY, at_ms INTEGER NOT NULL, subject INTEGER NOT NULL, actor TEXT NOT NULL, purpose TEXT NOT NULL,
					surface TEXT NOT NULL, categories TEXT NOT NULL, policy INTEGER NOT NULL, amount INTEGER NOT NULL) STRICT`
				if engine() == store.PostgreSQL {
					audit = strings.NewReplacer(" INTEGER ", " BIGINT ", " STRICT", "").Replace(audit)
				}
				if _, err := tx.Exec(ctx, audit); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, "CREATE INDEX audit_subject ON audit (subject, id)")
				return err
			})
			categories := []string{"contact.name", "contact.telephone", "enquiry.message"}
			for i := range records {
				values := make([]string, len(p.people))
				for j := range values {
					values[j] = value
				}
				p.vaultPut(site, categories[i%3], p.people, values)
				p.plainPut(p.people, values, false)
			}
			const rounds = 100
			compare(b, func() {
				for range rounds {
					err := p.st.Update(ctx, func(tx *store.Tx) error {
						sight, err := p.v.LookSubject(ctx, tx, by("clerk", "enquiry"), p.anybody())
						if err == nil && len(sight.Records) != records {
							b.Fatal(len(sight.Records))
						}
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
			}, func() {
				for range rounds {
					p.plainLook(records)
				}
			})
		})
	}
}

func (p *pair) plainLook(records int) {
	p.inPlain(func(tx *store.Tx) error {
		s, n := int64(p.anybody()), 0
		rows, err := tx.Query(ctx, "SELECT "+plainColumns+" FROM records WHERE subject = $1 ORDER BY id", s)
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
			n++
		}
		if err := rows.Close(); err != nil || n != records {
			p.b.Fatal(n, err)
		}
		_, err = tx.Exec(ctx, "INSERT INTO audit (id, at_ms, subject, actor, purpose, surface, categories, policy, amount) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
			p.plain.NewID(), start.UnixMilli(), s, "clerk", "enquiry", "console", "contact.name,contact.telephone,enquiry.message", 3, n)
		return err
	})
}
