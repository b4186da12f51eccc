package vault

import (
	"context"
	"database/sql"
	"errors"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
)

// NewSubject makes a person, of whom nothing is held yet, and returns the
// pseudonym.
func (v *Vault) NewSubject(ctx context.Context, tx *store.Tx) (keys.SubjectID, error) {
	s := keys.NewSubjectID()
	_, err := tx.Exec(ctx, "INSERT INTO subjects (subject, root, standing) VALUES ($1, $1, $2)", int64(s), []byte{})
	return s, err
}

// member is a row of the table subjects.
type member struct {
	subject, root keys.SubjectID
	standing      standing
}

// forUpdate makes a reading of rows a claim on them where readers and writers
// overlap. SQLite has one writer at a time and knows no such words.
func (v *Vault) forUpdate(query string) string {
	if v.st.Engine() == store.PostgreSQL {
		return query + " FOR UPDATE"
	}
	return query
}

// forShare keeps the rows from being erased before the transaction ends.
func (v *Vault) forShare(query string) string {
	if v.st.Engine() == store.PostgreSQL {
		return query + " FOR SHARE"
	}
	return query
}

func (v *Vault) member(ctx context.Context, tx *store.Tx, s keys.SubjectID) (member, error) {
	m := member{subject: s}
	var b []byte
	err := tx.QueryRow(ctx, "SELECT root, standing FROM subjects WHERE subject = $1", int64(s)).Scan((*int64)(&m.root), &b)
	if errors.Is(err, sql.ErrNoRows) {
		return m, ErrNotFound
	}
	if err == nil {
		m.standing, err = decodeStanding(b)
	}
	return m, err
}

// rootOf returns the root of a person. Whoever claims a person claims the root
// first and then the others, whichever of them was asked for, so that no two
// wait for each other.
func (v *Vault) rootOf(ctx context.Context, tx *store.Tx, s keys.SubjectID, claim bool) (m member, err error) {
	query := "SELECT subject, root, standing FROM subjects WHERE subject = (SELECT root FROM subjects WHERE subject = $1)"
	if claim {
		query = v.forUpdate(query)
	}
	for range maxMoves {
		var b []byte
		err := tx.QueryRow(ctx, query, int64(s)).Scan((*int64)(&m.subject), (*int64)(&m.root), &b)
		if errors.Is(err, sql.ErrNoRows) {
			return m, ErrNotFound
		}
		if err != nil {
			return m, err
		}
		if m.root == m.subject {
			m.standing, err = decodeStanding(b)
			return m, err
		}
		// While it was waited for, the person was found to be one with another.
	}
	return m, errors.New("vault: a person was joined with others again and again while they were looked for")
}

// maxMoves is how often a person can be joined with another while they are
// waited for.
const maxMoves = 8

// group returns all subjects that are the same person as s, the root first.
func (v *Vault) group(ctx context.Context, tx *store.Tx, s keys.SubjectID, claim bool) ([]member, error) {
	m, err := v.rootOf(ctx, tx, s, claim)
	if err != nil {
		return nil, err
	}
	query := "SELECT subject, standing FROM subjects WHERE root = $1 AND root <> subject ORDER BY subject"
	if claim {
		query = v.forUpdate(query)
	}
	rows, err := tx.Query(ctx, query, int64(m.root))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	group := []member{m}
	for rows.Next() {
		alias := member{root: m.root}
		var b []byte
		if err := rows.Scan((*int64)(&alias.subject), &b); err != nil {
			return nil, err
		}
		if alias.standing, err = decodeStanding(b); err != nil {
			return nil, err
		}
		group = append(group, alias)
	}
	return group, rows.Err()
}

// Claim has everybody else who would change what is held of a person, or what
// they decided, wait until tx ends. Who reads before they write calls it first,
// or two who do so at once both act on what was (PostgreSQL's read committed).
// ErrNotFound if there is no such person.
func (v *Vault) Claim(ctx context.Context, tx *store.Tx, s keys.SubjectID) error {
	_, err := v.group(ctx, tx, s, true)
	return err
}

// Root returns the subject that a person's aliases lead to.
func (v *Vault) Root(ctx context.Context, tx *store.Tx, s keys.SubjectID) (keys.SubjectID, error) {
	m, err := v.member(ctx, tx, s)
	return m.root, err
}

// Members returns all subjects that are the same person as s, the root first,
// for whoever keeps rows of their own about each. ErrNotFound if there is no
// such person.
func (v *Vault) Members(ctx context.Context, tx *store.Tx, s keys.SubjectID) ([]keys.SubjectID, error) {
	group, err := v.group(ctx, tx, s, false)
	if err != nil {
		return nil, err
	}
	all := make([]keys.SubjectID, len(group))
	for i, m := range group {
		all[i] = m.subject
	}
	return all, nil
}

// Alias records that from is the same person as to: a visitor became a
// contact, a contact a customer. What was sealed for from stays as it is, and
// is exported, restricted and erased with to from now on.
func (v *Vault) Alias(ctx context.Context, tx *store.Tx, from, to keys.SubjectID) error {
	newcomers, err := v.group(ctx, tx, from, true)
	if err != nil {
		return err
	}
	known, err := v.group(ctx, tx, to, true)
	if err != nil {
		return err
	}
	if known[0].subject == newcomers[0].subject {
		return nil // already one
	}
	if known[0].standing.erased || newcomers[0].standing.erased {
		return ErrNotFound
	}
	root, merged := known[0].subject, known[0].standing.merge(newcomers[0].standing)
	for _, m := range append(known, newcomers...) {
		_, err := tx.Exec(ctx, "UPDATE subjects SET root = $1, standing = $2 WHERE subject = $3", int64(root), merged.encode(), int64(m.subject))
		if err != nil {
			return err
		}
		v.personChanged(tx, m.subject)
	}
	_, err = tx.Exec(ctx, "INSERT INTO aliases (from_subject, to_subject, at_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		int64(from), int64(to), v.now().UnixMilli())
	if err != nil {
		return err
	}
	return v.evidence(ctx, tx, Access{}, evidence.Body{Kind: evidence.SubjectLinked, Subject: to})
}
