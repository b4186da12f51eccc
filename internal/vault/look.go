package vault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// Sight is what somebody at a desk gets to see of a person. It prints as a
// fixed word.
type Sight struct {
	Records  []Record   // by category in the order of the policy, then oldest first
	Withheld []Withheld // categories that may not be seen, whether or not there is anything in them
	Entries  []int64    // of the evidence: one, or none where nothing may be seen
}

// Withheld is a category that somebody may not see, and why. It says nothing
// of whether anything is held in it.
type Withheld struct {
	Category string
	Why      policy.Verdict
}

// Format writes a fixed word under every verb.
func (Sight) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[sight]")) }

// LogValue keeps what is seen out of structured logs.
func (Sight) LogValue() slog.Value { return slog.StringValue("[sight]") }

// LookSubject is a look at a person by somebody at a desk, for a stated
// purpose: all records, under every alias, of the categories that this role may
// use for it; of shared records the person's own parts. No categories means all
// that the purpose uses. What the role may not see is withheld, and named by
// category alone: what it names follows from the policy and from what the
// person decided, never from what there is, so that nobody learns of a
// disability from its being withheld.
//
// The look is one entry in the person's history, in the same transaction, with
// the categories that were seen (R28). Refusals are counted. An error of a
// refusal if nothing at all may be seen: ErrPurpose without a purpose, or for
// one that this role may not act for.
func (v *Vault) LookSubject(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, categories ...string) (Sight, error) {
	return v.look(ctx, tx, a, s, nil, categories)
}

// LookMatter is LookSubject at what belongs to one matter: what was written for
// one enquiry, and nothing of the person's others.
func (v *Vault) LookMatter(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, matter int64) (Sight, error) {
	ids, err := tx.IDs(ctx, `SELECT k.key_id FROM data_keys k JOIN subjects o ON o.subject = k.subject
		JOIN subjects s ON s.root = o.root WHERE s.subject = $1 AND k.matter = $2 ORDER BY k.key_id`, int64(s), matter)
	if err != nil {
		return Sight{}, err
	}
	only := make(map[int64]bool, len(ids))
	for _, id := range ids {
		only[id] = true
	}
	return v.look(ctx, tx, a, s, only, nil)
}

// look is a look at what is sealed under some data keys, nil for all.
func (v *Vault) look(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, only map[int64]bool, categories []string) (Sight, error) {
	if err := v.mayActFor(a); err != nil {
		return Sight{}, err
	}
	group, err := v.group(ctx, tx, s, false)
	if err != nil {
		return Sight{}, err
	}
	r := v.reader(ctx, tx, a)
	defer r.release()
	l := looking{walker: &walker{reader: r, now: v.now()}, only: only}
	if err := l.judge(group[0].standing, categories); err != nil {
		return Sight{}, err
	}
	for _, m := range group {
		if err := l.gather(m); err != nil {
			return Sight{}, err
		}
	}
	return l.conclude(group[0].subject)
}

// looking is one LookSubject under way.
type looking struct {
	*walker
	only     map[int64]bool   // data keys; nil for all
	verdicts []policy.Verdict // by index of the category
	withheld []Withheld
	records  []Record
	order    []spot // of the records
}

// spot is where a record belongs in what is shown.
type spot struct {
	category policy.CategoryIndex
	id       RecordID
	at       int // in records
}

// judge asks the policy about each category. The error is the first refusal if
// nothing may be seen.
func (l *looking) judge(st standing, categories []string) error {
	c := l.e.c
	all := c.Policy().Categories
	l.verdicts = make([]policy.Verdict, len(all))
	for i := range l.verdicts {
		l.verdicts[i] = policy.Undeclared
	}
	who, _ := c.Actor(l.a.Actor) // mayActFor has asked
	p, _ := c.Purpose(l.a.Purpose)
	decided, err := l.v.forPolicy(l.ctx, l.tx, c, st)
	if err != nil {
		return err
	}
	may := false
	for i := range all {
		k, ok := c.Category(all[i].ID)
		if _, used := c.UseOf(k, p); !ok || len(categories) == 0 && !used || len(categories) > 0 && !slices.Contains(categories, all[i].ID) {
			continue
		}
		verdict := c.Use(who, k, p, decided)
		l.verdicts[k] = verdict
		if verdict == policy.Allowed {
			may = true
			continue
		}
		refused := l.v.refuse(doorRead, l.a, all[i].ID, verdict)
		if l.withheld = append(l.withheld, Withheld{all[i].ID, verdict}); err == nil {
			err = refused
		}
	}
	if may {
		return nil
	}
	if err == nil {
		err = l.v.refuse(doorRead, l.a, "", policy.Undeclared) // none of the categories is declared
	}
	return err
}

// gather reads the rows of one subject, a batch at a time.
func (l *looking) gather(m member) error {
	for after := int64(0); ; {
		n, err := l.read(m.subject, after)
		if err != nil {
			return err
		}
		parts := make([]Part, n) // in one piece: a record has one here
		l.records = slices.Grow(l.records, n)
		for i := range l.batch[:n] {
			if err := l.see(&l.batch[i], parts[i:i+1:i+1]); err != nil {
				return err
			}
		}
		if n < walkSize {
			return nil
		}
		after = l.batch[n-1].id
	}
}

// see opens a row if it may be seen; part has room for what it holds.
func (l *looking) see(s *stored, part []Part) error {
	if l.only != nil && !l.only[s.key] {
		return nil
	}
	lab, err := l.labelOf(s)
	if err != nil {
		return err
	}
	k, ok := l.e.c.Category(lab.Category)
	if !ok || l.verdicts[k] != policy.Allowed || !lab.has(l.a.Purpose) || kindOf(s.place) == Mentioned || past(s.expires, l.now) {
		return nil
	}
	value, err := l.open(s, lab)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	part[0] = Part{keys.SubjectID(s.subject), kindOf(s.place), value}
	rec := record(s, lab)
	rec.Parts = part
	l.order = append(l.order, spot{k, rec.ID, len(l.records)})
	l.records = append(l.records, rec)
	return nil
}

// conclude puts the records in order and writes the evidence. A body names no
// more than maxNamed categories, so a look at more is more than one entry.
func (l *looking) conclude(s keys.SubjectID) (Sight, error) {
	slices.SortFunc(l.order, func(x, y spot) int { return cmp.Or(cmp.Compare(x.category, y.category), cmp.Compare(x.id, y.id)) })
	sight := Sight{Withheld: l.withheld, Records: make([]Record, len(l.order))}
	var names []string
	for i, o := range l.order {
		sight.Records[i] = l.records[o.at]
		if name := sight.Records[i].Category; len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for first := true; first || len(names) > 0; first = false {
		n := min(len(names), maxNamed)
		b := evidence.Body{Kind: evidence.RecordUsed, Subject: s, Categories: names[:n]}
		if first {
			b.Count = int64(len(sight.Records))
		}
		if n == 1 {
			b.Category, b.Categories = names[0], nil
		}
		id, err := l.v.entry(l.ctx, l.tx, l.a, b)
		if err != nil {
			return Sight{}, err
		}
		sight.Entries, names = append(sight.Entries, id), names[n:]
	}
	return sight, nil
}
