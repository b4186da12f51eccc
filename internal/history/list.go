package history

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// Show is which entries a person wants to see.
type Show string

// What there is to choose from. Everything includes what belongs to none of
// the others: uses by the software.
const (
	Everything Show = ""
	Looks      Show = "looks"     // by people: staff, partners
	Changes    Show = "changes"   // to what is held
	Mails      Show = "mails"     // sent, or not sent
	Decisions  Show = "decisions" // of the person, and answers to them
	Account    Show = "account"   // signing in and out, and what changed about it

	uses Show = "uses" // by the software
)

// Shows are the choices, in the order in which they are offered.
var Shows = []Show{Everything, Looks, Changes, Mails, Decisions, Account}

var showWords = map[Show]string{
	Everything: "Everything", Looks: "Who looked", Changes: "Changes", Mails: "E-mails", Decisions: "Decisions", Account: "Your account",
}

// Words returns the choice as it is offered.
func (s Show) Words() string { return showWords[s] }

// ParseShow reads a choice from an address; false if it is none.
func ParseShow(s string) (Show, bool) { return Show(s), slices.Contains(Shows, Show(s)) }

// Bounds of a page.
const (
	MaxLines = 100    // lines of a page
	atOnce   = 100    // entries read at once
	maxRead  = 20_000 // entries looked through for one page
	maxFold  = 10_000 // entries that one line may stand for
)

// Query is which part of a history is wanted.
type Query struct {
	Show   Show
	Before int64 // the Next of the page before; 0 begins with the newest
	Limit  int   // lines; at most MaxLines, which 0 stands for
	// Also are subjects that the caller knows to be the same person, although
	// nothing in the vault joins them: rights.Self finds them by a proven address.
	Also []keys.SubjectID
}

// Page is a part of a history.
type Page struct {
	Entries []Entry
	Next    int64 // where the next page goes on; 0 if this is the last
}

// Entry is what happened once, or several times on one day by the software,
// in words. It holds no value of a record, and prints as a fixed word.
type Entry struct {
	ID         int64 // of the evidence
	At         time.Time
	Kind       evidence.Kind
	Code       string
	Show       Show
	What       string // what happened, a sentence without its stop
	Who        string // the role in the words of the policy, or Software
	ByPeople   bool   // staff or a partner did it
	Where      string // surface
	Why        string // purpose
	Categories []string
	Count      int64    // how many records, where it says
	Choices    []Choice // what was decided
	Reference  string   // by which the person knows what it is about
	Policy     int      // version it happened under
	Times      int      // how often it happened on that day, the same way
	Same       []Same   // all entries that the line stands for, itself first; empty for one
}

// Sentence says what happened, and how often.
func (e Entry) Sentence() string {
	if e.Times > 1 {
		return fmt.Sprintf("%s, %d times.", e.What, e.Times)
	}
	return e.What + "."
}

// Choice is a yes or no to something declared.
type Choice struct {
	Title string
	Yes   bool
}

// Same is one of the entries that a line stands for.
type Same struct {
	ID   int64
	At   time.Time
	What string
}

// Day is the day in London on which it happened, in words.
func (e Entry) Day() string { return e.At.In(policy.London).Format("Monday 2 January 2006") }

// Clock is the time of day in London.
func (e Entry) Clock() string { return e.At.In(policy.London).Format("15:04") }

// Clock is the time of day in London.
func (s Same) Clock() string { return s.At.In(policy.London).Format("15:04") }

// Stamp is the time in the form of ISO 8601, for programs.
func (e Entry) Stamp() string { return e.At.UTC().Format(time.RFC3339) }

// Format writes a fixed word under every verb.
func (Entry) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[entry of a history]")) }

// LogValue keeps the entry out of structured logs.
func (Entry) LogValue() slog.Value { return slog.StringValue("[entry of a history]") }

// List returns part of the history of a person under all their aliases, newest
// first. What the software did the same way several times on one day (in
// London) is one line, which names all its entries; so are an e-mail and its
// having been queued. ErrNotFound if there is no such person.
func (d *Desk) List(ctx context.Context, tx *store.Tx, s keys.SubjectID, q Query) (Page, error) {
	if q.Limit <= 0 || q.Limit > MaxLines {
		q.Limit = MaxLines
	}
	group, err := d.people(ctx, tx, s, q.Also)
	if err != nil {
		return Page{}, err
	}
	f := &folder{limit: q.Limit, mails: map[int64]int{}, lines: map[foldKey]int{}}
	before := q.Before
	for read := 0; read < maxRead; read += atOnce {
		found, next, err := d.c.Log.AboutGroup(ctx, tx, group, before, atOnce)
		if err != nil {
			return Page{}, err
		}
		full, err := d.take(ctx, tx, f, group, q.Show, found)
		if err != nil {
			return Page{}, err
		}
		if full != 0 {
			return Page{f.page, full}, nil
		}
		if before = next; next == 0 {
			break
		}
	}
	return Page{f.page, before}, nil
}

// take puts entries on the page. When the page is full it returns the id that
// the next begins before, else 0.
func (d *Desk) take(ctx context.Context, tx *store.Tx, f *folder, group []keys.SubjectID, show Show, found []evidence.Entry) (int64, error) {
	hidden, err := d.withheld(ctx, tx, found)
	if err != nil {
		return 0, err
	}
	for _, raw := range found {
		if hidden[raw.ID] || !tellable(raw.Body, group) {
			continue
		}
		e, err := d.tell(ctx, tx, raw)
		if err != nil {
			return 0, err
		}
		if show != Everything && e.Show != show {
			continue
		}
		if !f.add(e, raw.Body) {
			return raw.ID + 1, nil
		}
	}
	return 0, nil
}

// tellable reports whether an entry may be told to the person: it is about
// them and of a kind that has words. That only theirs are read is the query's
// part; this is the second lock.
func tellable(b evidence.Body, group []keys.SubjectID) bool {
	_, ok := table[b.Kind]
	return ok && slices.Contains(group, b.Subject)
}

// foldKey is what entries must share to be one line.
type foldKey struct {
	day                                      string
	kind                                     evidence.Kind
	code, who, where, why, categories, words string
	policy                                   int
}

// folder makes the lines of a page.
type folder struct {
	limit int
	page  []Entry
	lines map[foldKey]int // place of the line on the page
	mails map[int64]int   // of the e-mail with that number
}

// add puts an entry on the page, in a line with others like it if there is
// one; false if it needs a line and there is none left.
func (f *folder) add(e Entry, b evidence.Body) bool {
	if e.Show == Mails && b.Ref != 0 {
		if at, ok := f.mails[b.Ref]; ok {
			f.join(at, e)
			return true
		}
	}
	key := foldKey{
		e.At.In(policy.London).Format(time.DateOnly), e.Kind, e.Code, e.Who, e.Where, e.Why, fmt.Sprint(e.Categories), e.What, e.Policy,
	}
	at, ok := f.lines[key]
	if ok = ok && !e.ByPeople && table[e.Kind].folds && len(f.page[at].Same) < maxFold; ok {
		f.join(at, e)
		f.page[at].Times++
	} else {
		if len(f.page) == f.limit {
			return false
		}
		at = len(f.page)
		f.page = append(f.page, e)
		f.lines[key] = at
	}
	if e.Show == Mails && b.Ref != 0 {
		f.mails[b.Ref] = at
	}
	return true
}

// join has a line stand for one entry more.
func (f *folder) join(at int, e Entry) {
	line := &f.page[at]
	if len(line.Same) == 0 {
		line.Same = []Same{{line.ID, line.At, line.What}}
	}
	line.Same = append(line.Same, Same{e.ID, e.At, e.What})
	line.Count += e.Count
}
