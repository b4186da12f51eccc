package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"candour/internal/evidence"
	"candour/internal/evidence/opening"
	"candour/internal/evidence/tiles"
	"candour/internal/keys"
	"candour/internal/store"
)

// entries is what the witnesses say of the entries of one bundle. A nil hash
// is of a witness that does not know.
type entries struct {
	first uint64
	n     int

	rows   []*evidence.Row // nil where a row is missing
	leaves []*opening.Leaf // of the rows
	said   [][]byte        // the entries of the bundle; nil if it cannot be read

	byRow, byBundle, byTile []*opening.Hash

	bundlePath, tilePath string
	bundleRaw, tileRaw   []byte
	bundleOther          bool // the full form was read in place of the partial
	tileOther            bool
}

func (p *pass) gather(ctx context.Context, index uint64) (*entries, error) {
	first := index * tiles.Width
	n := int(min(tiles.Width, p.horizon-first))
	e := &entries{
		first: first, n: n, rows: make([]*evidence.Row, n), leaves: make([]*opening.Leaf, n),
		byRow: make([]*opening.Hash, n), byBundle: make([]*opening.Hash, n), byTile: make([]*opening.Hash, n),
	}
	if p.db != nil {
		if err := e.gatherRows(ctx, p.db); err != nil {
			return nil, err
		}
	}
	tree := tiles.Tree{Source: p.source, Size: p.horizon}
	var err error
	e.bundleRaw, e.bundlePath, err = tree.Read(ctx, -1, index)
	if err := p.unread(e.bundlePath, err); err != nil {
		return nil, err
	}
	e.bundleOther = e.bundlePath != tiles.Path(-1, index, p.horizon)
	if said, err := tiles.ParseBundle(e.bundleRaw); err == nil {
		e.said = said
		for i := range min(n, len(said)) {
			h := opening.LeafHash(said[i])
			e.byBundle[i] = &h
		}
	}
	e.tileRaw, e.tilePath, err = tree.Read(ctx, 0, index)
	if err := p.unread(e.tilePath, err); err != nil {
		return nil, err
	}
	e.tileOther = e.tilePath != tiles.Path(0, index, p.horizon)
	if hashes, err := tiles.ParseTile(e.tileRaw); err == nil {
		for i := range min(n, len(hashes)) {
			e.byTile[i] = &hashes[i]
		}
	}
	return e, nil
}

func (e *entries) gatherRows(ctx context.Context, db *database) error {
	rows, err := db.rows(ctx, e.first, e.first+uint64(e.n))
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		at := r.Seq - e.first
		e.rows[at] = r
		if leaf, err := r.Leaf(); err == nil {
			h := leaf.Hash()
			e.leaves[at], e.byRow[at] = &leaf, &h
		}
	}
	return nil
}

// unread turns the absence of a file into a finding.
func (p *pass) unread(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		p.findings.add(path, "missing")
		return nil
	}
	return err
}

// decide returns the hash of entry i that is trusted: what the trusted witness
// says, or what most say, or else what any says.
func (e *entries) decide(trusted witness, i int) *opening.Hash {
	r, b, t := e.byRow[i], e.byBundle[i], e.byTile[i]
	switch {
	case trusted == byRow && r != nil:
		return r
	case trusted == byBundle && b != nil:
		return b
	case trusted == byTile && t != nil:
		return t
	case r != nil && (same(r, b) || same(r, t)):
		return r
	case b != nil:
		return b
	case t != nil:
		return t
	}
	return r
}

func same(a, b *opening.Hash) bool { return a != nil && b != nil && *a == *b }

// compare names what differs from the truth about the entries.
func (p *pass) compare(ctx context.Context, e *entries, truth []opening.Hash) error {
	if p.db != nil {
		if err := p.compareRows(ctx, e, truth); err != nil {
			return err
		}
	}
	p.compareBundle(e, truth)
	if e.tileRaw != nil {
		p.hashes(e.tilePath, e.tileRaw, truth, e.tileOther)
	}
	return p.partials(ctx, -1, e.first/tiles.Width, truth, e)
}

// compareRows reads the keys of a bundle's rows in one short transaction.
func (p *pass) compareRows(ctx context.Context, e *entries, truth []opening.Hash) error {
	return store.ViewOf(ctx, p.db.db, func(tx *store.Tx) error { return p.compareIn(ctx, tx, e, truth) })
}

func (p *pass) compareIn(ctx context.Context, tx *store.Tx, e *entries, truth []opening.Hash) error {
	for i := range e.n {
		seq := e.first + uint64(i)
		where := fmt.Sprintf("row %d", seq)
		switch row := e.rows[i]; {
		case row == nil:
			p.findings.add(where, "missing: the log has its leaf")
		case e.leaves[i] == nil:
			p.findings.add(where, "changed: the commitment has not the length of one")
		case *e.byRow[i] != truth[i]:
			p.findings.add(where, e.rowFault(i, truth))
		default:
			p.rows++
			if err := p.body(ctx, tx, where, *row); err != nil {
				return err
			}
		}
	}
	return nil
}

// rowFault says what of a row was changed, where the bundle still has the leaf
// it belongs to.
func (e *entries) rowFault(i int, truth []opening.Hash) string {
	leaf := e.leafOf(i, truth)
	if leaf == nil {
		return "changed: it is not what its leaf was made of"
	}
	commitment, stored := e.leaves[i].Commitment != leaf.Commitment, e.leaves[i].Row != leaf.Row
	for j := range e.n {
		if other := e.leafOf(j, truth); j != i && other != nil && other.Commitment == e.leaves[i].Commitment {
			return fmt.Sprintf("changed: it holds what belongs to entry %d: rows were moved", e.first+uint64(j))
		}
	}
	switch {
	case commitment && stored:
		return "changed: its columns commitment and body (or id) are not what its leaf was made of"
	case commitment:
		return "changed: its column commitment is not what its leaf was made of"
	}
	return "changed: its column body (or id) is not what its leaf was made of"
}

// leafOf returns the leaf that the bundle has of an entry, if it is the true
// one.
func (e *entries) leafOf(i int, truth []opening.Hash) *opening.Leaf {
	if i >= len(e.said) || e.byBundle[i] == nil || *e.byBundle[i] != truth[i] {
		return nil
	}
	leaf, err := opening.ParseLeaf(e.said[i])
	if err != nil {
		return nil
	}
	return &leaf
}

func (p *pass) compareBundle(e *entries, truth []opening.Hash) {
	if e.bundleRaw == nil {
		return
	}
	if e.said == nil {
		p.findings.add(e.bundlePath, "changed: "+e.unreadable())
		return
	}
	if len(e.said) < e.n || len(e.said) > e.n && !e.bundleOther {
		p.findings.add(e.bundlePath, fmt.Sprintf("has %d entries and should have %d", len(e.said), e.n))
	}
	for i := range min(e.n, len(e.said)) {
		seq := e.first + uint64(i)
		if *e.byBundle[i] != truth[i] {
			p.findings.add(e.bundlePath, fmt.Sprintf("entry %d was changed", seq))
			continue
		}
		leaf, err := opening.ParseLeaf(e.said[i])
		switch {
		case err != nil:
			p.findings.add(e.bundlePath, fmt.Sprintf("entry %d: %v", seq, err))
		case leaf.Seq != seq:
			p.findings.add(e.bundlePath, fmt.Sprintf("entry %d says that it is entry %d: the index is not the sequence", seq, leaf.Seq))
		}
	}
}

// unreadable says where a bundle that cannot be split differs from what the
// rows give.
func (e *entries) unreadable() string {
	ls := make([]opening.Leaf, 0, e.n)
	for _, l := range e.leaves {
		if l == nil {
			break
		}
		ls = append(ls, *l)
	}
	want := tiles.Bundle(ls)
	for i := range min(len(want), len(e.bundleRaw)) {
		if want[i] != e.bundleRaw[i] {
			return fmt.Sprintf("it cannot be split into entries; byte %d, at entry %d, is the first that differs", i, e.first+uint64(i/(2+opening.LeafSize)))
		}
	}
	return "it cannot be split into entries"
}

// body opens the body of a row that is in the log and checks that it is what
// was committed to.
func (p *pass) body(ctx context.Context, tx *store.Tx, where string, r evidence.Row) error {
	content, err := p.open(ctx, tx, r)
	switch {
	case errors.Is(err, evidence.ErrSealed) && p.unsealer == nil:
		p.sealed++
		return nil
	case errors.Is(err, evidence.ErrSealed):
		return p.darkBody(ctx, tx, where, r)
	case errors.Is(err, evidence.ErrForged):
		p.findings.add(where, "its body does not open with the keys of this folder, though it is as it was logged; or whom it is about was changed")
		return nil
	case errors.Is(err, keys.ErrChanged):
		p.findings.add(where, "its body does not open: its data key was changed in the ring, or moved to another person")
		return nil
	case err != nil:
		return err
	}
	b, err := content.Check(r)
	if err != nil {
		p.findings.add(where, "its body is not what was committed to")
		return nil
	}
	p.opened++
	p.meet(b)
	if b.Searched() {
		return p.searched(ctx, tx, where, r.ID)
	}
	if r.Form() != evidence.FormSubject {
		return nil
	}
	about, err := subject(ctx, tx, r.ID)
	if err == nil && about != int64(b.Subject) {
		p.findings.add(where, "the table evidence_about says it is about another person than it is")
	}
	return err
}

// darkBody looks why a body does not open: an erasure or a sweep destroyed its
// key and owes its link, or has deleted that too.
func (p *pass) darkBody(ctx context.Context, tx *store.Tx, where string, r evidence.Row) error {
	p.dark++
	about, err := subject(ctx, tx, r.ID)
	if err != nil {
		return err
	}
	if about == 0 {
		p.unlinked = append(p.unlinked, r)
		return nil
	}
	gone, err := taken(ctx, tx, r)
	if err == nil && gone {
		p.findings.add(where, "the key of its body was taken out of the ring, and neither an erasure nor a sweep did it")
	}
	return err
}
