package telecom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Start is a call that somebody wants to make. It holds personal data and
// prints as a fixed word.
type Start struct {
	From     Line     // of ours; the zero value where Outside calls
	Outside  *Outside // who calls from beyond a trunk; nil where From does
	To       Target
	Withheld bool // the caller's number is not shown, beside what the target says
	Video    bool // pictures are offered

	Forwarded *Call // the call that goes on as this one, because From forwards it; nil: none
	By        Line  // who passes the caller on to the target, and is asked for the call as well; zero where the caller dialled
}

// Format writes a fixed word, whatever the verb.
func (Start) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(start of a call)") }

// LogValue keeps the start out of structured logs.
func (Start) LogValue() slog.Value { return slog.StringValue("(start of a call)") }

// Call is one that was let through. It is safe for concurrent use.
type Call struct {
	d     *Desk
	id    int64
	start Start // as it was let through
	begun time.Time
	actor string        // of the caller
	limit time.Duration // set as it is let through

	mu       sync.Mutex // held while an act of the call is committed
	answered time.Time
	callee   keys.SubjectID // whom the line was of that was called, or that answered
	identity Identity       // what a trunk is told of the caller; set before the call is let through
	over     bool
	wentOn   bool            // it goes on as another, because the callee forwards
	unseen   bool            // the callee may not know of it
	onward   map[Way]Forward // what Screen found; whoever calls that calls Next
}

// Begin is the call door: it asks the policy whether the caller may make calls
// and whether what is kept of them may be collected on both sides, and writes
// the call down, before anything rings. A Refusal if it may not be; nothing is
// written then, and the refusal is counted as evidence. A call to an emergency
// service is refused only where nothing leads there: what cannot be written down
// of it in a short time is lost, and not the call.
func (d *Desk) Begin(ctx context.Context, s Start) (*Call, error) {
	if err := d.leads(s); err != nil {
		d.count(err)
		return nil, err
	}
	s.Withheld = s.Withheld || s.To.Withheld
	c := &Call{d: d, id: d.c.Store.NewID(), start: s, begun: d.c.Now(), actor: s.From.Role.Actor(), callee: s.To.Line.Subject}
	if s.Outside != nil {
		c.actor, c.start.Withheld = systemActor, s.Outside.Withheld
	}
	d.alive(c.id, true) // before it can be found open
	if s.To.Reach == ToEmergency {
		c.beginEmergency(ctx)
		return c, nil
	}
	if err := d.together(ctx, &op{call: c, begin: true}); err != nil {
		d.alive(c.id, false)
		d.count(err)
		return nil, wrap(err)
	}
	return c, nil
}

// alive notes that a call is under way here, or no longer.
func (d *Desk) alive(id int64, is bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if is {
		d.live[id] = true
	} else {
		delete(d.live, id)
	}
}

func (d *Desk) isAlive(id int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.live[id]
}

// ID is the number of the call. It means nothing outside of this program and
// goes to neither side.
func (c *Call) ID() int64 { return c.id }

// Shown is what the callee's side may show of the caller: extension and name,
// both empty if the number is withheld (PECR reg 10), the name also where the
// two are of different companies.
func (c *Call) Shown() (extension, name string) {
	made := c.origin()
	from := made.start.From
	if made.start.Withheld {
		return "", ""
	}
	if o := made.start.Outside; o != nil {
		return o.Number, o.Name
	}
	if from.Company == 0 || from.Company != c.start.To.Line.Company {
		return from.Extension, ""
	}
	return from.Extension, from.Name
}

// Answered notes that the call was answered, by the line it was for or one that
// stood in for it: that line's person has the callee's part of the record, and
// the caller's says whom they dialled all the same (PECR reg 10: the connected
// line is not told). Only the first counts.
//
// The two of a call between lines talk before that is on the disk, and also if it
// cannot be written: the call's end has it too, and the end that Resume writes of a
// call cut short in between would only have it unanswered. What an outside call
// costs, and whose a record becomes, is on the disk when Answered returns.
func (c *Call) Answered(ctx context.Context, by Line) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || !c.answered.IsZero() {
		return nil
	}
	c.answered = c.d.c.Now()
	another := by.Subject != 0 && by.Subject != c.callee && c.start.To.Reach == ToLine
	if another {
		c.callee = by.Subject
	}
	if !another && c.start.outside() == bothOurs {
		return wrap(c.d.enlist(ctx, &op{call: c}))
	}
	return wrap(c.d.together(ctx, &op{call: c}))
}

// End is how a call ended.
type End struct {
	Code     Code
	ByCaller bool // the caller's side ended it
}

// Ended notes that the call is over, and keeps its record: one in two parts,
// each with its evidence. A second end changes nothing. After an error the call
// is left to Sweep, which closes it as one that was interrupted.
func (c *Call) Ended(ctx context.Context, e End) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return nil
	}
	c.over = true
	defer c.d.alive(c.id, false)
	if !isEnd(e.Code) {
		e.Code = Failed
	}
	if e.Code == Completed && c.answered.IsZero() {
		e.Code = Cancelled
		if !e.ByCaller {
			e.Code = Unavailable
		}
	}
	return wrap(c.d.together(ctx, &op{call: c, end: c.ended(e.Code)}))
}

func isEnd(code Code) bool {
	_, refusal := refusals[code]
	_, known := endWords[code]
	return known && !refusal
}

// ended is a call that is over, as it is kept.
type ended struct {
	id                     int64
	caller, callee         keys.SubjectID // 0 for none any more
	callerSays, calleeSays string         // the extensions, as the other side is told; empty if withheld or gone
	actor                  string         // of the caller
	withheld, video        bool
	forwarded              bool   // it went on from another call
	by                     string // of one that did: who forwarded it, as the callee is told; empty if withheld
	begun, answered, at    time.Time
	known                  time.Time // of one that was cut off: when it was last known to be under way
	code                   Code
	noted                  vault.RecordID // its record; 0 if it has none yet, or none could be kept
	outside                side           // which of the two is no line of ours
}

func (c *Call) ended(code Code) *ended {
	made, to := c.origin().start, c.start.To
	if c.wentOn && (code == Completed || code == Lost) {
		code = Forwarded
	}
	e := &ended{
		id: c.id, caller: c.start.From.Subject, callee: c.callee, callerSays: made.From.Extension, calleeSays: to.Line.Extension, actor: c.actor,
		withheld: made.Withheld, video: c.start.Video, begun: c.begun, answered: c.answered, at: c.d.c.Now(), code: code, outside: c.start.outside(),
		forwarded: c.start.Forwarded != nil, by: c.Forwarder(),
	}
	if made.Outside != nil {
		e.callerSays = made.Outside.Number
	}
	if e.outside == calleeOutside || e.outside == calleeEmergency {
		e.calleeSays = to.Number
	}
	if c.unseen {
		e.callee = 0
	}
	return e
}

// act does acts on calls in one transaction. A refusal stays with its act; an
// error is the transaction's.
func (d *Desk) act(ctx context.Context, tx *store.Tx, ops []*op) error {
	var ends []*ended
	for _, o := range ops {
		var err error
		switch {
		case o.begin && o.call.start.To.Reach == ToEmergency:
			err = d.beginningEmergency(ctx, tx, o.call)
		case o.begin:
			err = d.begin(ctx, tx, o.call)
		case o.end != nil:
			ends = append(ends, o.end)
		case o.given != nil:
			err = d.disclose(ctx, tx, o.call, o.given)
		default:
			_, err = tx.Exec(ctx, "UPDATE calls SET answered_ms = $1, callee = $2 WHERE id = $3 AND ended_ms = 0 AND (callee <> 0 OR outside > 1)",
				o.call.answered.UnixMilli(), int64(o.call.callee), o.call.id)
			if err == nil && o.call.start.Outside != nil && o.call.callee != o.call.start.To.Line.Subject {
				err = d.noteAnew(ctx, tx, o.call)
			}
		}
		var r *Refusal
		if errors.As(err, &r) {
			o.err = err
			continue
		}
		if err != nil {
			return err
		}
	}
	return d.end(ctx, tx, ends)
}

// begin decides, and writes the call down.
func (d *Desk) begin(ctx context.Context, tx *store.Tx, c *Call) error {
	compiled := d.c.InForce()
	roles, err := RolesOf(compiled)
	if err != nil {
		return err
	}
	var caller, callee policy.Standing
	if c.start.Outside == nil {
		caller, err = d.c.Vault.Standing(ctx, tx, c.start.From.Subject)
		if errors.Is(err, vault.ErrNotFound) {
			return refuse(Forbidden) // erased since
		}
		if err != nil {
			return err
		}
	}
	if c.start.To.Reach == ToLine {
		callee, err = d.c.Vault.Standing(ctx, tx, c.start.To.Line.Subject)
		if errors.Is(err, vault.ErrNotFound) {
			return refuse(NoSuch)
		}
		if err != nil {
			return err
		}
	}
	if err := d.decide(ctx, tx, c, roles, caller, callee); err != nil {
		return err
	}
	if err := d.mayPass(ctx, tx, c, compiled, roles, callee); err != nil {
		return err
	}
	if c.start.To.Reach == ToNumber {
		if err := d.mayDial(ctx, tx, c); err != nil { // the last question: what it sets aside is for a call that begins
			return err
		}
	}
	return d.open(ctx, tx, c)
}

// open writes the row of a call.
func (d *Desk) open(ctx context.Context, tx *store.Tx, c *Call) error {
	_, err := tx.Exec(ctx, `INSERT INTO calls (id, caller, callee, caller_line, callee_line, withheld, video, begun_ms, answered_ms, ended_ms, code, record, expires_day, outside)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, '', 0, 0, $9) ON CONFLICT DO NOTHING`,
		c.id, int64(c.start.From.Subject), int64(c.start.To.Line.Subject), c.start.From.ID, c.start.To.Line.ID,
		flag(c.start.Withheld), flag(c.start.Video), c.begun.UnixMilli(), int64(c.start.outside()))
	if err != nil {
		return err
	}
	if err := d.settle(ctx, tx, c); err != nil {
		return err
	}
	return d.note(ctx, tx, c)
}

func flag(on bool) int64 {
	if on {
		return 1
	}
	return 0
}
