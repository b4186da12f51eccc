package rights

import (
	"context"
	"fmt"
	"slices"

	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
)

// Self is somebody who is signed in, acting on their own data: own is their own
// access (vault.Access.Own) and address the one they proved to be theirs, empty
// for none. What else is held with that address is theirs as it would be by a
// link sent to it: what they wrote before they had an account, and what is kept
// of earlier requests. What another's account holds is not, whatever stands in
// it. ErrUndeclared if the policy has no forms for acting on rights.
func (d *Desk) Self(ctx context.Context, s keys.SubjectID, own vault.Access, address string) (Person, error) {
	roles, err := RolesOf(d.c.InForce())
	if err != nil {
		return Person{}, err
	}
	own.Purpose = roles.Purpose
	p := Person{Subjects: []keys.SubjectID{s}, Access: own, Way: ByPortal}
	to, err := mail.ParseAddress(address)
	if err != nil {
		return p, nil // nothing else is theirs for certain
	}
	p.address = to.Reveal()
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		same, err := d.c.Vault.Members(ctx, tx, s)
		if err != nil {
			return err
		}
		people, waiting, err := d.heldBy(ctx, tx, roles, to)
		if err != nil {
			return err
		}
		if people, err = d.without(ctx, tx, people, same); err != nil {
			return err
		}
		p.Subjects = append(p.Subjects, people...)
		p.waiting, err = d.without(ctx, tx, waiting, same)
		return err
	})
	return p, gone(err)
}

// without leaves out those who are counted already and those with an account.
func (d *Desk) without(ctx context.Context, tx *store.Tx, list, counted []keys.SubjectID) (rest []keys.SubjectID, err error) {
	for _, s := range list {
		if slices.Contains(counted, s) {
			continue
		}
		account, err := d.hasAccount(ctx, tx, s)
		if err != nil {
			return nil, err
		}
		if !account {
			rest = append(rest, s)
		}
	}
	return rest, nil
}

// Look reads what is held for a page of somebody who is signed in, as often as
// they like: unlike View it is no request and writes nothing.
func (d *Desk) Look(ctx context.Context, p Person) (View, error) {
	v := View{Controller: controllerOf(d.c.InForce().Policy())}
	if err := d.may(p); err != nil {
		return v, err
	}
	err := d.c.Store.View(ctx, func(tx *store.Tx) error { return d.view(ctx, tx, p, &v) })
	return v, gone(err)
}

// Requests returns the requests and complaints of a person, newest first.
func (d *Desk) Requests(ctx context.Context, p Person) (list []Request, err error) {
	if err := d.may(p); err != nil {
		return nil, err
	}
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		for _, root := range p.all() {
			members, err := d.c.Vault.Members(ctx, tx, root)
			if err != nil {
				return fmt.Errorf("rights: %w", err)
			}
			for _, s := range members {
				more, err := d.RequestsOf(ctx, tx, s)
				if err != nil {
					return err
				}
				list = append(list, more...)
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b Request) int { return b.Received.Compare(a.Received) })
	return list, gone(err)
}
