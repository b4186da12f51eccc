package rights

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"candour/internal/history"
	"candour/internal/store"
)

// Happening is what happened with a person's data, in their words: a line of
// their history (R28). Who looked is a role, and what a law keeps secret is not
// among it.
type Happening struct {
	Entry      string    `json:"entry"` // number of the evidence, as text; of the newest, where a line stands for several
	At         time.Time `json:"at"`
	What       string    `json:"what"`
	By         string    `json:"by,omitempty"`
	Where      string    `json:"where,omitempty"`
	Why        string    `json:"why,omitempty"`
	Categories []string  `json:"categories,omitempty"`
	Policy     int       `json:"policy,omitempty"` // version it happened under
}

// Format writes a placeholder, whatever the verb.
func (Happening) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(happening)") }

// LogValue returns a placeholder.
func (Happening) LogValue() slog.Value { return slog.StringValue("(happening)") }

func happeningOf(e history.Entry) Happening {
	return Happening{strconv.FormatInt(e.ID, 10), e.At.UTC(), e.Sentence(), e.Who, e.Where, e.Why, e.Categories, e.Policy}
}

// happened hands fn the history of a person, newest first under each subject,
// a page at a time.
func (d *Desk) happened(ctx context.Context, tx *store.Tx, p Person, fn func(Happening) error) error {
	if d.c.History == nil {
		return nil
	}
	for _, s := range p.all() {
		for before := int64(0); ; {
			page, err := d.c.History.List(ctx, tx, s, history.Query{Before: before})
			if errors.Is(err, history.ErrNotFound) {
				break
			}
			if err != nil {
				return err
			}
			for _, e := range page.Entries {
				if err := fn(happeningOf(e)); err != nil {
					return err
				}
			}
			if before = page.Next; before == 0 {
				break
			}
		}
	}
	return nil
}

// lately returns the newest of what happened, and whether there is more.
func (d *Desk) lately(ctx context.Context, tx *store.Tx, p Person) (list []Happening, more bool, err error) {
	if d.c.History == nil {
		return nil, false, nil
	}
	for _, s := range p.all() {
		page, err := d.c.History.List(ctx, tx, s, history.Query{Limit: shownHappened})
		if errors.Is(err, history.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		more = more || page.Next != 0
		for _, e := range page.Entries {
			list = append(list, happeningOf(e))
		}
	}
	slices.SortStableFunc(list, func(a, b Happening) int { return b.At.Compare(a.At) })
	if len(list) > shownHappened {
		return list[:shownHappened], true, nil
	}
	return list, more, nil
}
