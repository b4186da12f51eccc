package telecom

import (
	"context"
	"strconv"

	"candour/internal/store"
)

// Screen says what the line that a call is for does with it before anything
// rings: an empty code lets it ring, Blocked and Quiet sound like a busy line to
// the caller, Anonymous tells them to show their number. For an hour after the
// line rang an emergency service everything rings (PECR reg 16), and nothing is
// forwarded.
//
// A caller who is blocked by their number and withholds it is in no list of who
// blocked them: that they called would tell who it was.
func (c *Call) Screen(ctx context.Context) (code Code, err error) {
	if c.start.To.Reach != ToLine {
		return "", nil
	}
	err = c.d.c.Store.View(ctx, func(tx *store.Tx) error {
		code, err = c.d.screen(ctx, tx, c)
		return err
	})
	return code, wrap(err)
}

func (d *Desk) screen(ctx context.Context, tx *store.Tx, c *Call) (Code, error) {
	c.onward = nil
	l := c.start.To.Line
	s, err := d.Settings(ctx, tx, l)
	if err != nil {
		return "", err
	}
	now := d.c.Now()
	if !s.Helped.IsZero() && now.Before(s.Helped.Add(helpTime)) {
		return "", nil
	}
	seen, unseen, err := d.isBlocked(ctx, tx, c)
	switch {
	case err != nil:
		return "", err
	case seen:
		return Blocked, nil
	case unseen:
		c.mu.Lock()
		c.unseen = true
		c.mu.Unlock()
		return Blocked, nil
	case s.Refuse && c.origin().start.Withheld:
		return Anonymous, nil
	}
	rows, err := d.forwardRows(ctx, tx, l.ID)
	if err != nil {
		return "", err
	}
	c.onward = map[Way]Forward{}
	for _, f := range rows {
		if f.Stopped.IsZero() {
			c.onward[f.Way] = f
		}
	}
	if quiet, _ := s.Quiet(now); quiet {
		return Quiet, nil
	}
	return "", nil
}

// isBlocked reports whether the line of a call blocks who makes it, or who
// forwards it; unseen says that it may not know that they called.
func (d *Desk) isBlocked(ctx context.Context, tx *store.Tx, c *Call) (seen, unseen bool, err error) {
	l := c.start.To.Line.ID
	for at := c; at != nil; at = at.start.Forwarded {
		who := strconv.FormatInt(at.start.From.ID, 10)
		mark := d.blockMark(l, blockLine, who)
		if o := at.start.Outside; o != nil {
			mark = d.blockMark(l, blockNumber, o.Number)
		}
		shown, err := d.hasBlock(ctx, tx, l, mark)
		if err != nil {
			return false, false, err
		}
		hidden := at.start.Withheld
		withheld := false
		if hidden && at.start.Outside == nil { // who is outside and withholds their number is not known
			if withheld, err = d.hasBlock(ctx, tx, l, d.blockMark(l, blockWithheld, who)); err != nil {
				return false, false, err
			}
		}
		seen, unseen = seen || withheld || shown && !hidden, unseen || shown && hidden
	}
	return seen && !unseen, unseen, nil
}

func (d *Desk) hasBlock(ctx context.Context, tx *store.Tx, line int64, mark []byte) (bool, error) {
	n := 0
	err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM line_blocks WHERE line = $1 AND mark = $2", line, mark).Scan(&n)
	return n > 0, err
}

// settle applies what somebody set of their line to a call that they make, in
// the transaction in which it begins: their number is withheld unless the call
// says otherwise (PECR reg 10), and an emergency call lets everybody through.
func (d *Desk) settle(ctx context.Context, tx *store.Tx, c *Call) error {
	if c.start.To.Reach == ToEmergency {
		return d.calledForHelp(ctx, tx, c.start.From)
	}
	if c.start.Outside != nil {
		return nil // no line of ours makes it
	}
	s, err := d.Settings(ctx, tx, c.start.From)
	if err != nil {
		return err
	}
	withhold := s.Withheld && !c.start.To.Shown && !c.start.Withheld
	c.start.Withheld = c.start.Withheld || withhold
	c.identity.Withheld = c.start.Withheld
	if c.start.Forwarded == nil {
		if withhold {
			_, err = tx.Exec(ctx, "UPDATE calls SET withheld = 1 WHERE id = $1", c.id)
		}
		return err
	}
	origin := c.origin()
	_, err = tx.Exec(ctx, "UPDATE calls SET withheld = $1, origin = $2 WHERE id = $3", flag(origin.start.Withheld), origin.id, c.id)
	return err
}

// to is the code as one of the two sides may know it: whoever made it is not
// told that they are blocked, that nobody wants to be disturbed, or that the
// call went on to another place.
func (c Code) to(made bool) Code {
	switch {
	case made && (c == Blocked || c == Quiet):
		return Busy
	case made && c == Forwarded:
		return Completed
	}
	return c
}

// forwardedFrom reads of a call that nobody will end which call it goes on from:
// the number of who made that, whether it is withheld, and what is shown of who
// forwarded it.
func (d *Desk) forwardedFrom(ctx context.Context, tx *store.Tx, e *ended, origin, callerLine int64) error {
	if origin == 0 {
		return nil
	}
	e.by, e.forwarded = "", true
	var line int64
	first := ended{}
	err := tx.QueryRow(ctx, "SELECT caller_line, callee, outside, record FROM calls WHERE id = $1", origin).
		Scan(&line, (*int64)(&first.callee), (*int64)(&first.outside), (*int64)(&first.noted))
	if err != nil {
		line, first.noted = 0, 0
	}
	if e.by, err = d.shownOf(ctx, tx, callerLine); err != nil {
		return err
	}
	if first.outside == callerOutside && first.noted != 0 {
		err = d.readNote(ctx, tx, &first)
		e.callerSays = first.callerSays
		return err
	}
	e.callerSays, err = d.extension(ctx, tx, line)
	return err
}
