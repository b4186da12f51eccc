package telecom

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"candour/internal/identity"
	"candour/internal/store"
	"candour/internal/vault"
	"candour/policy"
)

// directoryFormID is the form with which people choose to stand in the directory
// of their company: an id that the program gives a meaning to, for every
// operator.
const directoryFormID = "directory"

// DirectoryPurpose is the purpose, on consent, for which people stand in the
// directory of their company. Without a form directory there is none, and with
// it nobody stands in it who has not chosen to (PECR reg 18).
func DirectoryPurpose(c *policy.Compiled) (string, bool) {
	f, ok := c.Policy().FormByID(directoryFormID)
	if !ok {
		return "", false
	}
	q, ok := c.Policy().PurposeByID(f.Purpose)
	return f.Purpose, ok && slices.ContainsFunc(q.Uses, func(u policy.Use) bool { return u.Basis == policy.Consent })
}

// Directory returns the lines of the people of a line's company who chose to be
// found, with their names, in the order of those: the line's own among them. It
// is empty for whoever has no company. Whoever did not choose is in no part of
// it, so that no number leads to their name either (PECR reg 18(3)).
func (d *Desk) Directory(ctx context.Context, of Line) (list []Line, err error) {
	c := d.c.InForce()
	roles, err := RolesOf(c)
	purpose, declared := DirectoryPurpose(c)
	if err != nil || !declared || of.Company == 0 {
		return nil, err
	}
	var people []identity.Account
	err = d.c.Store.View(ctx, func(tx *store.Tx) error {
		accounts, err := d.c.Accounts.InCompany(ctx, tx, of.Company)
		if err != nil {
			return err
		}
		for _, id := range accounts {
			l, err := d.line(ctx, tx, id)
			var x identity.Account
			if err == nil {
				x, err = d.fill(ctx, tx, roles.own(systemActor), &l)
			}
			var chosen bool
			if err == nil {
				chosen, err = d.chose(ctx, tx, c, roles, purpose, l)
			}
			if errors.Is(err, ErrNoLine) || errors.Is(err, vault.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if chosen {
				list, people = append(list, l), append(people, x)
			}
		}
		return nil
	})
	if err != nil {
		return nil, wrap(err)
	}
	for i := range list {
		if list[i].Name, err = d.c.Accounts.Name(ctx, people[i]); err != nil {
			return nil, wrap(err)
		}
	}
	slices.SortStableFunc(list, func(a, b Line) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return list, nil
}

// chose reports whether a line's person chose to stand in the directory, and
// nothing that they decided since forbids it.
func (d *Desk) chose(ctx context.Context, tx *store.Tx, c *policy.Compiled, roles Roles, purpose string, l Line) (bool, error) {
	st, err := d.c.Vault.Standing(ctx, tx, l.Subject)
	if err != nil {
		return false, err
	}
	k, kok := c.Category(roles.Number)
	p, pok := c.Purpose(purpose)
	who, aok := c.Actor(systemActor)
	return kok && pok && aok && c.Use(who, k, p, st) == policy.Allowed, nil
}
