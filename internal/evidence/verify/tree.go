package verify

import (
	"context"
	"fmt"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"candour/internal/evidence"
	"candour/internal/evidence/opening"
	"candour/internal/evidence/tiles"
)

// witness is a part of the evidence that tells of each entry.
type witness int

// The witnesses. byMost trusts, for each entry, what most of the others say.
const (
	byMost witness = iota
	byRow
	byBundle
	byTile
	witnesses
)

// pass is one walk over the entries of the log, holding each against what the
// trusted witness says of it.
type pass struct {
	*checker
	trusted  witness
	findings findings
	ranges   [witnesses]*compact.Range // nil once the witness did not know an entry
	roots    [witnesses]map[uint64]opening.Hash
	wanted   map[uint64]bool  // sizes whose roots are asked for
	levels   [][]opening.Hash // hashes of the tile of each level that is being filled
	filled   []uint64         // index of that tile
	rows     uint64
	opened   uint64
	dark     uint64
	sealed   uint64

	unlinked []evidence.Row // sealed for a person and without a link to one, not tried yet
	tries    int            // of keys on them
	untried  int            // left when there were too many
}

// checkTree walks the log. It trusts what most say; if that does not lead to
// the signed root and one witness alone does, it walks again and trusts that.
func (c *checker) checkTree(ctx context.Context) error {
	first, err := c.walk(ctx, byMost)
	if err != nil {
		return err
	}
	p, explained := first, true
	if c.signed != nil && first.roots[byMost][c.signed.Size] != c.signed.Root {
		explained = false
		for w := byRow; w < witnesses; w++ {
			if root, ok := first.roots[w][c.signed.Size]; ok && root == c.signed.Root {
				if p, err = c.walk(ctx, w); err != nil {
					return err
				}
				explained = true
				break
			}
		}
	}
	for _, f := range p.findings.list {
		c.findings.add(f.Where, f.What)
	}
	c.findings.more += p.findings.more
	c.report.Rows, c.report.Opened, c.report.Dark, c.report.Sealed = p.rows, p.opened, p.dark, p.sealed
	if p.untried > 0 {
		c.report.note(fmt.Sprintf("%d dark bodies were not tried with every live key, there are too many: a deleted link to a living person would not be told from an erasure", p.untried))
	}
	if !explained {
		c.findings.add(tiles.CheckpointPath, "the signed root does not follow from the entries: they were written anew, or changed in more than one place")
	}
	c.compareOlder(p)
	return nil
}

// compareOlder holds the earlier checkpoints and the state against the roots
// of the walk.
func (c *checker) compareOlder(p *pass) {
	root := func(size uint64) (opening.Hash, bool) {
		h, ok := p.roots[p.trusted][size]
		return h, ok
	}
	size := c.horizon
	if c.signed != nil {
		size = c.signed.Size
	}
	if k := c.kept; k != nil {
		if k.Size > size {
			c.findings.add("checkpoint kept in the database", fmt.Sprintf("signs %d entries, the log has %d: the log was rolled back", k.Size, size))
		} else if h, ok := root(k.Size); ok && h != k.Root {
			c.findings.add("checkpoint kept in the database", fmt.Sprintf("the first %d entries of the log are not those that it signs", k.Size))
		}
	}
	if s := c.since; s != nil {
		if s.Size > size {
			c.findings.add("checkpoint given with --since", fmt.Sprintf("signs %d entries, the log has %d: log and database were rolled back to an older state", s.Size, size))
		} else if h, ok := root(s.Size); ok && h != s.Root {
			c.findings.add("checkpoint given with --since", fmt.Sprintf("the first %d entries of the log are not those that it signs: history was written anew", s.Size))
		}
	}
	if c.state != nil {
		if h, ok := root(c.state.Size); ok && h != c.state.Root {
			c.findings.add(tiles.StatePath, "its root is not that of the tree")
		}
	}
}

func (c *checker) walk(ctx context.Context, trusted witness) (*pass, error) {
	p := &pass{checker: c, trusted: trusted, wanted: map[uint64]bool{c.horizon: true}}
	for _, cp := range []*opening.Checkpoint{c.signed, c.kept, c.since} {
		if cp != nil {
			p.wanted[cp.Size] = true
		}
	}
	for w := range p.ranges {
		p.ranges[w], p.roots[w] = tiles.NewRange(), map[uint64]opening.Hash{}
	}
	p.note()
	for index := uint64(0); index*tiles.Width < c.horizon; index++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := p.bundle(ctx, index); err != nil {
			return nil, err
		}
	}
	if err := p.tryKeys(ctx); err != nil {
		return nil, err
	}
	return p, p.finish(ctx)
}

// note keeps the roots where the present size is asked for.
func (p *pass) note() {
	for w, r := range p.ranges {
		if r == nil || !p.wanted[r.End()] {
			continue
		}
		if root, err := tiles.RootOf(r); err == nil {
			p.roots[w][r.End()] = root
		}
	}
}

// grow adds what a witness says of the next entry to its tree; nil if it does
// not know.
func (p *pass) grow(w witness, h *opening.Hash) {
	if p.ranges[w] == nil {
		return
	}
	if h == nil || p.ranges[w].Append(h[:], nil) != nil {
		p.ranges[w] = nil
	}
}

// bundle checks the entries of one bundle and the tile of their hashes.
func (p *pass) bundle(ctx context.Context, index uint64) error {
	e, err := p.gather(ctx, index)
	if err != nil {
		return err
	}
	truth := make([]opening.Hash, e.n)
	for i := range e.n {
		h := e.decide(p.trusted, i)
		if h == nil {
			p.findings.add(fmt.Sprintf("entry %d", e.first+uint64(i)), "neither rows nor bundle nor tile tell what it was")
			h = &opening.Hash{}
		}
		truth[i] = *h
		p.grow(byMost, h)
		p.grow(byRow, e.byRow[i])
		p.grow(byBundle, e.byBundle[i])
		p.grow(byTile, e.byTile[i])
		p.note()
	}
	if err := p.compare(ctx, e, truth); err != nil {
		return err
	}
	if len(p.unlinked) >= unlinkedBatch {
		if err := p.tryKeys(ctx); err != nil {
			return err
		}
	}
	if err := p.partials(ctx, 0, index, truth, nil); err != nil {
		return err
	}
	if e.n == tiles.Width {
		return p.raise(ctx, 1, fold(truth))
	}
	return nil
}

// raise puts the hash of a full tile into the level above, and checks the tile
// there when it is full.
func (p *pass) raise(ctx context.Context, level int, h opening.Hash) error {
	for len(p.levels) <= level {
		p.levels, p.filled = append(p.levels, nil), append(p.filled, 0)
	}
	p.levels[level] = append(p.levels[level], h)
	if len(p.levels[level]) < tiles.Width {
		return nil
	}
	full := p.levels[level]
	if err := p.tile(ctx, level, p.filled[level], full); err != nil {
		return err
	}
	p.levels[level], p.filled[level] = nil, p.filled[level]+1
	return p.raise(ctx, level+1, fold(full))
}

// finish checks the tiles at the edge of the tree, which are not full.
func (p *pass) finish(ctx context.Context) error {
	for level := 1; level < len(p.levels); level++ {
		if hashes := p.levels[level]; len(hashes) > 0 {
			if err := p.tile(ctx, level, p.filled[level], hashes); err != nil {
				return err
			}
		}
	}
	return nil
}

// tile checks a tile above the leaves, and its superseded forms.
func (p *pass) tile(ctx context.Context, level int, index uint64, want []opening.Hash) error {
	tree := tiles.Tree{Source: p.source, Size: p.horizon}
	raw, path, err := tree.Read(ctx, level, index)
	if err != nil {
		if err := p.unread(path, err); err != nil {
			return err
		}
	} else {
		p.hashes(path, raw, want, path != tiles.Path(level, index, p.horizon))
	}
	return p.partials(ctx, level, index, want, nil)
}

// hashes compares a tile with what it should hold. longer says that it may
// hold more, because it is the full form of what was asked for.
func (p *pass) hashes(path string, raw []byte, want []opening.Hash, longer bool) {
	got, err := tiles.ParseTile(raw)
	if err != nil || len(got) < len(want) || len(got) > len(want) && !longer {
		p.findings.add(path, fmt.Sprintf("has %d bytes and should have %d", len(raw), len(want)*opening.HashSize))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			p.findings.add(path, fmt.Sprintf("hash %d was changed", i))
		}
	}
}

// fold returns the root of a full tile's hashes.
func fold(hashes []opening.Hash) opening.Hash {
	level := append([]opening.Hash(nil), hashes...)
	for len(level) > 1 {
		for i := range len(level) / 2 {
			level[i] = opening.Hash(rfc6962.DefaultHasher.HashChildren(level[2*i][:], level[2*i+1][:]))
		}
		level = level[:len(level)/2]
	}
	return level[0]
}
