package vault

import (
	"context"
	"time"

	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/policy"
)

// Bounds of the time for which a grant lets somebody in. It is given in whole
// hours, which its evidence says.
const (
	GrantLeast = time.Hour
	GrantMost  = 7 * 24 * time.Hour
)

// Gate is what a person decided about one kind of actor.
type Gate struct {
	Shut  bool      // out of everything that need not be
	Until time.Time // let in all the same until then; zero if not
}

// Gate returns how a person's gate stands now for a kind of actor, staff or
// partner. ErrNotFound if there is no such person, ErrInput if the kind cannot
// be shut out.
func (v *Vault) Gate(ctx context.Context, tx *store.Tx, s keys.SubjectID, kind string) (Gate, error) {
	bit, err := gateOf(kind)
	if err != nil {
		return Gate{}, err
	}
	m, err := v.member(ctx, tx, s)
	if err != nil {
		return Gate{}, err
	}
	return m.standing.gate(bit, v.now()), nil
}

func (s *standing) gate(bit int, now time.Time) Gate {
	g := Gate{Shut: s.shut&(1<<bit) != 0}
	if until := int64(s.grants[bit]); g.Shut && until > now.Unix() {
		g.Until = time.Unix(until, 0).UTC()
	}
	return g
}

// gateOf returns the bit of a kind of actor.
func gateOf(kind string) (int, error) {
	k := policy.KindOf(kind)
	if k == 0 {
		return 0, ErrInput
	}
	return int(k >> 1), nil // Staff is bit 0, Partner bit 1
}

// ShutOut shuts a kind of actor, staff or partner, out of a person's data
// beyond what contract, law or a life needs (R29), from the commit on and in
// every process. It ends a grant. Where that is so already, nothing happens.
func (v *Vault) ShutOut(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, kind string) error {
	return v.turn(ctx, tx, a, s, kind, evidence.Body{Kind: evidence.AccessShut}, func(g Gate) (Gate, error) {
		return Gate{Shut: true}, nil
	})
}

// LetIn ends a shut-out, and any grant with it. Where none stands, nothing
// happens.
func (v *Vault) LetIn(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, kind string) error {
	return v.turn(ctx, tx, a, s, kind, evidence.Body{Kind: evidence.AccessOpened}, func(g Gate) (Gate, error) {
		return Gate{}, nil
	})
}

// Grant lifts a shut-out for a time, from now: a person wants help with what
// only they could see. It ends by the clock, to the second, without anybody doing anything,
// and takes the place of a grant that runs. ErrInput if there is no shut-out,
// or for a time that is not between GrantLeast and GrantMost in whole hours.
func (v *Vault) Grant(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, kind string, length time.Duration) error {
	if length < GrantLeast || length > GrantMost || length%time.Hour != 0 {
		return ErrInput
	}
	b := evidence.Body{Kind: evidence.AccessGranted, Count: int64(length / time.Hour)}
	return v.turn(ctx, tx, a, s, kind, b, func(g Gate) (Gate, error) {
		if !g.Shut {
			return g, ErrInput
		}
		return Gate{Shut: true, Until: v.now().Add(length)}, nil
	})
}

// EndGrant ends a grant before its time. Where none runs, nothing happens.
func (v *Vault) EndGrant(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, kind string) error {
	return v.turn(ctx, tx, a, s, kind, evidence.Body{Kind: evidence.AccessEnded}, func(g Gate) (Gate, error) {
		return Gate{Shut: g.Shut}, nil
	})
}

// turn moves a person's gate to what to gives, with evidence if it moves.
func (v *Vault) turn(ctx context.Context, tx *store.Tx, a Access, s keys.SubjectID, kind string, b evidence.Body, to func(Gate) (Gate, error)) error {
	bit, err := gateOf(kind)
	if err != nil {
		return err
	}
	root, err := v.rootOf(ctx, tx, s, true) // stands for all who are the same person
	if err != nil {
		return err
	}
	if root.standing.erased {
		return ErrNotFound // what a law keeps is for nobody's convenience
	}
	was := root.standing.gate(bit, v.now())
	now, err := to(was)
	if err != nil || now == was {
		return err
	}
	err = v.change(ctx, tx, s, func(st *standing) {
		st.shut &^= 1 << bit
		st.grants[bit] = 0
		if now.Shut {
			st.shut |= 1 << bit
		}
		if !now.Until.IsZero() {
			st.grants[bit] = uint32(now.Until.Unix())
		}
	})
	if err != nil {
		return err
	}
	b.Subject, b.Code = s, kind
	return v.evidence(ctx, tx, a, b)
}

// State is what limits the use of a person's data, for whoever must say so in
// words.
type State struct {
	Restricted bool // by the person (UK GDPR Art 18)
	Erased     bool // only what law obliges to keep is left
	Staff      Gate
	Partner    Gate
}

// State returns how a person stands. ErrNotFound if there is no such person.
func (v *Vault) State(ctx context.Context, tx *store.Tx, s keys.SubjectID) (State, error) {
	m, err := v.member(ctx, tx, s)
	if err != nil {
		return State{}, err
	}
	st, now := m.standing, v.now()
	return State{Restricted: st.restricted, Erased: st.erased, Staff: st.gate(0, now), Partner: st.gate(1, now)}, nil
}
