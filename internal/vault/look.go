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
	if err := v.mayActFor(a); err != nil {
		return Sight{}, err
	}
	group, err := v.group(ctx, tx, s, false)
	if err != nil {
		return Sight{}, err
	}
	r := v.reader(ctx, tx, a)
	defer r.release()
	l := looking{reader: r}
	if err := l.judge(group[0].standing, categories); err != nil {
		return Sight{}, err
	}
	for _, m := range group {
		if err := l.gather(m); err != nil {
			return Sight{}, err
		}
	}
	slices.SortFunc(l.seen, func(x, y seen) int {
		return cmp.Or(cmp.Compare(x.category, y.category), cmp.Compare(x.rec.ID, y.rec.ID))
	})
	return l.conclude(group[0].subject)
}

// looking is one LookSubject under way.
type looking struct {
	*reader
	verdicts []policy.Verdict // by index of the category
	withheld []Withheld
	seen     []seen
}

// seen is a record with the index of its category.
type seen struct {
	category policy.CategoryIndex
	rec      Record
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

// gather reads the rows of one subject.
func (l *looking) gather(m member) error {
	rows, err := l.v.scanRows(l.ctx, l.tx, l.v.selects().subject, int64(m.subject))
	if err != nil {
		return err
	}
	for i := range rows {
		s := &rows[i]
		lab, err := l.labelOf(s)
		if err != nil {
			return err
		}
		k, ok := l.e.c.Category(lab.Category)
		if !ok || l.verdicts[k] != policy.Allowed || !lab.has(l.a.Purpose) || kindOf(s.place) == Mentioned || past(s.expires, l.v.now()) {
			continue
		}
		value, err := l.open(s, lab)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		rec := record(s, lab)
		rec.Parts = []Part{{keys.SubjectID(s.subject), kindOf(s.place), value}}
		l.seen = append(l.seen, seen{k, rec})
	}
	return nil
}

// conclude writes the evidence. A body names no more than maxNamed categories,
// so a look at more is more than one entry.
func (l *looking) conclude(s keys.SubjectID) (Sight, error) {
	sight := Sight{Withheld: l.withheld, Records: make([]Record, len(l.seen))}
	var names []string
	for i := range l.seen {
		sight.Records[i] = l.seen[i].rec
		if name := l.seen[i].rec.Category; len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for first := true; first || len(names) > 0; first = false {
		n := min(len(names), maxNamed)
		b := evidence.Body{Kind: evidence.RecordUsed, Subject: s, Categories: names[:n]}
		if first {
			b.Count = int64(len(l.seen))
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
