package telecom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"candour/internal/evidence"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// Outside is a far end that is no line of ours, as the carrier presents it. It
// holds personal data and prints as a fixed word.
type Outside struct {
	Number   string // E.164 with its plus; empty if it is withheld
	Name     string // that the carrier tells; empty for none
	Withheld bool   // the caller withheld their number (PECR reg 10)
}

// Format writes a fixed word, whatever the verb.
func (Outside) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(far end outside)") }

// LogValue keeps the far end out of structured logs.
func (Outside) LogValue() slog.Value { return slog.StringValue("(far end outside)") }

// Ways is what leads out of the house: the trunks. Its methods are called by
// many goroutines.
type Ways interface {
	// Takes reports whether some trunk takes calls to the target.
	Takes(Target) bool
	// Main is the operator's own number (E.164 with its plus), shown where a
	// line has none; empty for none.
	Main() string
	// Services are the recipients of the policy that emergency calls tell where
	// the caller is.
	Services() []string
}

// Connect tells the desk what leads out of the house. Without it nothing does.
func (d *Desk) Connect(w Ways) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ways = w
}

// out returns what leads out of the house; nil for nothing.
func (d *Desk) out() Ways {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ways
}

// Rescues reports whether emergency calls lead anywhere.
func (d *Desk) Rescues() bool { return d.leads(Start{To: Target{Reach: ToEmergency}}) == nil }

// leads reports whether anything leads where a call goes: a Refusal if not.
func (d *Desk) leads(s Start) error {
	w := d.out()
	switch {
	case s.To.Reach == ToEmergency && (w == nil || !w.Takes(s.To)):
		return refuse(NoEmergency)
	case s.To.Reach == ToEmergency:
		return nil
	case s.To.Reach == ToNumber && s.Outside == nil && w != nil && w.Takes(s.To):
		return nil
	case s.To.Reach != ToLine:
		return refuse(NoWayOut)
	case s.Outside == nil && s.To.Line.ID == s.From.ID:
		return refuse(Self)
	}
	return nil
}

// side is which side of a call is no line of ours, as the table has it.
type side int64

const (
	bothOurs side = iota
	callerOutside
	calleeOutside
	calleeEmergency
)

func (s *Start) outside() side {
	switch {
	case s.Outside != nil:
		return callerOutside
	case s.To.Reach == ToNumber:
		return calleeOutside
	case s.To.Reach == ToEmergency:
		return calleeEmergency
	}
	return bothOurs
}

// decide asks the policy of those sides of a call that are ours, and finds the
// number that a trunk is to show.
func (d *Desk) decide(ctx context.Context, tx *store.Tx, c *Call, roles Roles, caller, callee policy.Standing) error {
	compiled := d.c.InForce()
	switch c.start.outside() {
	case callerOutside:
		if roles.received(compiled, callee) != policy.Allowed {
			return refuse(Forbidden)
		}
	case calleeOutside:
		if roles.verdict(compiled, c.actor, caller, caller) != policy.Allowed {
			return refuse(Forbidden)
		}
		number, err := d.numberOf(ctx, tx, roles.own(systemActor), c.start.From)
		if err != nil {
			return err
		}
		if number == "" {
			number = d.out().Main()
		}
		if !Shows(number) {
			return refuse(NoNumber) // Ofcom General Condition C6
		}
		c.identity = Identity{Number: number, Withheld: c.start.Withheld}
	default:
		if roles.verdict(compiled, c.actor, caller, callee) != policy.Allowed {
			return refuse(Forbidden)
		}
	}
	return nil
}

// received is the decision of the call door about a call from outside: whether
// what is kept of it may be collected of the callee.
func (r Roles) received(c *policy.Compiled, callee policy.Standing) policy.Verdict {
	k, kok := c.Category(r.Traffic)
	p, pok := c.Purpose(r.Purpose)
	s, sok := c.Surface(r.Surface)
	if !kok || !pok || !sok {
		return policy.Undeclared
	}
	return c.Collect(s, k, p, callee)
}

// Identity is what the network beyond a trunk is told of the caller. It holds
// personal data and prints as a fixed word.
type Identity struct {
	Number   string   // E.164 with its plus; empty only on emergency calls
	Withheld bool     // it is not shown to the callee (PECR reg 10)
	Address  *Address // of the line, for an emergency service; nil if it is not to be told or nobody knows it
}

// Format writes a fixed word, whatever the verb.
func (Identity) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(identity)") }

// LogValue keeps the identity out of structured logs.
func (Identity) LogValue() slog.Value { return slog.StringValue("(identity)") }

// Identity returns that of the caller. It is of use on calls that leave the house.
func (c *Call) Identity() Identity { return c.identity }

// blueLight are the numbers at which the caller's number is shown whatever they
// withheld, and their place told (PECR reg 16): 999, the European one, and the
// relay for who cannot hear or speak.
var blueLight = []string{"999", "112", "18000"}

// Located reports whether whoever answers is told where the caller is (PECR reg
// 16(1)(b)): the emergency services are, the other numbers of the same kind not.
func (t Target) Located() bool { return t.Reach == ToEmergency && slices.Contains(blueLight, t.Number) }

// emergencyWait is how long an emergency call waits for what is written and read
// of it. Then it goes without.
const emergencyWait = 2 * time.Second

// beginEmergency writes an emergency call down and finds what the services are
// told. Whatever fails of that, the call goes on (PECR reg 16; Ofcom General
// Condition A3).
func (c *Call) beginEmergency(ctx context.Context) {
	c.start.Withheld = c.start.Withheld && !c.start.To.Located()
	wait := time.NewTimer(emergencyWait)
	defer wait.Stop()
	found := make(chan Identity, 1)
	go func() { found <- c.d.identify(context.WithoutCancel(ctx), c.start) }()
	select {
	case c.identity = <-found:
	case <-wait.C:
		c.identity = Identity{Number: c.d.out().Main()}
	}
	c.identity.Withheld = c.identity.Withheld || c.start.Withheld
	c.start.Withheld = c.identity.Withheld
	written := make(chan struct{})
	go func() {
		defer close(written)
		_ = c.d.together(ctx, &op{call: c, begin: true}) // its end finds that there is no row
	}()
	select {
	case <-written:
	case <-wait.C:
	}
}

// identify reads what an emergency service is told of a caller, as far as it can.
func (d *Desk) identify(ctx context.Context, s Start) (id Identity) {
	id.Number = s.From.Number
	roles, err := RolesOf(d.c.InForce())
	if err == nil && id.Number == "" {
		_ = d.c.Store.View(ctx, func(tx *store.Tx) (err error) {
			id.Number, err = d.numberOf(ctx, tx, roles.own(systemActor), s.From)
			return err
		})
	}
	if w := d.out(); id.Number == "" && w != nil {
		id.Number = w.Main()
	}
	if s.To.Located() {
		_ = d.c.Store.View(ctx, func(tx *store.Tx) error {
			a, ok, err := d.emergencyAddress(ctx, tx, s.From)
			if err == nil && ok {
				id.Address = &a
			}
			return err
		})
		return id
	}
	_ = d.c.Store.View(ctx, func(tx *store.Tx) error {
		set, err := d.Settings(ctx, tx, s.From)
		id.Withheld = set.Withheld && !s.To.Shown
		return err
	})
	return id
}

// beginningEmergency writes the row of an emergency call and its evidence, which
// holds neither number nor place. What the policy lacks, or who is gone, is no
// reason to refuse anything.
func (d *Desk) beginningEmergency(ctx context.Context, tx *store.Tx, c *Call) error {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return nil
	}
	if _, err := d.c.Vault.Standing(ctx, tx, c.start.From.Subject); err != nil {
		if errors.Is(err, vault.ErrNotFound) {
			return nil
		}
		return err
	}
	if err := d.open(ctx, tx, c); err != nil {
		return err
	}
	code := "without-address"
	if c.identity.Address != nil {
		code = "with-address"
	}
	_, err = d.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.CallEmergency, At: c.begun, Actor: systemActor, Surface: roles.Surface, Purpose: roles.Purpose, Category: roles.Traffic,
		Policy: d.c.InForce().Policy().Version, Subject: c.start.From.Subject, Code: code,
	})
	return err
}
