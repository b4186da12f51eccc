package history_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"candour/internal/history"
	"candour/internal/keys"
	"candour/internal/store"
	"candour/internal/store/storetest"
	"candour/internal/vault"
)

func (b *bench) reach(s keys.SubjectID) (r history.Reach) {
	b.t.Helper()
	b.must(b.Store.View(ctx, func(tx *store.Tx) (err error) {
		r, err = b.history.Reach(ctx, tx, s)
		return err
	}))
	return r
}

// of returns what a role may see for a purpose, and what not, in words.
func of(r history.Reach, role, purpose string) string {
	for _, x := range r.Roles {
		for _, p := range x.Purposes {
			if x.Title == role && p.Title == purpose {
				return fmt.Sprint(p.May, p.MayNot)
			}
		}
	}
	return "none"
}

// R29, R13: a person reads who may see what, before anybody asks: the same that
// the doors answer, in the policy's words.
func TestReach(t *testing.T) {
	each(t, func(b *bench) {
		s := b.person()
		support := "Support and technical services"
		b.want("at first", of(b.reach(s), "Engineer", support), "[Name Business name E-mail address Telephone number What you write to us Communications data App information Device logs Device information] []")
		a := vault.Access{Actor: "customer", Purpose: "proof-of-choices", Surface: "portal"}
		b.update(func(tx *store.Tx) error { return b.Vault.ShutOut(ctx, tx, a, s, "staff") })
		got := of(b.reach(s), "Engineer", support)
		if !strings.Contains(got, "[{not while you shut them out [") || !strings.Contains(got, "[Name ") {
			b.t.Errorf("shut out: %s", got)
		}
		b.want("on consent", of(b.reach(s), "Marketing staff", "E-mails you asked for"), "[] [{only once you have agreed [Name E-mail address]}]")
		b.want("not theirs", of(b.reach(s), "Engineer", "Replying to your e-mails and messages"), "none")
		b.want("the gates", fmt.Sprint(b.reach(s).Gates), fmt.Sprintf("[{staff our staff true %v} {partner our partner firms false %v}]", time.Time{}, time.Time{}))
		b.update(func(tx *store.Tx) error { return b.Vault.Grant(ctx, tx, a, s, "staff", time.Hour) })
		if g := b.reach(s).Gates[0]; !g.Until.Equal(b.Now().Add(time.Hour)) {
			b.t.Errorf("let in until %v", g.Until)
		}
		b.Later(time.Hour)
		if g := b.reach(s).Gates[0]; !g.Until.IsZero() || !g.Shut {
			b.t.Errorf("an hour later: %+v", g)
		}
		err := b.Store.View(ctx, func(tx *store.Tx) error {
			_, err := b.history.Reach(ctx, tx, keys.NewSubjectID())
			return err
		})
		if !errors.Is(err, history.ErrNotFound) {
			b.t.Errorf("nobody's: %v", err)
		}
	})
}

// What is shown as the reach of a role is what the doors answer (R13).
func TestReachIsWhatTheDoorsAnswer(t *testing.T) {
	b := newBench(t, storetest.Open(t, storetest.Migrated(t, store.SQLite)))
	s := b.person()
	b.update(func(tx *store.Tx) error {
		return b.Vault.ShutOut(ctx, tx, vault.Access{Actor: "customer", Purpose: "account", Surface: "portal"}, s, "partner")
	})
	r, n := b.reach(s), 0
	for _, a := range b.Policy.Policy().Actors {
		for _, id := range a.Purposes {
			q, _ := b.Policy.Policy().PurposeByID(id)
			at := slices.IndexFunc(r.Roles, func(x history.Role) bool { return x.Title == a.Title })
			if at < 0 {
				continue
			}
			reason := r.Roles[at].Purposes[slices.IndexFunc(r.Roles[at].Purposes, func(x history.Reason) bool { return x.Title == q.Title })]
			err := b.Store.Update(ctx, func(tx *store.Tx) error {
				_, err := b.Vault.LookSubject(ctx, tx, vault.Access{Actor: a.ID, Purpose: id, Surface: "console"}, s)
				return err
			})
			n++
			if (err == nil) != (len(reason.May) > 0) {
				t.Errorf("%s for %s: shown %v, the door says %v", a.ID, id, reason.May, err)
			}
		}
	}
	if n < 15 {
		t.Errorf("only %d roles and purposes were asked", n)
	}
}

func FuzzParseLength(f *testing.F) {
	f.Add("day")
	f.Add("168h")
	f.Fuzz(func(t *testing.T, name string) {
		l, ok := history.ParseLength(name)
		if ok && (l.For < vault.GrantLeast || l.For > vault.GrantMost || l.Name != name) {
			t.Errorf("%q is %v", name, l.For)
		}
	})
}
