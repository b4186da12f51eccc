package marketing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"candour/internal/consent/people"
	"candour/internal/evidence"
	"candour/internal/keys"
	"candour/internal/mail"
	"candour/internal/store"
	"candour/internal/vault"
)

// ErrAddress says that the newsletter cannot come to an account without an
// address that is proven to be its holder's. It can be asked for by the form,
// which proves one.
var ErrAddress = errors.New("marketing: no proven address")

// Follow makes a decision about the newsletter's purpose in an account one
// with the newsletter: a yes lets it come to the proven address, with no
// second mail to confirm it; a no ends every sign-up of the person and of that
// address, however it was made (R16). It is a people.Follower.
func (n *Newsletter) Follow(ctx context.Context, tx *store.Tx, d people.Decision) (func() error, error) {
	roles, err := RolesOf(n.c.InForce())
	if err != nil || d.Purpose != roles.Purpose {
		return nil, nil // the policy has no newsletter, or this is not about it
	}
	root, err := n.c.Vault.Root(ctx, tx, d.Subject)
	if err != nil {
		return nil, err
	}
	marks, err := n.marksOf(ctx, tx, root)
	if err != nil {
		return nil, err
	}
	if d.Email != "" {
		address, err := mail.ParseAddress(d.Email)
		if err != nil {
			return nil, ErrAddress
		}
		marks = append(marks, n.c.Queue.Mark(roles.Purpose, address))
	} else if d.Yes {
		return nil, ErrAddress
	}
	release, err := n.holdAll(ctx, tx, marks)
	if err != nil {
		return nil, err
	}
	return func() error {
		if d.Yes {
			err = n.join(ctx, tx, roles, d, root, marks[len(marks)-1])
		} else {
			err = n.endEach(ctx, tx, roles, root, marks)
		}
		if err != nil {
			return err
		}
		return release()
	}, nil
}

// marksOf returns the marks by which the newsletter comes to a person.
func (n *Newsletter) marksOf(ctx context.Context, tx *store.Tx, root keys.SubjectID) ([]mail.Mark, error) {
	rows, err := tx.Query(ctx, `SELECT n.mark FROM newsletter n JOIN subjects s ON s.subject = n.subject
		WHERE s.root = $1 AND n.state = 'standing' ORDER BY n.id`, int64(root))
	if err != nil {
		return nil, fmt.Errorf("marketing: %w", err)
	}
	defer rows.Close()
	var marks []mail.Mark
	for rows.Next() {
		var m mail.Mark
		if err := rows.Scan((*[]byte)(&m)); err != nil {
			return nil, fmt.Errorf("marketing: %w", err)
		}
		marks = append(marks, m)
	}
	return marks, rows.Err()
}

// holdAll holds several marks, in one order for everybody, so that no two wait
// for each other.
func (n *Newsletter) holdAll(ctx context.Context, tx *store.Tx, marks []mail.Mark) (release func() error, err error) {
	sorted := slices.Clone(marks)
	slices.SortFunc(sorted, func(a, b mail.Mark) int { return bytes.Compare(a, b) })
	sorted = slices.CompactFunc(sorted, func(a, b mail.Mark) bool { return bytes.Equal(a, b) })
	var releases []func() error
	for _, m := range sorted {
		one, err := n.hold(ctx, tx, m)
		if err != nil {
			return nil, err
		}
		releases = append(releases, one)
	}
	return func() error {
		for _, one := range releases {
			if err := one(); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func (n *Newsletter) endEach(ctx context.Context, tx *store.Tx, roles Roles, root keys.SubjectID, marks []mail.Mark) error {
	for _, m := range marks {
		if err := n.endMarked(ctx, tx, roles, m, ByChoice, root); err != nil {
			return err
		}
	}
	return nil
}

// join lets the newsletter come to the proven address of an account. Where it
// came to the same address by a sign-up on the website, whose person nobody had
// recognised, that one ends: one mailbox gets one newsletter.
func (n *Newsletter) join(ctx context.Context, tx *store.Tx, roles Roles, d people.Decision, root keys.SubjectID, m mail.Mark) error {
	list, err := n.live(ctx, tx, roles, m)
	if err != nil {
		return err
	}
	for _, s := range list {
		own, err := n.c.Vault.Root(ctx, tx, s.subject)
		if err != nil {
			return err
		}
		if own == root {
			return nil // it comes already
		}
		if err := n.end(ctx, tx, roles, s, ByChoice, root); err != nil {
			return err
		}
	}
	ids, err := n.c.Vault.Put(ctx, tx, vault.Access{Actor: d.Actor, Purpose: roles.Purpose, Surface: d.Surface},
		vault.Item{Category: roles.Email, Parts: []vault.Part{{Owner: d.Subject, Value: []byte(d.Email)}}})
	if err != nil {
		return err
	}
	s := signup{
		id: n.c.Store.NewID(), subject: d.Subject, address: ids[0], state: standing, policy: n.c.InForce().Policy().Version,
		wording: d.Shown[:], surface: d.Surface, mark: m,
	}
	return n.joined(ctx, tx, roles, d, s)
}

// joined writes the row, history, evidence and first mail of who joined.
func (n *Newsletter) joined(ctx context.Context, tx *store.Tx, roles Roles, d people.Decision, s signup) error {
	now := n.c.Now()
	_, err := tx.Exec(ctx, `INSERT INTO newsletter (id, subject, address, state, policy, wording, surface, mark, asked_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		s.id, int64(s.subject), int64(s.address), string(s.state), s.policy, s.wording, s.surface, []byte(s.mark), now.UnixMilli())
	if err != nil {
		return fmt.Errorf("marketing: %w", err)
	}
	if err := n.remember(ctx, tx, s.id, "confirmed"); err != nil {
		return err
	}
	if err := n.c.Queue.Allow(ctx, tx, roles.Purpose, s.mark); err != nil {
		return err
	}
	_, err = n.c.Log.Append(ctx, tx, evidence.Body{
		Kind: evidence.NewsletterConfirmed, At: now, Actor: d.Actor, Surface: s.surface, Purpose: roles.Purpose,
		Policy: s.policy, Subject: s.subject, Ref: s.id, Code: string(ByChoice), Hash: s.wording, Choices: map[string]bool{roles.Purpose: true},
	})
	if err != nil {
		return err
	}
	_, err = n.c.Queue.Add(ctx, tx, mail.Item{Kind: mail.NewsletterWelcome, Purpose: roles.Purpose, Subject: s.subject, Address: s.address, Ref: s.id})
	return err
}

// Comes reports whether the newsletter comes to an address, by whichever
// sign-up. It is for the page of somebody whose address that is proven to be;
// nobody else may learn it.
func (n *Newsletter) Comes(ctx context.Context, tx *store.Tx, email string) (bool, error) {
	roles, err := RolesOf(n.c.InForce())
	if err != nil {
		return false, nil // the policy has no newsletter
	}
	address, err := mail.ParseAddress(email)
	if err != nil {
		return false, nil
	}
	list, err := n.live(ctx, tx, roles, n.c.Queue.Mark(roles.Purpose, address))
	return len(list) > 0, err
}

// Moved has the newsletter of a person come to another address that is proven
// to be theirs, and forgets the old one. Where it never came nothing happens.
// An address that said no before is still not written to.
func (n *Newsletter) Moved(ctx context.Context, tx *store.Tx, s keys.SubjectID, actor, surface, email string) error {
	roles, err := RolesOf(n.c.InForce())
	if err != nil {
		return nil // the policy has no newsletter
	}
	address, err := mail.ParseAddress(email)
	if err != nil {
		return ErrAddress
	}
	root, err := n.c.Vault.Root(ctx, tx, s)
	if err != nil {
		return err
	}
	marks, err := n.marksOf(ctx, tx, root)
	if err != nil || len(marks) == 0 {
		return err
	}
	next := n.c.Queue.Mark(roles.Purpose, address)
	release, err := n.holdAll(ctx, tx, append(marks, next))
	if err != nil {
		return err
	}
	covers, err := n.c.Vault.Covers(ctx, tx, s, roles.Purpose)
	if err != nil {
		return err
	}
	if !covers(roles.Email) {
		return errors.Join(n.rest(ctx, tx, roles, s), release())
	}
	own, err := n.ownOf(ctx, tx, roles, root, marks)
	if err != nil || len(own) == 0 {
		return errors.Join(err, release())
	}
	others, err := n.others(ctx, tx, roles, s)
	if err != nil {
		return err
	}
	// The old address goes with the key of the consent, which stands.
	if err := n.c.Vault.EraseConsented(ctx, tx, s, roles.Purpose); err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(r vault.Record) bool { return !covers(r.Category) })
	a := vault.Access{Actor: actor, Purpose: roles.Purpose, Surface: surface}
	if err := n.again(ctx, tx, a, s, others); err != nil {
		return err
	}
	ids, err := n.c.Vault.Put(ctx, tx, a, vault.Item{Category: roles.Email, Parts: []vault.Part{{Owner: s, Value: []byte(email)}}})
	if err != nil {
		return err
	}
	if err := n.settle(ctx, tx, own[0].id, ids[0], next); err != nil {
		return err
	}
	for _, x := range own[1:] { // one mailbox gets one newsletter
		if err := n.move(ctx, tx, x.id, standing, ended); err != nil {
			return err
		}
	}
	return release()
}

// rest forgets the old address of a person whose yes does not cover what the
// newsletter does now, until they are asked again and say yes.
func (n *Newsletter) rest(ctx context.Context, tx *store.Tx, roles Roles, s keys.SubjectID) error {
	if err := n.c.Vault.EraseConsented(ctx, tx, s, roles.Purpose); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE newsletter SET state = $1 WHERE state = $2
		AND subject IN (SELECT o.subject FROM subjects p JOIN subjects o ON o.root = p.root WHERE p.subject = $3)`, string(ended), string(standing), int64(s))
	if err != nil {
		return fmt.Errorf("marketing: %w", err)
	}
	return nil
}

// others returns what the newsletter holds of a person beside the address, such
// as the name to greet them by.
func (n *Newsletter) others(ctx context.Context, tx *store.Tx, roles Roles, s keys.SubjectID) ([]vault.Record, error) {
	var categories []string
	for _, f := range roles.Form.Fields {
		if f.Category != "" && f.Category != roles.Email {
			categories = append(categories, f.Category)
		}
	}
	held, err := n.c.Vault.Own(ctx, tx, s, categories...)
	return slices.DeleteFunc(held, func(r vault.Record) bool { return !slices.Contains(r.Purposes, roles.Purpose) }), err
}

// again writes anew what was held, for the surface on which it was collected:
// an app in which the address is changed may not collect a name. What neither
// may collect any more is left out.
func (n *Newsletter) again(ctx context.Context, tx *store.Tx, a vault.Access, s keys.SubjectID, held []vault.Record) error {
	here := a.Surface
	for _, r := range held {
		k, ok := n.c.InForce().Policy().CategoryByID(r.Category)
		if a.Surface = r.Surface; ok && !slices.Contains(k.Surfaces, a.Surface) {
			a.Surface = here
		}
		if !ok || !slices.Contains(k.Surfaces, a.Surface) {
			continue
		}
		_, err := n.c.Vault.Put(ctx, tx, a, vault.Item{Category: r.Category, Parts: []vault.Part{{Owner: s, Value: r.Value()}}, Collected: r.Collected})
		if err != nil {
			return err
		}
	}
	return nil
}

// ownOf returns the sign-ups by which the newsletter comes to a person.
func (n *Newsletter) ownOf(ctx context.Context, tx *store.Tx, roles Roles, root keys.SubjectID, marks []mail.Mark) ([]signup, error) {
	var own []signup
	for _, m := range marks {
		list, err := n.live(ctx, tx, roles, m)
		if err != nil {
			return nil, err
		}
		for _, x := range list {
			of, err := n.c.Vault.Root(ctx, tx, x.subject)
			if err != nil {
				return nil, err
			}
			if of == root && !slices.ContainsFunc(own, func(o signup) bool { return o.id == x.id }) {
				own = append(own, x)
			}
		}
	}
	return own, nil
}
